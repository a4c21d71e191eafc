"""Pictures whose truth is known, to find out quickly how far a model that nobody measured may be believed: drawn scenes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from assistant.messages import Intent, Picture

COLOURS = {"red": (205, 30, 35), "green": (30, 145, 60), "blue": (35, 65, 205), "yellow": (240, 205, 30)}
SHAPES: dict[str, list[tuple[float, float]]] = {
    "circle": [],
    "square": [(-1, -1), (1, -1), (1, 1), (-1, 1)],
    "triangle": [(0, -1.1), (1.1, 0.9), (-1.1, 0.9)],
}
"""Corners, in units of the size; a circle has none."""
NUMBERS = ("zero", "one", "two", "three")
_WORDS = ("EXIT", "MILK", "OPEN")
_HEIGHT, _WIDTH = 360, 480
_GREY = (196, 196, 192)


@dataclass(frozen=True)
class KnownQuestion:
    """A question, and any of the words that a right answer has."""

    intent: Intent
    text: str
    right: frozenset[str]
    wrong: frozenset[str]
    """Words of the other answers: with one of these it is wrong."""


@dataclass(frozen=True, eq=False)
class KnownPicture:
    """A picture, uint8 [H, W, 3], with things that are in it and things that aren't, as their presence is asked ("a cup")."""

    picture: Picture
    there: Sequence[str]
    absent: Sequence[str]
    questions: Sequence[KnownQuestion] = ()
    hint: str = ""
    """What instruments would tell of it; "" where they aren't asked."""
    hinted: str = ""
    """The word of the hint that a description is to have."""


def drawn_pictures() -> Iterator[KnownPicture]:
    """Yield shapes of one colour in several numbers and places, words, and nothing at all."""
    shapes, colours = list(SHAPES), list(COLOURS)
    for number in range(12):
        shape, colour, count = shapes[number % 3], colours[number % 4], max(1, number // 3)
        side = "left" if number % 2 else "right"
        others = [f"a {other}" for other in shapes if other != shape]
        asked = [
            _question("colour", f"What colour is the {shape}?" if count == 1 else f"What colour are the {shape}s?", colour, colours),
            _question("how_many", f"How many {shape}s are there?", NUMBERS[count], NUMBERS, str(count)),
        ]
        if count == 1:
            asked.append(_question("where", f"Where is the {shape}?", side, ("left", "right")))
        hint, hinted = (f"a {colour} {shape}.", shape) if number < len(shapes) else ("", "")
        yield KnownPicture(
            _shapes(shape, COLOURS[colour], count, side), (f"a {shape}",), (*others, "a person", "text"), asked, hint, hinted
        )
    for word in _WORDS:
        picture = _ground()
        cv2.putText(picture, word, (90, 210), cv2.FONT_HERSHEY_DUPLEX, 3.5, (20, 20, 20), 9, cv2.LINE_AA)
        yield KnownPicture(picture, ("text",), ("a circle", "a person", "a dog"), hint=f'text "{word}".', hinted=word.lower())
    yield KnownPicture(_ground(), (), ("text", "a circle", "a person", "a cup", "a dog", "a car"))


def _question(intent: Intent, text: str, right: str, among: Sequence[str], *also: str) -> KnownQuestion:
    return KnownQuestion(intent, text, frozenset((right, *also)), frozenset(among) - {right})


def _ground() -> np.ndarray:
    return np.full((_HEIGHT, _WIDTH, 3), _GREY, np.uint8)


def _shapes(shape: str, colour: Sequence[int], count: int, side: str) -> Picture:
    picture, size = _ground(), 58
    places = [(120 if side == "left" else 360, 180)] if count == 1 else [(130 + 220 * (i % 2), 95 + 165 * (i // 2)) for i in range(count)]
    for x, y in places:
        if shape == "circle":
            cv2.circle(picture, (x, y), size, colour, -1, cv2.LINE_AA)
        else:
            corners = np.array([(round(x + size * right), round(y + size * down)) for right, down in SHAPES[shape]], np.int32)
            cv2.fillPoly(picture, [corners], colour, cv2.LINE_AA)
    return picture
