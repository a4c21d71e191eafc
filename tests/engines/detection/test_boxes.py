"""Boxes: which of several stand for one thing, what form a picture keeps, and what is likely of a score."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.engines.detection.boxes import MOST_BOXES, Boxes, overlaps, region_of, size_with_area, thin_out
from assistant.engines.detection.calibration import OTHER, Curve, curves_of
from assistant.messages import Picture, Region


def boxes_of(*rows: tuple[float, float, float, float, float, int]) -> Boxes:
    """Boxes of (left, top, right, bottom, score, label)."""
    table = np.array(rows, np.float32)
    return Boxes(table[:, :4], table[:, 4], table[:, 5].astype(np.intp))


def blank(width: int, height: int) -> Picture:
    return np.zeros((height, width, 3), np.uint8)


def test_of_boxes_around_one_thing_the_surest_is_kept() -> None:
    found = thin_out(boxes_of((0, 0, 0.5, 0.5, 0.6, 0), (0.02, 0, 0.52, 0.5, 0.9, 0)), 0.45)
    assert found.scores.tolist() == [np.float32(0.9)]


def test_things_of_two_names_may_share_a_place() -> None:
    assert len(thin_out(boxes_of((0, 0, 0.5, 0.5, 0.6, 0), (0, 0, 0.5, 0.5, 0.9, 1)), 0.45).scores) == 2


def test_neighbours_stay_and_come_surest_first() -> None:
    found = thin_out(boxes_of((0, 0, 0.2, 0.9, 0.5, 0), (0.15, 0, 0.35, 0.9, 0.8, 0), (0.3, 0, 0.5, 0.9, 0.7, 0)), 0.45)
    np.testing.assert_allclose(found.scores, [0.8, 0.7, 0.5], atol=1e-6)


def test_what_a_dropped_box_overlaps_is_not_dropped_for_it() -> None:
    row = [(shift, 0, shift + 0.4, 1, 0.9 - shift, 0) for shift in (0.0, 0.1, 0.25)]
    assert len(thin_out(boxes_of(*row), 0.45).scores) == 2


def test_a_crowd_of_boxes_is_bounded() -> None:
    places = np.linspace(0, 0.9, 2000)
    crowd = boxes_of(*((place, 0.0, place + 0.0001, 1.0, 0.5, 0) for place in places))
    assert len(thin_out(crowd, 0.45).scores) == MOST_BOXES


def test_overlap_is_the_common_area_of_all_of_it() -> None:
    corners = np.array([[0, 0, 1, 1], [0.5, 0, 1.5, 1], [2, 2, 3, 3], [1, 1, 1, 1]], np.float32)
    np.testing.assert_allclose(overlaps(corners[:1], corners)[0], [1, 1 / 3, 0, 0], atol=1e-6)


def test_a_region_ends_at_the_picture() -> None:
    assert region_of(np.array([-0.5, 0.25, 0.5, 1.5], np.float32)) == Region(0.0, 0.25, 0.5, 0.75)


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [(416, 416, (416, 416)), (1280, 720, (544, 320)), (720, 1280, (320, 544)), (1, 900, (256, 672)), (30000, 5, (672, 256))],
)
def test_the_network_sees_a_picture_in_its_form_with_as_many_pixels(width: int, height: int, expected: tuple[int, int]) -> None:
    assert size_with_area(blank(width, height), 416, 32) == expected


def test_probabilities_grow_with_scores_and_unmeasured_networks_keep_theirs() -> None:
    curve = curves_of("yolov4")["person"]
    told = [curve.probability(score) for score in (0.0, 0.1, 0.5, 0.9, 1.0)]
    assert told == sorted(told)
    assert 0 < told[0] < 0.01
    assert 0.99 < told[-1] <= 1
    assert OTHER in curves_of("yolov4")
    assert curves_of("d_fine") == {}
    assert Curve().probability(0.3) == pytest.approx(0.3)
