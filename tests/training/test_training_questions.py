"""Questions made from captions by rule: what is asked has the right answer, and what can't be known isn't asked."""

from __future__ import annotations

import random

import numpy as np
import pytest

from models.training.augment import UNREADABLE_KINDS, mirrored_variation, swap_sides, unreadable
from models.training.questions import (
    NO,
    YES,
    Exchange,
    how_many,
    possible_things,
    presence,
    presence_question,
    present_things,
    what_colour,
    what_doing,
    where,
    who,
    wrong_presupposition,
)

DOG = ["A brown dog is running through the snow.", "The dog runs in deep snow.", "A brown dog with a red collar."]
STREET = ["A man in a blue shirt rides a bicycle on the street.", "A man on a red bike passes a car."]


def rng() -> random.Random:
    return random.Random(3)


def test_presence_is_asked_of_what_is_there_and_of_what_a_similar_picture_has() -> None:
    for seed in range(40):
        there, absent = (presence(DOG, STREET, there, random.Random(seed)) for there in (True, False))
        assert there and ("dog" in there.question or "snow" in there.question)
        assert absent and not {"dog", "snow"} & set(absent.question.rstrip("?").split())


def test_a_thing_that_a_caption_hints_at_is_not_called_absent() -> None:
    rider = ["A cyclist jumps over a ramp."]
    assert "a bicycle" not in present_things(rider) and "a bicycle" in possible_things(rider)
    assert "a boy" in possible_things(["A child plays."])


def test_the_answer_follows_the_polarity_of_the_question() -> None:
    for seed in range(40):
        for there in (True, False):
            exchange = presence_question("a dog", there, random.Random(seed))
            asks_absence = "no dog" in exchange.question or "without a dog" in exchange.question
            assert exchange.answers == ((NO if asks_absence else YES) if there else (YES if asks_absence else NO),)


def test_questions_agree_in_number() -> None:
    for seed in range(40):
        assert "Is there flowers" not in presence_question("flowers", True, random.Random(seed)).question
        assert "Are there water" not in presence_question("water", True, random.Random(seed)).question


def test_what_a_caption_says_can_be_asked() -> None:
    assert what_colour(["A man in a blue shirt runs."], rng()) == Exchange("What colour is the shirt?", ("Blue.",))
    assert what_colour(["A man in a blue shirt.", "A man in a red shirt."], rng()) is None
    assert what_doing(["A brown dog is running through the snow."], rng()) == Exchange(
        "What is the dog doing?", ("Running through the snow.",)
    )
    assert what_doing(["A man wearing a hat."], rng()) is None
    place = where(DOG[:1], rng())
    assert place and place.answers == ("In the snow.",)
    people = who(["A man and a woman sit on a bench."], rng())
    assert people and people.answers == ("A man and a woman.",)
    nobody = who(DOG, rng())
    assert nobody and nobody.answers == ("I don't see any people.",)


def test_things_are_counted_only_where_captions_agree() -> None:
    assert how_many(["Two dogs run.", "Two brown dogs play."], rng()) == Exchange("How many dogs are there?", ("Two.",))
    assert how_many(["Two dogs run.", "Three dogs play."], rng()) is None
    assert how_many(["A man sits.", "A man reads.", "There are two men."], rng()) is None


def test_a_question_that_presupposes_what_is_not_there_is_told_so() -> None:
    exchange = wrong_presupposition(DOG, ["A car on a street."], rng())
    assert exchange == Exchange("What colour is the car?", ("I don't see a car.",))


def test_left_and_right_change_places_in_the_mirror() -> None:
    assert swap_sides("A dog on the left of a man's right arm.") == "A dog on the right of a man's left arm."
    picture = np.zeros((60, 80, 3), np.uint8)
    picture[:, :40] = 200  # bright on the left
    varied = mirrored_variation(picture, np.random.default_rng(1))
    assert varied[:, -10:].mean() > varied[:, :10].mean()


@pytest.mark.parametrize("kind", UNREADABLE_KINDS)
def test_unreadable_pictures_are_whole_pictures_and_differ(kind: str) -> None:
    ground = np.random.default_rng(0).integers(0, 255, (200, 300, 3)).astype(np.uint8)
    one, other = (unreadable(kind, ground, np.random.default_rng(seed)) for seed in (1, 2))
    assert one.shape == (256, 256, 3) and one.dtype == np.uint8
    assert (one != other).any()
