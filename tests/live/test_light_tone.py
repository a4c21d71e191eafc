"""Who asks for it hears how bright it is where the camera points, until they say something."""

from __future__ import annotations

import numpy as np

from assistant.live.light_tone import LONGEST_S
from assistant.messages import Picture
from tests.support.heard_session import HeardSession

SAYS = "The tone is the higher the brighter it is. Say something to end it."


def evenly(luma: int) -> Picture:
    return np.full((90, 160, 3), luma, np.uint8)


def listening() -> HeardSession:
    user = HeardSession("A wall.", "Light tone.", [])
    user.show(evenly(60))
    assert user.ask() == [SAYS]
    return user


def test_it_rises_with_the_light() -> None:
    user = listening()
    for luma in (10, 120, 250):
        user.show(evenly(luma))
        user.wait(0.5)
    assert len(user.tones) >= 3
    assert user.tones == sorted(user.tones)
    assert user.tones[0] < 0.1 < 0.9 < user.tones[-1]


def test_it_tells_a_lamp_in_the_middle_from_one_at_the_edge() -> None:
    beside, ahead = evenly(30), evenly(30)
    beside[:, :30] = ahead[30:60, 65:95] = 250
    user = listening()
    for picture in (beside, ahead):
        user.show(picture)
        user.wait(0.5)
    assert user.tones[0] < user.tones[-1]


def test_it_ends_when_something_is_said_and_by_itself() -> None:
    user = listening()
    user.wait(2)
    user.turns.begin()
    heard = len(user.tones)
    assert heard
    user.wait(2)
    assert len(user.tones) == heard
    user = listening()
    user.wait(LONGEST_S + 1)
    heard = len(user.tones)
    user.wait(5)
    assert len(user.tones) == heard


def test_without_a_picture_that_is_said() -> None:
    user = HeardSession("A wall.", "Light tone.", [])
    assert user.ask() == ["I have no picture yet. Please point the camera at what you want to know about."]
    user.wait(2)
    assert user.tones == []
