"""PDF files through pdfium, a page at a time: the text that can be seen on it, else its picture for a text reader.

What nobody can see on a page isn't told: text drawn invisibly, in the colour of its ground, beside the page or too small to read. Such
text is what tricks are made of, or a scanner's own guess beneath a scan, which our reader of text had better make itself.
"""

from __future__ import annotations

import itertools
import math
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import pypdfium2
from pypdfium2 import raw

from assistant.devices.file_kinds import opened_name
from assistant.devices.pdf_text import Letter, lines_of, page_letters
from assistant.messages import Picture, TextLine
from assistant.problems import BadInput, shorten

DOTS_PER_INCH = 200
"""Of a page's picture: small print has letters of 20 pixels then."""
MOST_PIXELS, MOST_EDGE = 6_000_000, 12_000
"""Of a page's picture in all and along one edge; larger pages are drawn smaller."""
MOST_UNKNOWN = 0.1
"""Share of letters without a known character from which a text isn't trusted."""
SCANNED_SHARE, FEW_LETTERS = 0.5, 200
"""Share of a page that pictures cover, and letters below which its text is only a stamp on a scan."""
LEAST_CONTRAST = 24
"""Levels, of 255, between the lightest and darkest dot of a line that can be seen."""
HEADER_BYTES = 1024
"""At a file's start, in which readers look for "%PDF"."""
MOST_OBJECTS = 2_000
"""Of a page that are looked at in search of scans."""

_PDFIUM = threading.RLock()  # the library isn't made for threads


@dataclass(frozen=True, eq=False)
class PdfPage:
    """A page as it is seen."""

    lines: list[TextLine] | None
    """Its text in the order of the file, each line sure (probability 1); [] of a page without anything on it; None where a text reader
    must read the picture: a scan, or letters that the file doesn't tell."""
    picture: Picture
    """uint8 [H, W, 3], upright."""


def is_pdf(path: Path) -> bool:
    """Tell whether a file is a PDF, or is called so; False for what can't be read."""
    if path.suffix.lower() == ".pdf":
        return True
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return b"%PDF-" in file.read(HEADER_BYTES)
    except (OSError, ValueError):
        return False


class PdfFile:
    """A PDF file, of which only the page that is asked for is in memory. Threads may share it."""

    def __init__(self, path: Path) -> None:
        """Open the file. BadInput if it can't be read, isn't a PDF, needs a password, is damaged or has no page."""
        self._name = shorten(path.name)
        _check_readable(path)
        with _PDFIUM:
            _forget_last_error()
            try:
                with opened_name(path) as name:  # its own may not be UTF-8, which crashes libraries
                    self._document = pypdfium2.PdfDocument(name)
            except pypdfium2.PdfiumError as error:
                raise _unreadable(path, error) from error
            self.page_count = len(self._document)

    def page(self, number: int) -> PdfPage:
        """Return a page, from 1 on. BadInput if there is none of that number, or it is damaged."""
        if not 1 <= number <= self.page_count:
            raise BadInput(
                "{name} has no page {number}",
                "use a number from 1 to {page_count}",
                name=self._name,
                number=number,
                page_count=self.page_count,
            )
        with _PDFIUM:
            try:
                page = self._document[number - 1]
                try:
                    return _read(page)
                finally:
                    page.close()
            except (pypdfium2.PdfiumError, MemoryError) as error:
                raise BadInput(
                    "page {number} of {name} is damaged", "go on with another page, or save the file again", number=number, name=self._name
                ) from error

    def close(self) -> None:
        """Free the file; safe to call twice."""
        with _PDFIUM:
            self._document.close()

    def __enter__(self) -> PdfFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _read(page: pypdfium2.PdfPage) -> PdfPage:
    width, height = (min(max(edge, 1.0), 1e6) if math.isfinite(edge) else 1.0 for edge in page.get_size())
    scale = min(DOTS_PER_INCH / 72, math.sqrt(MOST_PIXELS / (width * height)), MOST_EDGE / max(width, height))
    bitmap = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=False)
    picture = np.array(bitmap.to_numpy()[..., :3], np.uint8)  # [H, W, 3]
    to_dots = bitmap.get_posconv(page).to_bitmap
    letters = page_letters(page)
    visible = [letter for letter in letters if letter.is_drawn]
    unknown = sum(letter.is_unknown for letter in visible)
    if unknown > MOST_UNKNOWN * len(visible) or _is_scan(page, visible, width * height):
        return PdfPage(None, picture)
    lines = [line for line in lines_of(visible, to_dots, picture.shape) if _is_seen(line, picture)]
    is_empty = int(np.ptp(picture)) < LEAST_CONTRAST
    return PdfPage(lines if lines or is_empty else None, picture)


def _is_scan(page: pypdfium2.PdfPage, visible: list[Letter], area: float) -> bool:
    """Whether what is to be read is in a picture, with no more than a stamp beside it."""
    if len(visible) >= FEW_LETTERS:
        return False
    covered = 0.0
    for each in itertools.islice(page.get_objects([raw.FPDF_PAGEOBJ_IMAGE], max_depth=3), MOST_OBJECTS):
        left, bottom, right, top = each.get_bounds()
        covered += max(0.0, right - left) * max(0.0, top - bottom)
    return covered > SCANNED_SHARE * area


def _is_seen(line: TextLine, picture: Picture) -> bool:
    """Whether there is anything to be seen where a line should stand."""
    region, (height, width) = line.region, picture.shape[:2]
    top, bottom = int(region.top * height), math.ceil((region.top + region.height) * height)
    left, right = int(region.left * width), math.ceil((region.left + region.width) * width)
    part = picture[top : bottom + 1, left : right + 1]
    return part.size > 0 and int(np.ptp(part.reshape(-1, 3), axis=0).max()) >= LEAST_CONTRAST


def _forget_last_error() -> None:
    """Have pdfium's last error be that of no PDF: of a file without pages it sets none, and the one before might be told."""
    raw.FPDF_LoadMemDocument64(b"-", 1, None)


def _unreadable(path: Path, error: pypdfium2.PdfiumError) -> BadInput:
    """Why pdfium can't open a file."""
    name = shorten(path.name)
    match getattr(error, "err_code", None):
        case raw.FPDF_ERR_PASSWORD:
            return BadInput("{name} is locked with a password", "open it with its password elsewhere and save it without", name=name)
        case raw.FPDF_ERR_SECURITY:
            return BadInput("{name} is encrypted in a way that can't be read here", "save it without encryption", name=name)
    with path.open("rb") as file:
        is_pdf = b"%PDF" in file.read(HEADER_BYTES)
    if is_pdf:
        return BadInput("{name} is damaged, or there is no page in it", "copy or save it again", name=name)
    return BadInput("{name} is no PDF file", "give a PDF, or a picture in JPEG or PNG", name=name)


def _check_readable(path: Path) -> None:
    try:
        with path.open("rb") as file:
            is_empty = not file.read(1)
    except (OSError, ValueError) as error:
        reason = "it is a folder" if path.is_dir() else error.strerror if isinstance(error, OSError) else error
        raise BadInput(
            "{name} can't be read ({reason})", "check the path and the right to read it", name=shorten(path), reason=reason
        ) from error
    if is_empty:
        raise BadInput("{name} is empty", "give a PDF file with at least one page", name=shorten(path))
