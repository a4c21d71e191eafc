"""How late the echo of what is played is heard: from how loudness goes up and down in both. Pure.

Buffers of sound servers and wireless loudspeakers make it late by up to a second; WebRTC's canceller looks for it within half of one.
"""

from __future__ import annotations

import numpy as np

from assistant.messages import Sound

STEP_S = 0.016
"""Loudness is compared in steps of half a chunk."""
LOOKED_AT_S = 6.0
"""Of what was heard last."""
LONGEST_S = 1.2
"""Later echoes aren't looked for."""
ALIKE = 0.7
"""Correlation from which what is heard is taken for what was played."""
AGREE_S = 0.05
"""Two measurements that differ by less are of the same delay."""
_FAINTEST = 1e-4


class EchoDelay:
    """Follows the delay, told chunk by chunk what was heard and what had been played."""

    def __init__(self) -> None:
        steps = round(LOOKED_AT_S / STEP_S)
        self._heard = np.zeros(steps)
        self._played = np.zeros(steps)
        self._last_s: float | None = None
        self._count = 0
        self.delay_s: float | None = None
        """None until it was measured twice."""

    def add(self, heard: Sound, played: Sound) -> None:
        """Take float32 [n] at 16 kHz of each, of the same time; every second the delay is measured anew."""
        half = len(heard) // 2
        self._heard = np.append(self._heard[2:], [_loudness(heard[:half]), _loudness(heard[half:])])
        self._played = np.append(self._played[2:], [_loudness(played[:half]), _loudness(played[half:])])
        self._count += 1
        if self._count % round(1.0 / (2 * STEP_S)) == 0 and 2 * self._count >= len(self._heard):
            self._follow(measured_delay_s(self._heard, self._played))

    def _follow(self, found_s: float | None) -> None:
        if found_s is None:
            return
        if self._last_s is not None and abs(found_s - self._last_s) < AGREE_S:
            self.delay_s = found_s
        self._last_s = found_s


def measured_delay_s(heard: np.ndarray, played: np.ndarray) -> float | None:
    """Return by how much float64 [n], the loudness of what was heard in each step, is behind what was played; None if they differ."""
    longest = round(LONGEST_S / STEP_S)
    late = heard[longest:]
    alike = [_correlation(late, played[longest - delay : len(played) - delay]) for delay in range(longest + 1)]
    best = int(np.argmax(alike))
    return best * STEP_S if alike[best] >= ALIKE else None


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    spread = float(one.std() * other.std())
    return float(np.mean((one - one.mean()) * (other - other.mean()))) / spread if spread > 0 else 0.0


def _loudness(samples: Sound) -> float:
    """In decibels above the faintest that counts, so that silence is 0."""
    return 20 * float(np.log10(1 + np.sqrt(np.mean(np.square(samples))) / _FAINTEST)) if len(samples) else 0.0
