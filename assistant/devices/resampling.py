"""Changes the sample rate of sound that arrives piece by piece. Knows nothing of devices.

Method: polyphase windowed-sinc filter (Crochiere and Rabiner, "Multirate Digital Signal Processing", 1983, chapter 3).
"""

from __future__ import annotations

from math import gcd

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from assistant.messages import Sound

_ZERO_CROSSINGS = 16
"""Of the sinc on either side; more is sharper and slower."""


class Resampler:
    """One stream's rate changed. Pieces may have any length; what they become doesn't depend on where they were cut."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        common = gcd(from_hz, to_hz)
        self._up, self._down = to_hz // common, from_hz // common
        self._filters = _phase_filters(self._up, self._down)  # [up, taps]
        self._taps = self._filters.shape[1]
        self._pending = np.zeros(self._taps // 2 - 1, np.float32)
        self._next = 0
        """Position of the next output sample, in units of 1 / up input samples from the start of `_pending`."""

    def feed(self, samples: Sound) -> Sound:
        """What can be said so far at the new rate: float32 [about n * to_hz / from_hz]; the filter lags by its half."""
        if self._up == self._down:
            return samples
        pending = np.concatenate([self._pending, samples])
        count = max(0, ((len(pending) - self._taps + 1) * self._up - self._next + self._down - 1) // self._down)
        positions = self._next + np.arange(count) * self._down
        starts, phases = np.divmod(positions, self._up)
        resampled: Sound = np.zeros(0, np.float32)
        if count:
            windows = sliding_window_view(pending, self._taps)[starts]  # [count, taps]
            resampled = np.einsum("nt,nt->n", windows, self._filters[phases])
        end = self._next + count * self._down
        used = min(end // self._up, len(pending))
        self._pending, self._next = pending[used:], end - used * self._up
        return resampled

    def flush(self) -> Sound:
        """The rest, once the stream has ended."""
        return self.feed(np.zeros(self._taps // 2 if self._up != self._down else 0, np.float32))


class ToOneRate:
    """One stream whose rate may change from piece to piece, as it does where the voice changes."""

    def __init__(self, to_hz: int) -> None:
        self._to_hz = to_hz
        self._from_hz = to_hz
        self._resampler = Resampler(to_hz, to_hz)

    def feed(self, samples: Sound, from_hz: int) -> Sound:
        """As `Resampler.feed`; what the last rate left over comes before."""
        if from_hz == self._from_hz:
            return self._resampler.feed(samples)
        rest, self._from_hz, self._resampler = self.flush(), from_hz, Resampler(from_hz, self._to_hz)
        return np.concatenate([rest, self._resampler.feed(samples)])

    def flush(self) -> Sound:
        """The rest, once the stream has ended."""
        return self._resampler.flush()


def _phase_filters(up: int, down: int) -> Sound:
    """One low-pass filter per fractional position of an output sample between two input samples: float32 [up, taps]."""
    cutoff = min(1.0, up / down)
    half = int(np.ceil(_ZERO_CROSSINGS / cutoff))
    offsets = np.arange(1 - half, half + 1)[None, :] - np.arange(up)[:, None] / up  # [up, taps], in input samples
    window = np.cos(np.pi / 2 * np.clip(offsets / half, -1, 1)) ** 2
    filters = cutoff * np.sinc(cutoff * offsets) * window
    normalised: Sound = (filters / filters.sum(axis=1, keepdims=True)).astype(np.float32)
    return normalised
