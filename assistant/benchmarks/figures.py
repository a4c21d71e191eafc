"""What is measured of each contender, and how: the same for all of them. Imports no engine."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.messages import Picture

ROUNDS = 5
"""Each time is the median of so many rounds, after one that isn't counted."""
DECODED_TOKENS = 64
VIDEO_FRAMES = 8
QUESTION = "Can you describe this image?"
SECOND_QUESTION = "What colour is the largest thing?"


@dataclass(frozen=True)
class Figures:
    """Seconds are medians; `video_` is of VIDEO_FRAMES pictures in one prompt."""

    load_s: float
    encode_s: float
    """One picture through the vision encoder and the connector."""
    prefill_s: float
    """The prompt with one picture, up to the first token."""
    tokens_per_s: float
    video_encode_s: float
    video_prefill_s: float
    video_tokens_per_s: float
    second_question_s: float
    """From another question about the same picture to its first token."""
    picture_peak_mb: float
    """Most memory that the process ever held, after the rounds with one picture ..."""
    peak_mb: float
    """... and after those with the video."""


def pictures(count: int, side: int = 512) -> list[Picture]:
    """Smooth random scenes, the same for every contender."""
    rng = np.random.default_rng(1)
    cells = rng.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    return [np.kron(cell, np.ones((side // 8, side // 8, 1), np.uint8)) for cell in cells]


def median_s(work: Callable[[], object]) -> float:
    """Seconds of one round."""
    work()
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def peak_mb() -> float:
    """Most resident memory of this process so far. Not getrusage: after fork and exec that still counts the parent's."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


def print_figures(figures: Figures) -> None:
    """As the last line of a contender's output."""
    print(json.dumps(asdict(figures)))


def read_figures(output: str) -> Figures:
    """From a contender's output; ValueError if it told none."""
    lines = output.strip().splitlines()
    found: dict[str, Any] = json.loads(lines[-1]) if lines else {}
    if set(found) != set(Figures.__dataclass_fields__):
        raise ValueError("no figures")
    return Figures(**found)
