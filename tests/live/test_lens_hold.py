"""Who covers a live camera's lens while it speaks makes the voice wait, and goes on by uncovering it or by saying something."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from assistant.live.watcher import Watcher
from assistant.messages import Frame, Picture
from tests.support.heard_session import HeardSession

SCENE = np.random.default_rng(3).integers(60, 200, (12, 16, 3)).astype(np.uint8).repeat(10, axis=0).repeat(10, axis=1)
HAND = np.full_like(SCENE, 6)
RATE = 10


class Speaking(HeardSession):
    """It says a long answer while the camera's pictures come."""

    has_spoken = False

    def held(self, *pictures: Picture, begins_turn_at: int = -1, is_live: bool = True) -> list[bool]:
        """Show pictures, and return for each whether the voice waits once it has been seen."""
        held = list[bool]()

        def frames() -> Iterator[Frame]:
            for number, picture in enumerate(pictures):
                if number == begins_turn_at:
                    self.turns.begin()
                if number:
                    held.append(self.control.gain() == 0)
                noise = np.random.default_rng(number).integers(0, 3, picture.shape).astype(np.uint8)
                yield Frame(picture + noise, number / RATE)
            held.append(self.control.gain() == 0)

        Watcher(self, is_live).watch(frames())
        return held


@pytest.fixture
def speaking() -> Speaking:
    return Speaking("A wall.", "What is this?", [])


def test_the_voice_waits_while_the_lens_is_covered(speaking: Speaking) -> None:
    held = speaking.held(*[SCENE] * 5, *[HAND] * 10, *[SCENE] * 5)
    assert held == [False] * 8 + [True] * 7 + [False] * 5
    assert speaking.control.gain() == 1


def test_what_is_said_meanwhile_is_answered_aloud(speaking: Speaking) -> None:
    held = speaking.held(*[SCENE] * 5, *[HAND] * 15, begins_turn_at=12)
    assert held[11]
    assert not any(held[12:])


def test_a_recording_that_turns_dark_says_on(speaking: Speaking) -> None:
    assert not any(speaking.held(*[SCENE] * 5, *[HAND] * 10, is_live=False))


def test_a_camera_that_ends_covered_leaves_the_voice_free(speaking: Speaking) -> None:
    assert speaking.held(*[SCENE] * 5, *[HAND] * 10)[-1]
    assert speaking.control.gain() == 1
