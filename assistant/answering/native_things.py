"""The things that an English description names, for a language into which it can't be translated: their names are native. Pure."""

from __future__ import annotations

import re

from assistant.answering.wording import Phrase
from assistant.languages import listed
from assistant.languages.nouns import ANIMAL, PERSON, Noun, ancestors, find_noun, name

OBJECT, FOOD = "00002684", "00021265"
LONGEST_NAME = 3
"""Words."""
_WORD = re.compile(r"[A-Za-z'-]+|[^\sA-Za-z]")
_DENIES = re.compile(r"\b(?:no|not|never|none|nobody|nothing|without|cannot|can't|\w+n't)\b", re.IGNORECASE)
_LEADS = frozenset(
    [
        "a",
        "an",
        "the",
        "his",
        "her",
        "its",
        "their",
        "my",
        "your",
        "some",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "several",
        "many",
        "of",
        "with",
    ]
)
"""Words behind which, or behind whose adjectives, a thing is named; "walks" and "watch" are things there alone."""
_FRONT_OF = frozenset(("front", "middle", "top", "back", "side", "group", "couple", "pair", "picture", "background"))
"""Words that say where things are, or how many, and are none themselves."""
_NEAR = 3
"""Words between the article and the thing."""


def things_named(description: str) -> tuple[Noun, ...]:
    """Return the things, people and animals that an English description says are there, in its order; none where it denies something."""
    if _DENIES.search(description):
        return ()
    words, found, place, ended = _WORD.findall(description.lower()), list[Noun](), 0, -1
    while place < len(words):
        sizes = range(LONGEST_NAME, 0, -1)
        length, noun = next(((size, noun) for size in sizes if (noun := _thing(words[place : place + size]))), (1, None))
        if noun is not None and _is_led(words[:place]) and not (ended == place and _kinds(found[-1]) & {ANIMAL, PERSON}):  # "people watch"
            if ended == place:
                found.pop()  # "a rock wall" is a wall
            found.append(noun)
            ended = place + length
        place += length
    return tuple(dict.fromkeys(found))


def told_natively(description: str, language: str) -> Phrase | None:
    """Return the phrase that lists the things of a description in a language; None where it has no name for any."""
    names = dict.fromkeys(said for noun in things_named(description) if (said := name(noun, language)))
    return Phrase("things_seen", {"things": listed(names, language)}) if names else None


def _thing(words: list[str]) -> Noun | None:
    """The noun that is just these words, if it is something that can be seen."""
    if not words or not words[-1][0].isalpha() or (len(words) == 1 and (words[0] in _FRONT_OF or words[0] in _LEADS or len(words[0]) < 3)):
        return None
    noun = find_noun(" ".join(words), "en")
    if noun is None or not noun.sayable:
        return None
    return noun if _kinds(noun) & {OBJECT, FOOD, ANIMAL, PERSON} else None


def _kinds(noun: Noun) -> set[str]:
    """Synsets of the noun and of everything that it is a kind of."""
    return {noun.synset, *(kind.synset for kind in ancestors(noun))}


def _is_led(before: list[str]) -> bool:
    """Whether an article, a number or the sentence's beginning is near enough, with nothing but words between."""
    near = before[-_NEAR - 1 :]
    if not before:
        return True
    return any(word in _LEADS for word in near) or (len(before) <= 1 and before[-1].isalpha()) or near[-1] in ("and", ",", "in", "on")
