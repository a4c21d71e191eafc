"""Between whoever makes a sound and the thread of a loudspeaker that takes it. Knows no library and no device."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from queue import Empty, Full, Queue
from threading import Event
from typing import Literal

import numpy as np

from assistant.devices.resampling import Resampler
from assistant.devices.rewinding import BACK_S, samples_to_repeat
from assistant.interfaces import SpeakerControl
from assistant.messages import AudioChunk, Sound

BLOCK_S = 0.01
QUEUED_BLOCKS = 50
"""Blocks that wait to be played, half a second. When full the maker of sound waits: nothing is dropped but by staleness."""
LAGS = 50
"""Blocks, half a second of them, after which is known whether the device asks later than it used to."""
DRY_S = 0.02
"""By how much later, to have run dry."""
TOLD_RATE_HZ = 16_000
"""At which the control is told what is played."""
STALL_S = 3.0
"""Seconds after which a loudspeaker that takes nothing is lost."""

_State = Literal["playing", "ended", "stale"]


class Uncontrolled:
    """Implements `interfaces.SpeakerControl`: leaves everything as it is."""

    def gain(self) -> float:
        """Return 1."""
        return 1.0

    def played(self, samples: Sound, time_s: float) -> None:
        """Forget it."""


class Stalled(Exception):
    """The device takes no more sound."""


class Playback:
    """One sound on its way: its maker puts blocks in, the device's thread takes samples out. Each method says whose it is."""

    def __init__(self, is_stale: Callable[[], bool], rate_hz: int) -> None:
        self._is_stale = is_stale
        self._rate_hz = rate_hz
        self._is_paused = False
        self._recent: Sound = np.zeros(0, np.float32)
        """What was played last, from which a word that was cut is played again."""
        self._blocks: Queue[Sound | None] = Queue(QUEUED_BLOCKS)  # None: no more will come
        self._current: Sound = np.zeros(0, np.float32)
        self._state: _State = "playing"
        self.taken_samples = 0
        """How much the device has taken; the last of it waits to be heard."""
        self.finished = Event()
        """Set once the device takes no more of it, for whatever reason."""

    @property
    def was_stale(self) -> bool:
        """Tell whether it ended before its time."""
        return self._state == "stale"

    def put(self, block: Sound | None) -> bool:
        """For the maker: wait for room. False once nothing more will be played; Stalled when there is never room."""
        give_up_s = time.monotonic() + STALL_S
        while time.monotonic() < give_up_s:
            if self.finished.is_set():
                return self._went_as_meant()
            if self._is_paused:  # it takes nothing, and is well
                give_up_s = time.monotonic() + STALL_S
            try:
                self._blocks.put(block, timeout=BLOCK_S)
            except Full:
                continue
            return True
        raise Stalled

    def wait(self) -> None:
        """For the maker: until all that was put has been taken. Stalled when that doesn't come to pass."""
        longest_s = QUEUED_BLOCKS * BLOCK_S + STALL_S
        while not self.finished.wait(longest_s):
            if not self._is_paused:
                raise Stalled
        self._went_as_meant()

    def fill(self, out: Sound, *, is_paused: bool) -> None:
        """For the device: the next samples into `out`, zeros [n, channels]. After a pause it goes on from the word that was cut."""
        if self._is_stale():
            self._end("stale")
            return
        if self._is_paused and not is_paused:
            self._rewind()
        self._is_paused = is_paused
        filled = 0
        while not is_paused and filled < len(out) and self._take_block():
            count = min(len(out) - filled, len(self._current))
            out[filled : filled + count] = self._current[:count, None]
            self._current = self._current[count:]
            filled += count
        self.taken_samples += filled
        self._recent = np.concatenate([self._recent, out[:filled, 0]])[-round(BACK_S * self._rate_hz) :]

    def _rewind(self) -> None:
        """Play again what was cut of a word."""
        count = samples_to_repeat(self._recent, self._rate_hz)
        self._current = np.concatenate([self._recent[len(self._recent) - count :], self._current])
        self._recent = self._recent[: len(self._recent) - count]
        self.taken_samples -= count

    def _take_block(self) -> bool:
        """Whether `_current` holds something to play."""
        if len(self._current):
            return True
        try:
            block = self._blocks.get_nowait()
        except Empty:
            return False
        if block is None:
            self._end("ended")
            return False
        self._current = block
        return True

    def _end(self, state: _State) -> None:
        self._state = state
        self.finished.set()

    def _went_as_meant(self) -> bool:
        """False if the sound turned stale; Stalled if the device fell silent of its own accord."""
        if self._state == "playing":
            raise Stalled
        return False


class Output:
    """What a loudspeaker's stream plays from its opening on: one sound after another, and silence between them. Of its own thread."""

    def __init__(self, control: SpeakerControl, rate_hz: int) -> None:
        self._control = control
        self._rate_hz = rate_hz
        self._gain = control.gain()
        self._told = Resampler(TOLD_RATE_HZ)
        self._due_s: float | None = None
        """When the device takes the next block, counted from the first one: the times at which it asks are bunched."""
        self._lags_s: deque[float] = deque(maxlen=LAGS)
        self._usual_lag_s: float | None = None
        self.playback: Playback | None = None
        """Set by whoever plays."""

    def fill(self, out: Sound) -> None:
        """The next samples into `out` [n, channels], zeros where there are none."""
        out.fill(0)
        before, self._gain = self._gain, self._control.gain()
        if playback := self.playback:
            playback.fill(out, is_paused=not (before or self._gain))
            out *= np.linspace(before, self._gain, len(out), dtype=np.float32)[:, None]  # a step would click
            if max(before, self._gain) > 1:
                np.tanh(out, out)  # rounds off what is too loud for the device
        handed_s = self._taken_at(time.monotonic())
        self._due_s = handed_s + len(out) / self._rate_hz
        self._control.played(self._told.feed(out[:, 0].copy(), self._rate_hz), handed_s)

    def _taken_at(self, now_s: float) -> float:
        """When the device takes the block for which it asks now: as counted, but later once it has run dry."""
        if self._due_s is None:
            return now_s
        self._lags_s.append(now_s - self._due_s)
        if len(self._lags_s) < LAGS:
            return self._due_s
        least_s = min(self._lags_s)  # the others were asked for late by a busy machine, and still in time
        if self._usual_lag_s is None:
            self._usual_lag_s = least_s
        if least_s - self._usual_lag_s < DRY_S:
            return self._due_s
        self._lags_s.clear()
        return self._due_s + least_s - self._usual_lag_s


def cut(chunks: Iterator[AudioChunk], rate_hz: int) -> Iterator[Sound]:
    """Yield the sound at another rate in blocks of about BLOCK_S; made as it is asked for: a long chunk starts as soon as a short one."""
    resampler = Resampler(rate_hz)
    for chunk in chunks:
        longest = round(BLOCK_S * chunk.sample_rate_hz)
        for start in range(0, len(chunk.samples), longest):
            yield resampler.feed(chunk.samples[start : start + longest], chunk.sample_rate_hz)
    yield resampler.flush()
