"""What a toy eye's visual tokens are to know before there is any language: what lies where they look, and how it belongs together."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from models.training.smolvlm_prompts import SmolVlmPrompts
from models.training.toy_model import SIDE, TEXT
from models.training.toy_world import COLOURS, GROUNDS, NUMBERS, PLACES, THINGS, Scene, draw, scenes

if TYPE_CHECKING:
    from torch import Tensor, nn

_CLASSES = (len(THINGS) + 1, len(COLOURS) + 1, len(NUMBERS), 3, len(PLACES), len(GROUNDS))
"""Of the thing in a token's cell, its colour, how many of it there are, whether it is told first or second, the cell, the ground;
the first of them where the cell is empty."""


class Sight:
    """A linear layer, thrown away in the end, that tells from each visual token what it is to know.

    Language then finds a thing, its colour, place and number together. It reads what the language model is given: the connector's tokens.
    """

    def __init__(self, seed: int) -> None:
        import torch
        from torch import nn

        torch.manual_seed(seed)
        self.head: nn.Module = nn.Linear(TEXT["hidden_size"], sum(_CLASSES))

    def loss(self, network: Any, features: Tensor, shown: Sequence[Scene]) -> Tensor:
        """features f32 [B, patches, width], as `encode_tiles` makes them of each scene's picture as a whole."""
        import torch
        from torch.nn import functional as F

        told = self.head(network.model.connector(features)).flatten(0, 1).split(_CLASSES, dim=1)
        truth = torch.from_numpy(np.concatenate([truth_of_tokens(scene) for scene in shown]))  # [B * tokens, classes]
        return torch.stack([F.cross_entropy(part, truth[:, place]) for place, part in enumerate(told)]).sum()


class Pool:
    """Scenes to learn sight from, each drawn once, when it is first seen."""

    def __init__(self, prompts: SmolVlmPrompts, seed: int, size: int) -> None:
        self._scenes = list(itertools.islice(scenes(seed, held_out=False), size))
        self._tiles = functools.cache(partial(self._drawn, prompts))

    def loss(self, network: Any, sight: Sight, numbers: list[int]) -> Tensor:
        """How badly these scenes are seen."""
        import torch

        from models.training.smolvlm_torch import encode_tiles

        tiles = np.concatenate([self._tiles(number) for number in numbers]).astype(np.float32)
        return sight.loss(network, encode_tiles(network, torch.from_numpy(tiles)), [self._scenes[number] for number in numbers])

    def _drawn(self, prompts: SmolVlmPrompts, number: int) -> np.ndarray:
        return prompts.look(draw(self._scenes[number], number), split=False).values.astype(np.float16)


def truth_of_tokens(scene: Scene) -> np.ndarray:
    """Return what each visual token is to know: i64 [tokens, classes]."""
    cells = np.zeros((len(PLACES), len(_CLASSES)), np.int64)
    for order, group in enumerate(scene.groups, start=1):
        known = 1 + THINGS.index(group.thing), 1 + list(COLOURS).index(group.colour), len(group.cells), order
        cells[list(group.cells), :4] = known
    cells[:, 4], cells[:, 5] = range(len(PLACES)), list(GROUNDS).index(scene.ground)
    rows, columns = np.divmod(np.arange(SIDE * SIDE), SIDE)
    return np.asarray(cells[(rows * 2 // SIDE) * 3 + columns * 3 // SIDE])
