"""A folder of pictures and `captions.tsv` for fine-tuning: file, caption and, if you like, question, one a line, with tabs between.

Knows nothing of models. A spreadsheet saved as "text, tab-separated" works: UTF-8 or UTF-16, quoted fields, a line of headings.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.devices.picture_file import PICTURE_SUFFIXES, open_picture
from assistant.problems import BadInput, shorten
from models.training.commands import tell_skipped

CAPTIONS_FILE = "captions.tsv"
HOW = "write file, caption and, if you like, question on each line, with tabs between"


@dataclass(frozen=True)
class Caption:
    """What is to be answered about a picture."""

    picture: Path
    text: str
    question: str | None
    """None: any of the ways to ask for a description."""
    line: int
    """In the captions file, counted from 1."""


def read_captions(folder: Path) -> list[Caption]:
    """Read `folder`/captions.tsv. BadInput names the file or the first line that is wrong."""
    path = folder / CAPTIONS_FILE
    if not folder.is_dir():
        raise BadInput(f"there is no folder {shorten(folder)}", "give --pictures the folder with the pictures and captions.tsv")
    captions, number = [], 0
    try:
        lines = csv.reader(_text(path).splitlines(keepends=True), delimiter="\t", strict=True)
        for number, fields in enumerate(lines, 1):
            if any(field.strip() for field in fields) and not (number == 1 and fields[0].strip().lower() == "file"):
                captions.append(_caption(folder, [" ".join(field.split()) for field in fields], number))
    except csv.Error as error:
        raise BadInput(f"line {number + 1} of {shorten(path)} has a quotation mark that isn't closed ({error})", HOW) from error
    if not captions:
        raise BadInput(f"there is no caption in {shorten(path)}", HOW)
    return captions


def readable(captions: Sequence[Caption]) -> tuple[list[Caption], list[str]]:
    """Those whose pictures can be read, and what to tell of the others, a sentence for each reason; BadInput if none is left."""
    reasons = {picture: _trouble(picture) for picture in dict.fromkeys(caption.picture for caption in captions)}
    kept = [caption for caption in captions if reasons[caption.picture] is None]
    told = tell_skipped(reasons, "pictures")
    if not kept:
        raise BadInput("no picture is left to learn from (" + "; ".join(told) + ")", "check the names in captions.tsv")
    return kept, told


def uncaptioned(folder: Path, captions: Sequence[Caption]) -> int:
    """How many pictures lie in the folder itself without a caption."""
    known = {caption.picture.resolve() for caption in captions}
    return sum(path.suffix.lower() in PICTURE_SUFFIXES and path.resolve() not in known for path in folder.iterdir())


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
        return raw.decode("utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig")
    except OSError as error:
        raise BadInput(f"the captions file {shorten(path)} can't be read ({error.strerror})", HOW) from error
    except UnicodeDecodeError as error:
        raise BadInput(f"the captions file {shorten(path)} is not UTF-8 text", "save it as tab-separated text in UTF-8") from error


def _caption(folder: Path, fields: list[str], line: int) -> Caption:
    fields += [""] * (3 - len(fields))
    where = f"line {line} of {CAPTIONS_FILE}"
    if len(fields) > 3 and any(fields[3:]):
        raise BadInput(f"{where} has more than three fields", HOW)
    name, text, question = fields[:3]
    if not name or not text:
        raise BadInput(f"{where} has no {'caption' if name else 'file'}: {shorten(repr(name or text), 60)}", HOW)
    return Caption(folder / name, text, question or None, line)


def _trouble(picture: Path) -> str | None:
    """Why a picture can't be used."""
    try:
        open_picture(picture)
    except BadInput:
        return "unreadable" if picture.exists() else "missing"
    return None
