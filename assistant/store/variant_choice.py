"""Which variant of a model is the fastest on this machine that stays true: measured once, remembered beside the models. Knows no engine.

int8 weights are faster than full precision on one processor and slower on another, and where products of 8 bits saturate (AVX2 without
VNNI) they may say other things, so nothing is assumed. What is remembered holds for this processor, this onnxruntime and these very files.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from assistant.interfaces import SceneDescriber
from assistant.messages import Frame, Keyframe
from assistant.problems import Problem
from assistant.store.variant_truth import LEAST_AGREEMENT, Votes, agreements, votes_of

MEMORY_FILE = "variants.json"
RUNS = 3
"""Rounds a variant after one to warm up; fewer when its share of the time is over."""
TOTAL_S = 20.0
"""For all variants of a model together, opening them not counted; a round that has begun is finished."""
PIECES = 12
"""Pieces of text that a round waits for at most."""
ANSWER_PIECES = 24
"""About as many as a short sentence has: what the reckoned answer consists of."""
QUESTION = "Describe this picture."

_TIMES = ("look_s", "first_s", "piece_s")
_NUMBERS = (*_TIMES, "agreement")

Variants = Mapping[str, Sequence[Path]]
"""Name -> its files, in the order to be tried."""


@dataclass(frozen=True)
class Measured:
    """What a user waits for with one variant; medians."""

    variant: str
    look_s: float
    """One picture encoded and read."""
    first_s: float
    """From the question to the first piece of the answer."""
    piece_s: float
    """Each further piece."""
    agreement: float = 1.0
    """Share of what it holds likely that the most exact variant does too: see variant_truth."""

    @property
    def is_true(self) -> bool:
        """Tell whether it may be chosen for its speed."""
        return self.agreement >= LEAST_AGREEMENT

    @property
    def answer_s(self) -> float:
        """A picture looked at and a short sentence answered: what the variants are ranked by."""
        return self.look_s + self.first_s + self.piece_s * ANSWER_PIECES


def measure(
    variants: Sequence[str],
    open_variant: Callable[[str], SceneDescriber],
    keyframe: Keyframe,
    total_s: float = TOTAL_S,
    clock: Callable[[], float] = time.monotonic,
    pictures: Sequence[Keyframe] = (),
) -> tuple[list[Measured], dict[str, str]]:
    """Try each variant, one in memory at a time.

    Args:
        variants: names, in the order to be tried; those whose turn doesn't come before the time is over are left out.
        open_variant: loads one.
        keyframe: the picture to look at.
        total_s: see TOTAL_S.
        clock: in seconds.
        pictures: on which the variants are compared with the most exact of them; none = they aren't.

    Returns:
        (what was measured: those that stay true first, and of them the soonest answer; why each of the others can't be used).
    """
    ends = clock() + total_s
    measured: list[Measured] = []
    broken: dict[str, str] = {}
    votes: dict[str, Votes] = {}
    for number, variant in enumerate(variants):
        if measured and clock() >= ends:
            break
        opens = clock()
        try:
            describer = open_variant(variant)
            ends += clock() - opens  # the first opening may fuse and save the graphs, which takes as long as it takes, once
            share_ends = clock() + (ends - clock()) / (len(variants) - number)
            measured.append(_measure_one(variant, describer, keyframe, share_ends, clock))
            compares = clock()
            votes[variant] = votes_of(describer, pictures)
            ends += clock() - compares
        except Problem as problem:
            broken[variant] = problem.parts[0]
    shares = agreements(votes)
    measured = [replace(each, agreement=round(shares[each.variant], 3)) for each in measured]
    return sorted(measured, key=lambda each: (not each.is_true, each.answer_s)), broken


def recall(store: Path, folder: Path, variants: Variants) -> list[Measured]:
    """Return what was measured on this machine of just these files, best first; [] if nothing was."""
    key = measurement_key(folder, variants)
    for entry in read_entries(store / MEMORY_FILE):
        if {name: entry.get(name) for name in key} == key:
            with contextlib.suppress(KeyError, TypeError, ValueError):  # a file that somebody edited: as if nothing was measured
                ranking = [Measured(str(each["variant"]), *(float(each[name]) for name in _NUMBERS)) for each in entry["ranking"]]
                return ranking if all(each.variant in variants for each in ranking) else []
    return []


def remember(store: Path, folder: Path, variants: Variants, ranking: Sequence[Measured]) -> None:
    """Keep a measurement in the models' folder; where that can't be written, the next set-up measures again."""
    key = measurement_key(folder, variants)
    others = [
        entry
        for entry in read_entries(store / MEMORY_FILE)
        if (entry.get("folder"), entry.get("machine")) != (key["folder"], key["machine"])
    ]
    write_entries(store / MEMORY_FILE, [*others, key | {"ranking": [asdict(each) for each in ranking]}])


def _measure_one(variant: str, describer: SceneDescriber, keyframe: Keyframe, ends: float, clock: Callable[[], float]) -> Measured:
    rounds = [_round(variant, describer, keyframe, clock)]
    while len(rounds) <= RUNS and clock() < ends:
        rounds.append(_round(variant, describer, _shifted(keyframe, len(rounds)), clock))
    warm = rounds[1:] or rounds  # a machine so slow that only the first fits is measured by that
    medians = [median(getattr(each, name) for each in warm) for name in _TIMES]
    return Measured(variant, *(round(value, 4) for value in medians))


def _round(variant: str, describer: SceneDescriber, keyframe: Keyframe, clock: Callable[[], float]) -> Measured:
    began = clock()
    view = describer.look([keyframe])
    looked = clock()
    arrived = [clock() for _ in zip(range(PIECES), describer.answer(view, QUESTION), strict=False)]
    first_s = (arrived[0] if arrived else clock()) - looked
    piece_s = (arrived[-1] - arrived[0]) / (len(arrived) - 1) if len(arrived) > 1 else first_s
    return Measured(variant, looked - began, first_s, piece_s)


def _shifted(keyframe: Keyframe, pixels: int) -> Keyframe:
    """Another picture, for a describer may keep what it has looked at."""
    return Keyframe(Frame(np.roll(keyframe.frame.picture, pixels, axis=1), keyframe.frame.time_s), keyframe.reason)


def measurement_key(folder: Path, variants: Variants) -> dict[str, Any]:
    """Return what must be the same for a measurement to hold."""
    files = {path.relative_to(folder).as_posix(): path.stat().st_size for paths in variants.values() for path in paths}
    return {
        "folder": str(folder.absolute()),
        "machine": f"{_processor()}, {len(os.sched_getaffinity(0))} cores",
        "onnxruntime": _version("onnxruntime"),
        "files": files,
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:  # a build of it under another name
        return "unknown"


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def read_entries(path: Path) -> list[dict[str, Any]]:
    """Return what was remembered in a file; [] if it is absent or unreadable."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    return [entry for entry in content if isinstance(entry, dict)] if isinstance(content, list) else []


def write_entries(path: Path, entries: Sequence[dict[str, Any]]) -> None:
    """Remember these in a file, whole or not at all; nothing happens where it can't be written."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        temporary.write_text(json.dumps(list(entries), indent=1), encoding="utf-8")
        temporary.replace(path)
