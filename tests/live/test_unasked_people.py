"""Who has the scene told hears of people that come and go, and of nothing that only the vision model sees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.instruments.objects import ObjectInstrument
from assistant.live.job_queue import LookAhead
from assistant.live.loop import IDLE_S
from assistant.messages import DetectedThing, NarrationMode, Picture, Region
from assistant.settings import EarSettings, NarrationSettings, Settings
from tests.support.heard_session import HeardSession


class Room:
    """An ObjectDetector of what is in the room now; its pictures differ wherever the things do."""

    def __init__(self) -> None:
        self.things: list[str] = []
        self.looks = 0

    @property
    def labels(self) -> frozenset[str]:
        return frozenset(("person", "dog", "chair", "horse"))

    def detect(self, picture: Picture) -> Sequence[DetectedThing]:
        self.looks += 1
        return [DetectedThing(label, 0.95, Region(0.1 * n, 0.3, 0.1, 0.5)) for n, label in enumerate(self.things)]

    def unload(self) -> None:
        pass

    def picture(self) -> Picture:
        return np.random.default_rng(len(self.things)).integers(60, 200, (12, 16, 3)).astype(np.uint8).repeat(30, axis=0).repeat(30, axis=1)


class Listening(HeardSession):
    """Somebody who has the scene narrated and hears what comes."""

    def __init__(
        self, model_says: str, mode: NarrationMode = "changes", asks: str = "", asks_in: str = "en", *, kiosk: bool = False
    ) -> None:
        self.room = Room()
        ears = EarSettings(languages=("en", "de", "fr"), greet_languages=kiosk)
        settings = Settings(narration=NarrationSettings(mode=mode), ears=ears, language="en" if asks_in == "en" else "de")
        super().__init__(model_says, asks, [ObjectInstrument(self.room, 70.0)], settings, asks_in)

    def heard_while(self, *things: str, seconds: float = 5.0) -> list[str]:
        """What is said while these things are before the camera."""
        before, self.room.things = len(self.said), list(things)
        self.show(self.room.picture())
        self.worker.do(LookAhead())
        for _ in range(round(seconds / IDLE_S)):
            self.show(self.room.picture(), is_kept=False)
            self.wait(IDLE_S)
        return self.said[before:]


def test_people_who_come_and_go_are_told_of_each_time() -> None:
    user = Listening("A dog runs.")
    assert user.heard_while("chair") == ["I see a chair."]
    assert "Somebody came." in user.heard_while("chair", "person")
    assert "Nobody is there any more." in user.heard_while("chair")
    assert "Somebody came." in user.heard_while("chair", "person"), "not swallowed because it was said before"
    assert user.heard_while("chair", "person", "person")[:2] == ["Somebody came.", "2 people."]
    assert user.heard_while("chair", "person")[:2] == ["Somebody left.", "One person."]


def test_what_only_the_model_sees_is_not_told_unasked_but_what_is_confirmed_is() -> None:
    assert Listening("A group of people riding horses.").heard_while("chair") == ["I see a chair."]
    assert Listening("A dog lies beside a chair.").heard_while("chair", "dog") == ["A dog lies beside a chair."]
    assert Listening("A group of people riding horses.").heard_while() == []


def test_an_unchanged_picture_is_not_looked_at_again() -> None:
    user = Listening("A dog.")
    user.heard_while("person", seconds=10)
    looks = user.room.looks
    user.heard_while("person", seconds=10)
    assert user.room.looks - looks <= 2


def test_without_narration_nobody_is_told_of_anything_nor_looked_for() -> None:
    user = Listening("A dog.", mode="quiet")
    assert user.heard_while("person") == []
    assert user.room.looks == 0


def test_an_awaited_person_is_told_of_when_a_person_is_there_and_not_before() -> None:
    user = Listening("A red car.", mode="quiet", asks="Tell me when a person appears.")
    user.ask()
    assert user.heard_while("chair", seconds=10) == []
    assert user.heard_while("chair", "person") == ["Now: a person appears."]
    assert user.heard_while("chair", "person", "dog") == [], "it is told once"


def test_on_a_kiosk_what_is_told_unasked_is_in_the_language_of_whoever_spoke_last() -> None:
    """A kiosk whose operator had set German narrated in German, and answered so, until a visitor had spoken French twice."""
    visitor = Listening("A dog.", asks="Qu'est-ce que c'est ?", asks_in="fr", kiosk=True)
    visitor.ask()
    assert visitor.heard_while("chair", "person") == ["Je vois : une personne, une chaise."]
    assert "Il n'y a plus personne." in visitor.heard_while("chair")
    visitor.forget_user()
    assert visitor.conversation.language == "de"
    at_home = Listening("A dog.", asks="Qu'est-ce que c'est ?", asks_in="fr")
    at_home.ask()
    assert at_home.heard_while("chair", "person") == ["Ich sehe: eine Person, ein Stuhl."]
