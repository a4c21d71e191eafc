"""Sets text into boxes as a reader would find them: columns, rows, turned and seen at a slant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from assistant.messages import TextLine
from assistant.reading.page import is_wide

WIDTH, HEIGHT = 1600, 1200
ASPECT = WIDTH / HEIGHT
Point = tuple[float, float]
_PROSE = (
    "the quick brown fox jumps over the lazy dog and then goes home to sleep for a long while because it has been running "
    "through the whole forest since the early morning without any rest or food and nobody has seen it come back until now"
)
PROSE = _PROSE.split()


def line(text: str, left: float, top: float, height: float = 30.0, *, right: float | None = None, sure: float = 0.99) -> TextLine:
    """A line at pixels of a picture of WIDTH x HEIGHT: a letter is half as wide as it is high; `right` sets it to the right."""
    width = height * sum(1.0 if is_wide(character) else 0.5 for character in text)
    left = right - width if right is not None else left
    corners = ((left, top), (left + width, top), (left + width, top + height), (left, top + height))
    shares = tuple((x / WIDTH, y / HEIGHT) for x, y in corners)
    return TextLine(text, sure ** len(text), shares, (sure,) * len(text))


def column(texts: Iterable[str], left: float, top: float, height: float = 30.0, pitch: float = 1.5) -> list[TextLine]:
    """Lines below each other, set to the left; `pitch` in heights."""
    return [line(text, left, top + index * pitch * height, height) for index, text in enumerate(texts)]


def prose(lines: int, letters: int, start: int = 0, mark: str = "") -> list[str]:
    """Lines of nearly `letters` letters; the first begins with `mark`."""
    made: list[str] = []
    words, at = mark, start
    while len(made) < lines:
        word = PROSE[at % len(PROSE)]
        at += 1
        if len(words) + 1 + len(word) > letters:
            made.append(words)
            words = word
        else:
            words = f"{words} {word}".strip()
    return made


def moved(lines: Sequence[TextLine], where: Callable[[float, float], Point]) -> list[TextLine]:
    """Put each corner, in pixels, elsewhere."""
    result = []
    for each in lines:
        corners = [where(x * WIDTH, y * HEIGHT) for x, y in each.corners]
        result.append(
            TextLine(each.text, each.probability, tuple((x / WIDTH, y / HEIGHT) for x, y in corners), each.character_probabilities)
        )
    return result


def turned(lines: Sequence[TextLine], degrees: float) -> list[TextLine]:
    """Turn clockwise about the picture's middle."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))

    def where(x: float, y: float) -> Point:
        x, y = x - WIDTH / 2, y - HEIGHT / 2
        return float(cosine * x - sine * y + WIDTH / 2), float(sine * x + cosine * y + HEIGHT / 2)

    return moved(lines, where)


def slanted(lines: Sequence[TextLine], across: float = 0.0, down: float = 0.0) -> list[TextLine]:
    """Look at the page from a side (`across`) and from below (`down`): its far edge is 1 + that times smaller than the middle."""

    def where(x: float, y: float) -> Point:
        x, y = x / WIDTH - 0.5, y / HEIGHT - 0.5
        scale = 1 + 2 * (across * x + down * y)
        return (x / scale + 0.5) * WIDTH, (y / scale + 0.5) * HEIGHT

    return moved(lines, where)


def scaled(lines: Sequence[TextLine], factor: float) -> list[TextLine]:
    """Make all of it smaller, in the middle."""
    return moved(lines, lambda x, y: ((x - WIDTH / 2) * factor + WIDTH / 2, (y - HEIGHT / 2) * factor + HEIGHT / 2))


def shuffled(lines: Sequence[TextLine], seed: int = 0) -> list[TextLine]:
    """In another order: a reader's order must not matter."""
    return [lines[index] for index in np.random.default_rng(seed).permutation(len(lines))]
