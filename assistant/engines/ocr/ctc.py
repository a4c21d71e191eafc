"""From a recogniser's outputs at each step of a line to characters with their probabilities (greedy CTC). Knows no network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from assistant.messages import Probabilities

BLANK = 0
"""Class of "no new character"."""

SPACE_IN_NUMBER = 0.1
"""Probability of a space at a step between two digits from which one stands there. Between narrow groups of digits it is often not the
likeliest, and between digits that belong together it is next to none (docs/reading.md)."""

_LEFT_TO_RIGHT = re.compile(r"[A-Za-z0-9٠-٩۰-۹]+(?:[ .,:/%+*@-]+[A-Za-z0-9٠-٩۰-۹]+)*%?")
"""A run that is written from left to right inside a line that is written from right to left."""
_LONG_NUMBER = re.compile(r"(?:(?<=\s)|^)\d(?:[ .,:/-]?\d){2,}(?=\s|$) ?")
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")


@dataclass(frozen=True)
class ReadText:
    """What a recogniser makes of a line."""

    text: str
    character_probabilities: tuple[float, ...]
    script: str = ""
    """Of a line of which only numbers can be read: the script that it is in, one of which the recogniser lacks letters."""

    @property
    def probability(self) -> float:
        """Return the probability that all of it is right, in [0, 1]: the product of its characters'; 0 without any."""
        return prod(self.character_probabilities) if self.text else 0.0

    @property
    def mean_probability(self) -> float:
        """Return the geometric mean of its characters' probabilities: it says whether this is text at all, however long; 0 without any."""
        return self.probability ** (1 / len(self.text)) if self.text else 0.0


NOTHING = ReadText("", ())


def decode(outputs: Probabilities, characters: Sequence[str]) -> ReadText:
    """Decode the likeliest class of each step: repetitions are one character, blanks are none, spaces at the ends don't count.

    A space between two digits needs less: what is lost there makes one number of several.

    Args:
        outputs: float32 [steps, classes], probabilities.
        characters: of each class; that of the blank is never used.
    """
    classes, probabilities = outputs.argmax(axis=1), outputs.max(axis=1)
    starts = np.flatnonzero((classes != BLANK) & (np.diff(classes, prepend=BLANK) != 0))
    ends = np.append(starts, len(classes))[1:]
    # The surest of the steps that show a character says how sure the character is.
    read, before = list[tuple[str, float]](), 0
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        character = characters[classes[start]]
        if read and character.isdigit() and read[-1][0].isdigit() and characters[-1] == " ":
            space = float(outputs[before:start, -1].max())
            read += [(" ", max(space, 1 - space))] if space >= SPACE_IN_NUMBER else []
        read.append((character, _surest(classes, probabilities, start, end)))
        before = start
    while read and read[0][0].isspace():
        read.pop(0)
    while read and read[-1][0].isspace():
        read.pop()
    return ReadText("".join(character for character, _ in read), tuple(p for character, p in read for _ in character))


def numbers_alone(read: ReadText, script: str) -> ReadText:
    """Return the numbers of three digits or more in a line of letters that the recogniser doesn't know; fewer may be such letters."""
    kept = [at for found in _LONG_NUMBER.finditer(read.text) for at in range(*found.span())]
    kept = kept[:-1] if kept and read.text[kept[-1]] == " " else kept
    return ReadText("".join(read.text[at] for at in kept), tuple(read.character_probabilities[at] for at in kept), script)


def to_logical_order(read: ReadText) -> ReadText:
    """Put a line into the order in which it is read aloud; a recogniser gives it as it stands there, from left to right.

    Lines without Arabic or Hebrew letters stay. In others, numbers and Latin words inside keep their own direction.
    """
    if not _RIGHT_TO_LEFT.search(read.text):
        return read
    order = list(range(len(read.text)))
    for run in _LEFT_TO_RIGHT.finditer(read.text):
        order[run.start() : run.end()] = reversed(order[run.start() : run.end()])
    order.reverse()
    turned = set(range(len(order))) - {at for run in _LEFT_TO_RIGHT.finditer(read.text) for at in range(run.start(), run.end())}
    text = "".join(read.text[at].translate(_MIRRORED) if at in turned else read.text[at] for at in order)
    return ReadText(text, tuple(read.character_probabilities[at] for at in order))


def _surest(classes: np.ndarray, probabilities: Probabilities, start: int, end: int) -> float:
    return float(probabilities[start:end][classes[start:end] == classes[start]].max())
