"""A blind user is told how to move the camera, and when text can be read."""

from __future__ import annotations

import pytest

from assistant.reading.aiming import Aim, Aimer, aim
from tests.reading.layouts import HEIGHT, WIDTH, column, line, moved, prose, scaled, turned

PAGE = column(prose(8, 40), 400, 300)
SHEET = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.9), (0.2, 0.9))


@pytest.mark.parametrize(
    ("across", "down", "told"), [(-400, 0, "cut_left"), (620, 0, "cut_right"), (0, -300, "cut_top"), (0, 560, "cut_bottom"), (0, 0, "now")]
)
def test_the_camera_moves_to_where_text_is_cut(across: float, down: float, told: Aim) -> None:
    at_edge = moved(PAGE, lambda x, y: (min(max(x + across, 0), WIDTH), min(max(y + down, 0), HEIGHT)))
    assert aim(at_edge, None, picture_height_px=HEIGHT) == told


def test_text_that_is_cut_on_both_sides_is_too_near() -> None:
    wide = [*PAGE, line("a very long line", 0, 700), line("its end", 0, 700, right=WIDTH)]
    assert aim(wide, None, picture_height_px=HEIGHT) == "back"


def test_small_letters_are_gone_closer_to_whichever_way_they_are_turned() -> None:
    assert aim(scaled(PAGE, 0.4), None, picture_height_px=HEIGHT) == "closer"
    assert aim(turned(scaled(PAGE, 0.4), 90), None, picture_height_px=HEIGHT) == "closer"
    assert aim(PAGE, None, picture_height_px=480) == "closer"
    assert aim(PAGE, None, picture_height_px=480, readable_px=10) == "now"


def test_a_sheet_that_goes_on_beyond_the_picture_is_followed() -> None:
    assert aim(PAGE, None, SHEET, picture_height_px=HEIGHT) == "now"
    assert aim(PAGE, None, ((0.0, 0.2), (0.8, 0.2), (0.8, 0.9), (0.0, 0.9)), picture_height_px=HEIGHT) == "left"
    assert aim(PAGE, None, ((0.2, 0.2), (0.8, 0.2), (0.8, 1.0), (0.2, 1.0)), picture_height_px=HEIGHT) == "down"
    assert aim(PAGE, None, ((0.0, 0.2), (1.0, 0.2), (1.0, 0.9), (0.0, 0.9)), picture_height_px=HEIGHT) == "now"


def test_without_text_and_with_a_problem() -> None:
    assert aim([], None, picture_height_px=HEIGHT) == "no_text"
    assert aim([], "blurred", picture_height_px=HEIGHT) == "blurred"
    assert aim(PAGE, "dark", picture_height_px=HEIGHT) is None


def test_now_is_told_after_some_frames_that_are_whole_and_still() -> None:
    aimer = Aimer(steady_frames=3)
    told: list[Aim | None] = []
    for across in (0, 300, 302, 299, 301, 301):
        told.append(aimer.next(moved(PAGE, lambda x, y, by=across: (x + by, y)), None, picture_height_px=HEIGHT))  # type: ignore[misc]
    assert told == [None, "hold_still", None, None, "now", "now"]
    assert aimer.next(PAGE, "blurred", picture_height_px=HEIGHT) == "hold_still"
    assert aimer.next(PAGE, "blurred", picture_height_px=HEIGHT) == "blurred"
