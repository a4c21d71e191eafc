"""Keeps the place in a page that is read aloud: go on, next, previous, again, line n, spell. Pure; the caller words and speaks it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor

from assistant.messages import Region, TextPiece
from assistant.reading.doubts import pieces_of_block
from assistant.reading.page import BlockKind, Page

_END = re.compile(r"""(?P<word>\w*)(?:[.!?…؟۔।]+["'”’»)\]]*(?:\s+|$)|[。！？]+[」』”）]*\s*)""")
"""The last word of what may be a sentence, and how it ends."""
_ABBREVIATION = re.compile(r"[^\W\d_]|[A-ZÀ-ÞА-Я][^\W\d_]{1,2}|\d{1,2}")
"""Words after which a full stop seldom ends a sentence: "B.", "Dr.", "12."; an "OK." then goes on without a pause, which does no harm."""


@dataclass(frozen=True)
class Passage:
    """What is read in one go, a "line" to the user: a heading, a row, or a sentence of a paragraph."""

    kind: BlockKind
    pieces: tuple[TextPiece, ...]
    probability: float = 1.0
    """Of the least sure line that it is from."""
    region: Region | None = None
    """Where its block is in the picture."""

    @property
    def text(self) -> str:
        """Return what can be read of it."""
        return " ".join(piece.text for piece in self.pieces if piece.text)


def doubted(passage: Passage) -> Passage:
    """Return a passage with nothing in it told for sure."""
    pieces = (replace(piece, kind="doubtful") if piece.kind == "sure" else piece for piece in passage.pieces)
    return replace(passage, pieces=tuple(pieces))


def passages_of(page: Page) -> tuple[Passage, ...]:
    """Cut a page into what is read in one go; blocks of which nothing may be told are left out."""
    passages: list[Passage] = []
    for block in page.blocks:
        pieces = pieces_of_block(block)
        parts = _sentences(pieces) if block.kind == "paragraph" else [pieces]
        probability = min((line.probability for line in block.lines), default=1.0)
        region = Region.around(point for line in block.lines for point in line.corners) if block.lines else None
        passages += [Passage(block.kind, part, probability, region) for part in parts if part]
    return tuple(passages)


class Reading:
    """A page that is read aloud. To stop, stop iterating: the passage yielded last is where it goes on.

    **Ask for the next passage only once the one before has been heard**, or tell with `heard` what was, or else the place is ahead of
    what the user knows.
    """

    def __init__(self, page: Page) -> None:
        self.passages = passages_of(page)
        self.unread_script = page.unread_script
        self._at = -1
        """Of the passage read last; -1 before the first, their number after the last."""

    @property
    def at(self) -> int:
        """Return the place of the current passage, from 0; -1 before the first, their number after the last."""
        return self._at

    def heard(self, passages: float, *, again: bool) -> None:
        """Go to where the user has heard to: 2.4 is within the third passage, which counts as not heard if it is to be read `again`."""
        whole = floor(passages) if again else ceil(passages)
        self._at = min(whole, len(self.passages)) - 1

    def grow(self, page: Page) -> None:
        """Take the same page, of which more has been read: it goes on after what there was."""
        self._at = min(self._at, len(self.passages) - 1)  # who was at the end is at the last of them now
        passages = passages_of(page) if page.is_whole else passages_of(page)[:-1]
        self.passages = (*self.passages, *passages[len(self.passages) :])
        self.unread_script = page.unread_script

    def go_on(self) -> Iterator[Passage]:
        """Yield passages from the one that was interrupted, or else from the next one."""
        self._at = max(self._at, 0)
        while self._at < len(self.passages):
            yield self.passages[self._at]
            self._at += 1

    def next(self) -> Passage | None:
        """Return the passage after the current one; None after the last."""
        self._at = min(self._at + 1, len(self.passages))
        return self._current()

    def previous(self) -> Passage | None:
        """Return the passage before the current one; None before the first, which stays the current one."""
        if self._at <= 0:
            return None
        self._at -= 1
        return self._current()

    def again(self) -> Passage | None:
        """Return the current passage, which is the last one at the end; None on an empty page."""
        self._at = min(max(self._at, 0), len(self.passages) - 1) if self.passages else -1
        return self._current()

    def line(self, number: int) -> Passage | None:
        """Return the passage with a number, counted from 1, and go there; None, staying where it is, if there are fewer."""
        if not 1 <= number <= len(self.passages):
            return None
        self._at = number - 1
        return self._current()

    def spell(self) -> tuple[str | None, ...]:
        """Return the characters of the current passage, with their accents, spaces included; None for each part that can't be read."""
        passage = self.again()
        spelt: list[str | None] = []
        for piece in passage.pieces if passage else ():
            spelt += [" "] if spelt else []
            spelt += _characters(piece.text) if piece.text else [None]
        return tuple(spelt)

    def _current(self) -> Passage | None:
        return self.passages[self._at] if 0 <= self._at < len(self.passages) else None


def _sentences(pieces: Sequence[TextPiece]) -> list[tuple[TextPiece, ...]]:
    """Cut pieces where sentences end; one may hold several pieces."""
    sentences: list[list[TextPiece]] = [[]]
    for piece in pieces:
        start = 0
        for end in _ends(piece.text):
            sentences[-1].append(TextPiece(piece.kind, piece.text[start:end].strip()))
            sentences.append([])
            start = end
        if piece.text[start:].strip() or not piece.text:
            sentences[-1].append(TextPiece(piece.kind, piece.text[start:].strip()))
    return [tuple(sentence) for sentence in sentences if sentence]


def _ends(text: str) -> Iterator[int]:
    """Where sentences end: not before a small letter, and not after what is likely an abbreviation or the number of a day."""
    for found in _END.finditer(text):
        if found.end() < len(text) and text[found.end()].islower():
            continue
        stop = found[0][len(found["word"]) :].strip()
        if stop != "." or not _ABBREVIATION.fullmatch(found["word"]) or found.end() == len(text):
            yield found.end()


def _characters(text: str) -> list[str]:
    """Characters as people count them, near enough: marks stay with their letter."""
    characters: list[str] = []
    for character in text:
        if characters and unicodedata.category(character).startswith("M"):
            characters[-1] += character
        else:
            characters.append(character)
    return characters
