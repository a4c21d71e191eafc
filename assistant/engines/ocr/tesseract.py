"""Reads text with the program Tesseract, where it is installed (Debian: tesseract-ocr, tesseract-ocr-ara); a process for each picture."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from functools import cached_property
from math import prod

import cv2
import numpy as np

from assistant.engines.ocr.line_crops import cut_line
from assistant.engines.ocr.picture_size import corners_in, shares_of
from assistant.engines.ocr.text_boxes import Corners, TextBox, from_line_start, in_reading_order
from assistant.engines.picture_checks import check_picture
from assistant.messages import Picture, TextLine
from assistant.problems import BadInput, MissingModel, shorten
from assistant.translatable import Translatable

TIMEOUT_S = 20.0
"""Seconds that a picture may take; a dense page takes about five."""
LONGEST_SIDE = 3000
"""Pixels; a larger picture is made smaller, or it would take minutes."""
READABLE_FROM = 0.7
"""Mean confidence of a line's words below which it counts as one that can't be read. On photographs without text Tesseract is less sure."""
_INSTALL = Translatable("run: {command}", command="apt install tesseract-ocr tesseract-ocr-eng")
_CODES = {
    "ara": "ar", "deu": "de", "eng": "en", "fra": "fr", "hin": "hi", "ind": "id", "ita": "it", "jpn": "ja", "kor": "ko", "nld": "nl",
    "pol": "pl", "por": "pt", "rus": "ru", "spa": "es", "tur": "tr", "ukr": "uk", "vie": "vi", "chi_sim": "zh",
}  # fmt: skip
_SPARSE, _ONE_LINE = "11", "7"
"""Tesseract's page segmentation modes: text anywhere in a picture; a picture of one line."""
_BORDER = 10
"""White pixels round a single line, as Tesseract wants it."""


class TesseractReader:
    """Implements `interfaces.TextReader` for the languages that are installed. Safe from several threads; holds no memory."""

    def __init__(self, languages: Sequence[str] = (), threads: int = 1, program: str = "tesseract") -> None:
        """Find the program.

        Args:
            languages: two-letter codes of those to read, the most usual first; none = all that are installed.
            threads: of one run.
            program: its name or path.

        Raises MissingModel if it isn't on this machine, or has none of the languages.
        """
        found = shutil.which(program)
        if found is None:
            raise MissingModel("Tesseract is not installed", _INSTALL)
        self._program = found
        self._threads = threads
        self._wanted = tuple(languages)
        if not self.languages:
            raise MissingModel("Tesseract lacks the language {languages}", _INSTALL, languages=shorten(" ".join(languages) or "en", 40))

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Return the two-letter codes of what it reads, of those that were asked for and are installed."""
        return tuple(code for code in self._wanted or self._packs if code in self._packs)

    def find(self, picture: Picture) -> Sequence[TextLine]:
        """Return where text stands in uint8 [H, W, 3]. Tesseract reads to find, so it is as slow as `read`."""
        return [TextLine("", line.probability, line.corners) for line in self.read(picture)]

    def read(self, picture: Picture, lines: Sequence[TextLine] | None = None) -> Iterator[TextLine]:
        """Yield lines of text of uint8 [H, W, 3] from top to bottom; `probability` is the product of its words' confidences.

        Raises BadInput for what is no picture, MissingModel if the program fails.
        """
        check_picture(picture, "text can't be read")
        if lines is None:
            yield from self._read_all(picture)
            return
        for line in lines:
            cut = cut_line(picture, corners_in(picture, line))
            framed = cv2.copyMakeBorder(cut, *(_BORDER,) * 4, cv2.BORDER_CONSTANT, value=(255, 255, 255))
            words = [word for found in self._lines(framed, _ONE_LINE) for word in found]
            text, probability = _text_of(words)
            yield TextLine(text, probability, line.corners)

    def unload(self) -> None:
        """Do nothing: each process is gone once it has read."""

    @cached_property
    def _packs(self) -> dict[str, str]:
        """Two-letter code -> Tesseract's name of it."""
        names = self._run(["--list-langs"]).split()
        return {_CODES[name]: name for name in names if name in _CODES}

    def _read_all(self, picture: Picture) -> Iterator[TextLine]:
        scale = min(1.0, LONGEST_SIDE / max(picture.shape[:2]))
        height, width = (max(1, round(side * scale)) for side in picture.shape[:2])
        resized = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA) if scale < 1 else picture
        read = {TextBox(_around(words), 1.0): words for words in self._lines(resized, _SPARSE)}
        for box in in_reading_order(read):
            text, probability = _text_of(read[box])
            yield TextLine(text, probability, shares_of(resized, box.corners))

    def _lines(self, picture: Picture, mode: str) -> list[list[_Word]]:
        """The words of each line that Tesseract finds."""
        if min(picture.shape[:2]) < 3:
            return []  # it fails on such
        height, width = picture.shape[:2]
        packs = "+".join(self._packs[code] for code in self.languages)
        image = b"P6 %d %d 255\n" % (width, height) + np.ascontiguousarray(picture).tobytes()
        return _parse(self._run(["stdin", "stdout", "-l", packs, "--psm", mode, "tsv"], image))

    def _run(self, arguments: Sequence[str], image: bytes = b"") -> str:
        environment = os.environ | {"OMP_THREAD_LIMIT": str(self._threads)}
        try:
            done = subprocess.run(
                [self._program, *arguments], input=image, capture_output=True, timeout=TIMEOUT_S, check=True, env=environment
            )
        except subprocess.TimeoutExpired as error:
            raise BadInput(
                "Tesseract didn't read this picture within {seconds:.0f} s", "take a picture of less text", seconds=TIMEOUT_S
            ) from error
        except (OSError, subprocess.SubprocessError) as error:
            raise MissingModel("Tesseract failed ({error})", _INSTALL, error=shorten(error, 60)) from error
        return done.stdout.decode("utf-8", errors="replace")


_Word = tuple[str, float, tuple[int, int, int, int]]
"""Text, confidence in [0, 1], and left, top, width, height in pixels."""


def _parse(tsv: str) -> list[list[_Word]]:
    """The words of each line out of Tesseract's table."""
    lines: dict[tuple[str, ...], list[_Word]] = {}
    for row in tsv.splitlines():
        cells = row.split("\t")
        if len(cells) == 12 and cells[0] == "5" and cells[11].strip() and re.fullmatch(r"-?[\d.]+", cells[10]):
            left, top, width, height = (int(cell) for cell in cells[6:10])
            word = cells[11].strip(), min(1.0, max(0.0, float(cells[10]) / 100)), (left, top, width, height)
            lines.setdefault(tuple(cells[1:5]), []).append(word)
    return list(lines.values())


def _text_of(words: Sequence[_Word]) -> tuple[str, float]:
    """The text of a line and its probability; "" and 0 where it can't be read."""
    if not words or sum(word[1] for word in words) / len(words) < READABLE_FROM:
        return "", 0.0
    return " ".join(word[0] for word in words), prod(word[1] for word in words)


def _around(words: Sequence[_Word]) -> Corners:
    places = np.array([word[2] for word in words], np.float32)
    (left, top), (right, bottom) = places[:, :2].min(axis=0), (places[:, :2] + places[:, 2:]).max(axis=0)
    return from_line_start(np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32))
