"""Decides what of a line may be said: what is sure, what is doubtful, and where something stands that can't be read. Pure.

Nothing is corrected: a word is said as it was read or not at all. Words are worded by the caller; a piece without text only marks a place.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from assistant.messages import PieceKind, TextLine, TextPiece
from assistant.reading.page import Block, is_right_to_left, is_wide, joined, probabilities_of

SURE_NUMBER = 0.95
"""Probability that each sign of a number must have: a wrong dose or price is worse than none."""
SURE_WORD = 0.8
"""Probability that each letter of a word must have to be said without a doubt."""
READABLE = 0.5
"""Mean probability of a word's letters below which it isn't said at all."""
NOISE_LETTERS = 3
"""Letters up to which an unreadable line is taken for no text at all: edges and textures look like an "I" or "l"."""
EDGE = 0.004
"""Share of the picture between its edge and a line's end up to which letters may be cut off."""

_OUTER = "\"'“”‘’«»()[]{}.,;:!?…。、，！？؟،۔।*"
"""Signs around a word or number that don't change what it says."""
_ENDS = tuple(".!?…。！？؟۔।")


@dataclass(frozen=True)
class _Word:
    text: str
    probabilities: tuple[float, ...]

    @property
    def is_number(self) -> bool:
        return any(character.isdigit() for character in self.text)

    @property
    def kind(self) -> PieceKind:
        if self.is_number:
            return "sure" if _least(self) >= SURE_NUMBER else "unreadable_number"
        if sum(self.probabilities) < READABLE * len(self.probabilities):
            return "unreadable"
        return "sure" if _least(self) >= SURE_WORD else "doubtful"


def pieces_of_line(line: TextLine) -> tuple[TextPiece, ...]:
    """Return what may be told of a line, in order; nothing for rubbish and for the rest of a word that the picture's edge cuts."""
    start_is_cut, end_is_cut, side_is_cut = _cuts(line)
    if is_noise(line) or (side_is_cut and len(line.text) <= NOISE_LETTERS):
        return ()
    if not line.text.strip() or side_is_cut:
        return (TextPiece("unreadable", ""),)
    words = _words(line)
    kinds = [word.kind for word in words]
    if start_is_cut:
        words, kinds = _without_first(words, kinds)
    if end_is_cut:
        words, kinds = _without_last(words, kinds)
    told = (TextPiece(kind, word.text if kind in ("sure", "doubtful") else "") for word, kind in _whole_numbers(words, kinds))
    return _merged(told, _with_space)


def pieces_of_block(block: Block) -> tuple[TextPiece, ...]:
    """Return what may be told of lines that belong together, with divided words put together; nothing where all of it is rubbish."""
    pieces = (piece for line in block.lines for piece in pieces_of_line(line))
    return _merged(pieces, _with_space if block.kind == "row" else joined)


def _merged(pieces: Iterable[TextPiece], join: Callable[[str, str], str]) -> tuple[TextPiece, ...]:
    """Join neighbours of one kind."""
    result: list[TextPiece] = []
    for piece in pieces:
        if result and result[-1].kind == piece.kind:
            piece = TextPiece(piece.kind, join(result.pop().text, piece.text))
        result.append(piece)
    return tuple(result)


def _with_space(before: str, after: str) -> str:
    return f"{before} {after}".strip()


def digits_are_sure(line: TextLine) -> bool:
    """Tell whether all numbers in a line may be said; so is a line without any."""
    return all(piece.kind != "unreadable_number" for piece in pieces_of_line(line)) and not (
        _cuts(line)[2] and any(character.isdigit() for character in line.text)
    )


def is_noise(line: TextLine) -> bool:
    """Tell whether a line is likely no text: nothing but signs, or a few letters that the reader itself hardly believes."""
    letters = [p for character, p in zip(line.text, probabilities_of(line), strict=True) if character.isalnum() or _is_mark(character)]
    if not line.text.strip():
        return False
    return not letters or (len(letters) <= NOISE_LETTERS and sum(letters) < READABLE * len(letters))


def _is_mark(character: str) -> bool:
    """Whether it is a vowel sign or accent, a part of a word in Hindi and Arabic."""
    return unicodedata.category(character).startswith("M")


def _words(line: TextLine) -> list[_Word]:
    probabilities = probabilities_of(line)
    return [_Word(found[0], probabilities[found.start() : found.end()]) for found in re.finditer(r"\S+", line.text)]


def _least(word: _Word) -> float:
    """The probability of its least sure character, but for signs around it that don't matter."""
    inner = word.text.strip(_OUTER)
    start = word.text.index(inner) if inner else 0
    return min(word.probabilities[start : start + len(inner)] or word.probabilities)


def _whole_numbers(words: list[_Word], kinds: list[PieceKind]) -> list[tuple[_Word, PieceKind]]:
    """Let one unreadable number word spoil its neighbours: a telephone number or date is one number, whatever spaces are in it."""
    result = list(kinds)
    for order in (range(1, len(words)), range(len(words) - 2, -1, -1)):
        step = -1 if order.step > 0 else 1
        for index in order:
            if words[index].is_number and result[index + step] == "unreadable_number":
                result[index] = "unreadable_number"
    return list(zip(words, result, strict=True))


def _without_first(words: list[_Word], kinds: list[PieceKind]) -> tuple[list[_Word], list[PieceKind]]:
    """Leave out a first word that may have lost its beginning; it hasn't where it begins with a capital and goes on small."""
    first = words[0]
    if first.is_number:
        return words, ["unreadable_number", *kinds[1:]]
    if is_wide(first.text[0]) and len(first.text) > 1:
        return [_Word(first.text[1:], first.probabilities[1:]), *words[1:]], kinds
    inner = first.text.lstrip(_OUTER)
    is_whole = inner != first.text or (inner[:1].isupper() and inner[1:2].islower())
    return (words, kinds) if is_whole else (words[1:], kinds[1:])


def _without_last(words: list[_Word], kinds: list[PieceKind]) -> tuple[list[_Word], list[PieceKind]]:
    """Leave out a last word that may have lost its end; it hasn't where a sentence ends after it."""
    if not words:
        return words, kinds
    last = words[-1]
    if last.is_number:
        return words, [*kinds[:-1], "unreadable_number"]
    if last.text.endswith(_ENDS):
        return words, kinds
    if is_wide(last.text[-1]) and len(last.text) > 1:
        return [*words[:-1], _Word(last.text[:-1], last.probabilities[:-1])], kinds
    return words[:-1], kinds[:-1]


def _cuts(line: TextLine) -> tuple[bool, bool, bool]:
    """Whether the picture's edge may cut a line's beginning, its end, or all of its letters along it."""
    near = [{side for side, gap in enumerate((x, y, 1 - x, 1 - y)) if gap <= EDGE} for x, y in line.corners]
    start, end = near[0] | near[3], near[1] | near[2]
    lengthwise = (near[0] & near[1]) | (near[2] & near[3])
    start, end = start - lengthwise, end - lengthwise
    if is_right_to_left(line.text):
        start, end = end, start
    return bool(start), bool(end), bool(lengthwise)
