"""Opens photographs whose things, or whose number of people, somebody has written down: the folders of the project's test data.

A folder holds images.tar and boxes.tsv (file, name of a thing, left, top, width, height as shares) or another table.
"""

from __future__ import annotations

import csv
import re
import tarfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from assistant.messages import Picture, Region
from assistant.problems import BadInput, shorten

Half = Literal["fit", "report"]
"""What something may be fitted to, and what it is then measured on."""
PERSON = "person"


@dataclass(frozen=True, eq=False)
class LabelledPicture:
    """A photograph and what stands in it."""

    name: str
    picture: Picture
    things: tuple[tuple[str, Region], ...]
    """Every thing's name and place, of those names that were looked for; nothing where only a number is known."""
    people: int
    """How many there are."""


def half_of(name: str) -> Half:
    """Say which half a picture belongs to, by its name alone."""
    return "fit" if zlib.crc32(name.encode()) % 2 == 0 else "report"


def boxed_pictures(folder: Path, half: Half, limit: int, only: Sequence[str] | None = None) -> Iterator[LabelledPicture]:
    """Yield a half of the pictures of a folder with boxes.tsv; `only`: of these names."""
    things = defaultdict[str, list[tuple[str, Region]]](list)
    for name, label, *sides in read_rows(folder / "boxes.tsv"):
        things[name].append((label, Region(*map(float, sides))))
    wanted = [name for name in sorted(things if only is None else things.keys() & set(only)) if half_of(name) == half][:limit]
    for name, picture in opened_pictures(folder, wanted):
        found = tuple(things[name])
        yield LabelledPicture(name, picture, found, sum(label == PERSON for label, _ in found))


def captioned_names(folder: Path) -> list[str]:
    """Return the names of the pictures that captions.tsv has."""
    return sorted({row[0] for row in read_rows(folder / "captions.tsv")})


def pictures_of_nobody(folder: Path, limit: int, split: str | None = None) -> Iterator[LabelledPicture]:
    """Yield pictures of a folder with labels.tsv, in none of which is anybody; `split`: those whose second column says that."""
    wanted = [row[0] for row in read_rows(folder / "labels.tsv") if split is None or row[1] == split]
    for name, picture in opened_pictures(folder, wanted[:: max(1, len(wanted) // limit)][:limit]):
        yield LabelledPicture(name, picture, (), 0)


_COUNTS = {"a": 1, "an": 1, "one": 1, "the": 1, "another": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_ONE = "man|woman|boy|girl|child|kid|person|toddler|baby|lady|guy|player|skateboarder|snowboarder|skier|surfer|climber|cyclist|biker|rider"
_SEVERAL = "men|women|boys|girls|children|kids|people|toddlers|babies|ladies|guys|players|skiers|surfers|cyclists|riders|persons"
_SOMEBODY = re.compile(rf"\b({'|'.join(_COUNTS)})\s+(?:[\w-]+\s+){{0,2}}?({_ONE}|{_SEVERAL})\b")
_ANYBODY = re.compile(rf"\b({_ONE}|{_SEVERAL}|crowd|group|team|couple|someone|hikers?|runners?|his|her|their)\b")
_AGREEING = 3


def pictures_with_counts(folder: Path, limit: int, split: str = "dev") -> Iterator[LabelledPicture]:
    """Yield pictures of Flickr8k of which at least three of five captions tell the same number of people, none to six."""
    captions = defaultdict[str, list[str]](list)
    for name, part, caption in read_rows(folder / "captions.tsv"):
        if part == split:
            captions[name].append(caption.lower())
    counts = {name: count for name in sorted(captions) if (count := told_count(captions[name])) is not None}
    for name, picture in opened_pictures(folder, list(counts)[:limit]):
        yield LabelledPicture(name, picture, (), counts[name])


def told_count(captions: Sequence[str]) -> int | None:
    """Return the number of people that at least three captions tell; None where they don't agree or don't say it."""
    told = [_told(caption) for caption in captions]
    count, times = Counter(told).most_common(1)[0]
    return count if times >= _AGREEING and (count != 0 or times == len(told)) else None


def _told(caption: str) -> int | None:
    found = _SOMEBODY.findall(caption)
    if not found or len(_ANYBODY.findall(caption)) > len(found):  # somebody is there who isn't counted
        return None if _ANYBODY.search(caption) else 0
    if any(_COUNTS[number] == 1 and re.fullmatch(_SEVERAL, noun) for number, noun in found):
        return None
    return sum(_COUNTS[number] for number, _ in found)


def read_rows(path: Path) -> Iterator[list[str]]:
    """Yield the rows of a table, tabs between its columns. BadInput if it isn't there."""
    if not path.is_file():
        raise BadInput(f"there is no {shorten(path)}", "name the folder of the test data with --data")
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


def opened_pictures(folder: Path, names: Iterable[str]) -> Iterator[tuple[str, Picture]]:
    """Yield some pictures of a folder, uint8 [H, W, 3], with their names, in the order in which they lie in its images.tar."""
    wanted = set(names)
    with tarfile.open(folder / "images.tar") as archive:
        for member in archive:
            name = Path(member.name).name
            if name in wanted and (file := archive.extractfile(member)) is not None:
                picture = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR_RGB)
                yield name, np.asarray(picture, np.uint8)
