"""What a model says of a scene is put together with what was surely found in it: once, and nothing plain that speaks against it."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from assistant.answering.scene_telling import Found, told_scene
from assistant.answering.wording import Phrase, words_of
from assistant.languages.nouns import Noun, find_noun, is_kind_of
from assistant.messages import AnswerThresholds, Finding, SingleObject

CANT_TELL = Finding("refusal", "cant_tell_thing", 1.0, "classifier")


def noun(thing: str) -> Noun:
    found = find_noun(thing, "en")
    assert found
    return found


def text(said: str, *, is_doubtful: bool = False, doubts: str = "") -> Finding:
    return Finding("text", said, 0.8, "model", is_doubtful=is_doubtful, doubts=frozenset(doubts.split()))


def named(thing: str) -> Finding:
    return Finding("name", SingleObject(noun(thing).synset, 0.9), 0.9, "classifier")


def scene(*said: Finding, things: Collection[str] = (), people: int = 0, missing: Collection[str] = ()) -> str:
    """What is heard, where these things and so many people are surely there and those would have been found."""
    found = Found(
        Finding("things", tuple(noun(thing).synset for thing in things), 0.9, "objects"),
        Finding("count", people, 0.8, "objects") if people else None,
        lambda thing: any(is_kind_of(thing, noun(each)) for each in missing),
    )
    return " ".join(_heard(finding) for finding in told_scene(said, found))


def _heard(finding: Finding) -> str:
    words = words_of(finding, AnswerThresholds(), "en")
    return words.said("en")[0] if isinstance(words, Phrase) else str(words)


def test_what_the_model_says_of_what_is_surely_there_is_all_that_is_said() -> None:
    rider = "A man rides a horse on a beach."
    assert scene(text(rider), things=("horse",), people=1, missing=("dog",)) == rider


def test_what_it_leaves_out_follows() -> None:
    assert scene(text("A man on a bench."), things=("bench", "dog"), people=1) == "A man on a bench. I see a dog."
    assert scene(named("tripod"), people=2) == "A tripod. 2 people."
    assert scene(named("tripod"), things=("dog",), people=1) == "A tripod. I see a person, a dog."


@pytest.mark.parametrize(
    "said",
    [
        text("A group of people riding horses."),
        text("A dog and a cow on a beach."),
        text("A toy lies there.", is_doubtful=True),
        CANT_TELL,
        named("dog"),
    ],
)
def test_what_speaks_against_what_is_surely_there_is_left_out(said: Finding) -> None:
    assert scene(said, things=("cow",), missing=("person", "horse", "dog")) == "I see a cow."


def test_what_should_have_been_found_is_told_with_doubt_where_nothing_else_is_sure() -> None:
    assert scene(text("Two white dogs are in the air."), missing=("dog",)) == "It looks like two white dogs are in the air."
    assert scene(text("A sandy beach."), missing=("dog",)) == "A sandy beach."


def test_doubtful_words_that_name_what_was_found_are_told_plainly() -> None:
    rider = text("A man rides a horse on a beach.", doubts="man horse beach")
    assert scene(rider, things=("horse",), people=1) == "A person rides a horse. Perhaps on a beach."
    assert scene(rider, things=("dog",)) == "I think: a man rides a horse on a beach. I see a dog."
    assert scene(text("An animal on a road.", doubts="animal"), things=("dog",)) == "An animal on a road. I see a dog."
    assert scene(text("A beagle on a road.", doubts="beagle"), things=("dog",)) == "It looks like a beagle on a road. I see a dog."


def test_what_was_named_with_doubt_and_is_surely_there_is_told_once_more_plainly() -> None:
    player = text("A boy plays with a ball.", doubts="boy plays")
    assert scene(player, things=("ball",)) == "I think: a boy plays with a ball. I see a ball."
    assert scene(text("A cup.", doubts="cup", is_doubtful=True), things=("cup", "bottle")) == "I see a cup, a bottle."
    assert scene(text("It looks like a cup."), things=("cup",)) == "I see a cup."


def test_a_description_ends_before_the_doubtful_words_that_name_what_should_have_been_found() -> None:
    said = text("A man and a dog play in a park.", doubts="dog park")
    assert scene(said, things=("bench",), people=1, missing=("dog",)) == "A man. I see a bench."
    assert scene(said, people=1) == "A man. Perhaps a dog play in a park."


def test_small_things_that_are_hardly_ever_found_may_well_be_there() -> None:
    assert scene(text("A man swings at the ball."), missing=("ball",)) == "A man swings at the ball."


def test_who_plays_or_rides_is_a_person() -> None:
    assert scene(text("A football player is running with the ball."), people=1) == "A football player is running with the ball."


def test_a_kind_counts_as_the_thing_and_not_the_other_way_round() -> None:
    assert scene(text("A puppy in the grass."), things=("dog",), missing=("cat",)) == "A puppy in the grass."
    assert scene(text("An animal in the grass."), things=("cow",)) == "An animal in the grass. I see a cow."


def test_where_nothing_is_found_the_model_has_its_say() -> None:
    assert scene(CANT_TELL) == "I can't tell what this is."
    assert scene(text("A lamp.", is_doubtful=True)) == "It looks like a lamp."


def test_a_sentence_that_was_begun_is_ended() -> None:
    begun = (text("A man in a red shirt"), text("rides a horse."))
    assert scene(*begun, people=1, missing=("horse",)) == "A man in a red shirt rides a horse."
