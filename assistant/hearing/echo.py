"""What the loudspeaker plays, laid beside what the microphone hears so that its echo can be taken out. Pure: times are told.

Both are counted in samples, for the times of single blocks are late whenever the machine is busy. Played sound is dated by when it was
handed to the device; the delay of its echo is measured and followed, and what was played told to the canceller as much later.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np

from assistant.hearing.echo_delay import FAINTEST, EchoDelay
from assistant.hearing.echo_fit import BEFORE
from assistant.interfaces import EchoCanceller
from assistant.messages import AudioChunk, Echoed, Sound

RATE_HZ = 16_000
KEPT_S = 10.0
"""Sound kept, to look back on; less than half of that is needed for a microphone whose sound comes late."""
LOOKED_BACK_S = 8.0
"""Of what was heard."""
SAME_S = 0.02
"""Two times less apart than this are the same: no more is known of them."""
LEAD_S = 0.04
"""What was played is told to the canceller so long before its echo."""
MOST_OFF_S = 0.004
"""By which the echo may be off before what was played is shifted: the canceller's own step."""
LAGS = 31
"""Chunks, a second of them, of which the one that came soonest tells the time; the others were late."""


class PlayedSound:
    """Holds the last seconds of what was played, by time."""

    def __init__(self) -> None:
        self._buffer: Sound = np.zeros(2 * round(KEPT_S * RATE_HZ), np.float32)
        self._count = 0
        """Samples of the buffer that are in use."""
        self._start_s = 0.0

    @property
    def _samples(self) -> Sound:
        return self._buffer[: self._count]

    @property
    def end_s(self) -> float:
        """Return when the last of it was played."""
        return self._start_s + self._count / RATE_HZ

    def add(self, samples: Sound, time_s: float) -> None:
        """Append float32 [n] at 16 kHz; silence fills the gap to what was played before, and what it overlaps was thrown away unheard."""
        gap_s = time_s - self.end_s
        if not self._count or abs(gap_s) > KEPT_S:
            self._count, self._start_s, gap_s = 0, time_s, 0.0
        gap = round(gap_s * RATE_HZ) if abs(gap_s) > SAME_S else 0
        self._count = max(0, self._count + min(0, gap))
        self._append(np.zeros(max(0, gap), np.float32))
        self._append(samples)

    def _append(self, samples: Sound) -> None:
        longest = len(self._buffer) // 2
        if self._count + len(samples) > len(self._buffer):  # once in KEPT_S
            kept = self._samples[-longest:].copy()
            self._start_s += (self._count - len(kept)) / RATE_HZ
            self._buffer[: len(kept)], self._count = kept, len(kept)
        self._buffer[self._count : self._count + len(samples)] = samples
        self._count += len(samples)

    def at(self, time_s: float, count: int) -> Sound:
        """Return float32 [count] from a time on; silence where nothing was played."""
        first = round((time_s - self._start_s) * RATE_HZ)
        found = np.zeros(count, np.float32)
        start, end = max(0, first), min(self._count, first + count)
        if start < end:
            found[start - first : end - first] = self._samples[start:end]
        return found


class SteadyTime:
    """Tells when each chunk was recorded, counted from those that came soonest: a busy machine only ever dates them too late."""

    def __init__(self) -> None:
        self._next_s: float | None = None
        self._lags_s: deque[float] = deque(maxlen=LAGS)

    def of(self, chunk: AudioChunk) -> float:
        """Return the time of the stream's next chunk."""
        if self._next_s is None:
            self._next_s = chunk.time_s
        lag_s = chunk.time_s - self._next_s
        self._lags_s.append(lag_s)
        shift_s = lag_s if lag_s < 0 else min(self._lags_s) if len(self._lags_s) == LAGS else 0.0
        if abs(shift_s) > SAME_S:
            self._next_s += shift_s
            self._lags_s.clear()
        time_s = self._next_s
        self._next_s += chunk.duration_s
        return time_s


class EchoRemover:
    """Takes the loudspeaker's sound out of the microphone's. Owned by the thread that listens."""

    def __init__(self, canceller: EchoCanceller) -> None:
        self._canceller = canceller
        self._time = SteadyTime()
        self._played = PlayedSound()
        self._delay = EchoDelay()
        self._shift_s = 0.0
        """By how much what was played is told later than it was handed over."""
        self._heard: deque[tuple[AudioChunk, float]] = deque()
        """The last chunks as they were heard, each with its steady time."""

    def played(self, samples: Sound, time_s: float) -> None:
        """Note that float32 [n] at 16 kHz was handed to the loudspeaker at this time."""
        self._played.add(samples, time_s)

    def forget(self) -> None:
        """Drop the sound that was played, and what was heard of it; how late its echo comes stays known."""
        self._played = PlayedSound()
        self._heard.clear()
        self._canceller.reset()

    def clean(self, chunk: AudioChunk) -> AudioChunk:
        """Return the stream's next chunk without the echo of what was played."""
        time_s, count = self._time.of(chunk), len(chunk.samples)
        self._heard.append((chunk, time_s))
        while self._heard[0][1] < time_s - LOOKED_BACK_S:
            self._heard.popleft()
        self._delay.add(chunk.samples, self._played.at(time_s, count))
        self._shift()
        played = self._played.at(time_s - self._shift_s, count)
        return replace(chunk, samples=self._canceller.clean(chunk.samples, played))

    def recall(self, start_s: float, end_s: float) -> Echoed | None:
        """Return what was heard and played between two times of chunks, as far back as that is known; None where nothing was played."""
        found = [(chunk, time_s) for chunk, time_s in self._heard if start_s - SAME_S < chunk.time_s < end_s - SAME_S]
        if not found:
            return None
        heard = np.concatenate([chunk.samples for chunk, _ in found])
        played = self._played.at(found[0][1] - BEFORE / RATE_HZ, BEFORE + len(heard))
        return Echoed(heard, played) if np.abs(played).max() > FAINTEST else None

    def _shift(self) -> None:
        delay_s = self._delay.delay_s
        if delay_s is not None and abs(delay_s - self._shift_s - LEAD_S) > MOST_OFF_S:
            self._shift_s = max(0.0, delay_s - LEAD_S)
