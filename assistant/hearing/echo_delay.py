"""How late the echo of what is played is heard, measured again and again. Pure.

Buffers of sound servers and wireless loudspeakers make it late by up to a second, and by another time with each sound on a busy machine;
WebRTC's canceller looks for it within half a second only and takes several to find a new delay, in which the assistant would hear itself.
Method: generalised cross-correlation with phase transform (Knapp and Carter, 1976).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.messages import Sound

RATE_HZ = 8000
"""At which the two are compared: half of what they come in."""
LOOKED_AT_S = 1.0
"""Of what was heard last."""
LONGEST_S = 1.2
"""Later echoes aren't looked for."""
EVERY_CHUNKS = 8
"""A quarter of a second."""
SURE, LIKELY = 20.0, 10.0
"""How far the highest peak stands out, in standard deviations, to be believed at once, and if the one before was at its place. The peaks
of two voices that have nothing to do with each other reach 17, never twice in one place; those of an echo under a voice 15 to 40."""
SAME_S = 0.002
FAINTEST = 1e-3
"""Root mean square of what is played below which nothing is to be measured."""


class EchoDelay:
    """Follows the delay, told chunk by chunk what was heard and what had been played."""

    def __init__(self) -> None:
        self._heard: Sound = np.zeros(round(LOOKED_AT_S * RATE_HZ), np.float32)
        self._played: Sound = np.zeros(round((LOOKED_AT_S + LONGEST_S) * RATE_HZ), np.float32)
        self._last_s: float | None = None
        self._count = 0
        self.delay_s: float | None = None
        """None until it was measured."""

    def add(self, heard: Sound, played: Sound) -> None:
        """Take float32 [n] at 16 kHz of each, of the same time, n even."""
        self._heard = _shifted(self._heard, heard)
        self._played = _shifted(self._played, played)
        self._count += 1
        if self._count % EVERY_CHUNKS == 0 and self._played[-len(self._heard) :].std() > FAINTEST:
            self._follow(*measured_delay(self._heard, self._played))

    def _follow(self, found_s: float, peak: float) -> None:
        agrees = self._last_s is not None and abs(found_s - self._last_s) < SAME_S
        if peak >= SURE or (peak >= LIKELY and agrees):
            self.delay_s = found_s
        self._last_s = found_s


def measured_delay(heard: Sound, played: Sound) -> tuple[float, float]:
    """Return by how many seconds what was heard is behind what was played, and how far that peak of the correlation stands out.

    `played`, float32 [m], ends when `heard`, float32 [n], does, and is longer by the longest delay.
    """
    size, longest = 1 << (len(heard) + len(played) - 1).bit_length(), len(played) - len(heard)
    cross: npt.NDArray[Any] = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(played, size))
    correlation = np.fft.irfft(cross / (np.abs(cross) + 1e-9), size)
    by_delay = np.concatenate([correlation[-longest:], correlation[:1]])  # [longest + 1]
    place, spread = int(np.argmax(by_delay)), float(by_delay.std())
    return place / RATE_HZ, float(by_delay[place]) / spread if spread else 0.0


def _shifted(kept: Sound, more: Sound) -> Sound:
    return np.concatenate([kept, more.reshape(-1, 2).mean(axis=1)])[-len(kept) :]
