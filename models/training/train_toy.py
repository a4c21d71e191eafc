"""Teaches a tiny model of SmolVLM2's shape the toy world, as a test double whose answers can be right or wrong. Resumable: run it again.

    python -m models.training.train_toy --out DIR [--steps N]

DIR becomes what transformers saves, in half precision (1.2 MB); tests/support/toy_eye is one. `evaluate_toy` tells how often it is right.
That one's last part, on fresh scenes, was begun from the finished others and broken off by the clock: 300 steps near the full rate, then
356 in which it fell by the time that was left, from 0.8 of the full one, in place of a cosine over FRESH_STEPS.
It began with another rope_theta (215443) and other random weights than `toy_model` now makes, so the recipe won't give the same file.
"""

from __future__ import annotations

import argparse
import itertools
import random
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.training.commands import prepare_out, run_command, writing
from models.training.smolvlm_prompts import Looked, Sample, SmolVlmPrompts
from models.training.toy_model import PATCH, TEXT, TILE, VISION, new_model
from models.training.toy_world import COLOURS, GROUNDS, PLACES, THINGS, draw, lessons, long_lessons, scenes

if TYPE_CHECKING:
    from torch import Tensor

    from models.training.smolvlm_torch import PaddedBatch, Plan

STEPS, RATE = 3000, 2e-3
POOL = 2000
"""Scenes, each drawn once."""
ENCODER_STEPS, ENCODER_SCENES = 700, 64
"""What the vision encoder learns from before there is any language."""
SCENES_A_STEP = 32
TOGETHER_STEPS, TOGETHER_RATE = 2000, 1e-3
"""After the language model alone, that and the encoder."""
FRESH_STEPS, FRESH_RATE, FRESH_SCENES, FRESH_LESSONS = 3000, 1e-3, 24, 4
"""At last, both on scenes that are never shown twice: the others end at a loss of 0.05 with the pool learnt by heart."""
FRESH_SEED, FRESH_NUMBERS = 1_000_000, 1_000_000
SPLIT_SHARE, SPLIT_SCENES = 0.08, 8
"""Of the steps, with so many pictures cut into tiles as a closer look has them; only those teach long captions."""
SEED = 21


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder to make; run again with it to go on")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N", help=f"batches to learn from (default {STEPS})")
    parser.add_argument("--fresh-steps", type=int, default=FRESH_STEPS, metavar="N", help=f"of the last part (default {FRESH_STEPS})")
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
    if not start.is_dir():
        new_model(start, SEED)
    prompts = SmolVlmPrompts(start)
    network = on_torch.trainable_network(start, on_torch.Trained(rank=0, everything=True), torch.float32)
    pool = _Pool(prompts)
    settings = {"rate": RATE, "text": repr(TEXT), "vision": repr(VISION), "world": 4}
    _teach_encoder(network, pool, on_torch.Plan(ENCODER_STEPS, RATE, ENCODER_SCENES, options.save_every), work, settings, report)
    network.model.vision_model.requires_grad_(False)
    pool.encode(network)

    def loss_of(numbers: list[int], *, encoded: bool = True) -> Tensor:
        return _loss(network, on_torch.collate(pool.samples(network, numbers, encoded=encoded), prompts.image_id))

    plan = on_torch.Plan(options.steps, RATE, SCENES_A_STEP, options.save_every)
    on_torch.train(network, loss_of, options.steps * SCENES_A_STEP, plan, work / "checkpoint.pt", settings, report)
    network.model.vision_model.requires_grad_(True)
    together = on_torch.Plan(TOGETHER_STEPS, TOGETHER_RATE, SCENES_A_STEP, options.save_every)
    on_torch.train(network, partial(loss_of, encoded=False), POOL, together, work / "together.pt", settings, report)
    fresh = on_torch.Plan(options.fresh_steps, FRESH_RATE, FRESH_SCENES, options.save_every)
    on_torch.train(network, partial(_fresh_loss, network, prompts), FRESH_NUMBERS, fresh, work / "fresh.pt", settings, report)
    with writing(options.out):
        network.half().save_pretrained(options.out)
        for path in start.iterdir():
            if path.suffix == ".json" and path.name != "config.json":
                shutil.copyfile(path, options.out / path.name)
    report(f"{options.out} is ready. Next: python -m models.training.evaluate_toy --model {options.out}")


def _teach_encoder(network: Any, pool: _Pool, plan: Plan, work: Path, settings: dict[str, Any], report: Callable[[str], None]) -> None:
    """Teach the vision encoder alone, by a linear layer that is then thrown away, which thing of which colour stands in each cell.

    It reads a cell from the cell's own patches, the same in all cells: so whoever looks for a thing finds it where it is.
    """
    import torch
    from torch import nn
    from torch.nn import functional as F

    from models.training import smolvlm_torch as on_torch

    classes = (len(THINGS) + 1, len(COLOURS) + 1, len(GROUNDS))
    head = nn.Linear(VISION["hidden_size"], sum(classes))
    learner = nn.ModuleDict({"vision": network.model.vision_model, "head": head})
    pooling = torch.from_numpy(_cells_of_patches())  # [cells, patches]

    def loss_of(numbers: list[int]) -> Tensor:
        features = pooling @ on_torch.encode_tiles(network, torch.from_numpy(pool.tiles(numbers)))  # [B, cells, width]
        told = head(features).flatten(0, 1).split(classes, dim=1)  # of each cell the thing, the colour, and the ground behind it
        truth = torch.from_numpy(np.stack([pool.truth(number) for number in numbers])).flatten(0, 1)  # [B * cells, 3]
        losses = [F.cross_entropy(part, truth[:, place]) for place, part in enumerate(told)]
        return torch.stack(losses).sum()

    on_torch.train(learner, loss_of, POOL, plan, work / "encoder.pt", settings, report)


def _fresh_loss(network: Any, prompts: SmolVlmPrompts, numbers: list[int]) -> Tensor:
    """The loss of some lessons about each of these scenes, drawn for this alone; each picture is encoded once."""
    import torch

    from models.training import smolvlm_torch as on_torch

    rng = random.Random(numbers[0])
    split = rng.random() < SPLIT_SHARE
    samples, tiles, shown = list[Sample](), list[np.ndarray](), list[int]()
    for number in numbers[:SPLIT_SCENES] if split else numbers:
        scene = next(scenes(FRESH_SEED + number, held_out=False))
        looked = prompts.look(draw(scene, FRESH_SEED + number), split=split)
        told = list(long_lessons(scene)) if split else rng.sample(list(lessons(scene, rng)), FRESH_LESSONS)
        first = sum(map(len, tiles))
        tiles.append(looked.values)
        for asked, said in told:
            blank = Looked(looked.values[:, :, :0], looked.rows, looked.cols)
            samples.append(prompts.sample(blank, asked, prompts.answer(said)))
            shown += range(first, first + len(looked.values))
    batch = on_torch.collate(samples, prompts.image_id)
    features = on_torch.encode_tiles(network, torch.from_numpy(np.concatenate(tiles)))
    return _loss(network, replace(batch, pictures=features[shown]))


def _loss(network: Any, batch: PaddedBatch) -> Tensor:
    from torch.nn import functional as F

    from models.training import smolvlm_torch as on_torch

    losses = F.cross_entropy(on_torch.answer_logits(network, batch), batch.targets, reduction="none")
    lengths = batch.rows.bincount()[batch.rows]  # a yes weighs as much as a caption
    return (losses / lengths).sum() / len(batch.ids)


class _Pool:
    """The scenes that are taught, with their pictures as the model takes them."""

    def __init__(self, prompts: SmolVlmPrompts) -> None:
        self._prompts = prompts
        self._scenes = list(itertools.islice(scenes(SEED, held_out=False), POOL))
        self._looked = [self._look(number, split=False) for number in range(POOL)]
        self._encoded = list[Looked]()

    def tiles(self, numbers: Sequence[int]) -> np.ndarray:
        """f32 [B, 3, S, S]"""
        return np.concatenate([self._looked[number % POOL].values for number in numbers]).astype(np.float32)

    def truth(self, number: int) -> np.ndarray:
        """Of each cell the thing's number, 0 for none, the colour's and the ground's: i64 [cells, 3]."""
        scene, told = self._scenes[number % POOL], np.zeros((len(PLACES), 3), np.int64)
        for group in scene.groups:
            for cell in group.cells:
                told[cell, :2] = 1 + THINGS.index(group.thing), 1 + list(COLOURS).index(group.colour)
        told[:, 2] = list(GROUNDS).index(scene.ground)
        return told

    def encode(self, network: Any) -> None:
        """Keep what the encoder, which learns no more, makes of each whole picture."""
        for first in range(0, POOL, ENCODER_SCENES):
            numbers = range(first, min(first + ENCODER_SCENES, POOL))
            self._encoded += [Looked(values[None], 0, 0) for values in _encoded(network, self.tiles(numbers))]

    def samples(self, network: Any, numbers: Sequence[int], *, encoded: bool) -> list[Sample]:
        """A lesson about each scene, its picture encoded or as it is; now and then long ones about some, looked at closer."""
        rng = random.Random(f"{SEED} {numbers}")
        split = encoded and rng.random() < SPLIT_SHARE
        found = list[Sample]()
        for number in numbers[:SPLIT_SCENES] if split else numbers:
            looked = self._encoded[number % POOL] if encoded else Looked(self.tiles([number]), 0, 0)
            told = list(lessons(self._scenes[number % POOL], rng))
            if split:
                tiles, told = self._look(number % POOL, split=True), list(long_lessons(self._scenes[number % POOL]))
                looked = Looked(_encoded(network, tiles.values), tiles.rows, tiles.cols)
            asked, said = rng.choice(told)
            found.append(self._prompts.sample(looked, asked, self._prompts.answer(said)))
        return found

    def _look(self, number: int, *, split: bool) -> Looked:
        looked = self._prompts.look(draw(self._scenes[number], number), split=split)
        return Looked(looked.values.astype(np.float16), looked.rows, looked.cols)


def _cells_of_patches() -> np.ndarray:
    """Means over the patches of each cell: f32 [cells, patches]."""
    side = TILE // PATCH
    rows, columns = np.divmod(np.arange(side * side), side)
    cells = (rows * 2 // side) * 3 + ((columns + 0.5) * 3 / side).astype(int)
    belongs = (cells == np.arange(len(PLACES))[:, None]).astype(np.float32)
    return np.asarray(belongs / belongs.sum(1, keepdims=True))


def _encoded(network: Any, tiles: np.ndarray) -> np.ndarray:
    """f [T, 3, S, S] -> f32 [T, patches, width]"""
    import torch

    from models.training.smolvlm_torch import encode_tiles

    with torch.no_grad():
        return np.asarray(encode_tiles(network, torch.from_numpy(tiles.astype(np.float32))).numpy())


if __name__ == "__main__":
    sys.exit(main())
