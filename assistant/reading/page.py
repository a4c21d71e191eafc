"""A page of text in reading order, and how its lines become running text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from assistant.messages import TextLine

BlockKind = Literal["heading", "paragraph", "row"]

HYPHENS = "-\u2010\u00ad\u00ac"
"""What ends a line within a word: hyphen-minus, hyphen, soft hyphen, and the sign that readers take a soft hyphen for."""
_KEEPS_ITS_HYPHEN = {"well", "self", "half", "ex", "non"}
"""First parts of compounds that English hardly ever writes as one word, and that aren't its syllables either."""
_WIDE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
"""Chinese and Japanese, which put no spaces between words."""


@dataclass(frozen=True)
class Block:
    """Lines that belong together, in reading order: a heading, a paragraph, or the cells of one row of a table or receipt."""

    kind: BlockKind
    lines: tuple[TextLine, ...]

    @property
    def text(self) -> str:
        """Return its text as it stands, with words that were divided at the end of a line put together."""
        text = ""
        for line in self.lines:
            text = joined(text, line.text) if self.kind != "row" else f"{text} {line.text}".strip()
        return text


@dataclass(frozen=True)
class Page:
    """All text of a picture in reading order."""

    blocks: tuple[Block, ...] = ()
    turn_degrees: float = 0.0
    """By how much most of the text is turned clockwise in the picture, in (-180, 180]."""
    is_whole: bool = True
    """False while it is being read: its last sentence may go on."""

    @property
    def lines(self) -> tuple[TextLine, ...]:
        """Return its lines in reading order."""
        return tuple(line for block in self.blocks for line in block.lines)

    @property
    def unread_script(self) -> str:
        """Return the script of most lines that can't be read; "" where it isn't known of any."""
        scripts = [line.script for line in self.lines if line.script]
        return max(scripts, key=scripts.count, default="")

    @property
    def text(self) -> str:
        """Return its text, one block a line."""
        return "\n".join(block.text for block in self.blocks)


def probabilities_of(line: TextLine) -> tuple[float, ...]:
    """Return the probability of each character of a line; where the reader doesn't tell, none is less sure than all of the line."""
    if len(line.character_probabilities) == len(line.text):
        return line.character_probabilities
    return (line.probability,) * len(line.text)


def letter_height(line: TextLine) -> float:
    """Return the height of a line's letters as a share of the picture's, near enough where the picture isn't much wider than high."""
    (x0, y0), (x1, y1), _, (x3, y3) = line.corners
    return min(max(abs(x3 - x0), abs(y3 - y0)), max(abs(x1 - x0), abs(y1 - y0)))


def joined(before: str, after: str) -> str:
    """Join the end of one line to the start of the next: with a space, nothing (Chinese, Japanese), or as one divided word."""
    before, after = before.rstrip(), after.lstrip()
    if not before or not after:
        return before + after
    if before[-1] in HYPHENS and before[-2:-1].isalpha():
        return (before if _hyphen_belongs(before, after) else before[:-1]) + after
    return before + ("" if _WIDE.match(before[-1]) and _WIDE.match(after[0]) else " ") + after


def is_wide(character: str) -> bool:
    """Tell whether a character is of a script without spaces between words."""
    return _WIDE.match(character) is not None


def is_right_to_left(text: str) -> bool:
    """Tell whether most letters of a text are Arabic, Hebrew or the like."""
    directions = [unicodedata.bidirectional(character) for character in text]
    return sum(direction in ("R", "AL") for direction in directions) > directions.count("L")


def _hyphen_belongs(before: str, after: str) -> bool:
    """Whether the hyphen at a line's end is the word's own. In doubt it is where the next line doesn't begin with a small letter."""
    if before[-1] in "\u00ad\u00ac":
        return False
    first, second = before[:-1].split()[-1], after.split()[0]
    is_compound = any("-" in part or "\u2010" in part for part in (first, second.rstrip(HYPHENS)))
    return is_compound or not after[0].islower() or first.lower() in _KEEPS_ITS_HYPHEN
