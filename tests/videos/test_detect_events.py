"""Something that begins is told once, with the time at which it began."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assistant.problems import BadInput
from assistant.videos.detect_events import EventDetector, EventSettings

SETTINGS = EventSettings(begin_score=0.6, end_score=0.3, hold_s=0.0, cooldown_s=2.0)


def starts(scores: Sequence[float], settings: EventSettings = SETTINGS) -> list[tuple[float, float]]:
    """(when it was told, when it began), of one score each half second."""
    detector = EventDetector(settings)
    told = [(number / 2, detector.process(number / 2, score)) for number, score in enumerate(scores)]
    return [(time_s, event.start_s) for time_s, event in told if event]


def test_an_event_is_told_once_at_its_start() -> None:
    assert starts([0.1, 0.1, 0.9, 0.9, 0.9, 0.9]) == [(1.0, 1.0)]


def test_a_score_that_wavers_between_the_two_limits_changes_nothing() -> None:
    assert starts([0.5, 0.5, 0.9, 0.4, 0.7, 0.4, 0.7]) == [(1.0, 1.0)]
    assert starts([0.4, 0.5, 0.4, 0.5]) == []


def test_a_short_gap_is_the_same_event_going_on() -> None:
    assert starts([0.9, 0.1, 0.9, 0.9]) == [(0.0, 0.0)]


def test_after_the_cooldown_it_is_a_new_event() -> None:
    assert starts([0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.9, 0.9]) == [(0.0, 0.0), (3.0, 3.0)]


def test_what_must_last_is_told_late_but_with_its_start() -> None:
    lasting = EventSettings(begin_score=0.6, end_score=0.3, hold_s=1.0)
    assert starts([0.1, 0.9, 0.1, 0.9, 0.5, 0.9, 0.9], lasting) == [(2.5, 1.5)]


def test_a_flash_that_was_never_told_starts_no_cooldown() -> None:
    lasting = EventSettings(begin_score=0.6, end_score=0.3, hold_s=0.5)
    assert starts([0.9, 0.1, 0.9, 0.9], lasting) == [(1.5, 1.0)]


def test_limits_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(BadInput):
        EventSettings(begin_score=0.2, end_score=0.4)
