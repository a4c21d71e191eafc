"""What can be told natively of an English description that nothing translates: the things that it says are there, and no others."""

from __future__ import annotations

import pytest

from assistant.answering.named_things import SEVERAL, is_outdoors, things_named
from assistant.answering.native_things import said_together, told_natively
from assistant.languages import languages
from assistant.languages.nouns import find_noun


@pytest.mark.parametrize(
    ("description", "things"),
    [
        ("A brown dog runs with a stick in its mouth.", ["dog", "stick"]),
        ("Two men in red shirts play with a dog in the snow.", ["man", "shirt", "dog"]),
        ("A woman walks down the street with her bike.", ["woman", "street", "bicycle"]),
        ("People watch a man climbing a rock wall.", ["person", "man", "wall"]),
        ("Bananas on a shelf in a shop.", ["banana", "shelf", "shop"]),
        ("He is riding.", []),
        ("There is no cat.", []),
        ("A man without a hat.", []),
        ("", []),
    ],
)
def test_things_are_those_that_the_description_says_are_there(description: str, things: list[str]) -> None:
    assert [named.noun.names("en")[0].text for named in things_named(description)] == things


@pytest.mark.parametrize(
    ("description", "facts"),
    [
        ("Two men in red shirts play with a dog.", [("man", 2, ()), ("shirt", SEVERAL, ("red",)), ("dog", 1, ())]),
        ("A man in a blue shirt and a man in a red shirt.", [("man", 2, ()), ("shirt", 2, ("blue", "red"))]),
        ("A man and a dog; the man smiles at the dog.", [("man", 1, ()), ("dog", 1, ())]),
        ("A black and white dog and a couple of cats.", [("dog", 1, ("black", "white")), ("cat", 2, ())]),
        ("Five oranges and an orange cup.", [("orange", 5, ()), ("cup", 1, ())]),
        ("A dark gray car, scissors and 12 bananas.", [("car", 1, ("dark_grey",)), ("scissors", 1, ()), ("banana", 12, ())]),
        ("A brown-haired girl with glasses.", [("girl", 1, ()), ("glasses", 1, ())]),
    ],
)
def test_a_thing_has_its_own_number_and_colours(description: str, facts: list[tuple[str, int, tuple[str, ...]]]) -> None:
    assert [(one.noun.names("en")[0].text, one.number, one.colours) for one in things_named(description)] == facts


@pytest.mark.parametrize(
    ("description", "outdoors"),
    [("A dog on a beach.", True), ("A cat on a sofa.", False), ("A cat.", None), ("A sofa on the street.", None)],
)
def test_the_place_is_told_where_the_description_names_one(description: str, outdoors: bool | None) -> None:
    assert is_outdoors(description) is outdoors


def test_things_are_told_with_number_colour_and_place_in_the_languages_own_phrases() -> None:
    assert (
        said("Two people and a brown dog with a ball on the beach.", "de")
        == "2 Personen. Hund: braun. Ich sehe: ein Ball, ein Strand. Draußen."
    )
    assert said("A car and a cat.", "fr") == "Je vois : une voiture, un chat."
    assert said("Three dogs on a bed.", "pl") == "Pies: 3. Widzę: łóżko. W pomieszczeniu."


@pytest.mark.parametrize("language", sorted(languages()))
def test_each_language_has_words_for_it(language: str) -> None:
    words = said("Two people and several brown dogs with a ball in the street.", language)
    ball = find_noun("ball", "en")
    assert ball is not None and ball.names(language)[0].text in words
    assert "2" in words or language == "ar"  # which has a dual
    assert language == "en" or not set(words.lower().replace(".", "").split()) & {"two", "people", "dog", "brown", "several", "outdoors"}


def test_without_a_known_thing_nothing_is_told() -> None:
    assert told_natively("He is riding.", "de") == []
    assert told_natively("A dog.", "xx") == []


def said(description: str, language: str) -> str:
    """Return what is told of a description."""
    return said_together(told_natively(description, language), language)[0]


@pytest.mark.parametrize(
    ("description", "told"),
    [
        ("Two dogs. Perhaps with a ball on a beach.", "Hund: 2. Ich glaube, ich sehe: ein Ball, ein Strand."),
        ("It looks like a dog with a ball.", "Ich glaube, ich sehe: ein Hund, ein Ball."),
        ("A dog. Perhaps jumping over a dog.", "Ich sehe: ein Hund."),
    ],
)
def test_what_was_said_with_a_hedge_is_told_with_one(description: str, told: str) -> None:
    assert said(description, "de") == told
