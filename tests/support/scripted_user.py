"""Somebody who asks question after question, and engines that understand them by number. Time is that of a `faulty_devices.World`."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from assistant.messages import AudioChunk, Detail, Keyframe, Picture, Probabilities, Sound, Transcript, View
from tests.support.fakes import ScriptedDescriber, ToneSynthesizer
from tests.support.faulty_devices import CHUNK_S, CHUNK_SAMPLES, World

QUIET_LEVEL, LEVELS_PER_UNIT, MOST_QUESTIONS = 0.1, 20_000, 16_000
"""A spoken question is a constant level that tells its number."""
LANGUAGES, ASKED_IN_EACH = ("en", "es", "de"), 5
"""Questions are asked in, so many in a row."""


@dataclass(frozen=True)
class Said:
    """A question somebody speaks."""

    number: int
    start_s: float
    end_s: float


class User:
    """Asks a question of a second every 4 to 12 s; now and then asks again while the answer is being spoken."""

    def __init__(self, until_s: float, seed: int) -> None:
        rng, self.script, now_s = Random(seed), list[Said](), 10.0
        while now_s < until_s - 2 and len(self.script) < MOST_QUESTIONS:
            self.script.append(Said(len(self.script), now_s, now_s + 1.0))
            now_s += 1.0 + (1.5 if rng.random() < 0.2 else rng.uniform(4.0, 12.0))
        self.heard_chunks = array("i", [0]) * (len(self.script) + 1)
        self._next = 0

    def sound(self, time_s: float) -> Sound:
        """What a microphone hears; it asks in the order of time."""
        while self._next < len(self.script) and self.script[self._next].end_s < time_s + CHUNK_S:
            self._next += 1
        said = self.script[self._next] if self._next < len(self.script) else None
        if said is None or time_s < said.start_s:
            return np.zeros(CHUNK_SAMPLES, np.float32)
        self.heard_chunks[said.number] += 1
        return np.full(CHUNK_SAMPLES, QUIET_LEVEL + said.number / LEVELS_PER_UNIT, np.float32)

    def was_heard(self, said: Said) -> bool:
        return self.heard_chunks[said.number] >= 0.9 * (said.end_s - said.start_s) / CHUNK_S - 1


class LoudnessDetector:
    """Takes for speech what isn't silence."""

    def speech_probability(self, chunk: AudioChunk) -> float:
        return 0.9 if chunk.samples.max() > QUIET_LEVEL / 2 else 0.0

    def reset(self) -> None: ...


class LevelTranscriber:
    """Reads the number of the last question in the sound; takes 0.3 s."""

    def __init__(self, world: World) -> None:
        self._world = world

    def transcribe(
        self,
        samples: Sound,
        sample_rate_hz: int,
        language: str | None = None,
        *,
        speech_probabilities: Probabilities | None = None,
        wants_english: Callable[[str, str], bool] | None = None,
    ) -> Transcript:
        self._world.wait(0.3)
        loud = samples[samples > QUIET_LEVEL / 2]
        if not len(loud):
            return Transcript("", "", 0.0, "", 0.0)
        number = round((float(loud[-1]) - QUIET_LEVEL) * LEVELS_PER_UNIT)
        text, asked_in = f"What is number {number}?", LANGUAGES[number // ASKED_IN_EACH % len(LANGUAGES)]
        return Transcript(text, language or asked_in, 0.9, text)


class SteadyDescriber(ScriptedDescriber):
    """Says the same to everything, five words every quarter of a second, and keeps nothing."""

    def __init__(self, world: World) -> None:
        super().__init__(["It is a red cup. It stands on the table to your left. Behind it is a window."])
        self._world = world

    def look(self, keyframes: Sequence[Keyframe], detail: Detail = "brief", *, duration_s: float | None = None) -> View:
        self._world.wait(0.2)
        return View(tuple(keyframes[-self.max_pictures :]))

    def answer(self, view: View, question: str, detail: Detail = "brief", *, whole_picture: bool = False) -> Iterator[str]:
        self.questions.clear()
        for number, word in enumerate(super().answer(view, question, detail)):
            if number % 5 == 0:
                self._world.wait(0.25)
            yield word


def scene(time_s: float) -> Picture:
    """Another one every 20 s, each with a sensor's noise."""
    texture = np.random.default_rng(int(time_s // 20)).integers(40, 215, (12, 16, 3)).repeat(10, axis=0).repeat(10, axis=1)
    return (texture + np.random.default_rng(int(time_s * 1000)).integers(-4, 5, texture.shape)).astype(np.uint8)


class ForgetfulVoice(ToneSynthesizer):
    """Doesn't keep what it said."""

    def synthesize(self, text: str, language: str) -> Iterator[AudioChunk]:
        self.said.clear()
        return super().synthesize(text, language)
