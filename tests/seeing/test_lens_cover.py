"""A hand before the lens makes the voice wait; whatever else makes the picture dark must not silence it for good."""

from __future__ import annotations

from assistant.seeing.lens_cover import COVERED_S, LONGEST_S, LensCover

AFTER_S = COVERED_S + 0.05


def test_a_lens_covered_while_it_speaks_holds_the_voice_until_it_is_uncovered() -> None:
    cover = LensCover()
    assert not cover.holds_voice(False, True, 0.0)
    assert not cover.holds_voice(True, True, 0.1)
    assert cover.holds_voice(True, True, 0.1 + AFTER_S)
    assert cover.holds_voice(True, True, 20.0)
    assert not cover.holds_voice(False, True, 20.1)


def test_what_is_said_of_a_covered_lens_is_heard() -> None:
    cover = LensCover()
    cover.holds_voice(True, False, 0.0)
    assert not cover.holds_voice(True, True, 5.0)


def test_whoever_says_something_hears_the_answer() -> None:
    cover = LensCover()
    cover.holds_voice(True, True, 0.0)
    assert cover.holds_voice(True, True, 1.0)
    assert not cover.holds_voice(True, False, 1.1)  # a new turn
    assert not cover.holds_voice(True, True, 1.2)


def test_a_hand_that_passes_does_not_stop_it() -> None:
    cover = LensCover()
    for time_s in (0.0, 1.0, 2.0):
        assert not cover.holds_voice(True, True, time_s)
        assert not cover.holds_voice(True, True, time_s + COVERED_S / 2)
        assert not cover.holds_voice(False, True, time_s + COVERED_S)


def test_it_goes_on_by_itself_where_the_light_went_out_for_good() -> None:
    cover = LensCover()
    assert not cover.holds_voice(True, True, 0.0)
    assert cover.holds_voice(True, True, LONGEST_S - 1)
    assert not cover.holds_voice(True, True, LONGEST_S + 1)
