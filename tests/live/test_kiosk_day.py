"""Some users of a kiosk's day, each of whom does something else; `python -m tests.support.kiosk_day` plays all of it."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.live.listener import Listener
from assistant.live.turn_taking import TurnTaking
from assistant.messages import Utterance
from tests.support.heard_session import HeardSession
from tests.support.kiosk_day import DEEDS, Day


class Hasty(TurnTaking):
    """Whose voice begins at the very moment at which it may."""

    def __init__(self, session: HeardSession) -> None:
        super().__init__()
        self._session = session

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "user_speaks" and value is False:
            self._session.waiting.answered()


def test_an_answer_that_was_made_ahead_and_begins_at_once_leaves_nobody_waiting() -> None:
    """It was noted too late that somebody waited: a kiosk's visit then never ended, for nobody is idle while they wait."""
    session = HeardSession("A wall.", "What is this?", [])
    session.turn_taking = Hasty(session)
    Listener(session)._ended(Utterance(np.ones(16000, np.float32), 16000, 0.0, 1.0), session.turns.begin())
    assert not session.waiting.is_waiting


@pytest.mark.slow
def test_all_are_served_or_refused_aloud_and_nothing_is_left_of_any() -> None:
    with Day(7) as day:
        result = day.live_through(len(DEEDS), ("pt", "en"))
    assert result["broken"] == []
    assert result["visits"] == len(DEEDS) - 1, "who does nothing is invited, and is no visit"
    assert result["kiosk"]["reset"] == result["visits"]
