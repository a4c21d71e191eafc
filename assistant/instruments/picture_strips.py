"""Cuts a long picture, such as a screenshot of a whole page, into strips for a text reader, and joins what is read in them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from assistant.messages import Picture, Region, TextLine

LONGEST = 2.0
"""Heights over widths up to which a picture is read whole, and of each strip of a longer one."""
OVERLAP = 0.25
"""Widths of the picture by which two strips share it: a line lower than that is whole in one of them."""
SAME = 0.5
"""Share of the smaller one's area by which two strips' lines must overlap to be the same line."""
LEAST_PX = 320
"""Rows of a strip at least, however narrow the picture is."""
CUT_PX = 2
"""Pixels from a cut within which a line is taken to be cut."""


@dataclass(frozen=True, eq=False)
class Strip:
    """A part of a picture, as wide as all of it."""

    picture: Picture
    """uint8 [h, W, 3], a view of the whole."""
    top_px: int
    """Of its first row in the whole picture."""
    whole_px: int
    """Rows of the whole picture."""


def strips(picture: Picture) -> list[Strip]:
    """Cut uint8 [H, W, 3] into strips that overlap, from top to bottom, all of the same height; only one where it isn't long."""
    height, width = picture.shape[:2]
    tall, shared = max(int(LONGEST * width), LEAST_PX), int(OVERLAP * width)
    if height <= tall:
        return [Strip(picture, 0, height)]
    count = -(-(height - shared) // (tall - shared))
    tops = [round(number * (height - tall) / (count - 1)) for number in range(count)]
    return [Strip(picture[top : top + tall], top, height) for top in tops]


def joined(read: Iterable[tuple[Strip, Sequence[TextLine]]]) -> list[TextLine]:
    """Return the lines read in strips with their places in the whole picture, each once and from top to bottom.

    Of a line in two strips the one that isn't cut is kept, else the higher one.
    """
    found = [(number, strip, line) for number, (strip, lines) in enumerate(read) for line in lines]
    found.sort(key=lambda each: (_is_cut(each[1], each[2]), -each[2].region.height * len(each[1].picture)))
    kept = defaultdict[int, list[TextLine]](list)
    for number, strip, line in found:
        placed = _placed(strip, line)
        if all(_shared(placed.region, known.region) < SAME for other in (number - 1, number + 1) for known in kept.get(other, ())):
            kept[number].append(placed)
    return sorted(chain.from_iterable(kept.values()), key=lambda line: (line.region.top, line.region.left))


def _is_cut(strip: Strip, line: TextLine) -> bool:
    """Whether a line touches an edge of the strip that isn't one of the whole picture."""
    rows = len(strip.picture)
    top_px, bottom_px = line.region.top * rows, (line.region.top + line.region.height) * rows
    return (strip.top_px > 0 and top_px <= CUT_PX) or (strip.top_px + rows < strip.whole_px and bottom_px >= rows - CUT_PX)


def _placed(strip: Strip, line: TextLine) -> TextLine:
    """The line with its place in the whole picture."""
    rows = len(strip.picture)
    return replace(line, corners=tuple((across, (strip.top_px + down * rows) / strip.whole_px) for across, down in line.corners))


def _shared(one: Region, other: Region) -> float:
    """The area that two regions share over that of the smaller one."""
    width = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    height = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    smaller = min(one.width * one.height, other.width * other.height)
    return width * height / smaller if width > 0 and height > 0 and smaller > 0 else 0.0
