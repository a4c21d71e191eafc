"""A page is read aloud piece by piece; it can be stopped, gone on with, repeated and spelt."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest

from assistant.reading.page import Page
from assistant.reading.page_talk import Passage, Reading, passages_of
from assistant.reading.reading_order import arrange
from tests.reading.layouts import ASPECT, column, line

HEADING = line("Notice to all", 300, 100, 60)
PROSE = column(["The lift is out of or-", "der. Please use the", "stairs on the left. Thank", "you!"], 300, 220)
PRICE = replace(line("4.50", 0, 500, right=1100), character_probabilities=(0.99, 0.99, 0.6, 0.99))
PAGE = arrange([HEADING, *PROSE, line("Day ticket", 300, 500), PRICE], ASPECT)
SENTENCES = ["The lift is out of order.", "Please use the stairs on the left.", "Thank you!"]


def texts(passages: list[Passage]) -> list[str]:
    return [passage.text for passage in passages]


def test_a_heading_sentences_and_a_row_are_read_one_at_a_time() -> None:
    reading = Reading(PAGE)
    read = list(reading.go_on())
    assert [(each.kind, each.text) for each in read] == [
        ("heading", "Notice to all"),
        *(("paragraph", sentence) for sentence in SENTENCES),
        ("row", "Day ticket"),
    ]
    assert [piece.kind for piece in read[-1].pieces] == ["sure", "unreadable_number"]
    assert list(reading.go_on()) == []


def test_what_was_stopped_goes_on_with_the_line_that_it_was_at() -> None:
    reading = Reading(PAGE)
    assert texts(list(islice(reading.go_on(), 2))) == ["Notice to all", SENTENCES[0]]
    assert texts(list(islice(reading.go_on(), 2))) == SENTENCES[:2]


def test_next_previous_and_again() -> None:
    reading = Reading(PAGE)
    first = reading.next()
    assert first is not None and first.kind == "heading"
    assert reading.previous() is None and reading.again() == first
    list(islice(reading.go_on(), 2))
    assert reading.again() == reading.passages[1]
    assert reading.next() == reading.passages[2] and reading.previous() == reading.passages[1]
    for _ in range(9):
        last = reading.next()
    assert last is None and reading.again() == reading.passages[-1]
    assert reading.previous() == reading.passages[-2]


def test_after_the_end_one_step_back_is_the_last_line() -> None:
    reading = Reading(PAGE)
    list(reading.go_on())
    assert reading.previous() == reading.passages[-1]


def test_a_line_by_its_number() -> None:
    reading = Reading(PAGE)
    assert reading.line(3) == reading.passages[2]
    assert reading.line(6) is None and reading.line(0) is None and reading.again() == reading.passages[2]


def test_a_line_is_spelt_without_what_can_not_be_read() -> None:
    reading = Reading(PAGE)
    reading.line(5)
    assert reading.spell() == (*"Day ticket", " ", None)
    assert Reading(arrange([line("नमस्ते", 300, 300)], ASPECT)).spell() == ("न", "म", "स्", "ते")


def test_an_empty_page_and_one_of_rubbish_have_nothing_to_read() -> None:
    for page in (Page(), arrange([line("|_", 300, 300)], ASPECT)):
        reading = Reading(page)
        assert list(reading.go_on()) == [] and reading.next() is None and reading.previous() is None and reading.again() is None
        assert reading.spell() == ()


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Dr. Smith is in. Ask him!", ["Dr. Smith is in.", "Ask him!"]),
        ("Am 12. März ist zu. Danke.", ["Am 12. März ist zu.", "Danke."]),
        ("It costs 3.50 a day. Pay here", ["It costs 3.50 a day.", "Pay here"]),
        ("本店今天休息。请明天再来。", ["本店今天休息。", "请明天再来。"]),
        ("यह बंद है। कल आइए।", ["यह बंद है।", "कल आइए।"]),
        ("هل هو مفتوح؟ نعم.", ["هل هو مفتوح؟", "نعم."]),
        ("Wait... what? Yes.", ["Wait... what?", "Yes."]),
    ],
)
def test_sentences_end_where_people_end_them(text: str, sentences: list[str]) -> None:
    assert texts(list(passages_of(arrange([line(text, 200, 300)], ASPECT)))) == sentences
