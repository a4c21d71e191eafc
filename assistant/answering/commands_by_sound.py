"""Recognises a command to be silent by its sound, where a recogniser has spelled it as another word: "Start!" for "Stop!". Pure.

Only for what is said while the assistant speaks: there "Start talking" is hardly ever meant, elsewhere it might be.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from assistant.answering.commands import FILLERS, expand
from assistant.languages import languages
from assistant.languages.normalized import normalize
from assistant.messages import Command

FEWEST_SOUNDS = 4
"""Of a command; shorter ones are like too many words."""
LETTERS = 0.4
"""Share of its letters that must be right too: of "start" for "stop" two in five are. Of 6898 things that people ask 26 sound like
a command then, nearly all of them single words ("apple"), which are asked about in sentences; with 0.6 it is 7, and "start" is none."""
_SOUNDS = (
    (r"ph", "f"),
    (r"qu", "kw"),
    (r"(?<=[aeiou])r(?=[^aeiou]|$)", ""),  # hardly heard: "start" is "staht"
    (r"c(?=[eiy])", "s"),
    (r"[bpdtgkcqx]+", "t"),  # plosives are what a canceller leaves least of
    (r"[szj]+", "s"),
    (r"[mn]+", "n"),
    (r"[fvw]+", "f"),
    (r"[aeiouy]+", "a"),
    (r"(.)\1+", r"\1"),
)
"""What sounds much alike is written alike, one after the other."""


def match_stop_by_sound(text: str, order: Sequence[str]) -> Command | None:
    """Return the command to be silent that the whole text sounds like in one of these languages, or None."""
    words = normalize(text).split()
    for code in dict.fromkeys(order):
        if code in languages() and any(_is_alike("".join(said), known) for said in _without(words, code) for known in _stops(code)):
            return Command("stop", language=code)
    return None


def _is_alike(said: str, known: str) -> bool:
    return _sounds(said) == _sounds(known) and _shared(said, known) >= LETTERS * max(len(said), len(known))


def _without(words: list[str], code: str) -> list[list[str]]:
    """The words, and those without a filler before or behind them."""
    fillers = _fillers(code)
    bare = [word for word in words if word not in fillers]
    return [words] if bare == words or not bare else [words, bare]


def _shared(one: str, other: str) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for letter in one:
        above, row = row, [0]
        for place, known in enumerate(other):
            row.append(above[place] + 1 if letter == known else max(row[place], above[place + 1]))
    return row[-1]


def _sounds(letters: str) -> str:
    for pattern, sound in _SOUNDS:
        letters = re.sub(pattern, sound, letters)
    return letters


@functools.cache
def _stops(code: str) -> frozenset[str]:
    said = (normalize(each).replace(" ", "") for template in languages()[code].commands.get("stop", ()) for each in expand(template))
    return frozenset(each for each in said if len(_sounds(each)) >= FEWEST_SOUNDS)


@functools.cache
def _fillers(code: str) -> frozenset[str]:
    return frozenset(normalize(said) for template in languages()[code].commands[FILLERS] for said in expand(template))
