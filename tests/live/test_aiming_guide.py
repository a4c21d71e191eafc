"""Who wants something read and doesn't have it in the picture is told how to move the camera, and it is read by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from assistant.instruments.read_text import TextInstrument
from assistant.live.aiming_guide import AGAIN_S, LONGEST_S
from assistant.messages import AimingSound, Picture, TextLine
from assistant.settings import ReadingSettings, Settings
from tests.support.heard_session import HeardSession

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


class Holding(HeardSession):
    """Somebody who holds the camera, says "read it" and hears what comes."""

    def __init__(self, aiming: AimingSound = "words") -> None:
        self.reader = Moving()
        super().__init__("A wall.", "Read it.", [TextInstrument(self.reader)], Settings(reading=ReadingSettings(aiming)))

    def shows(self, *lines: TextLine) -> None:
        self.reader.lines = list(lines)
        self.show(SCENE.copy())


def test_a_sign_that_is_cut_off_is_read_once_it_is_whole() -> None:
    talk = Holding()
    talk.shows(sign(0.0))
    assert talk.ask()[-1].endswith("cut off on the left.")
    assert talk.wait(1.0) == [], "the same advice isn't given all the time"
    talk.shows(sign(0.3))
    assert talk.wait(3.0)[-1] == "PLATFORM TWO"
    assert talk.wait(3.0) == [], "it is read once"


def test_who_sees_no_text_is_told_again_after_a_while_and_at_last_left_alone() -> None:
    talk = Holding()
    talk.shows()
    assert talk.ask() == ["I see no text."]
    assert 1 <= len(talk.wait(AGAIN_S + 2)) <= 2
    talk.wait(LONGEST_S)
    assert talk.wait(LONGEST_S) == []


def test_another_question_ends_the_guiding() -> None:
    talk = Holding()
    talk.shows(sign(0.0))
    talk.ask()
    talk.turns.begin()
    talk.shows(sign(0.3))
    assert "PLATFORM TWO" not in talk.wait(3.0)


def test_tones_rise_as_the_text_gets_better_placed_and_then_it_is_read() -> None:
    talk = Holding("tones")
    talk.shows(sign(0.0))
    assert talk.ask()[-1].endswith("cut off on the left.")
    talk.shows()
    none = talk.wait(2.0), talk.tones[:]
    talk.shows(sign(0.0))
    cut = talk.wait(2.0), talk.tones[len(none[1]) :]
    talk.shows(sign(0.3))
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
        talk.shows(sign(0.0))
        talk.ask()
        assert talk.wait(AGAIN_S + 1)[0].endswith("cut off on the left.")
        assert bool(talk.tones) == has_tones
