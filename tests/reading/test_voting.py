"""Frames of a moving hand are read together, and a page is read anew only when it is another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

from assistant.messages import TextLine
from assistant.reading.doubts import digits_are_sure
from assistant.reading.voting import is_same_page, vote
from tests.reading.layouts import column, line, moved, prose, scaled, turned

PAGE = column(prose(8, 40), 300, 200)


def shifted(lines: Sequence[TextLine], across: float, down: float) -> list[TextLine]:
    return moved(lines, lambda x, y: (x + across, y + down))


def reading(text: str, sure: float = 0.99, doubts: str = "", doubt: float = 0.6) -> list[TextLine]:
    """One line; characters among `doubts` are read with less certainty."""
    probabilities = tuple(doubt if character in doubts else sure for character in text)
    return [replace(line(text, 300, 300), character_probabilities=probabilities, probability=min(probabilities))]


def test_what_one_frame_misreads_the_others_mend() -> None:
    assert vote([reading("Emergency exit"), reading("Emergcncy exit", doubts="c"), reading("Emerency exit")])[0].text == "Emergency exit"
    assert vote([reading("Emmergency exit", 0.7), reading("Emergency exit"), reading("Ernergency exit", 0.8)])[0].text == "Emergency exit"


def test_one_sure_frame_outvotes_two_that_guess() -> None:
    assert vote([reading("Gate l4", 0.5), reading("Gate 14", 0.99), reading("Gate l4", 0.5)])[0].text == "Gate 14"


def test_a_number_is_sure_only_if_the_frames_agree_and_one_of_them_is_sure() -> None:
    assert digits_are_sure(vote([reading("12.50"), reading("12.50", 0.8), reading("12.50", 0.9)])[0])
    assert not digits_are_sure(vote([reading("12.50"), reading("12.80")])[0])
    assert not digits_are_sure(vote([reading("12.50", 0.9)] * 5)[0])


def test_lines_are_matched_though_the_hand_moves_and_lines_look_alike() -> None:
    prices = column(["1.00 EUR", "1.00 EUR", "1.80 EUR", "1.00 EUR"], 300, 200)
    worse = [replace(each, text=each.text.replace("8", "3"), probability=0.1, character_probabilities=(0.4,) * 8) for each in prices]
    assert [each.text for each in vote([prices, shifted(worse, 60, 50)])] == [each.text for each in prices]


def test_the_newest_frame_tells_which_lines_there_are_and_where() -> None:
    newest = shifted(PAGE[2:], -30, -80)
    voted = vote([PAGE, newest])
    assert [each.text for each in voted] == [each.text for each in PAGE[2:]]
    assert [each.corners for each in voted] == [each.corners for each in newest]
    assert vote([]) == [] and vote([PAGE]) == PAGE and vote([PAGE, []]) == []


def test_a_line_that_the_newest_frame_can_not_read_stays_unread() -> None:
    unread = [replace(PAGE[0], text="", character_probabilities=())]
    assert vote([PAGE, unread]) == unread


def test_a_page_is_the_same_while_the_hand_moves_and_another_when_it_is_turned() -> None:
    other = column(prose(8, 36, 17), 300, 200)
    assert is_same_page(PAGE, shifted(PAGE[3:], 80, -120))
    assert is_same_page(PAGE, scaled(PAGE, 1.2))
    assert not is_same_page(PAGE, other)
    assert is_same_page([], []) and not is_same_page(PAGE, []) and not is_same_page([], PAGE)


def test_unread_lines_tell_by_their_places_whether_a_page_is_the_same() -> None:
    unread = [
        replace(each, text="", character_probabilities=())
        for each in column([each[: 8 + 5 * (i % 7)] for i, each in enumerate(prose(9, 42))], 300, 200)
    ]
    other = [replace(each, text="") for each in column(["a" * n for n in (30, 9, 41, 12, 25, 38, 7)], 350, 160, 34, 1.9)]
    assert is_same_page(unread, shifted(unread[2:], 90, -60))
    assert is_same_page(unread, turned(scaled(unread, 1.15), 0.5))
    assert not is_same_page(unread, other)


def test_five_full_pages_are_voted_on_while_one_waits() -> None:
    page = column(prose(45, 60), 100, 20, 16)
    start = perf_counter()
    vote([shifted(page, 3 * at, 2 * at) for at in range(5)])
    assert perf_counter() - start < 8  # seconds; 1.7 on a busy machine
