"""The letters of a page of a PDF file, as pdfium tells them, and the lines they make."""

from __future__ import annotations

import ctypes
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pypdfium2
from pypdfium2 import raw

from assistant.messages import TextLine

MOST_LETTERS = 50_000
"""Of a page, its first: a page of a newspaper has 30,000."""
LEAST_POINTS = 1.0
"""Height, in 1/72 inch, of letters that can be read on paper."""
LEAST_OPACITY = 10
"""Of 255, below which a letter is drawn invisibly."""
COLUMN_GAP = 3.0
"""Heights of a line between two letters from which they belong to two columns."""

_UNSEEN_MODES = (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP)

ToDots = Callable[[float, float], tuple[int, int]]
"""From a place on the page, in points, to one in its picture, in pixels."""


@dataclass(frozen=True)
class Letter:
    """A character of a page."""

    character: str
    box: tuple[float, float, float, float] | None
    """Left, bottom, right, top in points; None for spaces and ends of lines that the file doesn't draw."""
    is_drawn: bool
    """Whether it is drawn so that it may be seen at all."""
    is_unknown: bool
    """Whether the file doesn't tell which character it is."""


def page_letters(page: pypdfium2.PdfPage) -> list[Letter]:
    """Return the first MOST_LETTERS characters of a page in the file's order, with the spaces and ends of lines that pdfium adds."""
    text = page.get_textpage()
    try:
        return [_letter(text, place) for place in range(min(text.count_chars(), MOST_LETTERS))]
    finally:
        text.close()


def lines_of(letters: list[Letter], to_dots: ToDots, shape: tuple[int, ...]) -> Iterator[TextLine]:
    """Yield the lines of text that letters make, of a picture of `shape`; those beside the page are left out."""
    line: list[Letter] = []
    for letter in letters:
        if letter.character in "\r\n" or _is_far(line, letter):
            yield from _line(line, to_dots, shape)
            line = []
        if letter.character not in "\r\n":
            line.append(letter)
    yield from _line(line, to_dots, shape)


def _letter(text: pypdfium2.PdfTextPage, place: int) -> Letter:
    code = raw.FPDFText_GetUnicode(text, place)
    character = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
    if raw.FPDFText_IsHyphen(text, place) == 1:
        character = "-"
    if character.isspace() or raw.FPDFText_IsGenerated(text, place) == 1:
        return Letter(character, None, True, False)
    box = text.get_charbox(place)
    is_large = max(box[2] - box[0], box[3] - box[1]) >= LEAST_POINTS or raw.FPDFText_GetFontSize(text, place) >= LEAST_POINTS
    mode = raw.FPDFTextObj_GetTextRenderMode(raw.FPDFText_GetTextObject(text, place))
    is_unknown = raw.FPDFText_HasUnicodeMapError(text, place) == 1 or unicodedata.category(character) in ("Co", "Cn", "Cc", "Cs")
    is_drawn = is_large and mode not in _UNSEEN_MODES and _opacity(text, place) >= LEAST_OPACITY
    return Letter(character, box, is_drawn, is_unknown or character == "\ufffd")


def _opacity(text: pypdfium2.PdfTextPage, place: int) -> int:
    red, green, blue, opacity = (ctypes.c_uint() for _ in range(4))
    return int(opacity.value) if raw.FPDFText_GetFillColor(text, place, red, green, blue, opacity) else 255


def _is_far(line: list[Letter], letter: Letter) -> bool:
    """Whether a letter stands so far beside the last one of a line that it is of another column."""
    before = next((each.box for each in reversed(line) if each.box), None)
    if before is None or letter.box is None:
        return False
    height = max(before[3] - before[1], before[2] - before[0], letter.box[3] - letter.box[1])
    return max(letter.box[0] - before[2], before[0] - letter.box[2]) > COLUMN_GAP * max(height, 1.0)


def _line(line: list[Letter], to_dots: ToDots, shape: tuple[int, ...]) -> Iterator[TextLine]:
    boxes = [letter.box for letter in line if letter.box]
    words = " ".join("".join(letter.character for letter in line).split())
    if not words or not boxes:
        return
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    across, down = zip(to_dots(min(lefts), min(bottoms)), to_dots(max(rights), max(tops)), strict=True)
    if max(across) <= 0 or min(across) >= shape[1] or max(down) <= 0 or min(down) >= shape[0]:
        return
    left, right = (min(max(edge / shape[1], 0.0), 1.0) for edge in sorted(across))
    top, bottom = (min(max(edge / shape[0], 0.0), 1.0) for edge in sorted(down))
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    turn = _quarter_turns(to_dots(boxes[0][0], boxes[0][1]), to_dots(boxes[-1][0], boxes[-1][1]))
    yield TextLine(words, 1.0, corners[turn:] + corners[:turn])


def _quarter_turns(first: tuple[int, int], last: tuple[int, int]) -> int:
    """How often a line is turned clockwise: 1 if it runs down the picture, 3 if it runs up, else 0."""
    across, down = last[0] - first[0], last[1] - first[1]
    if abs(down) <= abs(across):
        return 0
    return 1 if down > 0 else 3
