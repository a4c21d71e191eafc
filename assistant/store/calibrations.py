"""What set-up found out of models that nobody measured, remembered beside them: for this processor, onnxruntime and these very files."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.messages import AnswerThresholds, SelfCalibration
from assistant.store.variant_choice import measurement_key, read_entries, write_entries

MEMORY_FILE = "calibrations.json"
_VERSION = 2
"""Grows when the known pictures or what is made of them change: then models are asked anew."""


def recall(store: Path, folder: Path, variant: str, files: Sequence[Path]) -> SelfCalibration | None:
    """Return what was found out of a model's variant, which consists of these files; None if nothing was, or not by this version."""
    key = _key(folder, variant, files)
    for entry in read_entries(store / MEMORY_FILE):
        if {name: entry.get(name) for name in key} == key:
            with contextlib.suppress(KeyError, TypeError, ValueError):  # a file that somebody edited: as if nothing was found out
                return _calibration(entry["calibration"])
    return None


def remember(store: Path, folder: Path, variant: str, files: Sequence[Path], found: SelfCalibration) -> None:
    """Keep it in the models' folder; where that can't be written, the next set-up asks again."""
    key = _key(folder, variant, files)
    same = ("folder", "machine", "variant")
    others = [entry for entry in read_entries(store / MEMORY_FILE) if any(entry.get(name) != key[name] for name in same)]
    content = asdict(found)
    content["thresholds"]["sure"] = str(found.thresholds.sure)  # infinity is no JSON number
    write_entries(store / MEMORY_FILE, [*others, key | {"calibration": content}])


def _calibration(content: dict[str, Any]) -> SelfCalibration:
    numbers = {name: float(value) for name, value in content["thresholds"].items()}
    reliability = {str(intent): float(share) for intent, share in content["reliability"].items()}
    if any(math.isnan(value) for value in [*numbers.values(), *reliability.values()]):
        raise ValueError("no numbers")
    return SelfCalibration(AnswerThresholds(**numbers), reliability, float(content["presence_right"]), content["takes_hints"] is True)


def _key(folder: Path, variant: str, files: Sequence[Path]) -> dict[str, Any]:
    return measurement_key(folder, {variant: files}) | {"variant": variant, "version": _VERSION}
