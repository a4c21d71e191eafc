"""What is measured of each contender, and how: the same for all of them. Imports no engine."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from assistant.messages import Picture

T = TypeVar("T")

ROUNDS = 5
"""Rounds of which each time is the median, after one that isn't counted."""
DECODED_TOKENS = 64
ONE_THREAD = "ASSISTANT_BENCH_ONE_THREAD"
"""Set in a contender's environment: one thread, and the processor's time in place of the clock's."""
VIDEO_FRAMES = 8
QUESTION = "Can you describe this image?"
SECOND_QUESTION = "What colour is the largest thing?"


@dataclass(frozen=True)
class PromptFigures:
    """Medians of one prompt: seconds to encode its pictures and to prefill, tokens a second, and the tokens. None for what is lacking."""

    encode_s: float | None
    prefill_s: float
    tokens_per_s: float
    tokens: list[int]


@dataclass(frozen=True)
class Figures:
    """All that is measured of one contender. Seconds are medians; `video_` is of VIDEO_FRAMES pictures in one prompt.

    None for what a contender doesn't have.
    """

    load_s: float
    encode_s: float | None
    """Seconds that one picture takes through the vision encoder and the connector."""
    prefill_s: float
    """Seconds that the prompt with one picture takes, up to the first token."""
    tokens_per_s: float
    video_encode_s: float | None
    video_prefill_s: float
    video_tokens_per_s: float
    second_question_s: float
    """Seconds from another question about the same picture to its first token."""
    picture_peak_mb: float
    """Most memory that the process ever held, after the rounds with one picture."""
    peak_mb: float
    """Most memory that the process ever held, after the rounds with the video too."""
    picture_tokens: list[int]
    """The DECODED_TOKENS likeliest tokens after the picture's prompt."""
    video_tokens: list[int]
    """The DECODED_TOKENS likeliest tokens after the video's prompt."""

    @classmethod
    def of(
        cls, one: PromptFigures, several: PromptFigures, *, load_s: float, second_question_s: float, picture_peak_mb: float, peak_mb: float
    ) -> Figures:
        """Join what was measured of the prompts with one picture and with several."""
        return cls(
            load_s,
            one.encode_s,
            one.prefill_s,
            one.tokens_per_s,
            several.encode_s,
            several.prefill_s,
            several.tokens_per_s,
            second_question_s,
            picture_peak_mb,
            peak_mb,
            one.tokens,
            several.tokens,
        )


def picture() -> Picture:
    """Return a coarse random scene, uint8 [512, 512, 3], the same each time."""
    cells = np.random.default_rng(1).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return np.kron(cells, np.ones((64, 64, 1), np.uint8))


def pixels(count: int, side: int) -> np.ndarray:
    """Return random tiles f32 [count, 3, side, side] in [-1, 1], the same for every contender: what comes after resizing."""
    coarse = np.random.default_rng(1).uniform(-1, 1, (count, 3, 8, 8)).astype(np.float32)
    fine = coarse.repeat(-(-side // 8), axis=2).repeat(-(-side // 8), axis=3)
    return np.ascontiguousarray(fine[:, :, :side, :side])


def threads() -> int:
    """Return the threads that every contender takes: 0 = as many as it takes by itself."""
    return 1 if os.environ.get(ONE_THREAD) else 0


def now_s() -> float:
    """Return seconds of the clock, or of this process on its one thread, which others at work hardly change."""
    return time.process_time() if threads() else time.perf_counter()


def median_s(work: Callable[[T], object], prepare: Callable[[], T]) -> float:
    """Return the median seconds of a round of `work`, given what `prepare` makes, which isn't counted."""
    work(prepare())
    times = []
    for _ in range(ROUNDS):
        prepared = prepare()
        began = now_s()
        work(prepared)
        times.append(now_s() - began)
    return statistics.median(times)


def peak_mb() -> float:
    """Return the most resident memory of this process so far. Not getrusage: after fork and exec that still counts the parent's."""
    return _memory_mb("VmHWM")


def resident_mb() -> float:
    """Return the resident memory of this process now."""
    return _memory_mb("VmRSS")


def _memory_mb(field: str) -> float:
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status[field].split()[0]) / 1024


def print_figures_of_made(maker: str, folder: str, kind: str, measure: Callable[[Path], Figures]) -> None:
    """Have a module of ours make a model in a process of its own, for the sake of the peak memory, and print what `measure` finds of it.

    What the maker says on stderr is for whoever started this process, which ends with its exit status.
    """
    with tempfile.TemporaryDirectory() as made:
        command = [sys.executable, "-m", f"assistant.benchmarks.{maker}", folder, kind, made]
        if status := subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:
            sys.exit(status)
        print_figures(measure(Path(made)))


def print_figures(figures: Figures) -> None:
    """Print figures as the last line of a contender's output."""
    print(json.dumps(asdict(figures)))


def read_figures(output: str) -> Figures:
    """Return the figures in a contender's output. ValueError if there are none."""
    lines = output.strip().splitlines()
    found: dict[str, Any] = json.loads(lines[-1]) if lines else {}
    if set(found) != set(Figures.__dataclass_fields__):
        raise ValueError("no figures")
    return Figures(**found)
