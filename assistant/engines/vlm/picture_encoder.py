"""One picture to its visual tokens and its text in the prompt. Knows nothing of questions, nor of the language model."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from assistant.engines.vlm.graphs import VisionEncoder
from assistant.engines.vlm.image import ONE_TILE, ImageSettings, make_tiles
from assistant.engines.vlm.prompt import picture_block
from assistant.engines.vlm.starter.encoder_heads import (
    CLASS_HEAD,
    WORD_HEAD,
    Head,
    expected_words,
    seen_labels,
    seen_text,
    seen_words,
    word_evidence,
)
from assistant.messages import SeenPicture


@dataclass(frozen=True)
class PictureKey:
    """What a picture is known by: its content, since a camera may write the next one into the same memory."""

    digest: bytes
    budget: int | None
    """Most tiles; None = as many as the reference makes."""


class PictureEncoder:
    """Tiles, vision encoder and prompt text of one model."""

    def __init__(self, vision: VisionEncoder, settings: ImageSettings, image_tokens: int, heads: Mapping[str, Head]) -> None:
        self.vision = vision
        self._settings = settings
        self._image_tokens = image_tokens
        self._heads = heads

    def key(self, picture: np.ndarray, budget: int | None) -> PictureKey:
        digest = hashlib.blake2b(repr(picture.shape).encode(), digest_size=16)
        digest.update(np.ascontiguousarray(picture).data)
        return PictureKey(digest.digest(), budget if self._settings.splitting else ONE_TILE)

    def encode(self, picture: np.ndarray, budget: int | None) -> SeenPicture:
        """Cut uint8 [H, W, 3] into tiles within `budget`, one run of the encoder for each."""
        tiles = make_tiles(picture, self._settings, split=budget != ONE_TILE, budget=budget)
        features, logits = self.vision.encode(tiles.pixels)
        block = picture_block(tiles.rows, tiles.cols, self._image_tokens)
        labels = seen_labels(logits[CLASS_HEAD], self._heads[CLASS_HEAD].names) if CLASS_HEAD in logits else ()
        if WORD_HEAD not in logits:
            return SeenPicture(block, features, seen_text(labels) if logits else "", labels)
        head, said = self._heads[WORD_HEAD], logits[WORD_HEAD]
        words = said[: head.words]
        text = seen_text(labels, seen_words(words, head.names))
        return SeenPicture(block, features, text, labels, word_evidence(said, head.shares), expected_words(words))
