"""Which way up a picture is held: what its file tells of that, and the eight ways to turn it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import cv2
import numpy as np

from assistant.devices.cut_picture import Pixels

HEAD_OF_FILE = 200_000
"""Bytes within which a file tells what kind of picture it holds, and how that is turned."""


def upright_turn(stored: Pixels, plain: Pixels | None, content: bytes) -> Callable[[Pixels], Pixels]:
    """Return how a picture is turned upright: OpenCV does so only while it drops what can be seen through.

    Args:
        stored: as it stands in the file.
        plain: as OpenCV turns it; None where it can't be read so.
        content: the file.
    """
    colours = stored[..., :3] if stored.ndim == 3 else cv2.cvtColor(stored, cv2.COLOR_GRAY2BGR)
    turns = [turn for turn in TURNS if plain is not None and np.array_equal(turn(colours), plain)] or [TURNS[0]]
    told = TURNS[_BY_EXIF.get(_orientation(content), 0)]
    return told if told in turns else turns[0]


def _orientation(content: bytes) -> int:
    """EXIF's tag 0x0112, from 1 to 8; 1 where there is none."""
    start = max(content.find(b"II*\0", 0, HEAD_OF_FILE), content.find(b"MM\0*", 0, HEAD_OF_FILE))
    order: Literal["little", "big"] = "little" if content[start : start + 1] == b"I" else "big"

    def number(at: int, length: int) -> int:
        return int.from_bytes(content[start + at : start + at + length], order)

    first = number(4, 4)
    fields = range(first + 2, first + 2 + 12 * min(number(first, 2), 64), 12) if start >= 0 else ()
    told = next((number(at + 8, 2) for at in fields if number(at, 2) == 0x0112), 1)
    return 1 if start == 0 and told <= 4 else told  # libtiff has mirrored a TIFF by itself


def _turns() -> Iterator[Callable[[Pixels], Pixels]]:
    """The eight ways to hold a picture: turned anticlockwise by quarters, then the same of its mirror image."""
    for mirrored in (False, True):
        for quarters in range(4):
            yield lambda pixels, m=mirrored, q=quarters: np.rot90(pixels[:, ::-1] if m else pixels, q)  # type: ignore[misc]


_BY_EXIF = {1: 0, 2: 4, 3: 2, 4: 6, 5: 5, 6: 3, 7: 7, 8: 1}
"""Orientation -> number in TURNS."""
TURNS = tuple(_turns())
"""The eight ways to hold a picture, of which the first leaves it as it is."""
