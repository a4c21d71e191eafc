"""The light goes out or comes on, and a hand before the lens is no such thing."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.benchmarks.rendered_garments import render
from assistant.benchmarks.rendered_light import exposed
from assistant.messages import Picture
from assistant.seeing.light_changes import LightChanges

ROOM = render(3, "report", "daylight 6500 K").picture
DARK = exposed(ROOM, 0.03)


def told(pictures: list[Picture], fps: float = 10.0) -> list[str]:
    changes = LightChanges()
    return [change for place, picture in enumerate(pictures) if (change := changes.process(picture, place / fps))]


def test_a_light_that_goes_out_and_comes_on_is_told_once_each() -> None:
    assert told([ROOM] * 10 + [DARK] * 60 + [ROOM] * 30) == ["light_went_out", "light_came_on"]


@pytest.mark.parametrize("level", [0, 8, 30])
def test_a_hand_before_the_lens_is_no_light_that_went_out(level: int) -> None:
    rng = np.random.default_rng(0)
    covered = [np.clip(level + rng.normal(0, 3, ROOM.shape), 0, 255).astype(np.uint8) for _ in range(20)]
    assert told([ROOM] * 10 + covered + [ROOM] * 20) == []


def test_a_camera_that_turns_to_a_dark_corner_says_nothing() -> None:
    elsewhere = exposed(render(11, "report", "daylight 6500 K").picture, 0.05)
    assert told([ROOM] * 10 + [elsewhere] * 20) == []


def test_dusk_is_too_slow_to_be_told() -> None:
    assert told([exposed(ROOM, 0.5 ** (step / 20), step) for step in range(100)]) == []
