"""What readers share: places in a picture as shares and in pixels."""

from __future__ import annotations

import numpy as np

from assistant.engines.ocr.text_boxes import Corners
from assistant.messages import Picture, TextLine


def size_of(picture: Picture) -> Corners:
    """Return (width, height) in pixels, as float32 [2]."""
    return np.array(picture.shape[1::-1], np.float32)


def corners_in(picture: Picture, line: TextLine) -> Corners:
    """Return a line's corners in the picture's pixels."""
    return np.array(line.corners, np.float32) * size_of(picture)


def shares_of(picture: Picture, corners: Corners) -> tuple[tuple[float, float], ...]:
    """Return corners in pixels as shares of the picture, none beyond its edges."""
    return tuple((float(x), float(y)) for x, y in np.clip(corners / size_of(picture), 0.0, 1.0))
