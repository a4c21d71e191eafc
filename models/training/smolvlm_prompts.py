"""Pictures, questions and answers as a SmolVLM2 folder's tokens: by the very code that asks it at run time. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.engines.vlm.image import make_tiles
from assistant.engines.vlm.model_files import read_image_settings, read_tokenizer
from assistant.engines.vlm.prompt import END, IMAGE, closing, image_opening, neutralise, picture_block
from assistant.export.safetensors_file import Safetensors
from assistant.export.smolvlm_config import SmolVlmShape, read_shape
from assistant.export.smolvlm_export import find_weights
from assistant.messages import Picture
from assistant.problems import BadInput, DamagedModel, MissingModel, shorten

WHOLE_FOLDER = "give the folder of a SmolVLM2 model as transformers saves it (config.json, model.safetensors, tokenizer, processor configs)"


@dataclass(frozen=True)
class Looked:
    """A picture's rows x cols tiles and the whole one last, or that alone when rows = cols = 0."""

    values: np.ndarray
    """The tiles, f32 [tiles, 3, S, S], or what the vision encoder made of them, f16 [tiles, patches, width]."""
    rows: int
    cols: int


@dataclass(frozen=True)
class Sample:
    """A prompt with its answer."""

    ids: list[int]
    answer_tokens: int
    """How many at the end are the answer, its stop token among them."""
    looked: Looked


class SmolVlmPrompts:
    """Makes a model's samples. Constant after construction."""

    def __init__(self, folder: Path) -> None:
        """Read and check everything in the folder but the weights' numbers; MissingModel or DamagedModel names what is wrong."""
        if not folder.is_dir():
            raise MissingModel(f"there is no model folder {shorten(folder)}", WHOLE_FOLDER)
        self.folder = folder
        self.shape: SmolVlmShape = read_shape(folder)
        find_weights(Safetensors(folder), self.shape)
        self.image = read_image_settings(folder, WHOLE_FOLDER)
        self.tokenizer = read_tokenizer(folder / "tokenizer.json", WHOLE_FOLDER)
        self.vocabulary: dict[str, int] = self.tokenizer.get_vocab(with_added_tokens=True)
        if self.image.tile_size != self.shape.vision.image_size or len(self.vocabulary) > self.shape.vocabulary:
            raise DamagedModel(f"the tokenizer or preprocessor in {shorten(folder)} doesn't belong to its config.json", WHOLE_FOLDER)
        self.image_id, self.end_id = self.vocabulary[IMAGE], self.vocabulary[END]
        guards = (self.vocabulary.get(token) for token in (END, "<|im_end|>", "<|endoftext|>"))
        self.stop_ids = [token for token in guards if token is not None]
        self._specials = [token.content for token in self.tokenizer.get_added_tokens_decoder().values()]

    def answer(self, text: str) -> list[int]:
        """Its tokens and the stop token."""
        return [*self._encode(f" {neutralise(text.strip(), self._specials)}"), self.end_id]

    def look(self, picture: Picture, *, split: bool = False) -> Looked:
        tiles = make_tiles(picture, self.image, split=split)
        return Looked(tiles.pixels, tiles.rows, tiles.cols)

    def sample(self, looked: Looked, question: str, answer: list[int]) -> Sample:
        """The prompt, whose text is the chat template's, with the answer's tokens behind.

        Raises:
            BadInput: it is longer than the model can read.
        """
        block = picture_block(looked.rows, looked.cols, self.shape.vision.tokens)
        ids = self._encode(image_opening([block]) + closing(neutralise(question, self._specials))) + answer
        if len(ids) > self.shape.text.max_positions:
            what = f"a prompt with its answer has {len(ids)} tokens, the model reads {self.shape.text.max_positions}"
            raise BadInput(what, "give a shorter text, or no --split")
        return Sample(ids, len(answer), looked)

    def _encode(self, text: str) -> list[int]:
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids)
