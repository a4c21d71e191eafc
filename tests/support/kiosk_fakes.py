"""Devices and engines of a kiosk's day: users say what the test says, and nothing is kept."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from assistant.live.voice_control import VoiceControl
from assistant.messages import AudioChunk, Frame, Keyframe, Probabilities, Sound, Transcript, View
from tests.support.fakes import ScriptedDescriber

LEVEL = 0.5
"""Of a user's speech; nothing else has it."""
CHUNK_S = 0.032


class Microphone:
    """Sends silence, and what users say."""

    def __init__(self) -> None:
        self._waiting = deque[bool]()
        self._closed = threading.Event()

    def say(self, speech_s: float) -> None:
        """Speak for so long, then be silent for two seconds."""
        self._waiting.extend([True] * round(speech_s / CHUNK_S) + [False] * round(2 / CHUNK_S))

    @property
    def has_been_heard(self) -> bool:
        return not self._waiting

    def chunks(self) -> Iterator[AudioChunk]:
        number = 0
        while not self._closed.wait(0.0005 if self._waiting else 0.01):
            is_speech = self._waiting.popleft() if self._waiting else False
            yield AudioChunk(np.full(512, LEVEL if is_speech else 0, np.float32), 16000, number * CHUNK_S)
            number += 1

    def close(self) -> None:
        self._closed.set()


class Detector:
    """Takes for speech what isn't silence."""

    def speech_probability(self, chunk: AudioChunk) -> float:
        return 0.9 if chunk.samples[0] else 0.0

    def reset(self) -> None: ...


class Ears:
    """Understands what the test says that is said now."""

    says = Transcript("", "en", 0.9, "", 0.9)

    def transcribe(
        self,
        samples: Sound,
        rate_hz: int,
        language: str | None = None,
        *,
        speech_probabilities: Probabilities | None = None,
        wants_english: Callable[[str, str], bool] | None = None,
    ) -> Transcript:
        return self.says if samples.any() else Transcript("", "", 0.0, "", 0.0)


class Eyes(ScriptedDescriber):
    """Sees the same everywhere, and keeps nothing."""

    def look(self, keyframes: Sequence[Keyframe], detail: Any = "brief", *, duration_s: float | None = None) -> View:
        return View(tuple(keyframes[-self.max_pictures :]))

    def answer(self, view: View, question: str, detail: Any = "brief", *, whole_picture: bool = False) -> Iterator[str]:
        self.questions.clear()
        self.whole_pictures.clear()
        return super().answer(view, question, detail)


class Camera:
    """Shows somebody else every now and then."""

    def __init__(self) -> None:
        self._closed = threading.Event()

    def frames(self) -> Iterator[Frame]:
        number = 0
        while not self._closed.wait(0.02):
            texture = np.random.default_rng(number // 400).integers(40, 215, (12, 16, 3)).repeat(10, axis=0).repeat(10, axis=1)
            yield Frame((texture + np.random.default_rng(number).integers(-3, 4, texture.shape)).astype(np.uint8), number / 20)
            number += 1

    def close(self) -> None:
        self._closed.set()


class Loudspeaker:
    """Takes five milliseconds a word, waits while it is paused, and keeps nothing."""

    def __init__(self, control: VoiceControl) -> None:
        self._control = control

    def play(self, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool]) -> float:
        heard_s = 0.0
        for chunk in chunks:
            while not self._control.gain() and not is_stale():
                time.sleep(0.002)
            if is_stale():
                break
            time.sleep(0.005)
            heard_s += chunk.duration_s
        return heard_s

    def close(self) -> None: ...
