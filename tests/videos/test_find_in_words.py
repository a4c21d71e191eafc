"""Moments of what is told of each keyframe by itself: measured ones by probability, others in order and with "perhaps"."""

from __future__ import annotations

import pytest

from assistant.videos.find_in_words import moments_shown
from assistant.videos.find_moments import spoken_moments

TIMES_S = [0.0, 4.0, 8.0, 12.0, 16.0]


def test_neighbours_that_show_it_are_one_moment_until_the_next_keyframe() -> None:
    (together,) = moments_shown(TIMES_S, [0.1, 0.9, 0.85, 0.2, 0.1], 20.0, 3, is_measured=True)
    assert (together.start_s, together.end_s) == (4.0, 12.0) and together.score == pytest.approx(0.5)
    (last,) = moments_shown(TIMES_S, [0.1, 0.1, 0.1, 0.2, 0.99], 20.0, 3, is_measured=True)
    assert (last.start_s, last.end_s) == (16.0, 20.0) and last.score == pytest.approx(11 / 12)
    assert moments_shown([], [], 0.0, 3, is_measured=True) == []


def test_measured_ones_come_likeliest_first_and_others_as_they_come() -> None:
    measured = moments_shown(TIMES_S, [0.85, 0.1, 0.95, 0.1, 0.9], 20.0, 2, is_measured=True)
    assert [moment.start_s for moment in measured] == [8.0, 16.0]
    said = moments_shown(TIMES_S, [0.75, 0.25, 0.5, 0.25, 0.75], 20.0, 2, is_measured=False)
    assert [(moment.start_s, moment.is_measured) for moment in said] == [(0.0, False), (16.0, False)]
    assert spoken_moments("a dog", said) == "Perhaps from 0 seconds to 4 seconds, or from 16 seconds to 20 seconds."
    assert spoken_moments("ein Hund", said, "de") == "Vielleicht 0 Sekunden – 4 Sekunden, 16 Sekunden – 20 Sekunden."


@pytest.mark.parametrize(("count", "begins_s"), [(4, [0.0]), (48, [])])
def test_the_longer_a_video_the_surer_a_thing_must_be(count: int, begins_s: list[float]) -> None:
    """Else there were something like it in each that is long enough."""
    times_s, probabilities = [4.0 * number for number in range(count)], [0.8] + [0.1] * (count - 1)
    assert [moment.start_s for moment in moments_shown(times_s, probabilities, 400.0, 3, is_measured=True)] == begins_s


def test_what_isnt_sure_enough_is_not_found() -> None:
    assert moments_shown(TIMES_S, [0.6, 0.55, 0.5, 0.4, 0.3], 20.0, 3, is_measured=True) == []
    assert moments_shown(TIMES_S, [0.5, 0.25, 0.5, 0.5, 0.25], 20.0, 3, is_measured=False) == []
