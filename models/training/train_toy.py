"""Teaches a tiny model of SmolVLM2's shape the toy world, as a test double whose answers can be right or wrong. Resumable: run it again.

    python -m models.training.train_toy --out DIR [--steps N] [--begin-with DIR]

DIR becomes what transformers saves, in half precision (1.2 MB). `evaluate_toy` tells how often it is right. --begin-with takes up a model
whose encoder needs no lessons of its own any more, such as tests/support/toy_eye, which an earlier form of this taught a lesson a picture,
from other first weights (rope_theta 215443). This form was run for 420 steps
from that one, and never to its end.
"""

from __future__ import annotations

import argparse
import itertools
import random
import shutil
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.training.commands import prepare_out, run_command, writing
from models.training.smolvlm_prompts import Looked, SmolVlmPrompts
from models.training.toy_lessons import pack, packed_logits
from models.training.toy_model import PATCH, TEXT, TILE, VISION, new_model
from models.training.toy_world import COLOURS, GROUNDS, PLACES, THINGS, Scene, draw, lessons, long_lessons, scenes

if TYPE_CHECKING:
    from torch import Tensor, nn

ENCODER_STEPS, ENCODER_RATE, ENCODER_SCENES = 700, 2e-3, 64
"""What the vision encoder learns from before there is any language."""
POOL = 2000
"""Scenes for that, each drawn once."""
STEPS, RATE, SCENES_A_STEP = 12000, 1.5e-3, 10
"""Then all of the model, on scenes that are never shown twice: of a pool it learns each by heart."""
NUMBERS_OF_KINDS = (1, 2, 2)
"""In the scenes that it learns from: what stands beside another thing is harder."""
SEED, FRESH_SEED, FRESH_SCENES = 21, 1_000_000, 1_000_000
SPLIT_SHARE, SPLIT_SCENES = 0.08, 5
"""Of the steps, with so many pictures cut into tiles as a closer look has them; only those teach long captions."""
CELLS_WEIGHT = 0.2
"""Of what the encoder learnt first, beside the lessons."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder to make; run again with it to go on")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N", help=f"batches to learn from (default {STEPS})")
    parser.add_argument("--rate", type=float, default=RATE, metavar="X", help=f"learning rate at its peak (default {RATE})")
    parser.add_argument("--begin-with", type=Path, metavar="DIR", help="a model of the toy world to go on from")
    parser.add_argument("--save-every", type=int, default=250, metavar="N", help="steps between checkpoints (default 250)")
    options = parser.parse_args(arguments)
    return run_command("train_toy", lambda: train_toy(options, lambda line: print(line, flush=True)))


def train_toy(options: argparse.Namespace, report: Callable[[str], None]) -> None:
    """The whole command; raises a Problem for whatever the user can mend."""
    import torch

    from models.training import smolvlm_torch as on_torch

    torch.set_num_threads(1)
    work = prepare_out(options.out)
    start = work / "start"
    if not start.is_dir() and options.begin_with:
        shutil.copytree(options.begin_with, start)
    elif not start.is_dir():
        new_model(start, SEED)
    prompts = SmolVlmPrompts(start)
    network = on_torch.trainable_network(start, on_torch.Trained(rank=0, everything=True), torch.float32)
    settings = {"text": repr(TEXT), "vision": repr(VISION), "world": 5}
    cells = None if options.begin_with else _Cells()
    if cells and not (work / "fresh.pt").exists():
        learner = torch.nn.ModuleDict({"vision": network.model.vision_model, "cells": cells.head})
        plan = on_torch.Plan(ENCODER_STEPS, ENCODER_RATE, ENCODER_SCENES, options.save_every)
        on_torch.train(learner, partial(_Pool(prompts).loss, network, cells), POOL, plan, work / "encoder.pt", settings, report)
    plan = on_torch.Plan(options.steps, options.rate, SCENES_A_STEP, options.save_every)
    learner = torch.nn.ModuleDict({"all": network, **({"cells": cells.head} if cells else {})})
    on_torch.train(learner, partial(_loss, network, cells, prompts), FRESH_SCENES, plan, work / "fresh.pt", settings, report)
    with writing(options.out):
        network.half().save_pretrained(options.out)
        for path in start.iterdir():
            if path.suffix == ".json" and path.name != "config.json":
                shutil.copyfile(path, options.out / path.name)
    report(f"{options.out} is ready. Next: python -m models.training.evaluate_toy --model {options.out}")


def _loss(network: Any, cells: _Cells | None, prompts: SmolVlmPrompts, numbers: list[int]) -> Tensor:
    """The loss of lessons about each of these scenes, drawn for this alone; each picture is encoded and read once for all its lessons."""
    import torch
    from torch.nn import functional as F

    from models.training import smolvlm_torch as on_torch

    rng = random.Random(numbers[0])
    split = rng.random() < SPLIT_SHARE
    numbers = numbers[:SPLIT_SCENES] if split else numbers
    shown = [next(scenes(FRESH_SEED + number, held_out=False, numbers=NUMBERS_OF_KINDS)) for number in numbers]
    looked = [prompts.look(draw(scene, FRESH_SEED + number), split=split) for number, scene in zip(numbers, shown, strict=True)]
    told = [list(long_lessons(scene)) if split else _lessons(scene, rng) for scene in shown]
    features = on_torch.encode_tiles(network, torch.from_numpy(np.concatenate([each.values for each in looked])))
    lesson = pack(prompts, looked, told)
    losses = F.cross_entropy(packed_logits(network, lesson, features), lesson.targets, reduction="none")
    loss = (losses * lesson.weights).sum() / lesson.weights.sum()
    return loss if split or cells is None else loss + CELLS_WEIGHT * cells.loss(features, shown)


def _lessons(scene: Scene, rng: random.Random) -> list[tuple[str, str]]:
    """A draw of them for each thing, where things stand side by side."""
    return list(dict.fromkeys(lesson for _ in scene.groups for lesson in lessons(scene, rng)))


class _Cells:
    """A linear layer, thrown away in the end, that tells which thing of which colour stands in each cell, and before which ground.

    It reads a cell from the cell's own patches, the same in all cells: so whoever looks for a thing finds it where it is.
    """

    def __init__(self) -> None:
        import torch
        from torch import nn

        self._classes = (len(THINGS) + 1, len(COLOURS) + 1, len(GROUNDS))
        torch.manual_seed(SEED)
        self.head: nn.Module = nn.Linear(VISION["hidden_size"], sum(self._classes))
        self._pooling = torch.from_numpy(_cells_of_patches())  # [cells, patches]

    def loss(self, features: Tensor, shown: Sequence[Scene]) -> Tensor:
        """features f32 [B, patches, width]"""
        import torch
        from torch.nn import functional as F

        told = self.head(self._pooling @ features).flatten(0, 1).split(self._classes, dim=1)
        truth = torch.from_numpy(np.concatenate([_truth(scene) for scene in shown]))  # [B * cells, 3]
        return torch.stack([F.cross_entropy(part, truth[:, place]) for place, part in enumerate(told)]).sum()


class _Pool:
    """The scenes that the encoder learns from first, with their pictures as the model takes them."""

    def __init__(self, prompts: SmolVlmPrompts) -> None:
        self._scenes = list(itertools.islice(scenes(SEED, held_out=False), POOL))
        self._tiles = [self._look(prompts, number).values.astype(np.float16) for number in range(POOL)]

    def loss(self, network: Any, cells: _Cells, numbers: list[int]) -> Tensor:
        """How badly the cells of these scenes are told."""
        import torch

        from models.training.smolvlm_torch import encode_tiles

        tiles = np.concatenate([self._tiles[number] for number in numbers]).astype(np.float32)
        return cells.loss(encode_tiles(network, torch.from_numpy(tiles)), [self._scenes[number] for number in numbers])

    def _look(self, prompts: SmolVlmPrompts, number: int) -> Looked:
        return prompts.look(draw(self._scenes[number], number), split=False)


def _truth(scene: Scene) -> np.ndarray:
    """Of each cell the thing's number, 0 for none, the colour's and the ground's: i64 [cells, 3]."""
    told = np.zeros((len(PLACES), 3), np.int64)
    for group in scene.groups:
        for cell in group.cells:
            told[cell, :2] = 1 + THINGS.index(group.thing), 1 + list(COLOURS).index(group.colour)
    told[:, 2] = list(GROUNDS).index(scene.ground)
    return told


def _cells_of_patches() -> np.ndarray:
    """Means over the patches of each cell: f32 [cells, patches]."""
    side = TILE // PATCH
    rows, columns = np.divmod(np.arange(side * side), side)
    cells = (rows * 2 // side) * 3 + ((columns + 0.5) * 3 / side).astype(int)
    belongs = (cells == np.arange(len(PLACES))[:, None]).astype(np.float32)
    return np.asarray(belongs / belongs.sum(1, keepdims=True))


if __name__ == "__main__":
    sys.exit(main())
