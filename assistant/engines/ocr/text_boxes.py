"""From a map of where text is to the boxes of its lines, in reading order. Knows no network.

The steps are those of DB (Liao et al. 2020, https://arxiv.org/abs/1911.08947) with the thresholds of PP-OCR.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Corners = npt.NDArray[np.float32]
"""float32 [4, 2]: (x, y) of a line's corners, clockwise from where it begins."""
TextMap = npt.NDArray[np.float32]
"""float32 [H, W]: probability that a pixel lies in the middle of a line."""

TEXT_PIXEL = 0.3
"""Probability from which a pixel is of text."""
TEXT_BOX = 0.6
"""Mean probability of a spot's pixels from which it is text. (Of its rectangle's, as RapidOCR takes it, would lose a lone 7.)"""
GROWTH = 1.6
"""The map shows the middle of lines only; a box grows by this times its area divided by its circumference on each side."""
SHORTEST_SIDE = 3.0
"""Pixels of the map below which a spot is noise."""
TURNED_FROM = 1.5
"""Height divided by width from which a box holds a line that runs down or up."""
MAX_BOXES = 1000
"""Of a map; the largest are kept. A page of small print has some 200 lines."""


@dataclass(frozen=True, eq=False)
class TextBox:
    """A line of text in a picture or map, unread."""

    corners: Corners
    """In pixels."""
    probability: float
    """That it is text, in [0, 1]: the map's mean inside."""
    is_faint: bool = False
    """Whether it is too small or too unlikely to be taken for text before somebody has looked closer."""

    @property
    def height(self) -> float:
        """Return its height across the reading direction, in pixels."""
        return float(np.linalg.norm(self.corners[3] - self.corners[0]))

    @property
    def middle(self) -> float:
        """Return how far down its middle is, in pixels."""
        return float(self.corners[:, 1].mean())

    @property
    def extent(self) -> float:
        """Return how far it extends from top to bottom, in pixels."""
        return float(np.ptp(self.corners[:, 1]))


def find_boxes(text_map: TextMap) -> list[TextBox]:
    """Return the boxes of the lines in a map of probabilities, corners in its pixels, faint ones too; none where there is no text."""
    mask = cv2.dilate((text_map > TEXT_PIXEL).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    largest = sorted(contours, key=len, reverse=True)[: 4 * MAX_BOXES]  # the rest of a map of noise isn't worth the time
    boxes = [_box_around(contour, text_map) for contour in largest]
    return sorted(boxes, key=lambda box: -cv2.contourArea(box.corners))[:MAX_BOXES]


def in_reading_order(boxes: Iterable[TextBox]) -> list[TextBox]:
    """Sort boxes from top to bottom, and from left to right where they stand in a row."""
    rows: list[list[TextBox]] = []
    for box in sorted(boxes, key=lambda each: each.middle):
        if rows and box.middle - rows[-1][0].middle < min(box.extent, rows[-1][0].extent) / 2:
            rows[-1].append(box)
        else:
            rows.append([box])
    return [box for row in rows for box in sorted(row, key=lambda each: float(each.corners[:, 0].min()))]


def overlaps(box: TextBox, other: TextBox) -> bool:
    """Tell whether the upright extents of two boxes share half of the smaller one."""
    (low, high), (other_low, other_high) = ((each.corners.min(axis=0), each.corners.max(axis=0)) for each in (box, other))
    shared = np.clip(np.minimum(high, other_high) - np.maximum(low, other_low), 0, None).prod()
    return bool(shared > min((high - low).prod(), (other_high - other_low).prod()) / 2)


def _box_around(contour: npt.NDArray[np.int32], text_map: TextMap) -> TextBox:
    """The grown rectangle around a contour."""
    center, sides, angle = cv2.minAreaRect(contour)
    probability = _mean_inside(text_map, contour[:, 0])
    growth = sides[0] * sides[1] * GROWTH / max(sides[0] + sides[1], 1.0)
    grown = cv2.boxPoints((center, (sides[0] + growth, sides[1] + growth), angle))
    return TextBox(from_line_start(grown), probability, min(sides) < SHORTEST_SIDE or probability < TEXT_BOX)


def from_line_start(rectangle: Corners) -> Corners:
    """Order a rectangle's corners clockwise from where its line begins.

    A line runs to the right; in a tall box down, for text turned by a quarter is turned so more often.
    """
    left, right = (side[np.argsort(side[:, 1])] for side in np.split(rectangle[np.argsort(rectangle[:, 0], kind="stable")], 2))
    corners = np.array([left[0], right[0], right[1], left[1]], np.float32)
    width, height = np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[3] - corners[0])
    return np.roll(corners, -1, axis=0) if height >= TURNED_FROM * width else corners


def _mean_inside(text_map: TextMap, contour: npt.NDArray[np.int32]) -> float:
    low, high = contour.min(axis=0), contour.max(axis=0) + 1
    part = text_map[low[1] : high[1], low[0] : high[0]]
    inside = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(inside, [contour - low], 1)
    return float(cv2.mean(part, inside)[0])
