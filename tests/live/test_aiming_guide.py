"""Who wants something read and doesn't have it in the picture is told how to move the camera, and it is read by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from assistant.conversation import Conversation
from assistant.instruments.read_text import TextInstrument
from assistant.live.aiming_guide import AGAIN_S, LONGEST_S
from assistant.live.answer_worker import AnswerWorker
from assistant.live.job_queue import Idle, Respond
from assistant.live.session import Session
from assistant.messages import AimingSound, Frame, Keyframe, Picture, Sentence, TextLine, Transcript, Utterance
from assistant.settings import ReadingSettings, Settings
from assistant.speaking.speech_queue import Spoken
from tests.support.fakes import ListSpeaker, ScriptedDescriber, ScriptedTranscriber, ToneSynthesizer

SCENE = np.random.default_rng(3).integers(60, 200, (12, 16, 3)).astype(np.uint8).repeat(30, axis=0).repeat(30, axis=1)


def sign(left: float) -> TextLine:
    corners = ((left, 0.4), (left + 0.4, 0.4), (left + 0.4, 0.5), (left, 0.5))
    return TextLine("PLATFORM TWO", 0.99, corners, (0.99,) * 12)


class Moving:
    """A TextReader of what the camera shows now."""

    def __init__(self) -> None:
        self.lines: list[TextLine] = []

    def find(self, picture: Picture) -> Sequence[TextLine]:
        return self.lines

    def read(self, picture: Picture, lines: Sequence[TextLine] | None = None) -> Iterator[TextLine]:
        yield from self.lines

    def unload(self) -> None:
        pass


class Holding(Session):
    """Somebody who holds the camera, says "read it" and hears what comes."""

    def __init__(self, aiming: AimingSound = "words") -> None:
        self.reader, self.said, self.now_s = Moving(), list[str](), 100.0
        self.tones: list[float] = []
        settings = Settings(reading=ReadingSettings(aiming))
        self.ears = ScriptedTranscriber([Transcript("Read it.", "en", 0.99, "Read it.")])
        instrument = TextInstrument(self.reader)
        talk = Conversation(self.ears, ScriptedDescriber(["A wall."]), Settings().ears, instruments=[instrument])
        super().__init__(talk, settings, ListSpeaker(), [ToneSynthesizer()], lambda event, details: None, lambda: self.now_s)
        self.sounds.close()
        self.worker = AnswerWorker(self)

    @property
    def is_silent(self) -> bool:
        return True

    def say(self, spoken: Spoken) -> bool:
        if isinstance(spoken, Sentence):
            self.said.append(spoken.text)
        elif spoken.name == "aim":
            self.tones.append(spoken.level)
        return True

    def show(self, *lines: TextLine) -> None:
        self.reader.lines = list(lines)
        frame = Frame(SCENE.copy(), self.now_s)
        self.memory.note_frame(self.now_s, frame)
        self.memory.add(Keyframe(frame, "change"))

    def ask(self) -> list[str]:
        before = len(self.said)
        self.worker.do(Respond(Utterance(np.ones(16000, np.float32), 16000, 0.0, 1.0, self.turns.begin())))
        return self.said[before:]

    def wait(self, seconds: float) -> list[str]:
        before = len(self.said)
        for _ in range(round(seconds / 0.25)):
            self.now_s += 0.25
            self.worker.do(Idle())
        return self.said[before:]


def test_a_sign_that_is_cut_off_is_read_once_it_is_whole() -> None:
    talk = Holding()
    talk.show(sign(0.0))
    assert talk.ask()[-1].endswith("cut off on the left.")
    assert talk.wait(1.0) == [], "the same advice isn't given all the time"
    talk.show(sign(0.3))
    assert talk.wait(3.0)[-1] == "PLATFORM TWO"
    assert talk.wait(3.0) == [], "it is read once"


def test_who_sees_no_text_is_told_again_after_a_while_and_at_last_left_alone() -> None:
    talk = Holding()
    talk.show()
    assert talk.ask() == ["I see no text."]
    assert 1 <= len(talk.wait(AGAIN_S + 2)) <= 2
    talk.wait(LONGEST_S)
    assert talk.wait(LONGEST_S) == []


def test_another_question_ends_the_guiding() -> None:
    talk = Holding()
    talk.show(sign(0.0))
    talk.ask()
    talk.turns.begin()
    talk.show(sign(0.3))
    assert "PLATFORM TWO" not in talk.wait(3.0)


def test_tones_rise_as_the_text_gets_better_placed_and_then_it_is_read() -> None:
    talk = Holding("tones")
    talk.show(sign(0.0))
    assert talk.ask()[-1].endswith("cut off on the left.")
    talk.show()
    none = talk.wait(2.0), talk.tones[:]
    talk.show(sign(0.0))
    cut = talk.wait(2.0), talk.tones[len(none[1]) :]
    talk.show(sign(0.3))
    last = talk.wait(3.0), talk.tones[len(none[1]) + len(cut[1]) :]
    assert (none[0], cut[0], last[0][-1]) == ([], [], "PLATFORM TWO"), "no words but the text itself"
    assert 2 <= len(none[1]) <= 3 and 2 <= len(cut[1]) <= 3 and last[1]
    assert max(none[1]) < min(cut[1]) <= max(cut[1]) < max(last[1])
    count = len(talk.tones)
    talk.wait(3.0)
    assert len(talk.tones) == count, "it is silent once it has read"


def test_words_and_tones_may_both_be_wanted_and_words_alone_are_usual() -> None:
    wanted: tuple[tuple[AimingSound, bool], ...] = (("both", True), ("words", False))
    for aiming, has_tones in wanted:
        talk = Holding(aiming)
        talk.show(sign(0.0))
        talk.ask()
        assert talk.wait(AGAIN_S + 1)[0].endswith("cut off on the left.")
        assert bool(talk.tones) == has_tones
