"""Finds the four edges of a sheet in a picture, with OpenCV.

A sheet is the largest convex quadrilateral among the outlines of what is bright or has edges around it; the method is that of OpenCV's
own sample `squares.cpp`, on a small copy of the picture.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from assistant.messages import Picture
from assistant.reading.aiming import Corners

Quadrilateral = npt.NDArray[np.float32]
"""float32 [4, 2]"""
Points = npt.NDArray[np.float32]
"""float32 [n, 2]"""

EDGE_PX = 320
"""Longest edge of the copy that is searched: a sheet's outline is as clear in it, and it takes few milliseconds."""
SMALLEST = 0.12
"""Share of the picture that a sheet fills, at least."""
STRAIGHTNESS = 0.02
"""Share of an outline's length by which it may bend and still be four straight edges."""
FILLED = 0.9
"""Share of the quadrilateral that its outline encloses, at least: what is only roughly one has rounder corners."""
NEAR_EDGE = 0.05
"""Share of an edge's length from it up to which an outline's points count as its own."""
MOST_CANDIDATES = 12
"""Outlines looked at in each copy, the largest first: bounds the time."""
SHARPEST, BLUNTEST = 40, 140
"""Angles, in degrees, between a sheet's edges; a slant bends right angles so far and not farther."""


def page_corners(picture: Picture) -> Corners | None:
    """Find a sheet in uint8 [H, W, 3]: its corners as shares of the picture, clockwise from the top left. None where there is none.

    A sheet that the picture's edge cuts isn't found unless its other edges still make four corners with it.
    """
    height, width = picture.shape[:2]
    scale = min(1.0, EDGE_PX / max(height, width))
    small = cv2.resize(picture, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)
    found = [each for mask in _masks(small) for each in _quadrilaterals(mask)]
    if not found:
        return None
    _, corners, outline = max(found, key=lambda each: each[0])
    shares = (_clockwise(_refined(corners, outline)) + 0.5) / (small.shape[1], small.shape[0])
    return tuple((float(x), float(y)) for x, y in np.clip(shares, 0, 1))


def _masks(small: Picture) -> Iterator[npt.NDArray[np.uint8]]:
    """Where it may be sheet, uint8 [h, w] of 0 and 255: what is brighter than the rest, and what lies within closed edges."""
    grey = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), (5, 5), 0)
    kernel = np.ones((5, 5), np.uint8)
    _, bright = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    yield cv2.morphologyEx(bright, cv2.MORPH_CLOSE, kernel)  # print doesn't tear the sheet
    for low in (20, 60):
        yield cv2.dilate(cv2.Canny(grey, low, 3 * low), np.ones((3, 3), np.uint8))


def _quadrilaterals(mask: npt.NDArray[np.uint8]) -> Iterator[tuple[float, Quadrilateral, Points]]:
    """Outlines of a mask that are convex, large enough and have four corners of a likely angle: area, float32 [4, 2], and the outline."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    least = SMALLEST * mask.shape[0] * mask.shape[1]
    for outline in sorted(outlines, key=cv2.contourArea, reverse=True)[:MOST_CANDIDATES]:
        if cv2.contourArea(outline) < least:
            return
        hull = cv2.convexHull(outline)
        corners = cv2.approxPolyDP(hull, STRAIGHTNESS * cv2.arcLength(hull, True), True)
        if len(corners) != 4 or _is_frame(corners[:, 0], mask.shape):
            continue
        quadrilateral = corners[:, 0].astype(np.float32)  # [4, 2]
        area = cv2.contourArea(quadrilateral)
        if cv2.contourArea(outline) >= FILLED * area and _has_likely_angles(quadrilateral):
            yield area, quadrilateral, outline[:, 0].astype(np.float32)


def _refined(corners: Quadrilateral, outline: Points) -> Quadrilateral:
    """Move corners [4, 2] to where lines meet that are fitted to the outline [n, 2] along each edge: its own corners are rounded."""
    lines = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        length = float(np.linalg.norm(end - start))
        along = (outline - start) @ (end - start) / length**2
        across = np.abs((outline - start) @ np.array([start[1] - end[1], end[0] - start[0]])) / length
        near = outline[(along > 0.1) & (along < 0.9) & (across < NEAR_EDGE * length)]
        if len(near) < 4:
            return corners
        dx, dy, x, y = cv2.fitLine(near, cv2.DIST_HUBER, 0, 0.01, 0.01).ravel()
        lines.append((-dy, dx, dy * x - dx * y))  # a x + b y + c = 0
    meets = np.cross(np.roll(lines, 1, axis=0), lines)  # [4, 3]
    if np.abs(meets[:, 2]).min() < 1e-6:
        return corners
    return np.asarray(meets[:, :2] / meets[:, 2:], np.float32)


def _is_frame(corners: npt.NDArray[np.int32], shape: tuple[int, ...]) -> bool:
    """Whether it is the whole picture rather than something in it: three corners lie at its edge."""
    across, down = corners[:, 0], corners[:, 1]
    at_edge = (across <= 2) | (across >= shape[1] - 3) | (down <= 2) | (down >= shape[0] - 3)
    return int(at_edge.sum()) >= 3


def _has_likely_angles(quadrilateral: Quadrilateral) -> bool:
    before, after = np.roll(quadrilateral, 1, axis=0) - quadrilateral, np.roll(quadrilateral, -1, axis=0) - quadrilateral
    cosines = (before * after).sum(axis=1) / (np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1) + 1e-9)
    angles = np.degrees(np.arccos(np.clip(cosines, -1, 1)))
    return bool((angles >= SHARPEST).all() and (angles <= BLUNTEST).all())


def _clockwise(quadrilateral: Quadrilateral) -> Quadrilateral:
    """Order corners clockwise (y goes down) from the one nearest to the picture's top left."""
    offsets = quadrilateral - quadrilateral.mean(axis=0)
    ordered = quadrilateral[np.argsort(np.arctan2(offsets[:, 1], offsets[:, 0]))]
    return np.roll(ordered, -int(np.argmin(ordered.sum(axis=1))), axis=0)
