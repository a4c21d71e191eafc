"""What can be told natively of an English description that nothing translates: the things that it says are there, and no others."""

from __future__ import annotations

import pytest

from assistant.answering.native_things import things_named, told_natively


@pytest.mark.parametrize(
    ("description", "things"),
    [
        ("A brown dog runs with a stick in its mouth.", ["dog", "stick"]),
        ("Two men in red shirts play with a dog in the snow.", ["man", "shirt", "dog"]),
        ("A woman walks down the street with her bike.", ["woman", "street", "bicycle"]),
        ("People watch a man climbing a rock wall.", ["person", "wall"]),
        ("Bananas on a shelf in a shop.", ["banana", "shelf", "shop"]),
        ("He is riding.", []),
        ("There is no cat.", []),
        ("A man without a hat.", []),
        ("", []),
    ],
)
def test_things_are_those_that_the_description_says_are_there(description: str, things: list[str]) -> None:
    assert [noun.names("en")[0].text for noun in things_named(description)] == things


def test_they_are_listed_with_their_articles_in_the_languages_own_phrase() -> None:
    told = told_natively("A woman with a bike and a dog.", "de")
    assert told is not None
    assert told.said("de") == ("Ich sehe: eine Frau, ein Fahrrad, ein Hund.", "de")
    told = told_natively("A car and a cat.", "fr")
    assert told is not None
    assert told.said("fr") == ("Je vois : une voiture, un chat.", "fr")


def test_without_a_known_thing_nothing_is_told() -> None:
    assert told_natively("He is riding.", "de") is None
    assert told_natively("A dog.", "xx") is None
