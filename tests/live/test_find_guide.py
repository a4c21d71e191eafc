"""Who looks for a thing is told how to turn until it is straight ahead, that it was lost, and that it wasn't found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.instruments.objects import ObjectInstrument
from assistant.live.loop import IDLE_S
from assistant.messages import DetectedThing, Picture, Region
from assistant.settings import ReadingSettings, Settings
from tests.support.heard_session import HeardSession

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


class Looking(HeardSession):
    """Somebody who asks where their cup is, turns the camera, and hears what comes."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.detector = Turning()
        super().__init__("A wall.", "Where is my cup?", [ObjectInstrument(self.detector, 70.0)], settings)

    def asks(self, middle: float | None) -> list[str]:
        self._turn(middle)
        return self.ask()

    def turns_to(self, middle: float | None, seconds: float = 0.5) -> list[str]:
        before = len(self.said)
        for _ in range(round(seconds / IDLE_S)):
            self._turn(middle)
            self.wait(IDLE_S)
        return self.said[before:]

    def _turn(self, middle: float | None) -> None:
        self.detector.middle = middle
        self.show(SCENE.copy())


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


def test_tones_rise_towards_what_is_straight_ahead_in_place_of_words() -> None:
    user = Looking(Settings(reading=ReadingSettings(aiming="tones")))
    user.asks(0.9)
    assert user.turns_to(0.9, seconds=2) == []
    assert user.turns_to(0.5, seconds=2) == []
    assert user.tones == sorted(user.tones)
    assert user.tones[0] < 0.5 < 0.95 < user.tones[-1]
    assert user.turns_to(None, seconds=3) == ["I have lost it: cup."]
