"""Teaches a tiny model of SmolVLM2's shape the toy world, as a test double whose answers can be right or wrong. Resumable: run it again.

    python -m models.training.train_toy --out DIR [--steps N]

DIR becomes what transformers saves, in half precision (1.2 MB). First its visual tokens learn to tell what lies where they look, then
language is added. `evaluate_toy` tells how often it is right. tests/support/toy_eye was taught by an earlier form of this (128 pixels in 16
tokens, a lesson a picture); this form says no to every "Is there a ...?" after 2,000 steps (docs/models.md).
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.training.commands import prepare_out, run_command, writing
from models.training.smolvlm_prompts import SmolVlmPrompts
from models.training.toy_lessons import pack, packed_logits
from models.training.toy_model import TEXT, VISION, new_model
from models.training.toy_sight import Pool, Sight
from models.training.toy_world import Scene, draw, lessons, long_lessons, scenes

if TYPE_CHECKING:
    from torch import Tensor

SIGHT_STEPS, SIGHT_RATE, SIGHT_SCENES = 500, 2e-3, 48
"""What the vision encoder and the connector learn from before there is any language."""
POOL = 3000
"""Scenes for that, each drawn once."""
STEPS, RATE, SCENES_A_STEP = 1600, 2e-3, 12
"""Then all of the model, on scenes that are never shown twice: of a pool it learns each by heart."""
NUMBERS_OF_KINDS = (1, 2, 2)
"""In the scenes that it learns from: what stands beside another thing is harder."""
SEED, FRESH_SEED, FRESH_SCENES = 21, 1_000_000, 1_000_000
SPLIT_SHARE, SPLIT_SCENES = 0.08, 5
"""Of the steps, with so many pictures cut into tiles as a closer look has them; only those teach long captions."""
SIGHT_WEIGHT = 0.2
"""Of what was learnt first, beside the lessons."""
LESSONS_A_SCENE = 8


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder to make; run again with it to go on")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N", help=f"batches to learn from (default {STEPS})")
    parser.add_argument("--rate", type=float, default=RATE, metavar="X", help=f"learning rate at its peak (default {RATE})")
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
    settings, sight = {"text": repr(TEXT), "vision": repr(VISION), "world": 6}, Sight(SEED)
    if not (work / "fresh.pt").exists():
        seeing = torch.nn.ModuleDict({"vision": network.model.vision_model, "connector": network.model.connector, "sight": sight.head})
        plan = on_torch.Plan(SIGHT_STEPS, SIGHT_RATE, SIGHT_SCENES, options.save_every)
        on_torch.train(seeing, partial(Pool(prompts, SEED, POOL).loss, network, sight), POOL, plan, work / "sight.pt", settings, report)
    plan = on_torch.Plan(options.steps, options.rate, SCENES_A_STEP, options.save_every)
    learner = torch.nn.ModuleDict({"all": network, "sight": sight.head})
    on_torch.train(learner, partial(_loss, network, sight, prompts), FRESH_SCENES, plan, work / "fresh.pt", settings, report)
    with writing(options.out):
        network.half().save_pretrained(options.out)
        for path in start.iterdir():
            if path.suffix == ".json" and path.name != "config.json":
                shutil.copyfile(path, options.out / path.name)
    report(f"{options.out} is ready. Next: python -m models.training.evaluate_toy --model {options.out}")


def _loss(network: Any, sight: Sight, prompts: SmolVlmPrompts, numbers: list[int]) -> Tensor:
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
    return loss if split else loss + SIGHT_WEIGHT * sight.loss(network, features, shown)


def _lessons(scene: Scene, rng: random.Random) -> list[tuple[str, str]]:
    """A draw of them: of another scene one learns more than of the same."""
    told = list(dict.fromkeys(lesson for _ in scene.groups for lesson in lessons(scene, rng)))
    return rng.sample(told, min(len(told), LESSONS_A_SCENE))


if __name__ == "__main__":
    sys.exit(main())
