"""Boxes around things: joined, thinned out where several stand for one thing, and turned into shares of the picture. Knows no network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from assistant.messages import Picture, Region

Floats = npt.NDArray[np.float32]

MOST_BOXES = 300
"""Of a picture, the likeliest ones: a crowd has no more that anybody would be told of, and thinning out takes the square of it."""


@dataclass(frozen=True, eq=False)
class Boxes:
    """What a network has found."""

    corners: Floats
    """float32 [n, 4]: left, top, right, bottom as shares of the picture; they may lie beyond its edges."""
    scores: Floats
    """float32 [n], in [0, 1]: how sure the network is, on its own scale."""
    labels: npt.NDArray[np.intp]
    """[n]: the number of each thing's name."""

    def __getitem__(self, chosen: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> Boxes:
        """Return some of them."""
        return Boxes(self.corners[chosen], self.scores[chosen], self.labels[chosen])

    @classmethod
    def joined(cls, parts: Iterable[Boxes]) -> Boxes:
        """Return all of at least one group as one."""
        corners, scores, labels = zip(*((each.corners, each.scores, each.labels) for each in parts), strict=True)
        return cls(np.concatenate(corners), np.concatenate(scores), np.concatenate(labels))


def corners_around(middles: Floats, sizes: Floats) -> Floats:
    """Return corners [..., 4] of boxes by their middles (x, y) and sizes (width, height), both [..., 2]."""
    return np.concatenate([middles - sizes / 2, middles + sizes / 2], axis=-1)


def thin_out(boxes: Boxes, most_overlap: float, *, across_labels: bool = False) -> Boxes:
    """Return boxes, best first, without those that overlap a better one of the same thing: greedy non-maximum suppression.

    Args:
        boxes: in any order.
        most_overlap: intersection over union above which two boxes stand for one thing.
        across_labels: whether boxes with different labels may stand for one thing too.
    """
    boxes = boxes[np.argsort(-boxes.scores, kind="stable")[:MOST_BOXES]]
    rivals = overlaps(boxes.corners, boxes.corners) > most_overlap
    if not across_labels:
        rivals &= boxes.labels[:, None] == boxes.labels
    kept = np.ones(len(rivals), bool)
    for index in range(len(rivals)):
        if kept[index]:
            kept[index + 1 :] &= ~rivals[index, index + 1 :]
    return boxes[kept]


def overlaps(first: Floats, second: Floats) -> Floats:
    """Return intersection over union of each box of `first` [n, 4] with each of `second` [m, 4]: [n, m]."""
    low, high = np.maximum(first[:, None, :2], second[:, :2]), np.minimum(first[:, None, 2:], second[:, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    areas = [np.clip(each[:, 2:] - each[:, :2], 0, None).prod(axis=1) for each in (first, second)]
    return np.asarray(common / np.maximum(areas[0][:, None] + areas[1] - common, 1e-9), np.float32)


def region_of(corners: Floats) -> Region:
    """Return a box as a part of the picture, none of it beyond its edges."""
    left, top, right, bottom = (float(each) for each in np.clip(corners, 0.0, 1.0))
    return Region(left, top, right - left, bottom - top)


def resized(picture: Picture, width: int, height: int) -> Picture:
    """Return the picture stretched to a size in pixels."""
    shrinks = width * height < picture.shape[0] * picture.shape[1]
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR), np.uint8)


def size_with_area(picture: Picture, side: int, stride: int, most_uneven: float = 2.5) -> tuple[int, int]:
    """Return a width and height of about `side` * `side` pixels, multiples of `stride`, that keep a picture's form.

    `most_uneven`: of the longer side to the shorter one; what is longer is squeezed, or its shorter side would be lost.
    """
    height, width = picture.shape[:2]
    uneven = float(np.clip(width / height, 1 / most_uneven, most_uneven)) ** 0.5
    return max(stride, round(side * uneven / stride) * stride), max(stride, round(side / uneven / stride) * stride)
