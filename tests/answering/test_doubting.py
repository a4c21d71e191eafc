"""A description is told plainly up to its first word that may not be so."""

from __future__ import annotations

import pytest

from assistant.answering.doubting import called_people, for_translators, hedged, plain_part, with_doubts
from assistant.messages import Finding


@pytest.mark.parametrize(
    ("sentence", "doubts", "told"),
    [
        ("A man sits on a bus.", "", "A man sits on a bus."),
        ("A man sits on a bus.", "on a of", "A man sits on a bus."),
        ("A man sits on a bus.", "bus", "A man sits. Perhaps on a bus."),
        ("A man sits on a bus.", "sits", "A man. Perhaps sits on a bus."),
        ("A man sits on a bus.", "man", "I think: a man sits on a bus."),
        ("Two men ride horses.", "ride", "Two men. Perhaps ride horses."),
        ("A group of people riding bicycles on a street.", "riding street", "A group of people. Perhaps riding bicycles on a street."),
        ("A group of children are playing on a trampoline.", "playing", "A group of children. Perhaps playing on a trampoline."),
        ("A man and a woman sit at a table.", "woman", "A man. Perhaps a woman sit at a table."),
        ("People standing in front of a building.", "building", "People standing. Perhaps in front of a building."),
        ("A group of children.", "children", "It looks like a group of children."),
        ("A crowd of people are wearing black hats.", "hats", "A crowd of people. Perhaps wearing black hats."),
        ("A tennis player swings at the ball.", "swings", "A tennis player. Perhaps swings at the ball."),
        ("A man holding a camera.", "camera", "A man. Perhaps holding a camera."),
        ("A man holds a camera.", "camera", "A man. Perhaps holds a camera."),
        ("A street sign.", "sign", "It looks like a street sign."),
        ("A bus station with people.", "station", "It looks like a bus station with people."),
    ],
)
def test_a_hedge_stands_before_the_phrase_that_begins_with_or_before_the_doubtful_word(sentence: str, doubts: str, told: str) -> None:
    assert with_doubts(sentence, doubts.split()) == told


@pytest.mark.parametrize(
    ("sentence", "doubts", "told"),
    [
        ("A man in a blue shirt.", "blue", "A man in a shirt."),
        ("Two children playing with a black and white dog.", "white", "Two children playing with a dog."),
        ("An orange cat on a couch.", "orange", "A cat on a couch."),
        ("A red umbrella.", "red", "An umbrella."),
        ("A red bus on a grey street.", "grey", "A red bus on a street."),
        ("Black and white dogs.", "black", "Dogs."),
        ("A man in black.", "black", "A man. Perhaps in black."),
        ("A red bus.", "red bus", "It looks like a bus."),
    ],
)
def test_a_doubtful_colour_of_a_thing_is_left_out(sentence: str, doubts: str, told: str) -> None:
    assert with_doubts(sentence, doubts.split()) == told


def test_whoever_is_surely_a_person_isnt_called_a_man_on_a_guess() -> None:
    assert called_people("A man on a horse.", {"man"}) == "A person on a horse."
    assert called_people("Women on a bench.", {"women"}) == "People on a bench."
    assert called_people("A man and a woman.", {"man", "woman"}) == "A man and a woman."


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("A dog on a beach.", "A dog on a beach."),
        ("A dog. Perhaps on a beach.", "A dog"),
        ("A man. Perhaps a woman sit there.", "A man"),
        ("Boys. Perhaps playing.", "Boys"),
        ("A tool, perhaps a can opener.", "A tool"),
        ("It looks like a dog.", ""),
    ],
)
def test_what_stands_before_a_hedge_is_what_is_said_for_certain(said: str, plain: str) -> None:
    assert plain_part(said) == plain


def test_translators_are_given_what_is_certain_and_all_of_it_with_doubt() -> None:
    def given(said: str, *doubts: str) -> list[str]:
        return [hedged(each) for each in for_translators(Finding("text", said, 0.5, "model", doubts=frozenset(doubts)))]

    assert given("A man in a red hat.", "hat") == ["A man.", "It looks like a man in a red hat."]
    assert given("A man in a red hat.", "red") == ["A man in a hat."]
    assert given("A man in a red hat.", "man") == ["It looks like a man in a red hat."]
    refusal = Finding("refusal", "cant_tell_that", 1.0, "rule")
    assert for_translators(refusal) == (refusal,)
