"""What a single thing is called: by a name that people know, in their language, and more precisely only perhaps."""

from __future__ import annotations

import pytest

from assistant.answering.wording import Phrase, words_of
from assistant.languages import languages, phrase
from assistant.languages.nouns import find_noun, name
from assistant.messages import AnswerThresholds, Finding, SingleObject


def synset(english: str) -> str:
    noun = find_noun(english, "en")
    assert noun is not None, english
    return noun.synset


def said(found: SingleObject, language: str = "en") -> str:
    words = words_of(Finding("name", found, found.probability, "classifier"), AnswerThresholds(), language)
    assert isinstance(words, Phrase)
    return phrase(words.key, language, **words.values)[0]


def thing(noun: str, specific: str | None = None) -> SingleObject:
    return SingleObject(synset(noun), 0.95, synset(specific) if specific else None, 0.6)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (thing("tool"), "A tool."),
        (thing("tool", "can opener"), "A tool, perhaps a can opener."),
        (thing("device", "ocarina"), "A device, perhaps an ocarina."),
        (thing("abacus"), "An abacus."),
        (thing("dog", "redbone"), "A dog, perhaps a redbone."),
        (thing("redbone"), "A dog, perhaps a redbone."),  # few know that it is a dog
        (thing("tench"), "A fish, perhaps a tench."),
        (thing("golden retriever"), "A golden retriever."),
        (thing("Egyptian cat"), "An Egyptian cat."),
        (thing("cat", "tiger cat"), "A cat, perhaps a tiger cat."),
    ],
)
def test_a_thing_is_named(found: SingleObject, words: str) -> None:
    assert said(found) == words


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("es", "Un perro, quizá un pastor alemán."),
        ("de", "Ein Hund, vielleicht ein Deutscher Schäferhund."),
        ("ja", "いぬ、もしかすると ジャーマンシェパード です。"),
    ],
)
def test_it_is_named_in_the_users_own_language(language: str, words: str) -> None:
    assert said(thing("dog", "German shepherd"), language) == words


@pytest.mark.parametrize("language", [code for code in languages() if code != "en"])
def test_a_name_that_nobody_checked_in_a_language_is_left_out(language: str) -> None:
    """A translator made "um raio" of a redbone."""
    dog = name_of("dog", language)
    assert dog.lower() in said(thing("dog", "redbone"), language).lower()
    assert said(thing("dog", "redbone"), language) == said(thing("dog"), language) == said(thing("redbone"), language)
    both = said(thing("dog", "German shepherd"), language)
    assert dog.lower() in both.lower() and name_of("German shepherd", language) in both


def test_what_nobody_can_tell_is_said_to_be_that_in_every_language() -> None:
    assert said(SingleObject(None)) == "I can't tell what this is."
    assert said(SingleObject("no synset")) == "I can't tell what this is."
    told = {said(SingleObject(None), language) for language in languages()}
    assert len(told) == len(languages())


def name_of(english: str, language: str) -> str:
    noun = find_noun(english, "en")
    known = name(noun, language) if noun else None
    assert known is not None
    return known
