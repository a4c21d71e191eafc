"""From a map of where text is to boxes that hold the whole line, in the order in which they are read."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from assistant.engines.ocr.text_boxes import MAX_BOXES, TextBox, find_boxes, in_reading_order, overlaps


def text_map(*places: tuple[int, int, int, int], height: int = 200, width: int = 400, probability: float = 0.9) -> np.ndarray:
    """Bright where (left, top, width, height) say."""
    found = np.zeros((height, width), np.float32)
    for left, top, wide, high in places:
        found[top : top + high, left : left + wide] = probability
    return found


def box(left: float, top: float, width: float, height: float) -> TextBox:
    corners = [[left, top], [left + width, top], [left + width, top + height], [left, top + height]]
    return TextBox(np.array(corners, np.float32), 1.0)


def test_a_box_is_larger_than_the_middle_of_the_line_that_the_map_shows() -> None:
    [found] = find_boxes(text_map((100, 80, 200, 20)))
    (left, top), (right, bottom) = found.corners.min(axis=0), found.corners.max(axis=0)
    assert 75 < left < 90 and 310 < right < 325
    assert 60 < top < 70 and 110 < bottom < 120
    assert found.probability == pytest.approx(0.9, abs=0.06)


def test_a_line_begins_at_its_left_and_one_that_runs_down_at_its_top_right() -> None:
    [across] = find_boxes(text_map((100, 80, 200, 20)))
    assert across.corners[0] == pytest.approx([82, 65], abs=8)
    [down] = find_boxes(text_map((100, 20, 20, 150)))
    assert down.corners[0] == pytest.approx([135, 5], abs=8)
    assert (down.corners[1] - down.corners[0])[1] > 150


def test_a_slanted_line_keeps_its_slant() -> None:
    slanted = np.zeros((200, 400), np.float32)
    cv2.line(slanted, (50, 50), (350, 130), 0.9, 16)
    [found] = find_boxes(slanted)
    along = found.corners[1] - found.corners[0]
    assert np.degrees(np.arctan2(along[1], along[0])) == pytest.approx(np.degrees(np.arctan2(80, 300)), abs=2)


@pytest.mark.parametrize("nothing", [text_map(), text_map((10, 10, 100, 20), probability=0.25)])
def test_where_there_is_no_text_there_is_no_box(nothing: np.ndarray) -> None:
    assert find_boxes(nothing) == []


@pytest.mark.parametrize("doubtful", [text_map((10, 10, 100, 20), probability=0.5), text_map((10, 10, 60, 1))])
def test_what_is_doubtful_or_tiny_is_faint(doubtful: np.ndarray) -> None:
    assert [found.is_faint for found in find_boxes(doubtful)] == [True]
    assert [found.is_faint for found in find_boxes(text_map((10, 10, 100, 20)))] == [False]


def test_a_lone_seven_is_text_though_it_leaves_most_of_its_box_empty() -> None:
    seven = text_map((100, 50, 60, 12), (148, 50, 12, 90))
    assert [found.is_faint for found in find_boxes(seven)] == [False]


def test_of_thousands_of_spots_only_so_many_are_boxes() -> None:
    spots = np.kron(np.eye(2, dtype=np.float32), np.ones((4, 4), np.float32))
    assert len(find_boxes(np.tile(spots, (100, 100)))) <= MAX_BOXES


def test_lines_are_read_from_the_top_and_words_in_a_row_from_the_left() -> None:
    title, left, right, below = box(50, 10, 300, 40), box(10, 72, 100, 20), box(150, 68, 100, 24), box(20, 100, 300, 20)
    assert in_reading_order([below, right, title, left]) == [title, left, right, below]


def test_close_lines_of_a_page_are_no_row_even_where_they_begin_further_left() -> None:
    lines = [box(40 - 10 * number, 20 * number, 200, 26) for number in range(4)]
    assert in_reading_order(lines[::-1]) == lines


def test_boxes_that_share_most_of_the_smaller_one_are_of_the_same_text() -> None:
    assert overlaps(box(0, 0, 100, 20), box(10, 2, 30, 16))
    assert not overlaps(box(0, 0, 100, 20), box(0, 18, 100, 20))
