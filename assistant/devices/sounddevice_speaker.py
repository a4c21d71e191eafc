"""A loudspeaker through PortAudio. Knows nothing of sentences: it plays chunks, and stops when told that they are stale.

Staleness and loudness are asked in the callback, so silence comes at once even while the next chunk is still being made.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain
from queue import Empty, Full, Queue
from typing import Any, Literal

import numpy as np

from assistant.devices.portaudio import SoundDevice, find_device, invalidate_devices, load_sounddevice, refresh_devices, using_devices
from assistant.devices.resampling import Resampler
from assistant.devices.rewinding import BACK_S, samples_to_repeat
from assistant.interfaces import SpeakerControl
from assistant.messages import AudioChunk, Sound
from assistant.problems import LostDevice, MissingDevice

BLOCK_S = 0.01
LATENCY_S = 0.05
"""Seconds of sound that the device is asked to hold. More of it survives a busier machine."""
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


class SounddeviceSpeaker:
    """Implements `interfaces.Speaker` on a sound card."""

    def __init__(self, device: str = "", control: SpeakerControl | None = None) -> None:
        """Find the loudspeaker by its number, a part of its name, or the system's choice for "". MissingDevice when there is none.

        `control` is asked how loud each block is to be, and told what is played.
        """
        self._control = control or _Uncontrolled()
        self._sounddevice = load_sounddevice()
        self._wanted = device
        self._closed = False
        refresh_devices(self._sounddevice, "output")
        with using_devices():
            find_device(self._sounddevice, device, "output")

    def play(self, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool]) -> float:
        """Play until the chunks end, `is_stale()` or `close`, and return the seconds that left the device. LostDevice when it stalls.

        When stale, the sound stops at once; the return waits for the chunk that is just being made.
        """
        with using_devices():
            device = find_device(self._sounddevice, self._wanted, "output")
            blocks = _cut(chunks, device.rate_hz)
            first = next(blocks, None)  # the device is opened only when there is something to play
            if first is None:
                return 0.0
            return self._play_on(device, chain([first], blocks), lambda: self._closed or is_stale())

    def _play_on(self, device: SoundDevice, blocks: Iterator[Sound], is_stale: Callable[[], bool]) -> float:
        playback = _Playback(is_stale, self._control, device.rate_hz)
        with self._open(device, playback) as stream:
            held_samples = round(float(stream.latency) * device.rate_hz)
            padding = np.zeros(held_samples, np.float32)  # PortAudio stops before the device has played what it holds
            try:
                if all(playback.put(block) for block in chain(blocks, [padding, None])):
                    playback.wait()
            except _Stalled as error:
                invalidate_devices("output")
                raise LostDevice(f"the loudspeaker {device.name} no longer plays", "plug it in again and start anew") from error
        heard_samples = max(0, playback.taken_samples - held_samples)
        return heard_samples / device.rate_hz

    def close(self) -> None:
        """Silence the loudspeaker; `play` returns. Safe from another thread."""
        self._closed = True

    def _open(self, device: SoundDevice, playback: _Playback) -> Any:
        def callback(out: Sound, _frames: int, _times: object, _status: object) -> None:
            match playback.fill(out):
                case "stale":
                    raise self._sounddevice.CallbackAbort  # what the device holds is thrown away
                case "ended":
                    raise self._sounddevice.CallbackStop

        try:
            return self._sounddevice.OutputStream(
                samplerate=device.rate_hz,
                blocksize=round(BLOCK_S * device.rate_hz),
                device=device.index,
                channels=device.channels,
                dtype="float32",
                latency=LATENCY_S,
                callback=callback,
                finished_callback=playback.finished.set,
            )
        except self._sounddevice.PortAudioError as error:
            invalidate_devices("output")
            what = f"the loudspeaker {device.name} can't be opened ({error.args[0]})"
            raise MissingDevice(what, "close other programs that use it, or choose another") from error


class _Uncontrolled:
    """Leaves everything as it is."""

    def gain(self) -> float:
        return 1.0

    def played(self, samples: Sound, time_s: float) -> None: ...


class _Stalled(Exception):
    """The device takes no more sound."""


class _Playback:
    """Hands blocks from the maker's thread to PortAudio's. Each method says whose it is."""

    def __init__(self, is_stale: Callable[[], bool], control: SpeakerControl, rate_hz: int) -> None:
        self._is_stale = is_stale
        self._control = control
        self._rate_hz = rate_hz
        self._gain = control.gain()
        self._told = Resampler(TOLD_RATE_HZ)
        self._recent: Sound = np.zeros(0, np.float32)
        """What was played last, from which a word that was cut is played again."""
        self._due_s: float | None = None
        """When the device takes the next block, counted from the first one: the times at which it asks are bunched."""
        self._lags_s: deque[float] = deque(maxlen=LAGS)
        self._usual_lag_s: float | None = None
        self._blocks: Queue[Sound | None] = Queue(QUEUED_BLOCKS)  # None: no more will come
        self._current: Sound = np.zeros(0, np.float32)
        self._state: _State = "playing"
        self.taken_samples = 0
        """How much the device has taken; the last of it is lost when it stops."""
        self.finished = threading.Event()
        """Set once the device has fallen silent, for whatever reason."""

    def put(self, block: Sound | None) -> bool:
        """For the maker: wait for room. False once nothing more will be played; _Stalled when there is never room."""
        give_up_s = time.monotonic() + STALL_S
        while time.monotonic() < give_up_s:
            if self.finished.is_set():
                return self._went_as_meant()
            if not self._gain:  # paused: it takes nothing, and is well
                give_up_s = time.monotonic() + STALL_S
            try:
                self._blocks.put(block, timeout=BLOCK_S)
            except Full:
                continue
            return True
        raise _Stalled

    def wait(self) -> None:
        """For the maker: until all that was put has been played. _Stalled when that doesn't come to pass."""
        longest_s = QUEUED_BLOCKS * BLOCK_S + STALL_S
        while not self.finished.wait(longest_s):
            if self._gain:
                raise _Stalled
        self._went_as_meant()

    def fill(self, out: Sound) -> _State:
        """For PortAudio: the next samples into `out` [n, channels], zeros where none are ready."""
        out.fill(0)
        if self._is_stale():
            self._state = "stale"
        before, self._gain = self._gain, self._control.gain()
        if self._gain and not before:
            self._rewind()
        if before or self._gain:
            self._fill(out)
            out *= np.linspace(before, self._gain, len(out), dtype=np.float32)[:, None]  # a step would click
        handed_s = self._taken_at(time.monotonic())
        self._due_s = handed_s + len(out) / self._rate_hz
        self._control.played(self._told.feed(out[:, 0].copy(), self._rate_hz), handed_s)
        return self._state

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

    def _fill(self, out: Sound) -> None:
        filled = 0
        while self._state == "playing" and filled < len(out) and self._take_block():
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
            self._state = "ended"
            return False
        self._current = block
        return True

    def _went_as_meant(self) -> bool:
        """False if the sound turned stale; _Stalled if the device fell silent of its own accord."""
        if self._state == "playing":
            raise _Stalled
        return False


def _cut(chunks: Iterator[AudioChunk], rate_hz: int) -> Iterator[Sound]:
    """The sound at another rate in blocks of about BLOCK_S; made only as it is asked for, so a long chunk starts as soon as a short one."""
    resampler = Resampler(rate_hz)
    for chunk in chunks:
        longest = round(BLOCK_S * chunk.sample_rate_hz)
        for start in range(0, len(chunk.samples), longest):
            yield resampler.feed(chunk.samples[start : start + longest], chunk.sample_rate_hz)
    yield resampler.flush()
