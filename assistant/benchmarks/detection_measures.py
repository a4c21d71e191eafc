"""Says how good boxes are: average precision, people counted, nobody where nobody is, and whether probabilities are true."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.benchmarks.labelled_pictures import PERSON, LabelledPicture
from assistant.messages import DetectedThing, Region

COUNTS = (1, 2, 3, 4)
"""True numbers of people of which the counting is looked at."""
RIGHT_FROM = 0.5
"""Intersection over union from which a box is right."""


@dataclass(frozen=True, eq=False)
class Seen:
    """A picture and what a detector found in it, the surest first."""

    labelled: LabelledPicture
    found: tuple[DetectedThing, ...]


@dataclass(frozen=True)
class Judged:
    """A box that was found, and whether a thing of that name stands there that no surer box has taken."""

    probability: float
    is_right: bool


def judge(seen: Iterable[Seen], label: str | None = None) -> list[Judged]:
    """Return every box of a name, or of all names, judged."""
    judged = []
    for each in seen:
        free = list(each.labelled.things)
        for thing in each.found:
            if label is None or thing.label == label:
                rivals = [(overlap(thing.region, place), number) for number, (name, place) in enumerate(free) if name == thing.label]
                share, number = max(rivals, default=(0.0, -1))
                if share >= RIGHT_FROM:
                    del free[number]
                judged.append(Judged(thing.probability, share >= RIGHT_FROM))
    return judged


def average_precision(seen: Sequence[Seen], label: str) -> float | None:
    """Return COCO's AP50 of a name (101 steps of recall); None where no picture has such a thing."""
    there = sum(name == label for each in seen for name, _ in each.labelled.things)
    if not there:
        return None
    right = np.array([each.is_right for each in sorted(judge(seen, label), key=lambda each: -each.probability)], float)
    if not len(right):
        return 0.0
    found = np.cumsum(right)
    precision = np.maximum.accumulate((found / np.arange(1, len(right) + 1))[::-1])[::-1]
    places = np.searchsorted(found / there, np.linspace(0, 1, 101))
    return float(np.mean([precision[place] if place < len(precision) else 0.0 for place in places]))


def overlap(first: Region, second: Region) -> float:
    """Return intersection over union."""
    across = min(first.left + first.width, second.left + second.width) - max(first.left, second.left)
    down = min(first.top + first.height, second.top + second.height) - max(first.top, second.top)
    common = max(across, 0.0) * max(down, 0.0)
    return common / max(first.width * first.height + second.width * second.height - common, 1e-9)


def people_found(each: Seen, sure_from: float, least_area: float = 0.0) -> int:
    """Return how many people were found of at least a share of the picture."""
    return sum(
        thing.label == PERSON and thing.probability >= sure_from and thing.region.width * thing.region.height >= least_area
        for thing in each.found
    )


def people_there(each: Seen, least_area: float = 0.0) -> int:
    """Return how many people there are likewise."""
    if not each.labelled.things:
        return each.labelled.people
    return sum(name == PERSON and place.width * place.height >= least_area for name, place in each.labelled.things)


def counted_exactly(
    seen: Sequence[Seen], sure_from: float, counts: Sequence[int] = (1, 2, 3, 4), least_area: float = 0.0
) -> dict[str, str]:
    """Return for each of COUNTS, and over all of them, in how many of the pictures with so many people they were counted exactly."""
    told = {}
    for count in COUNTS:
        of_count = [each for each in seen if people_there(each, least_area) == count]
        told[str(count)] = f"{sum(people_found(each, sure_from, least_area) == count for each in of_count)} / {len(of_count)}"
    right, there = (sum(int(text.split(" / ")[place]) for text in told.values()) for place in (0, 1))
    return told | {"all": f"{right} / {there} ({right / max(there, 1):.0%})"}


def said_nobody(seen: Sequence[Seen], sure_from: float) -> str:
    """Return in how many pictures nobody was found."""
    nobody = sum(people_found(each, sure_from) == 0 for each in seen)
    return f"{nobody} / {len(seen)} ({nobody / max(len(seen), 1):.0%})"


def calibration_table(judged: Sequence[Judged], steps: int = 5) -> list[str]:
    """Return for each step of probability: what was told, what was right, of how many."""
    rows = []
    for step in range(steps):
        inside = [each for each in judged if min(int(each.probability * steps), steps - 1) == step]
        if inside:
            told = sum(each.probability for each in inside) / len(inside)
            right = sum(each.is_right for each in inside) / len(inside)
            rows.append(f"told {told:.2f}, right {right:.2f} of {len(inside)}")
    return rows


def fit_curve(scores: Sequence[float], right: Sequence[bool]) -> tuple[float, float]:
    """Return Platt's slope and offset (Platt 1999, with its softened targets) by Newton's method, for logits of scores."""
    x = np.stack([np.asarray(scores, float), np.ones(len(scores))], axis=1)
    yes, no = int(np.sum(right)), len(right) - int(np.sum(right))
    targets = np.where(right, (yes + 1) / (yes + 2), 1 / (no + 2))
    weights = np.array([1.0, 0.0])
    for _ in range(50):
        told = 1 / (1 + np.exp(-x @ weights))
        curvature = (x * (told * (1 - told))[:, None]).T @ x + 1e-9 * np.eye(2)
        weights = weights + np.linalg.solve(curvature, x.T @ (targets - told))
    return float(weights[0]), float(weights[1])
