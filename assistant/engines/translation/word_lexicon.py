"""Tells which words of an English sentence have nothing that could stand for them in its translation. Pure.

A translator that isn't sure invents fluently: what it left out, or put something else for, shows in words, not in its probabilities alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from assistant.languages import languages
from assistant.languages.normalized import normalize
from assistant.languages.nouns import find_noun

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_IRREGULAR = frozenset(
    [
        "men",
        "women",
        "children",
        "people",
        "guys",
        "guy",
        "kids",
        "kid",
        "lady",
        "ladies",
        "feet",
        "teeth",
        "mice",
        "geese",
        "leaves",
        "shelves",
        "babies",
        "toddlers",
    ]
)
"""Words for people and things that the table of nouns doesn't find in this form."""
_NUMBERS = frozenset(["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"])
_NO_THINGS = frozenset(["has", "well", "many", "walk", "walks", "top", "fires", "picks", "covers", "stands", "watch", "watches"])
"""Words that the table of nouns knows, but that are hardly ever meant so."""
_SMALL_WORDS = frozenset(
    [
        "the",
        "a",
        "an",
        "this",
        "that",
        "these",
        "those",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "has",
        "have",
        "had",
        "do",
        "does",
        "it",
        "its",
        "he",
        "she",
        "they",
        "his",
        "her",
        "their",
        "them",
        "him",
        "who",
        "which",
        "what",
        "where",
        "while",
        "when",
        "as",
        "and",
        "or",
        "but",
        "of",
        "in",
        "on",
        "at",
        "to",
        "by",
        "for",
        "from",
        "with",
        "into",
        "onto",
        "out",
        "up",
        "down",
        "off",
        "over",
        "through",
        "around",
        "some",
        "any",
        "one",
        "other",
        "another",
        "all",
        "so",
        "than",
        "there",
        "very",
        "appears",
        "appear",
        "seems",
        "seem",
        "wearing",
        "standing",
        "sitting",
        "looking",
    ]
)
"""Words that translations do without, or put by an ending or in many ways."""
_LONG = {"ar": 3, "zh": 1}
"""Letters from which on the beginning of a word may stand inside a longer word ("sonnenbrille"); 4 in the languages that aren't here."""
_INFLECTING = ("cs", "uk")
"""Languages in which the last letter even of short words changes ("žena", "ženy")."""


class Entry(NamedTuple):
    """An English word."""

    sentences: int
    """Of the training sentences that have it."""
    keys: Mapping[str, tuple[str, ...]]
    """By language: how words begin that were found to stand for it."""


def english_words(text: str) -> list[str]:
    """Return the words of an English text in small letters."""
    return [word.replace("’", "'") for word in _WORD.findall(text.lower())]


def word_key(word: str, language: str) -> str:
    """Return how a word begins, which is what its inflected forms share. `word` is normalised."""
    if len(word) == 4 and language in _INFLECTING:
        return word[:3]
    return word[:5] if len(word) > 6 else word[:4] if len(word) > 4 else word


def compact(text: str, language: str) -> str:
    """Return a text's normalised words; in Chinese without the spaces that are put between characters."""
    return normalize(text).replace(" ", "") if language == "zh" else f" {normalize(text)} "


@cache
def must_survive(word: str) -> bool:
    """Tell whether an English word names a thing, a number or a colour: if that is lost, a translation is wrong."""
    if word in _IRREGULAR or word in _NUMBERS or word in languages()["en"].colours.values():
        return True
    return len(word) > 2 and word not in _NO_THINGS and find_noun(word, "en") is not None


class WordLexicon:
    """The words that stand for English words in several languages, as alignments of the training sentences have them."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries

    @classmethod
    def read(cls, text: str) -> WordLexicon:
        """Read the table: a line of languages, then for each English word its number of sentences and keys. ValueError if it is none."""
        head, *lines = text.splitlines()
        codes = head.split("\t")[2:]
        entries = {}
        for line in lines:
            word, sentences, *cells = line.split("\t")
            entries[word] = Entry(int(sentences), {code: tuple(cell.split()) for code, cell in zip(codes, cells, strict=True)})
        return cls(entries)

    def unknown(self, words: Iterable[str], least: int) -> list[str]:
        """Return the words that stood in fewer than `least` training sentences."""
        return [word for word in words if word not in self._entries or self._entries[word].sentences < least]

    def is_content(self, word: str, language: str) -> bool:
        """Tell whether a word says something of its own, and what stands for it is known: nothing does for "the"."""
        return word not in _SMALL_WORDS and word in self._entries and bool(self._entries[word].keys.get(language))

    def lost(self, words: Sequence[str], translation: str, language: str) -> list[str]:
        """Return the words that can't be found in a translation."""
        found_in = compact(translation, language)
        return [word for word in words if not self._is_found(word, found_in, language)]

    def _is_found(self, word: str, text: str, language: str) -> bool:
        entry = self._entries.get(word)
        keys = (*(entry.keys.get(language, ()) if entry else ()), *_names(word, language))
        if word == "two" and language == "ar":
            return True  # a dual needs no number
        return any((key if len(key) >= _LONG.get(language, 4) else f" {key}") in text for key in keys)


@cache
def _names(word: str, language: str) -> tuple[str, ...]:
    """How the words begin that name a thing in the table of nouns."""
    noun = find_noun(word, "en")
    texts = [compact(name.text, language).strip() for name in noun.names(language)] if noun else []
    head = 0 if language in ("es", "fr", "pt", "ar") else -1  # "porte de placard", "Schranktür"
    return tuple(text if language == "zh" else word_key(text.split()[head], language) for text in texts if text)
