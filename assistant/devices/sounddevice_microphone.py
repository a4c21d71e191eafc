"""A live microphone through PortAudio. Knows nothing of speech: it hands on 16 kHz chunks with times.

The callback only copies; resampling runs on the thread that asks for chunks.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from queue import Empty, Full, Queue
from typing import Any

import numpy as np

from assistant.devices.mono import to_mono
from assistant.devices.portaudio import SoundDevice, find_device, invalidate_devices, load_sounddevice, refresh_devices, using_devices
from assistant.devices.resampling import Resampler
from assistant.devices.sound_server import default_device, is_makeshift, watched_default
from assistant.messages import AudioChunk, Sound
from assistant.problems import LostDevice, MissingDevice
from assistant.translatable import Translatable

RATE_HZ = 16000
CHUNK_SAMPLES = 512
BLOCK_S = 0.02
QUEUED_BLOCKS = 500
"""Blocks that wait to be taken, ten seconds. When full the oldest is dropped and counted: what was said last matters most."""
STALL_S = 3.0
"""Seconds after which a microphone that sends nothing is lost."""

_Block = tuple[Sound, float]
"""float32 [n] mono at the device's rate, and when its first sample was recorded"""


class SounddeviceMicrophone:
    """Implements `interfaces.Microphone` on a sound card."""

    def __init__(self, device: str = "") -> None:
        """Find the microphone by its number, a part of its name, or the system's choice for "". MissingDevice when there is none."""
        self._sounddevice = load_sounddevice()
        self._wanted = device
        refresh_devices(self._sounddevice, "input")
        if not device and is_makeshift(default_device("input")):
            raise MissingDevice("there is no microphone, only what the loudspeaker plays", "plug in a microphone, or name one")
        with using_devices():
            self._device = find_device(self._sounddevice, device, "input")
        self._blocks: Queue[_Block | None] = Queue(QUEUED_BLOCKS)  # None: no more will come
        self._closed = False
        self._gives_way = self._is_gone = False
        self.dropped_blocks = 0
        """How many blocks nobody took in time."""

    def chunks(self) -> Iterator[AudioChunk]:
        """Yield 512 samples at a time, at 16 kHz, until `close`. LostDevice when the sound stops coming."""
        while not self._closed:  # once more each time it gave way to a new list of devices
            yield from self._stream()

    def _stream(self) -> Iterator[AudioChunk]:
        self._gives_way = False
        with using_devices(self._give_way):
            self._device = device = find_device(self._sounddevice, self._wanted, "input")
            self._blocks = Queue(QUEUED_BLOCKS)  # nothing from before it was asked
            resampler = Resampler(RATE_HZ)
            pending = np.zeros(0, np.float32)
            latest_s = 0.0
            with self._open(device), self._watched():
                while (block := self._next_block()) is not None:
                    samples, start_s = block
                    first_s = start_s - len(pending) / RATE_HZ
                    pending = np.concatenate([pending, resampler.feed(samples, device.rate_hz)])
                    while len(pending) >= CHUNK_SAMPLES:
                        latest_s = max(latest_s, first_s)  # a late callback must not turn time back
                        yield AudioChunk(pending[:CHUNK_SAMPLES], RATE_HZ, latest_s)
                        pending = pending[CHUNK_SAMPLES:]
                        first_s += CHUNK_SAMPLES / RATE_HZ

    def _watched(self) -> AbstractContextManager[None]:
        """Meanwhile it is noticed when the sound server puts another device in the place of a microphone that is gone."""
        self._is_gone = False
        return nullcontext() if self._wanted else watched_default("input", self._was_moved)

    def _was_moved(self) -> None:
        self._is_gone = True
        self._put(None)

    def close(self) -> None:
        """End `chunks`."""
        self._closed = True
        self._put(None)

    def _give_way(self) -> None:
        self._gives_way = True
        self._put(None)

    def _open(self, device: SoundDevice) -> Any:
        try:
            return self._sounddevice.InputStream(
                samplerate=device.rate_hz,
                blocksize=round(BLOCK_S * device.rate_hz),
                device=device.index,
                channels=device.channels,
                dtype="float32",
                callback=self._copy,
                finished_callback=lambda: self._put(None),
            )
        except self._sounddevice.PortAudioError as error:
            invalidate_devices("input")
            what = Translatable("the microphone {name} can't be opened ({reason})", name=device.name, reason=error.args[0])
            raise MissingDevice(what, "close other programs that use it, or choose another") from error

    def _copy(self, recorded: Sound, frames: int, _times: object, _status: object) -> None:
        """PortAudio's callback, on its thread: float32 [frames, channels]."""
        start_s = time.monotonic() - frames / self._device.rate_hz
        self._put((to_mono(recorded), start_s))

    def _put(self, block: _Block | None) -> None:
        while True:
            try:
                return self._blocks.put_nowait(block)
            except Full:
                self._drop_oldest()

    def _drop_oldest(self) -> None:
        try:
            self._blocks.get_nowait()
            self.dropped_blocks += 1
        except Empty:
            return  # taken at this very moment: there is room now

    def _next_block(self) -> _Block | None:
        """None once closed or asked to give way."""
        try:
            block = self._blocks.get(timeout=STALL_S)
        except Empty:
            block = None
        if self._closed or self._gives_way:
            return None
        if block is None or self._is_gone:
            invalidate_devices("input")
            raise LostDevice("the microphone {name} no longer sends sound", "plug it in again and start anew", name=self._device.name)
        return block
