"""The live loop on scripted devices: a room with a camera and a microphone, and a loop of fakes that keeps what it reports."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from assistant.conversation import Conversation
from assistant.interfaces import Camera, Instrument, SceneDescriber
from assistant.live.loop import Devices, LiveLoop
from assistant.messages import AudioChunk, Frame, Transcript
from assistant.settings import EarSettings, Settings
from tests.support.fakes import ListSpeaker, ScriptedDescriber, ScriptedTranscriber, ScriptedVoiceDetector, ToneSynthesizer

SECOND = 31
"""Chunks of 32 ms."""
QUIET, SPEECH = [0.0] * (2 * SECOND), [0.9] * SECOND
WHAT = Transcript("What is this?", "en", 0.9, "What is this?")


class Room:
    """A camera that shows one textured scene until closed, and a microphone with as many chunks as the detector has answers."""

    def __init__(self, chunks: int, endless: bool = False) -> None:
        self._chunks = chunks
        self._endless = endless
        self._closed = threading.Event()
        self.seen = threading.Event()

    def frames(self) -> Iterator[Frame]:
        rng = np.random.default_rng(0)
        scene = np.kron(rng.integers(40, 215, (12, 16, 3)), np.ones((10, 10, 1))).astype(np.uint8)
        for number in range(100_000):
            yield Frame(scene, number / 10)
            self.seen.set()
            if self._closed.wait(0.002):
                return

    def chunks(self) -> Iterator[AudioChunk]:
        self.seen.wait(5)
        for number in range(self._chunks):
            yield AudioChunk(np.ones(512, np.float32), 16000, number * 0.032)
        if self._endless:
            self._closed.wait()

    def close(self) -> None:
        self._closed.set()


class SlowSpeaker(ListSpeaker):
    """Takes as long as the sound lasts."""

    def __init__(self) -> None:
        super().__init__(after_chunk=lambda: time.sleep(0.1))


class Loop:
    """A loop of fakes with what it reported."""

    def wait_for(self, name: str, count: int = 1) -> None:
        until_s = time.monotonic() + 20
        while sum(event["event"] == name for event in self.events) < count and time.monotonic() < until_s:
            time.sleep(0.01)

    def __init__(
        self,
        probabilities: list[float],
        transcripts: list[Transcript],
        answers: list[str],
        *,
        camera: Camera | None = None,
        speaker: ListSpeaker | None = None,
        describer: SceneDescriber | None = None,
        endless: bool = False,
        ears: EarSettings | None = None,
        room: Room | None = None,
        instruments: Sequence[Instrument] = (),
    ) -> None:
        room = room or Room(len(probabilities), endless)
        self.speaker = speaker or ListSpeaker()
        self.voice = ToneSynthesizer(("en", "pt"))
        self.events: list[dict[str, Any]] = []
        conversation = Conversation(
            ScriptedTranscriber(transcripts), describer or ScriptedDescriber(answers), EarSettings(), instruments=instruments
        )
        devices = Devices(camera or room, room, self.speaker, ScriptedVoiceDetector(probabilities), [self.voice])
        settings = Settings(ears=ears or EarSettings(headphones=True))
        self.loop = LiveLoop(devices, conversation, settings, lambda event, details: self.events.append({"event": event, **details}))
