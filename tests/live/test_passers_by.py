"""Who comes by a kiosk is counted while it asks for that, and in a picture that stays as it is only a few times."""

from __future__ import annotations

from typing import Any

from assistant.live.passers_by import LOOKS
from tests.live.test_unasked_people import Listening


class Waiting(Listening):
    """A kiosk that nobody uses."""

    def __init__(self) -> None:
        super().__init__("A wall.", mode="quiet")
        self.counts_people = True
        self.counts: list[int] = []
        self.report = self.noted

    def noted(self, event: str, details: dict[str, Any]) -> None:
        if event == "people":
            self.counts.append(details["count"])


def test_who_stands_there_is_counted_about_once_a_second_and_looked_for_a_few_times() -> None:
    kiosk = Waiting()
    assert kiosk.heard_while("chair", "person", seconds=10) == []
    assert set(kiosk.counts) == {1} and 8 <= len(kiosk.counts) <= 11
    assert kiosk.room.looks == LOOKS
    kiosk.heard_while("chair")
    assert kiosk.counts[-1] == 0
    kiosk.heard_while("person", "person", "chair")
    assert kiosk.counts[-1] == 2


def test_nobody_is_counted_during_a_visit() -> None:
    kiosk = Waiting()
    kiosk.counts_people = False
    kiosk.heard_while("person", seconds=10)
    assert kiosk.counts == [] and kiosk.room.looks == 0
