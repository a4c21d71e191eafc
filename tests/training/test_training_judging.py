"""What `evaluate` calls right, and how good it calls probabilities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.training.judging import (
    area_under_curve,
    balanced_accuracy,
    calibration_error,
    commonest,
    fit_platt,
    fit_single_object,
    fit_sure_label,
    fit_words,
    halves,
    matches,
)


@pytest.mark.parametrize(
    ("kind", "said", "right", "expected"),
    [
        ("colour", "Gray.", ["Grey."], True),
        ("colour", "Red.", ["Blue."], False),
        ("where", "In the lake.", ["On the water."], True),
        ("doing", "Running in the grass.", ["Running through a field."], True),
        ("doing", "Sitting on a bench.", ["Running through a field."], False),
        ("who", "A man in a hat.", ["A guy."], True),
        ("who", "Nobody.", ["I don't see any people."], True),
        ("count", "Two.", ["Two."], True),
        ("count", "", ["Two."], False),
    ],
)
def test_an_answer_is_right_by_the_word_that_counts(kind: str, said: str, right: list[str], expected: bool) -> None:
    assert matches(kind, said, right) is expected


def test_the_commonest_answer_is_the_one_right_most_often() -> None:
    assert commonest("colour", [["Red."], ["Blue."], ["Red.", "Blue."], ["Red."]]) == "Red."


def test_scores_that_part_true_from_false_have_the_whole_area() -> None:
    labels = np.array([True, True, False, False])
    assert area_under_curve(np.array([3.0, 2.0, 1.0, 0.0]), labels) == 1.0
    assert area_under_curve(np.array([1.0, 1.0, 1.0, 1.0]), labels) == 0.5
    assert balanced_accuracy(np.array([0.9, 0.2, 0.1, 0.4]), labels) == 0.75


def test_a_fitted_line_makes_probabilities_mean_what_they_say() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 2, 4000)
    labels = rng.random(4000) < 1 / (1 + np.exp(-(0.5 * scores - 0.3)))
    slope, offset = fit_platt(scores, labels)
    assert slope == pytest.approx(0.5, abs=0.06) and offset == pytest.approx(-0.3, abs=0.1)
    before, after = (1 / (1 + np.exp(-(a * scores + b))) for a, b in ((1.0, 0.0), (slope, offset)))
    assert calibration_error(after, labels) < 0.03 < calibration_error(before, labels)


def test_plain_words_begin_where_nine_in_ten_are_right() -> None:
    probabilities = np.concatenate([np.full(100, 0.95), np.full(100, 0.6)])
    labels = np.concatenate([np.arange(100) < 97, np.arange(100) < 60])
    sure, absent = fit_words(probabilities, labels)
    assert 0.6 < sure <= 0.95
    assert absent <= 0.5


def test_both_halves_have_things_that_are_there_and_things_that_are_not() -> None:
    """Every other item once made a half of things that are there and one of things that aren't: the plot showed a single point."""
    fitted, shown = halves([True, False] * 10)
    assert len(fitted) == len(shown) == 10
    assert sum(fitted) == sum(shown) == 5


def test_the_plots_show_several_probabilities(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra [train] is not installed")
    pytest.importorskip("pycocoevalcap", reason="the extra [train] is not installed")
    from models.training.measures import PresenceScore
    from models.training.plots import draw_plots

    rng = np.random.default_rng(1)
    scores = [PresenceScore(float(rng.normal(3 * there - 1.5, 2)), float(rng.normal(0, 1)), bool(there)) for there in (1, 0) * 60]
    draw_plots(scores, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"scores.png", "reliability.png"}


def test_three_scenes_in_a_hundred_may_be_taken_for_a_single_object() -> None:
    scores = -np.arange(1.0, 201.0)
    assert (scores >= fit_single_object(scores)).mean() == 0.03
    assert fit_single_object(np.zeros(10)) == 0.0


def test_labels_are_told_plainly_where_four_of_five_are_right() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.uniform(0.02, 0.98, 5000)
    right = rng.random(5000) < probabilities
    assert fit_sure_label(probabilities, right) == pytest.approx(0.8, abs=0.03)
