"""How a thing's presence is asked for, and how sure an answer may sound."""

from __future__ import annotations

import math

import pytest

from assistant.answering.answer_checks import indefinite, presence_probability, presence_questions, speaks_of_itself, without_quotation
from assistant.answering.doubting import with_doubt
from assistant.engines.vlm.prompt import IMAGE_PROMPTS
from assistant.messages import AnswerThresholds


@pytest.mark.parametrize(
    ("named", "thing"),
    [
        ("the toaster", "a toaster"),
        ("any water", "water"),
        ("any red wine", "red wine"),
        ("umbrella", "an umbrella"),
        ("my keys", "keys"),
        ("anybody", "a person"),
        ("the old red bus", "an old red bus"),
        ("picture", None),
        ("anything", None),
        ("", None),
    ],
)
def test_a_thing_is_asked_for_with_its_article(named: str, thing: str | None) -> None:
    assert indefinite(named) == thing


def test_presence_is_asked_in_both_polarities() -> None:
    assert presence_questions("a dog") == ("Is there a dog?", "Is it true that there is no dog?")
    assert presence_questions("a dog", IMAGE_PROMPTS)[1] == "Is it true that there is no dog in the image?\nAnswer yes or no."
    assert presence_questions("scissors") == ("Are there scissors?", "Is it true that there are no scissors?")


def test_one_of_several_things_is_asked_for() -> None:
    """A model is calibrated by questions for one thing, and one ball is enough for "How many balls are there?"."""
    assert presence_questions("balls") == presence_questions("a ball")
    assert presence_questions("boxes") == presence_questions("a box")


def test_a_habit_of_saying_yes_is_taken_out() -> None:
    """A model that says yes to either polarity as surely knows nothing."""
    plain = AnswerThresholds()
    assert presence_probability(3.0, 3.0, plain) == pytest.approx(0.5)
    assert presence_probability(math.log(9), -math.log(9), plain) == pytest.approx(0.9)
    assert presence_probability(1e9, -1e9, plain) > 0.999


def test_calibration_bends_the_probability() -> None:
    assert presence_probability(2.0, -2.0, AnswerThresholds(slope=0.5)) == pytest.approx(1 / (1 + math.exp(-1.0)))
    assert presence_probability(2.0, -2.0, AnswerThresholds(offset=-2.0)) == pytest.approx(0.5)


def test_doubt_is_heard_once() -> None:
    assert with_doubt("A cat on a bed.") == "It looks like a cat on a bed."
    assert with_doubt("On a beach.") == "It might be on a beach."
    assert with_doubt("Running in the snow.") == "It might be running in the snow."
    assert with_doubt("Two dogs in the snow.") == "It looks like two dogs in the snow."
    assert with_doubt("It looks like a cat.") == "It looks like a cat."
    assert with_doubt("I can't tell what this is.") == "I can't tell what this is."
    assert with_doubt("Yes.") == "Yes."


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('A man holds a sign that says, " No.', "A man holds a sign."),
        ('A person in a shirt is holding a sign that reads "I can\'t tell". It is red.', "A person in a shirt is holding a sign."),
        ("A man with a sign saying “Stop”.", "A man with a sign."),
        ("A man says nothing.", "A man says nothing."),
    ],
)
def test_what_a_model_that_cant_read_says_of_a_text_is_left_out(said: str, told: str) -> None:
    assert without_quotation(said) == told


@pytest.mark.parametrize(
    "sentence",
    [
        "A horse and rider ride in a barn.",
        "A man rides a horse on a beach.",
        "Two men play football.",
        "A group of people stand in front of a church.",
        "A girl in a red shirt throws a ball.",
        "People walk across the street.",
        "A man skis down a hill.",
        "A woman in a hat reads a book.",
    ],
)
def test_what_somebody_does_is_doubted_in_whole_sentences(sentence: str) -> None:
    """ "It looks like a horse and rider ride in a barn." was said."""
    assert with_doubt(sentence) == f"I think: {sentence[0].lower()}{sentence[1:]}"


@pytest.mark.parametrize(
    "sentence",
    [
        "A man riding a horse.",
        "A table with plates and glasses on it.",
        "A red car parked beside a tree.",
        "A man with a Mohawk and a tattoo on his arm.",
        "A school bus.",
        "A horse and rider are riding on a cart.",
        "A crowd of people are waiting in line.",
    ],
)
def test_a_thing_and_what_somebody_is_doing_look_like_it(sentence: str) -> None:
    assert with_doubt(sentence) == f"It looks like {sentence[0].lower()}{sentence[1:]}"


@pytest.mark.parametrize(
    ("said", "of_itself"), [("I don't see any arrows.", True), ("I think it is a cup.", False), ("I see a dog.", False), ("Iron.", False)]
)
def test_what_a_model_says_of_itself_is_told_from_what_it_says_of_the_picture(said: str, of_itself: bool) -> None:
    assert speaks_of_itself(said) is of_itself
