"""How boxes are judged, so that the figures of the detectors mean what they say."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.benchmarks.detection_measures import (
    Seen,
    average_precision,
    calibration_table,
    counted_exactly,
    fit_curve,
    judge,
    said_nobody,
)
from assistant.benchmarks.labelled_pictures import LabelledPicture, told_count
from assistant.messages import DetectedThing, Region

HERE, THERE, SMALL = Region(0.0, 0.0, 0.4, 0.8), Region(0.5, 0.0, 0.4, 0.8), Region(0.9, 0.9, 0.05, 0.05)


def seen(there: list[Region], found: list[tuple[float, Region]]) -> Seen:
    """A picture with people, and what was found."""
    labelled = LabelledPicture("a", np.zeros((4, 4, 3), np.uint8), tuple(("person", place) for place in there), len(there))
    return Seen(labelled, tuple(DetectedThing("person", sure, place) for sure, place in found))


def test_a_second_box_on_one_person_is_wrong() -> None:
    judged = judge([seen([HERE], [(0.9, HERE), (0.8, HERE)])])
    assert [each.is_right for each in judged] == [True, False]


def test_average_precision_is_one_where_all_is_right_and_half_where_half_is_missed() -> None:
    assert average_precision([seen([HERE, THERE], [(0.9, HERE), (0.8, THERE)])], "person") == 1
    half = average_precision([seen([HERE, THERE], [(0.9, HERE)])], "person")
    assert half == pytest.approx(0.5, abs=0.01)
    assert average_precision([seen([], [(0.9, HERE)])], "person") is None
    assert average_precision([seen([HERE], [])], "person") == 0


def test_a_wrong_box_that_is_surer_costs_precision() -> None:
    assert average_precision([seen([HERE], [(0.9, THERE), (0.8, HERE)])], "person") == pytest.approx(0.5)


def test_people_are_counted_with_and_without_small_ones() -> None:
    pictures = [seen([HERE, SMALL], [(0.9, HERE)]), seen([HERE, THERE], [(0.9, HERE), (0.8, THERE), (0.2, SMALL)])]
    assert counted_exactly(pictures, 0.5)["all"] == "1 / 2 (50%)"
    assert counted_exactly(pictures, 0.5, least_area=0.02)["all"] == "2 / 2 (100%)"
    assert said_nobody(pictures, 0.95) == "2 / 2 (100%)"


def test_fitted_probabilities_are_those_that_were_seen() -> None:
    chance = np.random.default_rng(0)
    scores = chance.normal(size=4000)
    right = chance.uniform(size=4000) < 1 / (1 + np.exp(-2 * scores - 1))
    slope, offset = fit_curve(scores.tolist(), right.tolist())
    assert slope == pytest.approx(2, abs=0.15)
    assert offset == pytest.approx(1, abs=0.15)


def test_the_table_of_probabilities_tells_what_was_right() -> None:
    judged = judge([seen([HERE], [(1.0, HERE), (0.9, THERE), (0.1, SMALL)])])
    assert calibration_table(judged) == ["told 0.10, right 0.00 of 1", "told 0.95, right 0.50 of 2"]


@pytest.mark.parametrize(
    ("captions", "count"),
    [
        (["a man and two girls run .", "three people run .", "a man with two small children runs ."], 3),
        (["a dog runs ."] * 5, 0),
        (["a dog runs ."] * 4 + ["a man 's dog runs ."], None),
        (["people run .", "some men run .", "a crowd runs ."], None),
        (["a man runs .", "two men run .", "three men run ."], None),
    ],
)
def test_captions_tell_a_number_only_where_they_agree(captions: list[str], count: int | None) -> None:
    assert told_count(captions) == count
