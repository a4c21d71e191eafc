"""What readers share: pictures that can't be one, and places in a picture as shares and in pixels."""

from __future__ import annotations

import numpy as np

from assistant.engines.ocr.text_boxes import Corners
from assistant.messages import Picture, TextLine
from assistant.problems import BadInput

LONGEST_SIDE = 32_000
"""Pixels; OpenCV can't cut lines out of larger pictures."""


def check_picture(picture: Picture) -> None:
    """Raise BadInput unless it is uint8 [H, W, 3] with something in it, and not too large."""
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or 0 in picture.shape:
        raise BadInput(f"text can't be read in an array {picture.dtype} {picture.shape}", "give it a picture, uint8 [H, W, 3]")
    if max(picture.shape) > LONGEST_SIDE:
        raise BadInput(f"text can't be read in a picture of {picture.shape[1]} x {picture.shape[0]} pixels", "make it smaller")


def size_of(picture: Picture) -> Corners:
    """Return (width, height) in pixels, as float32 [2]."""
    return np.array(picture.shape[1::-1], np.float32)


def corners_in(picture: Picture, line: TextLine) -> Corners:
    """Return a line's corners in the picture's pixels."""
    return np.array(line.corners, np.float32) * size_of(picture)


def shares_of(picture: Picture, corners: Corners) -> tuple[tuple[float, float], ...]:
    """Return corners in pixels as shares of the picture, none beyond its edges."""
    return tuple((float(x), float(y)) for x, y in np.clip(corners / size_of(picture), 0.0, 1.0))
