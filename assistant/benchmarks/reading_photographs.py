"""Opens photographs for the benchmark of reading: with known text, without any, and frames in which there is nothing to see."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from assistant.assembly import open_readable_picture
from assistant.benchmarks.pictures import made_up_pictures
from assistant.benchmarks.reading_pages import TextPicture
from assistant.messages import Picture
from assistant.problems import BadInput, shorten

NOTHING = "nothing"
"""The kind of pictures without text."""
_BAD_FRAMES = 5
"""Every how many pictures without text one is darkened and one is blurred too."""


def photographs_with_text(folder: Path) -> Iterator[TextPicture]:
    """Yield what texts.tsv names: file, kind, text in reading order, also (what stands there too but needn't be told)."""
    table = folder / "texts.tsv"
    if not table.is_file():
        raise BadInput(f"{shorten(str(folder))} has no texts.tsv", "write one with the columns file, kind, text, also")
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            kind = f"photo: {row['kind']}"
            yield TextPicture(row["file"], kind, "", "", 0, _opened(folder / row["file"]), row["text"], row.get("also") or "")


def pictures_without_text(folder: Path | None) -> Iterator[TextPicture]:
    """Yield covered, dark and blurred frames, made up pictures, and the photographs below a folder, some darkened or blurred too."""
    chance = np.random.default_rng(1)
    covered = {f"covered {level}": _grain(np.full((720, 1280, 3), level, np.uint8), chance) for level in (0, 8, 255)}
    made_up = {f"made up {number}": each for number, each in enumerate(made_up_pictures(6))}
    for name, picture in (covered | made_up).items():
        yield _nothing(name, picture)
    for number, path in enumerate(sorted(folder.iterdir()) if folder else ()):
        picture = _opened(path)
        yield _nothing(path.name, picture)
        if number % _BAD_FRAMES == 0:
            yield _nothing(f"{path.name}, dark", _grain((picture * 0.08).astype(np.uint8), chance))
            yield _nothing(f"{path.name}, blurred", np.asarray(cv2.GaussianBlur(picture, (0, 0), picture.shape[1] / 60), np.uint8))


def _nothing(name: str, picture: Picture) -> TextPicture:
    return TextPicture(name, NOTHING, "", "", 0, picture, "")


def _grain(picture: Picture, chance: np.random.Generator) -> Picture:
    """As a sensor has it in the dark."""
    return np.asarray(np.clip(picture + chance.normal(0, 3, picture.shape), 0, 255), np.uint8)


def _opened(path: Path) -> Picture:
    camera = open_readable_picture(str(path))
    if camera is None:
        raise BadInput(f"{shorten(str(path))} is no picture", "leave it out of the folder")
    return next(camera.frames()).picture
