"""Who looks for a thing is told how to turn until it is straight ahead, that it was lost, and that it wasn't found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.conversation import Conversation
from assistant.instruments.objects import ObjectInstrument
from assistant.live.answer_worker import AnswerWorker
from assistant.live.job_queue import Idle, Respond
from assistant.live.session import Session
from assistant.messages import DetectedThing, Frame, Keyframe, Picture, Region, Sentence, Transcript, Utterance
from assistant.settings import Settings
from assistant.speaking.speech_queue import Spoken
from tests.support.fakes import ListSpeaker, ScriptedDescriber, ScriptedTranscriber, ToneSynthesizer

SCENE = np.random.default_rng(3).integers(60, 200, (12, 16, 3)).astype(np.uint8).repeat(30, axis=0).repeat(30, axis=1)


class Turning:
    """An ObjectDetector of what the camera shows now: a cup somewhere, or none."""

    def __init__(self) -> None:
        self.middle: float | None = None

    @property
    def labels(self) -> frozenset[str]:
        return frozenset(("cup", "person"))

    def detect(self, picture: Picture) -> Sequence[DetectedThing]:
        if self.middle is None:
            return []
        return [DetectedThing("cup", 0.95, Region(self.middle - 0.05, 0.45, 0.1, 0.1))]

    def unload(self) -> None:
        pass


class Looking(Session):
    """Somebody who asks where their cup is, turns the camera, and hears what comes."""

    def __init__(self) -> None:
        self.detector, self.said, self.now_s = Turning(), list[str](), 100.0
        ears = ScriptedTranscriber([Transcript("Where is my cup?", "en", 0.99, "Where is my cup?")] * 2)
        talk = Conversation(ears, ScriptedDescriber(["A wall."]), Settings().ears, instruments=[ObjectInstrument(self.detector, 70.0)])
        super().__init__(talk, Settings(), ListSpeaker(), [ToneSynthesizer()], lambda event, details: None, lambda: self.now_s)
        self.sounds.close()
        self.worker = AnswerWorker(self)

    @property
    def is_silent(self) -> bool:
        return True

    def say(self, spoken: Spoken) -> bool:
        if isinstance(spoken, Sentence):
            self.said.append(spoken.text)
        return True

    def asks(self, middle: float | None) -> list[str]:
        self._shows(middle)
        self.worker.do(Respond(Utterance(np.ones(16000, np.float32), 16000, 0.0, 1.0, self.turns.begin())))
        return self._heard()

    def turns_to(self, middle: float | None, seconds: float = 0.5) -> list[str]:
        for _ in range(round(seconds / 0.25)):
            self._shows(middle)
            self.worker.do(Idle())
        return self._heard()

    def _shows(self, middle: float | None) -> None:
        self.detector.middle = middle
        self.now_s += 0.25
        frame = Frame(SCENE.copy(), self.now_s)
        self.memory.note_frame(self.now_s, frame)
        self.memory.add(Keyframe(frame, "change"))

    def _heard(self) -> list[str]:
        said, self.said = self.said, []
        return said


def test_who_turns_to_a_thing_hears_where_it_is_and_when_it_is_straight_ahead() -> None:
    user = Looking()
    assert user.asks(0.9) == ["A cup: at 1 o'clock, close."]
    assert user.turns_to(0.8) == ["Further right."]
    assert user.turns_to(0.5) == ["Straight ahead."]
    assert user.turns_to(0.5, seconds=5) == []


def test_what_comes_into_sight_later_is_told_then_and_what_goes_out_of_it_is_lost() -> None:
    user = Looking()
    assert user.asks(None) == ["I don't see a cup."]
    assert user.turns_to(0.1) == ["Further left."]
    assert user.turns_to(None, seconds=3) == ["I have lost it: cup."]


def test_it_is_given_up_honestly_and_then_there_is_silence() -> None:
    user = Looking()
    user.asks(None)
    assert user.turns_to(None, seconds=40) == ["I haven't found it: cup."]
    assert user.turns_to(0.1, seconds=5) == []


def test_the_next_question_ends_it() -> None:
    user = Looking()
    user.asks(0.9)
    user.turns.begin()
    assert user.turns_to(0.1, seconds=5) == []
