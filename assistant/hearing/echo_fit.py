"""What is left of a sound when what was played meanwhile has been taken out, looking back on all of it. Pure.

The canceller cleans as the sound comes: it needs its time to find the echo again, and suppresses what it isn't sure of, the first sound
of a word among it. Looking back the echo is found exactly: in each window its delay by correlation, its room by least squares. What is left
tells whether anybody but the assistant spoke. Method: conjugate gradients on the normal equations, with T. Chan's preconditioner (1988).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.hearing.echo_delay import LONGEST_S, measured_delay
from assistant.messages import Sound

RATE_HZ = 16_000
WINDOW, HOP = round(0.8 * RATE_HZ), round(0.4 * RATE_HZ)
"""Samples that are fitted on their own, and from one to the next: within one a sound server's buffers rarely jump."""
TAPS = 1280
"""Samples of the room's response, 80 ms."""
LEAD = 80
"""Samples by which the echo may come sooner than was measured."""
BEFORE = round(LONGEST_S * RATE_HZ) + TAPS
"""Samples of what was played before the sound began: as late as its echo may be."""
ITERATIONS, REFINEMENTS = 15, 3
FAINTEST = 1e-6
"""Energy of what was played below which there is nothing to fit."""
EMPHASIS = 0.95
ECHO_DB = 12.0
"""Of which less is left by that much is echo: of a voice that speaks alone 30 dB were taken out, of a word spoken over it 2."""
FRAME = 512
LOUD_DB = 15.0
"""Frames softer than the loudest by that much don't count: what is left of them is the room's."""
WORD_FRAMES = 4
"""As long as a short word, 0.13 s."""


def without_echo(heard: Sound, played: Sound) -> Sound:
    """Return float32 [n], what was `heard` without the echo of what was `played`, and silence where there was little else.

    `played`, float32 [BEFORE + n], ends when `heard` does; both at 16 kHz.
    """
    left, weight = np.zeros(len(heard)), np.full(len(heard), 1e-6)
    delay: int | None = None
    for first, last in _windows(len(heard)):
        fitted, delay = _fitted(heard[first:last], played[first : BEFORE + last], delay)
        fade = np.hanning(last - first + 2)[1:-1]
        left[first:last] += fitted * fade
        weight[first:last] += fade
    cleaned = left / weight
    is_rest = _energy(cleaned) > _energy(heard) * 10 ** (-ECHO_DB / 10)  # [frames]
    if len(is_rest):
        cleaned[: len(is_rest) * FRAME] *= np.convolve(np.repeat(is_rest, FRAME), np.ones(FRAME // 2) / (FRAME // 2), "same")
    return np.asarray(cleaned, np.float32)


def is_only_echo(heard: Sound, cleaned: Sound) -> bool:
    """Tell whether hardly anything is left of the loud parts of what was `heard`: nobody but the assistant spoke."""
    before, after = _energy(heard), _energy(cleaned)
    if len(before) < WORD_FRAMES:
        return False
    word = np.ones(WORD_FRAMES)
    before, after = np.convolve(before, word, "valid"), np.convolve(after, word, "valid")
    loud = before > before.max() * 10 ** (-LOUD_DB / 10)
    return bool((after[loud] <= before[loud] * 10 ** (-ECHO_DB / 10)).all())


def _windows(count: int) -> Iterator[tuple[int, int]]:
    """(first, last) of windows that overlap by half; the last one isn't shorter than half of one unless all is."""
    starts = range(0, max(1, count - HOP), HOP)
    for first in starts:
        yield first, count if first == starts[-1] else min(count, first + WINDOW)


def _fitted(heard: Sound, played: Sound, last_delay: int | None) -> tuple[npt.NDArray[Any], int | None]:
    """What is left of [n] with the best of two delays: that measured here, and that of the window before; `played` is [BEFORE + n]."""
    if not played.any():
        return heard, last_delay
    halves = (each[: len(each) // 2 * 2].reshape(-1, 2).mean(axis=1) for each in (heard, played[TAPS:]))
    measured_s, _ = measured_delay(*halves)
    best, best_delay = np.asarray(heard, np.float64), last_delay
    for delay in {round(measured_s * RATE_HZ), last_delay} - {None}:
        assert delay is not None
        end = len(played) - max(0, delay - LEAD)
        left = _least_squares(heard, played[end - len(heard) - TAPS + 1 : end])
        if np.square(left).sum() < np.square(best).sum():
            best, best_delay = left, delay
    return best, best_delay


def _least_squares(heard: Sound, played: Sound) -> npt.NDArray[Any]:
    """What is left of [n] when it is fitted by [n + TAPS - 1] through a filter of TAPS."""
    size = 1 << (len(played) + TAPS - 1).bit_length()
    spectrum, whitened = np.fft.rfft(played, size), np.fft.rfft(_emphasised(played), size)
    correlation = np.fft.irfft(np.abs(whitened) ** 2, size)[:TAPS]
    room, left = np.zeros(TAPS), np.asarray(heard, np.float64)
    if correlation[0] < FAINTEST:
        return left
    for _ in range(REFINEMENTS):  # the matrix is that of a longer sound: what that does at both ends is mended by another round
        later = np.fft.rfft(np.concatenate([np.zeros(TAPS - 1), _emphasised(left)]), size)
        room += _solved(correlation, np.fft.irfft(later * np.conj(whitened), size)[:TAPS])
        left = heard - np.fft.irfft(np.fft.rfft(room, size) * spectrum, size)[TAPS - 1 : len(played)]
    return left


def _emphasised(samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """With its high sounds as strong as its low ones, so that an s counts as much as an o."""
    return np.concatenate([samples[:1], samples[1:] - EMPHASIS * samples[:-1]])


def _solved(correlation: npt.NDArray[Any], wanted: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The filter [TAPS] of the normal equations, whose matrix is Toeplitz with this first row."""
    correlation = correlation.copy()
    correlation[0] *= 1.001
    reversed_tail = np.concatenate([[0.0], correlation[:0:-1]])
    embedded = np.fft.rfft(np.concatenate([correlation, reversed_tail]))  # a circulant of twice the size
    share = np.arange(TAPS) / TAPS
    nearest = np.maximum(np.fft.rfft((1 - share) * correlation + share * reversed_tail).real, 1e-4 * correlation[0])
    room, left = np.zeros(TAPS), wanted.copy()
    step = guess = np.fft.irfft(np.fft.rfft(left) / nearest, TAPS)
    worth = left @ guess
    for _ in range(ITERATIONS):
        moved = np.fft.irfft(embedded * np.fft.rfft(step, 2 * TAPS), 2 * TAPS)[:TAPS]
        curvature = step @ moved
        if curvature <= 0 or worth <= 0:
            break
        room += worth / curvature * step
        left -= worth / curvature * moved
        guess = np.fft.irfft(np.fft.rfft(left) / nearest, TAPS)
        before, worth = worth, left @ guess
        step = guess + worth / before * step
    return room


def _energy(samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Of each whole frame, [frames]."""
    return np.asarray(np.square(samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)).sum(axis=1))
