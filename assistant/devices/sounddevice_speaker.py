"""A loudspeaker through PortAudio. Knows nothing of sentences: it plays chunks, and stops when told that they are stale.

Staleness and loudness are asked in the callback, so silence comes at once even while the next chunk is still being made. The stream stays
open between sounds: a new one needs its time, and another delay of the echo has to be found.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext, suppress
from itertools import chain
from typing import Any

import numpy as np

from assistant.devices.playback import BLOCK_S, Output, Playback, Stalled, Uncontrolled, cut
from assistant.devices.portaudio import SoundDevice, find_device, invalidate_devices, load_sounddevice, refresh_devices, using_devices
from assistant.devices.sound_server import default_device, is_makeshift, watched_default
from assistant.interfaces import SpeakerControl
from assistant.messages import AudioChunk, Sound
from assistant.problems import LostDevice, MissingDevice
from assistant.translatable import Translatable

LATENCY_S = 0.05
"""Seconds of sound that the device is asked to hold. More of it survives a busier machine."""
KEPT_S = 60.0
"""Seconds without a sound after which the device is let go: others may want it."""


class SounddeviceSpeaker:
    """Implements `interfaces.Speaker` on a sound card."""

    def __init__(self, device: str = "", control: SpeakerControl | None = None) -> None:
        """Find the loudspeaker by its number, a part of its name, or the system's choice for "". MissingDevice when there is none.

        `control` is asked how loud each block is to be, and told what is played.
        """
        self._control = control or Uncontrolled()
        self._sounddevice = load_sounddevice()
        self._wanted = device
        self._closed = False
        self._lock = threading.RLock()
        """Held while a sound is played and while the stream is opened or closed."""
        self._stream: _Stream | None = None
        self._release: threading.Timer | None = None
        refresh_devices(self._sounddevice, "output")
        if not device and is_makeshift(default_device("output")):
            raise MissingDevice("there is no loudspeaker", "plug in a loudspeaker, or name one")
        with using_devices():
            find_device(self._sounddevice, device, "output")

    def play(self, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool]) -> float:
        """Play until the chunks end, `is_stale()` or `close`, and return the seconds that were heard. LostDevice when it stalls.

        When stale, the sound stops at once; the return waits for the chunk that is just being made.
        """
        first = next(chunks, None)  # the device is opened only when there is something to play
        if first is None:
            return 0.0
        with self._lock:
            if self._release:
                self._release.cancel()
            stream = self._opened()
            if stream.was_moved:
                self._close_stream()
                raise LostDevice("the loudspeaker {name} is another now", "plug it in again and start anew", name=stream.device.name)
            try:
                return stream.play(chain([first], chunks), lambda: self._closed or is_stale())
            except Stalled as error:
                self._close_stream()
                invalidate_devices("output")
                raise LostDevice(
                    "the loudspeaker {name} no longer plays", "plug it in again and start anew", name=stream.device.name
                ) from error
            finally:
                if self._closed:
                    self._close_stream()
                else:
                    self._release = threading.Timer(KEPT_S, self._let_go)
                    self._release.daemon = True
                    self._release.start()

    def close(self) -> None:
        """Silence the loudspeaker; `play` returns. Safe from another thread."""
        self._closed = True
        self._let_go()

    def _let_go(self) -> None:
        """Close the stream, but while it plays; then whoever plays does."""
        if self._lock.acquire(blocking=False):
            try:
                self._close_stream()
            finally:
                self._lock.release()

    def _close_stream(self) -> None:
        if self._release:
            self._release.cancel()
        if self._stream:
            self._stream.close()
        self._stream = None

    def _opened(self) -> _Stream:
        if self._stream and not self._stream.is_alive:
            self._close_stream()
        self._stream = self._stream or _Stream(self._sounddevice, self._wanted, self._control, self._let_go)
        return self._stream


class _Stream:
    """An open device."""

    def __init__(self, sounddevice: Any, wanted: str, control: SpeakerControl, give_way: Callable[[], None]) -> None:
        """MissingDevice when it can't be opened."""
        self.was_moved = False
        """Whether the sound server has put another device in its place."""
        with ExitStack() as stack:
            stack.enter_context(using_devices(give_way))
            stack.enter_context(nullcontext() if wanted else watched_default("output", self._note_moved))
            self.device = find_device(sounddevice, wanted, "output")
            self._output = Output(control, self.device.rate_hz)
            self._stream: Any = stack.enter_context(self._open(sounddevice, self.device))
            self._opened = stack.pop_all()
        self._held_samples = round(float(self._stream.latency) * self.device.rate_hz)

    @property
    def is_alive(self) -> bool:
        """Tell whether it takes sound."""
        return bool(self._stream.active)

    def play(self, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool]) -> float:
        """Return the seconds that were heard. Stalled when it takes nothing any more."""
        playback = Playback(is_stale, self.device.rate_hz)
        padding = np.zeros(self._held_samples, np.float32)  # the end is told when the device has played what it holds
        self._output.playback = playback
        try:
            if not self.is_alive:
                raise Stalled
            if all(playback.put(block) for block in chain(cut(chunks, self.device.rate_hz), [padding, None])):
                playback.wait()
        finally:
            self._output.playback = None
        heard_samples = playback.taken_samples - (0 if playback.was_stale else len(padding))
        return max(0, heard_samples) / self.device.rate_hz

    def _note_moved(self) -> None:
        self.was_moved = True

    def close(self) -> None:
        """Give the device back, with whatever it still holds."""
        with suppress(Exception):  # it may be gone
            self._stream.abort()
        self._opened.close()

    def _open(self, sounddevice: Any, device: SoundDevice) -> Any:
        def callback(out: Sound, _frames: int, _times: object, _status: object) -> None:
            self._output.fill(out)

        def finished() -> None:
            if playback := self._output.playback:
                playback.finished.set()

        try:
            return sounddevice.OutputStream(
                samplerate=device.rate_hz,
                blocksize=round(BLOCK_S * device.rate_hz),
                device=device.index,
                channels=device.channels,
                dtype="float32",
                latency=LATENCY_S,
                callback=callback,
                finished_callback=finished,
            )
        except sounddevice.PortAudioError as error:
            invalidate_devices("output")
            what = Translatable("the loudspeaker {name} can't be opened ({reason})", name=device.name, reason=error.args[0])
            raise MissingDevice(what, "close other programs that use it, or choose another") from error
