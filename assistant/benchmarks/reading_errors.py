"""Counts what was read wrong: characters, words and numbers of what is told, against the text that stands there. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from assistant.messages import TextPiece
from assistant.reading.page import is_wide

_OUTER = re.compile(r"^[\W_]+|[\W_]+$")
_NUMBER = re.compile(r"\d+(?:[.,:/\-]\d+)*")
_SAME = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‐": "-", "：": ":"})
"""Signs that sound alike or mean the same."""


@dataclass(frozen=True)
class Told:
    """What a reader tells of a picture, in reading order."""

    sure: tuple[str, ...]
    doubtful: tuple[str, ...] = ()
    text: str = ""
    """All of it."""

    @classmethod
    def of(cls, pieces: Iterable[TextPiece]) -> Told:
        """Gather pieces by how sure they are."""
        said = [piece for piece in pieces if piece.text]
        sure, doubtful = (tuple(piece.text for piece in said if piece.kind == kind) for kind in ("sure", "doubtful"))
        return cls(sure, doubtful, " ".join(piece.text for piece in said))


@dataclass(frozen=True)
class Errors:
    """Counts of one picture, or of several together."""

    characters: int = 0
    """That stand there."""
    character_errors: int = 0
    """Insertions, deletions and substitutions, in reading order."""
    words: int = 0
    """That stand there; each character of Chinese and Japanese is one."""
    word_errors: int = 0
    """As of characters; small and capital letters are the same."""
    words_found: int = 0
    """Of those that stand there, in whatever order."""
    sure: int = 0
    """Words told without a doubt."""
    sure_wrong: int = 0
    """Of them not there: misread, or invented."""
    doubtful: int = 0
    doubtful_wrong: int = 0
    numbers: int = 0
    """That stand there."""
    numbers_told: int = 0
    numbers_wrong: int = 0
    """Of those told not there."""
    numbers_found: int = 0

    def __add__(self, other: Errors) -> Errors:
        return Errors(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


def count_errors(told: Told, truth: str, also: str = "") -> Errors:
    """Compare what is told with the text that stands there; words of `also` stand there too, and needn't be told."""
    said, stands = _plain(told.text), _plain(truth)
    words, said_words = words_of(truth), words_of(told.text)
    sure, doubtful = words_of(" ".join(told.sure)), words_of(" ".join(told.doubtful))
    there = Counter(words) + Counter(words_of(also))
    numbers, said_numbers = Counter(numbers_of(truth)), Counter(numbers_of(" ".join(told.sure)))
    wrong = said_numbers - numbers - Counter(numbers_of(also))
    sure_wrong = wrong_words(told, truth, also)
    return Errors(
        characters=len(stands),
        character_errors=edit_distance(stands, said),
        words=len(words),
        word_errors=edit_distance(words, said_words),
        words_found=(Counter(words) & Counter(said_words)).total(),
        sure=len(sure),
        sure_wrong=len(sure_wrong),
        doubtful=len(doubtful),
        doubtful_wrong=(Counter(doubtful) - (there - Counter(sure))).total(),
        numbers=numbers.total(),
        numbers_told=said_numbers.total(),
        numbers_wrong=wrong.total(),
        numbers_found=(numbers & said_numbers).total(),
    )


def wrong_words(told: Told, truth: str, also: str = "") -> list[str]:
    """Return the words told without a doubt that don't stand there, or not as often."""
    return list((Counter(words_of(" ".join(told.sure))) - Counter(words_of(truth)) - Counter(words_of(also))).elements())


def words_of(text: str) -> list[str]:
    """Return words without the signs around them, in small letters; each character where a script puts no spaces between words."""
    spread = "".join(f" {sign} " if is_wide(sign) else sign for sign in _plain(text).casefold())
    return [word for word in (_OUTER.sub("", part) for part in spread.split()) if word]


def numbers_of(text: str) -> list[str]:
    """Return the numbers in a text with the signs within them: "3.99 B" has 3.99, "T1" has 1."""
    return _NUMBER.findall(_plain(text))


def edit_distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many insertions, deletions and substitutions make one sequence the other."""
    codes = {sign: code for code, sign in enumerate({*one, *other})}
    across = np.array([codes[sign] for sign in other], np.int32)
    steps = np.arange(len(other) + 1)
    row = steps
    for sign in one:
        best = np.minimum(row[1:] + 1, row[:-1] + (across != codes[sign]))
        row = np.minimum.accumulate(np.concatenate(([row[0] + 1], best)) - steps) + steps
    return int(row[-1])


def _plain(text: str) -> str:
    """One way of writing what can be written in several; spaces that Chinese and Japanese don't have are left out."""
    text = " ".join(unicodedata.normalize("NFKC", text).translate(_SAME).split())
    return "".join(sign for at, sign in enumerate(text) if sign != " " or not (is_wide(text[at - 1]) or is_wide(text[at + 1])))
