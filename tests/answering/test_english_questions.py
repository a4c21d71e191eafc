"""Questions that came through a translator are put as English asks."""

from __future__ import annotations

import pytest

from assistant.answering.english_questions import in_question_order, spelled_as_question
from assistant.answering.question_parser import parse_question


@pytest.mark.parametrize(
    ("translated", "question"),
    [
        ("There is a dog in the image?", "Is there a dog in the image?"),
        ("There is a dog in the image", "Is there a dog in the image?"),
        ("How many people there is?", "How many people are there?"),
        ("What there is on the table?", "What is on the table?"),
        ("Where it is the door?", "Where is the door?"),
        ("It is raining outside?", "Is it raining outside?"),
        ("What is doing the man?", "What is the man doing?"),
        ("Of which colour is the car?", "What colour is the car?"),
    ],
)
def test_words_that_a_translator_left_in_the_order_of_its_source_are_turned_round(translated: str, question: str) -> None:
    assert in_question_order(translated) == question


@pytest.mark.parametrize(
    "question", ["Is there a dog?", "What is there?", "What colour is it?", "Where is the door?", "Describe it.", "", "It is red."]
)
def test_what_is_in_order_stays(question: str) -> None:
    assert in_question_order(question) == question


@pytest.mark.parametrize(
    ("heard", "asked"),
    [
        ("que hay sobre la mesa", "¿Qué hay sobre la mesa?"),
        ("Donde está la puerta.", "¿Dónde está la puerta?"),
        ("de que color es el coche que pasa", "¿De qué color es el coche que pasa?"),
        ("hay un perro que ladra", "¿Hay un perro que ladra?"),
    ],
)
def test_spanish_questions_get_the_accents_that_a_recogniser_left_out(heard: str, asked: str) -> None:
    assert spelled_as_question(heard, "es") == asked


def test_languages_without_such_words_keep_what_was_heard() -> None:
    assert spelled_as_question("o que é isto", "pt") == "o que é isto"


def test_the_check_for_things_then_understands_it() -> None:
    ask = parse_question(in_question_order("There is a dog in the image?"), "en")[0]
    assert (ask.intent, ask.thing) == ("is_there", "dog")
