"""What is read out is sure, told as doubtful, or replaced by a sign that something stands there: a number is never guessed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.messages import TextLine, TextPiece
from assistant.reading.doubts import digits_are_sure, is_noise, pieces_of_block, pieces_of_line
from assistant.reading.page import Block
from tests.reading.layouts import line


def unsure(text: str, doubts: dict[str, float], left: float = 300, sure: float = 0.99) -> TextLine:
    """A line of which some stretches are read with these probabilities."""
    probabilities = [sure] * len(text)
    for part, probability in doubts.items():
        start = text.index(part)
        probabilities[start : start + len(part)] = [probability] * len(part)
    return replace(line(text, left, 300), character_probabilities=tuple(probabilities), probability=min(probabilities))


def told(given: TextLine) -> list[tuple[str, str]]:
    return [(piece.kind, piece.text) for piece in pieces_of_line(given)]


def test_a_price_with_an_unsure_digit_is_not_said() -> None:
    assert told(unsure("TOTAL 12.50 EUR", {"5": 0.8})) == [("sure", "TOTAL"), ("unreadable_number", ""), ("sure", "EUR")]
    assert told(unsure("TOTAL 12.50 EUR", {})) == [("sure", "TOTAL 12.50 EUR")]


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("call +44 20 7946 0958 now", "94"),
        ("call (020) 7946-0958 now", "(020"),
        ("take 500mg now", "m"),
        ("until 12.03.2027 now", "."),
        ("pay €3.99 now", "€"),
        ("room 1O5 now", "O"),
        ("pay ₹५५० now", "५"),
        ("about -5° now", "-"),
    ],
)
def test_one_unsure_sign_in_it_leaves_out_all_of_a_number(text: str, doubt: str) -> None:
    first, *_, last = text.split()
    assert told(unsure(text, {doubt: 0.6})) == [("sure", first), ("unreadable_number", ""), ("sure", last)]


def test_a_full_stop_after_a_number_need_not_be_sure() -> None:
    assert told(unsure("It costs 5.", {".": 0.3})) == [("sure", "It costs 5.")]


def test_a_number_is_not_sure_where_the_reader_only_tells_of_the_whole_line() -> None:
    plain = replace(line("Gate 14", 300, 300), character_probabilities=(), probability=0.9)
    assert told(plain) == [("sure", "Gate"), ("unreadable_number", "")]
    assert told(replace(plain, probability=0.99)) == [("sure", "Gate 14")]


def test_a_doubtful_word_is_told_as_doubtful_and_an_unreadable_one_is_never_passed_over() -> None:
    """Without its unreadable word, "do not take" would be said as "do take"."""
    assert told(unsure("do not take", {"not": 0.7})) == [("sure", "do"), ("doubtful", "not"), ("sure", "take")]
    assert told(unsure("do not take", {"not": 0.3})) == [("sure", "do"), ("unreadable", ""), ("sure", "take")]


def test_rubbish_is_left_out() -> None:
    assert told(unsure("|_~", {}, sure=0.9)) == []
    assert told(unsure("Il", {}, sure=0.4)) == []
    assert is_noise(unsure("Il", {}, sure=0.4))
    assert told(unsure("Emergency exit", {}, sure=0.3)) == [("unreadable", "")]
    assert told(replace(line("", 300, 300), corners=line("something", 300, 300).corners)) == [("unreadable", "")]


def test_half_words_at_the_edge_of_the_picture_are_left_out() -> None:
    assert told(line("xit to the street", 0, 300)) == [("sure", "to the street")]
    assert told(line("Way out to the str", 0, 300, right=1600)) == [("sure", "Way out to the")]
    assert told(line("ergenc", 0, 300)) == []
    assert told(line("Exit to the street", 0, 300)) == [("sure", "Exit to the street")]
    assert told(line("this is the end.", 0, 300, right=1600)) == [("sure", "this is the end.")]


def test_a_number_cut_by_the_edge_is_not_said() -> None:
    assert told(line("Price 12.5", 0, 300, right=1600)) == [("sure", "Price"), ("unreadable_number", "")]
    assert told(line("Call 020 7946 09", 0, 300, right=1600)) == [("sure", "Call"), ("unreadable_number", "")]
    assert told(line("2.50 EUR", 0, 300)) == [("unreadable_number", ""), ("sure", "EUR")]
    assert told(line("In 2027.", 0, 300, right=1600)) == [("sure", "In"), ("unreadable_number", "")]


def test_a_line_that_the_edge_cuts_lengthwise_is_unreadable() -> None:
    assert told(line("half of each letter", 300, 0)) == [("unreadable", "")]
    assert told(line("xit", 0, 0, 20)) == []


def test_the_beginning_of_arabic_is_at_the_right() -> None:
    assert told(line("خروج إلى الشارع", 0, 300, right=1600)) == [("sure", "إلى الشارع")]


def test_chinese_at_the_edge_loses_one_character() -> None:
    assert told(line("出口在左边", 0, 300, right=1600)) == [("sure", "出口在左")]


def test_digits_are_sure_or_not() -> None:
    assert digits_are_sure(unsure("TOTAL 12.50", {"T": 0.2}))
    assert not digits_are_sure(unsure("TOTAL 12.50", {"2": 0.9}))
    assert not digits_are_sure(line("TOTAL 12.5", 0, 300, right=1600))
    assert digits_are_sure(unsure("no number", {"no": 0.1}))


def test_pieces_of_one_kind_that_meet_are_one() -> None:
    assert TextPiece("unreadable", "") in pieces_of_line(unsure("a do not take b", {"do not take": 0.2}))
    assert len(pieces_of_line(unsure("a do not take b", {"do not take": 0.2}))) == 3


def test_a_divided_word_is_told_as_one_and_rows_are_not_joined() -> None:
    lines = (line("an exam-", 300, 300), line("ple", 300, 350))
    assert pieces_of_block(Block("paragraph", lines)) == (TextPiece("sure", "an example"),)
    assert pieces_of_block(Block("row", lines)) == (TextPiece("sure", "an exam- ple"),)
