"""One picture to its visual tokens and its text in the prompt. Knows nothing of questions, nor of the language model."""

from __future__ import annotations

from assistant.engines.vlm.graphs import VisionEncoder
from assistant.engines.vlm.image import ONE_TILE, ImageSettings, make_tiles
from assistant.engines.vlm.picture_keys import PictureDigests, PictureKey
from assistant.engines.vlm.prompt import picture_block
from assistant.engines.vlm.starter.extras import StarterExtras
from assistant.messages import Frame, Picture, SeenPicture


class PictureEncoder:
    """Tiles, vision encoder and prompt text of one model."""

    def __init__(self, vision: VisionEncoder, settings: ImageSettings, image_tokens: int, extras: StarterExtras | None) -> None:
        self.vision = vision
        self._settings = settings
        self._image_tokens = image_tokens
        self._extras = extras
        self._digests = PictureDigests()

    def key(self, frame: Frame, budget: int | None) -> PictureKey:
        """Return what a frame's picture in at most `budget` tiles is known by; None = as many as the reference makes."""
        return PictureKey(self._digests.of(frame), budget if self._settings.splitting else ONE_TILE)

    def encode(self, picture: Picture, budget: int | None) -> SeenPicture:
        """Cut uint8 [H, W, 3] into at most `budget` tiles and run the encoder once for each."""
        tiles = make_tiles(picture, self._settings, split=budget != ONE_TILE, budget=budget)
        features, logits = self.vision.encode(tiles.pixels)
        block = picture_block(tiles.rows, tiles.cols, self._image_tokens)
        return self._extras.classify(block, features, logits) if self._extras else SeenPicture(block, features, "")
