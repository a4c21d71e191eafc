"""What a question takes for granted, and how sure an answer may sound."""

from __future__ import annotations

import math

import pytest

from assistant.answering.answer_checks import (
    CANT_TELL,
    LIKELY_NO,
    LIKELY_YES,
    NO,
    YES,
    asked_thing,
    asks_about_safety,
    asks_about_whole_picture,
    asks_yes_or_no,
    not_seen,
    opposite,
    presence_probability,
    presence_questions,
    presupposed_thing,
    with_doubt,
    yes_or_no,
)
from assistant.messages import AnswerThresholds


@pytest.mark.parametrize(
    "question",
    [
        "Is it safe to cross?",
        "Can I go now?",
        "Is that dog dangerous?",
        "May we cross the street?",
        "Is the road clear?",
        "Is the light green now?",
        "Can I eat this?",
    ],
)
def test_questions_that_ask_for_leave_are_noticed(question: str) -> None:
    assert asks_about_safety(question)


@pytest.mark.parametrize("question", ["Is there a road?", "Is the apple green?", "Can you see the street?"])
def test_other_questions_are_left_alone(question: str) -> None:
    assert not asks_about_safety(question)


@pytest.mark.parametrize(
    ("question", "thing"),
    [
        ("Is there a dog in the picture?", ("a dog", True)),
        ("is there any water", ("water", True)),
        ("Can you see an umbrella in front of me?", ("an umbrella", True)),
        ("Do you see my keys?", ("keys", True)),
        ("Are there no apples?", ("apples", False)),
        ("Is there anybody here?", ("a person", True)),
        ("Is there the red bus?", ("a red bus", True)),
        ("What is in the picture?", None),
        ("Can you see anything?", None),
        ("Is there?", None),
    ],
)
def test_the_thing_asked_about_is_found(question: str, thing: tuple[str, bool] | None) -> None:
    assert asked_thing(question) == thing


@pytest.mark.parametrize(
    ("question", "thing"),
    [
        ("What colour is the toaster?", "a toaster"),
        ("What color are my shoes?", "shoes"),
        ("Which colour is the water in front of me?", "water"),
        ("What is the old man doing?", "an old man"),
        ("Where are my keys?", "keys"),
        ("What colour is it?", None),
        ("What colour is this?", None),
        ("Where am I?", None),
    ],
)
def test_what_a_question_takes_for_granted_is_found(question: str, thing: str | None) -> None:
    assert presupposed_thing(question) == thing


def test_presence_is_asked_in_both_polarities() -> None:
    assert presence_questions("a dog") == ("Is there a dog?", "Is it true that there is no dog?")
    assert presence_questions("keys") == ("Are there keys?", "Is it true that there are no keys?")


def test_a_habit_of_saying_yes_is_taken_out() -> None:
    """A model that says yes to either polarity as surely knows nothing."""
    plain = AnswerThresholds()
    assert presence_probability(3.0, 3.0, plain) == pytest.approx(0.5)
    assert presence_probability(math.log(9), -math.log(9), plain) == pytest.approx(0.9)
    assert presence_probability(1e9, -1e9, plain) > 0.999


def test_calibration_bends_the_probability() -> None:
    assert presence_probability(2.0, -2.0, AnswerThresholds(slope=0.5)) == pytest.approx(1 / (1 + math.exp(-1.0)))
    assert presence_probability(2.0, -2.0, AnswerThresholds(offset=-2.0)) == pytest.approx(0.5)


@pytest.mark.parametrize(("probability", "words"), [(0.95, YES), (0.7, LIKELY_YES), (0.5, CANT_TELL), (0.3, LIKELY_NO), (0.02, NO)])
def test_words_follow_the_probability(probability: float, words: str) -> None:
    assert yes_or_no(probability, AnswerThresholds(sure=0.8, cant_tell_margin=0.1)) == words


def test_the_other_polarity_gets_the_other_answer() -> None:
    assert [opposite(a) for a in (YES, LIKELY_YES, CANT_TELL, LIKELY_NO, NO)] == [NO, LIKELY_NO, CANT_TELL, LIKELY_YES, YES]


def test_what_is_not_there_is_said_in_plain_words() -> None:
    assert not_seen("a toaster") == "I don't see a toaster."
    assert not_seen("keys") == "I don't see any keys."


def test_doubt_is_heard_once() -> None:
    assert with_doubt("A cat on a bed.") == "It looks like a cat on a bed."
    assert with_doubt("On a beach.") == "It might be on a beach."
    assert with_doubt("Running in the snow.") == "It might be running in the snow."
    assert with_doubt("Two dogs in the snow.") == "It looks like two dogs in the snow."
    assert with_doubt("It looks like a cat.") == "It looks like a cat."
    assert with_doubt("I can't tell what this is.") == "I can't tell what this is."
    assert with_doubt("Yes.") == "Yes."


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("Is there a dog?", True),
        ("but are they red", True),
        ("Doesn't it rain?", True),
        ("Isn’t that a cat?", True),  # noqa: RUF001
        ("It is a cat, right?", True),
        ("Is in front of me a door?", True),
        ("Anybody there?", True),
        ("But is in front of me.", False),
        ("Start talking, please.", False),
        ("Could you describe the room?", False),
        ("What is this?", False),
        ("Does", True),
        ("Dogs.", False),
        ("Canned food.", False),
        ("It is not right.", False),
        ("", False),
    ],
)
def test_a_yes_or_no_question_is_told_from_what_was_misheard(text: str, is_one: bool) -> None:
    assert asks_yes_or_no(text) is is_one


@pytest.mark.parametrize(
    ("question", "is_about_all"),
    [
        ("What is in front of me?", True),
        ("what's in front of me", True),
        ("What do you see?", True),
        ("What can you see in the picture?", True),
        ("Describe the picture.", True),
        ("Can you describe this image?", True),
        ("What does the picture show?", True),
        ("What is happening?", True),
        ("Describe the picture in more detail.", False),
        ("What is the man doing?", False),
        ("What is in front of the door?", False),
        ("What is this?", False),
    ],
)
def test_a_question_about_all_that_is_to_be_seen_is_known(question: str, is_about_all: bool) -> None:
    assert asks_about_whole_picture(question) is is_about_all
