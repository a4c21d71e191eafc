"""Which vision-language model this machine is to have and use: the best that fits it. Pure but for `Machine.this`."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.translatable import Translatable

EYES = ("smolvlm2-500m", "smolvlm2-256m", "starter")
"""Manifests, the best eye first; the last is part of the default set."""
LEAST_MEMORY_GB: Mapping[str, float] = {"smolvlm2-500m": 6.0, "smolvlm2-256m": 3.0}
"""Of the whole machine: what the model takes in 8 bits with its pictures (2.0 and 1.2), and as much again for all else."""
LEAST_SPEED: Mapping[str, float] = {"smolvlm2-500m": 75.0, "smolvlm2-256m": 40.0}
"""Thousand million multiplications with additions a second, in float32. A picture takes some 107 of them to encode, and with 100 tokens of
prompt and 24 of answer the 500M 45 more and the 256M 17: an answer then comes within about 3 s, by the models' shapes."""
SPARE_GB = 1.0
"""Of disk that stays free."""
_TRY_S = 0.6
_SIDE = 512


@dataclass(frozen=True)
class Machine:
    """What decides which model fits."""

    memory_gb: float
    disk_gb: float
    """Free where models are kept."""
    speed: float
    """See LEAST_SPEED."""

    @classmethod
    def this(cls, folder: Path) -> Machine:
        """Measure this machine; `folder`: where models are kept, or will be. Takes about half a second."""
        there = next(place for place in (folder, *folder.parents) if place.exists())
        return cls(memory_gb(), shutil.disk_usage(there).free / 1e9, _speed())


def fitting_eye(machine: Machine, size_gb: Mapping[str, float], only: Collection[str] = EYES) -> tuple[str, str]:
    """Return (the best eye that fits the machine, why no better one does: "" if none is better).

    Args:
        machine: what there is.
        size_gb: what is still to be fetched for each eye; one without a size takes no room.
        only: eyes that may be chosen; the last of EYES always may.
    """
    lacks = ""
    for name in EYES[:-1]:
        if name not in only:
            continue
        lack = _lack(name, machine, size_gb.get(name, 0.0))
        if not lack:
            return name, lacks
        lacks = lacks or lack
    return EYES[-1], lacks


def best_eye(installed: Collection[str], memory_gb: float) -> str:
    """Return the best eye that is here and has memory enough; the last of EYES where none is."""
    fit = (name for name in EYES[:-1] if name in installed and memory_gb >= LEAST_MEMORY_GB[name])
    return next(fit, EYES[-1])


def memory_gb() -> float:
    """Return this machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def _lack(name: str, machine: Machine, size_gb: float) -> str:
    if machine.memory_gb < LEAST_MEMORY_GB[name]:
        return Translatable(
            "{name} needs {needed:.0f} GB of memory, and there are {here:.1f}",
            name=name,
            needed=LEAST_MEMORY_GB[name],
            here=machine.memory_gb,
        )
    if size_gb and machine.disk_gb < size_gb + SPARE_GB:
        return Translatable(
            "{name} needs {needed:.1f} GB of disk, and {here:.1f} are free", name=name, needed=size_gb + SPARE_GB, here=machine.disk_gb
        )
    if machine.speed < LEAST_SPEED[name]:
        return Translatable("{name} would be too slow on this processor", name=name)
    return ""


def _speed() -> float:
    """The best of several products of matrices: others may be at work just now."""
    one = np.ones((_SIDE, _SIDE), np.float32)
    best_s, ends_s = float("inf"), time.perf_counter() + _TRY_S
    while time.perf_counter() < ends_s:
        began_s = time.perf_counter()
        one @ one  # noqa: B018
        best_s = min(best_s, time.perf_counter() - began_s)
    return _SIDE**3 / best_s / 1e9
