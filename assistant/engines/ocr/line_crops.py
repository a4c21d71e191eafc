"""Cuts a line of text out of a picture, upright and of the height that recognisers read. Knows no network."""

from __future__ import annotations

import cv2
import numpy as np

from assistant.engines.ocr.text_boxes import Corners
from assistant.messages import Picture

LINE_HEIGHT = 48
"""Pixels a recogniser reads."""
LONGEST_LINE = 3200
"""Pixels; a longer line is squeezed, so that a line's time and memory are bounded. About 130 characters."""
_SHRINK_STEP = 2.0


def cut_line(picture: Picture, corners: Corners) -> Picture:
    """Return uint8 [48, W, 3]: what stands between the corners (in pixels, clockwise from where the line begins)."""
    across, down = _mean_length(corners, 0, 1, 3, 2), _mean_length(corners, 0, 3, 1, 2)
    width = round(np.clip(across * LINE_HEIGHT / max(down, 1.0), LINE_HEIGHT // 4, LONGEST_LINE))
    # Large letters are made smaller in one go without aliasing by cutting them at a multiple of the size first.
    times = max(1, int(down / LINE_HEIGHT / _SHRINK_STEP + 0.5))
    size = width * times, LINE_HEIGHT * times
    target = np.array([[0, 0], [size[0], 0], size, [0, size[1]]], np.float32)
    turned = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    line = cv2.warpPerspective(picture, turned, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    upright: Picture = cv2.resize(line, (width, LINE_HEIGHT), interpolation=cv2.INTER_AREA)
    return upright


def _mean_length(corners: Corners, start: int, end: int, other_start: int, other_end: int) -> float:
    sides = corners[[end, other_end]] - corners[[start, other_start]]
    return float(np.linalg.norm(sides, axis=1).mean())
