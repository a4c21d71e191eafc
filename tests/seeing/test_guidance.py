"""What somebody who turns the camera towards a thing is told, and what they aren't."""

from __future__ import annotations

from assistant.seeing.guidance import Guide


def told(yaws: list[float | None], *, is_seen: bool = True, every_s: float = 0.25) -> list[str]:
    guide = Guide(0.0, is_seen)
    said = [guide.next(yaw, (number + 1) * every_s) for number, yaw in enumerate(yaws)]
    return [key for key in said if key]


def test_a_hand_that_turns_right_hears_right_until_the_thing_is_ahead() -> None:
    assert told([30.0, 25.0, 18.0, 12.0, 6.0, 3.0, 0.0, -2.0]) == ["find_right", "find_ahead"]


def test_who_turns_too_far_is_sent_back() -> None:
    assert told([30.0, 10.0, 0.0, -15.0, -9.0, -5.0]) == ["find_right", "find_ahead", "find_left", "find_ahead"]


def test_a_trembling_hand_doesnt_change_what_is_told() -> None:
    assert told([5.0, 8.0, 6.5, 8.5, 6.0] * 4) == ["find_ahead"]


def test_a_direction_is_told_again_while_nothing_happens_but_that_it_is_ahead_once() -> None:
    assert told([20.0] * 26) == ["find_right"] * 3
    assert told([0.0] * 40) == ["find_ahead"]


def test_what_a_detector_misses_for_a_moment_isnt_lost_and_what_is_gone_is_told_once() -> None:
    assert told([0.0, None, None, 0.0, 0.0]) == ["find_ahead"]
    assert told([0.0, *[None] * 20]) == ["find_ahead", "find_lost"]
    assert told([0.0, *[None] * 20, 20.0]) == ["find_ahead", "find_lost", "find_right"]


def test_what_is_never_seen_is_given_up_honestly_and_only_then() -> None:
    assert told([None] * 130, is_seen=False) == ["find_given_up"]
    assert told([None] * 100, is_seen=False) == []
    guide = Guide(0.0, is_seen=False)
    guide.next(None, 31.0)
    assert guide.is_over
