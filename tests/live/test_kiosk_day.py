"""Some users of a kiosk's day, each of whom does something else; `python -m tests.support.kiosk_day` plays all of it."""

from __future__ import annotations

import pytest

from tests.support.kiosk_day import DEEDS, Day


@pytest.mark.slow
def test_all_are_served_or_refused_aloud_and_nothing_is_left_of_any() -> None:
    with Day(7) as day:
        result = day.live_through(len(DEEDS), ("pt", "en"))
    assert result["broken"] == []
    assert result["visits"] == len(DEEDS) - 1, "who does nothing is invited, and is no visit"
    assert result["kiosk"]["reset"] == result["visits"]
