"""Words as they are compared: without case, accents, punctuation, and one letter for those that a language writes either way."""

from __future__ import annotations

import functools
import re
import unicodedata
from itertools import pairwise
from typing import NamedTuple

from assistant.languages import languages

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\s\u3040-\u30ff\u3400-\u9fff]+")
"""Kana and Chinese characters count as words of their own, since nothing else divides them."""
_CHARACTER = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_ACCENTS = re.compile(r"[\u0300-\u036f\u0640\u064b-\u0655\u0670\u093c]")
"""Accents of Latin, Greek and Cyrillic letters, Arabic vowels and hamzas, the Hindi nukta; other marks are letters."""


class NormalizedWord(NamedTuple):
    """One word of a text, and its place there."""

    normalized: str
    """Without case and accents."""
    start: int
    end: int
    """Where it stands in the text."""


def normalize(text: str) -> str:
    """Return the words without case, accents, punctuation and immediate repetition, one space between."""
    return " ".join(word.normalized for word in normalized_words(text))


def normalized_words(text: str) -> list[NormalizedWord]:
    """Return the words of a text in order; of a word said several times in a row only the first.

    Not so of kana and Chinese characters, which are parts of words: "ここ", "谢谢".
    """
    letters = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in text)  # as long as the text
    found = (NormalizedWord(_normalize_word(m.group()), m.start(), m.end()) for m in _WORD.finditer(letters))
    words = [word for word in found if word.normalized]
    return words[:1] + [
        word for before, word in pairwise(words) if word.normalized != before.normalized or _CHARACTER.fullmatch(word.normalized)
    ]  # "Stop, stop!"


def as_written(phrase: str, text: str) -> str:
    """Return the part of a text whose words are those of a normalised phrase, in the text's own letters: "schussel" -> "Schüssel".

    The phrase itself where no such words stand in a row.
    """
    words, wanted = normalized_words(text), phrase.replace(" ", "")
    for first in range(len(words)):
        joined = ""
        for last in range(first, len(words)):
            joined += words[last].normalized
            if joined == wanted:
                return text[words[first].start : words[last].end]
            if not wanted.startswith(joined):
                break
    return phrase


def _normalize_word(word: str) -> str:
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", word.casefold()))
    return unicodedata.normalize("NFKC", bare).translate(_alike())


@functools.cache
def _alike() -> dict[int, str]:
    return str.maketrans({pair[0]: pair[1] for language in languages().values() for pair in language.alike.split()})
