"""A loudspeaker that outlives the loss of its device: what is said waits a little for it to be back, then is dropped as not heard.

Knows no library and no concrete device: it is given the function that opens one. See `reconnecting` for camera and microphone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np

from assistant.devices.connection import GRACE_S, Connection, OnChange, Timeouts
from assistant.interfaces import Speaker, SpeakerControl
from assistant.messages import AudioChunk
from assistant.problems import LostDevice, MissingDevice, Problem
from assistant.workers import Worker

TICK_S = 0.02
"""Seconds between two questions of a waiting loudspeaker whether its sound is stale."""
PROBE = AudioChunk(np.zeros(800, np.float32), 16000)
"""Silence (50 ms) that a loudspeaker must take to count as being back."""


class ReconnectingSpeaker:
    """Implements `interfaces.Speaker` and outlives its device's loss. The first opening is done at once and raises what it raises.

    A sentence during which the loudspeaker is lost is played again from its start if it is back in time; else it counts as not heard.
    """

    def __init__(
        self,
        open_speaker: Callable[[], Speaker],
        on_change: OnChange,
        timeouts: Timeouts | None = None,
        control: SpeakerControl | None = None,
    ) -> None:
        """`control`: what the device asks, which may pause it."""
        self._control = control
        self._connection = Connection("speaker", on_change, timeouts or Timeouts())
        self._open = open_speaker
        self._changed = threading.Condition()
        self._device: Speaker | None = open_speaker()
        self._lost_s = 0.0
        self._reopening: Worker | None = None

    def play(self, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool]) -> float:
        """Play until the chunks end or `is_stale()`, and return the seconds heard.

        0 when the loudspeaker is lost and doesn't come back within `silence_s` of its loss.
        """
        sound = _Replayable(chunks)
        if next(sound.from_start(), None) is None:
            return 0.0
        for _ in range(2):  # lost a second time over the same sentence, it is dropped
            device = self._wait_for_device(is_stale)
            if device is None:
                break
            try:
                return self._play_on(device, sound.from_start(), is_stale)
            except MissingDevice as why:
                self._lose(device, why)
        return 0.0

    def close(self) -> None:
        """Silence the loudspeaker; `play` returns. Safe from another thread."""
        with self._changed:
            self._connection.closed.set()
            self._changed.notify_all()
        if self._device is not None:
            self._device.close()
        if self._reopening is not None:
            self._reopening.done.wait(GRACE_S)

    def _wait_for_device(self, is_stale: Callable[[], bool]) -> Speaker | None:
        """None if there is none in time, or no more need of it."""
        until_s = self._lost_s + self._connection.timeouts.silence_s
        with self._changed:
            while not self._connection.closed.is_set() and not is_stale():
                if self._device is not None:
                    return self._device
                self._raise_what_reopening_died_of()
                if time.monotonic() >= until_s:
                    return None
                self._changed.wait(TICK_S)
        return None

    def _raise_what_reopening_died_of(self) -> None:
        if self._reopening is not None and self._reopening.failed:
            failed = self._reopening
            self._start_reopening()
            failed.stop(GRACE_S)

    def _play_on(self, device: Speaker, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool]) -> float:
        connection = self._connection
        playing = _Playing(device, chunks, is_stale, connection.timeouts)
        while not playing.worker.done.wait(TICK_S):
            closed = connection.closed.is_set() and not playing.worker.done.wait(GRACE_S)
            if self._control and not self._control.gain():  # paused: it takes nothing, and is well
                playing.due_s += TICK_S
            if closed or time.monotonic() > playing.due_s:
                connection.leave(playing.worker)
                raise LostDevice("the loudspeaker takes no more sound", "check its cable or plug it in again")
        playing.worker.stop(GRACE_S)  # raises what it died of
        connection.worked()
        return playing.heard_s

    def _lose(self, device: Speaker, why: Problem) -> None:
        with self._changed:
            self._device, self._lost_s = None, time.monotonic()
        device.close()
        self._connection.lost(why)
        self._start_reopening()

    def _start_reopening(self) -> None:
        self._reopening = Worker("reopen the speaker", self._reopen, lambda: None)
        self._reopening.start()

    def _reopen(self) -> None:
        """On a thread of its own, so that nobody has to speak for it to come back; it also may hang in a driver."""
        while self._connection.wait():
            try:
                device = self._open()
                device.play(iter([PROBE]), self._connection.closed.is_set)
            except MissingDevice:
                continue
            self._connection.worked()
            with self._changed:
                self._device = device
                self._changed.notify_all()
                if self._connection.closed.is_set():
                    device.close()
            return


class _Playing:
    """A sound that is played on a thread of its own."""

    def __init__(self, device: Speaker, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool], timeouts: Timeouts) -> None:
        self.heard_s = 0.0
        self.due_s = time.monotonic() + timeouts.stall_s
        """When the device must have asked for the next chunk, or have ended; never while that chunk is being made."""
        self._device = device
        self._chunks = chunks
        self._is_stale = is_stale
        self._timeouts = timeouts
        self.worker = Worker("play", self._play, lambda: None)
        self.worker.start()

    def _play(self) -> None:
        self.heard_s = self._device.play(self._timed(), self._is_stale)

    def _timed(self) -> Iterator[AudioChunk]:
        duration_s = 0.0
        while True:
            self.due_s = float("inf")  # the maker may take its time
            chunk = next(self._chunks, None)
            duration_s = chunk.duration_s if chunk is not None else duration_s
            self.due_s = time.monotonic() + duration_s + self._timeouts.stall_s
            if chunk is None:
                return
            yield chunk


class _Replayable:
    """Chunks that are made once and can be played again. Who still holds an earlier iterator gets nothing more from it."""

    def __init__(self, chunks: Iterator[AudioChunk]) -> None:
        self._chunks = chunks
        self._made: list[AudioChunk] = []
        self._reader = 0
        self._lock = threading.Lock()

    def from_start(self) -> Iterator[AudioChunk]:
        self._reader += 1
        return self._read(self._reader)

    def _read(self, reader: int) -> Iterator[AudioChunk]:
        position = 0
        while True:
            with self._lock:
                if reader != self._reader:
                    return
                if position == len(self._made):
                    chunk = next(self._chunks, None)
                    if chunk is None:
                        return
                    self._made.append(chunk)
            yield self._made[position]
            position += 1
