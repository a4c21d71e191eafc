"""Where a thing is told to be: known only from how a camera draws what stands where."""

from __future__ import annotations

import math

import pytest

from assistant.messages import Region
from assistant.seeing.places import HEIGHTS_M, Place, cut_off, place_of, stands_on, yaw_degrees

ASPECT, OPENING = 16 / 9, 70.0


def seen(yaw: float, distance_m: float, height_m: float, opening: float = OPENING) -> Region:
    """The region of something so high that stands with its middle at the camera's height, by the pinhole model."""
    half = math.tan(math.radians(opening / 2))
    middle = 0.5 + math.tan(math.radians(yaw)) / half / 2
    height = height_m / distance_m / (2 * half) * ASPECT
    return Region(middle - 0.05, 0.5 - height / 2, 0.1, height)


@pytest.mark.parametrize(("yaw", "hour"), [(0, 12), (-10, 12), (-28, 11), (28, 1), (16, 1), (-16, 11)])
def test_the_direction_is_that_of_the_clock(yaw: float, hour: int) -> None:
    assert place_of("cup", seen(yaw, 1.0, 0.1), ASPECT, OPENING).hour == hour


@pytest.mark.parametrize("yaw", [-80, -45, 0, 44, 75])
def test_a_wider_camera_sees_more_hours(yaw: float) -> None:
    assert yaw_degrees(seen(yaw, 2.0, 1.0, 170.0), 170.0) == pytest.approx(yaw, abs=0.1)
    assert place_of("chair", seen(yaw, 2.0, 1.0, 170.0), ASPECT, 170.0).hour in (9, 10, 11, 12, 1, 2, 3)


@pytest.mark.parametrize(("distance_m", "wrong"), [(1.0, {"steps", "far"}), (3.0, {"close", "far"}), (8.0, {"close", "steps"})])
@pytest.mark.parametrize("label", HEIGHTS_M)
@pytest.mark.parametrize("of_range", [0.0, 0.5, 1.0])
def test_a_distance_is_told_only_if_it_is_right_for_the_least_and_the_greatest_size(
    label: str, of_range: float, distance_m: float, wrong: set[str]
) -> None:
    least, most = HEIGHTS_M[label]
    told = place_of(label, seen(0, distance_m, least + of_range * (most - least)), ASPECT, OPENING)
    assert told.distance not in wrong


def test_what_is_cut_off_may_be_nearer_than_it_looks_and_what_has_no_usual_size_is_nowhere() -> None:
    whole = seen(0, 8.0, 1.7)
    assert place_of("person", whole, ASPECT, OPENING).distance == "far"
    cut = Region(whole.left, 1 - whole.height, whole.width, whole.height)
    assert place_of("person", cut, ASPECT, OPENING) == Place(12, None, "low", ("bottom",))
    assert place_of("kite", whole, ASPECT, OPENING).distance is None


def test_what_touches_an_edge_is_cut_off_there_and_high_and_low_are_told() -> None:
    assert cut_off(Region(0.0, 0.3, 1.0, 0.7)) == ("left", "right", "bottom")
    assert place_of("clock", Region(0.45, 0.05, 0.1, 0.1), ASPECT, OPENING).height == "high"
    assert place_of("clock", Region(0.45, 0.85, 0.1, 0.1), ASPECT, OPENING).height == "low"
    assert place_of("clock", Region(0.45, 0.45, 0.1, 0.1), ASPECT, OPENING).height is None


def test_a_thing_stands_on_another_only_where_that_is_clear() -> None:
    table = Region(0.1, 0.5, 0.8, 0.4)
    assert stands_on(Region(0.4, 0.35, 0.1, 0.25), table)
    assert not stands_on(Region(0.4, 0.1, 0.1, 0.25), table), "its foot is above the table: it may hang behind it"
    assert not stands_on(Region(0.4, 0.75, 0.1, 0.2), table), "it stands before the table or under it"
    assert not stands_on(Region(0.85, 0.35, 0.15, 0.25), table), "most of it is beside the table"
    assert not stands_on(table, Region(0.4, 0.35, 0.1, 0.6)), "a table doesn't stand on a cup"
