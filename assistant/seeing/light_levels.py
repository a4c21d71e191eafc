"""Judges how much light there is, whence it comes, and whether a lamp is in the picture. Pure.

Cameras brighten and darken pictures by themselves, so a level is only known where they can do no more: in the dark, and in a glare.
Between, a picture of a lit room and one of a garden are equally bright.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from assistant.messages import Picture, Region
from assistant.seeing.frame_quality import Plane, luma_of, picture_problem, thumbnail
from assistant.seeing.view_conditions import light_conditions

Side = Literal["left", "right", "above", "middle"]

CLIPPED = 250
"""Luma of what is too bright for the camera."""
SMALLEST, LARGEST = 0.0005, 0.06
"""Share of the picture that a lamp's bright part takes."""
FILLED = 0.45
"""Share of its frame that it fills at least: reflections on folds and edges are thinner."""
GLOW = 1.35
"""How much brighter the ring around a lamp is than the picture's median: paper has none."""
MOST_CLIPPED = 0.12
"""Share of the picture above which it is overexposed rather than a lamp bright."""


def light_level(picture: Picture) -> list[str]:
    """Return keys of the phrases that tell the light in uint8 [H, W, 3]: first how much there is, then whence it comes if that is plain."""
    problem = picture_problem(picture)
    if problem == "dark":
        return ["light_very_dark"]
    if problem == "overexposed":
        return ["view_bright"]
    conditions = light_conditions(luma_of(thumbnail(picture)))
    return conditions if {"view_dim", "view_bright"} & set(conditions) else ["light_enough", *conditions]


def brightness(picture: Picture) -> float:
    """Return how bright the middle of uint8 [H, W, 3] is, in [0, 1]: half of its width and height, as people see brightness."""
    small = luma_of(thumbnail(picture))
    rows, columns = small.shape
    middle = small[rows // 4 : rows - rows // 4, columns // 4 : columns - columns // 4]
    return float(middle.mean()) / 255


def bright_lamp(picture: Picture) -> Region | None:
    """Return where something glows in uint8 [H, W, 3], as a lamp or a small window does; None where nothing surely does."""
    luma = luma_of(thumbnail(picture))
    clipped = (luma >= CLIPPED).astype(np.uint8)
    if clipped.mean() > MOST_CLIPPED:
        return None
    count, labels, stats, _ = cv2.connectedComponentsWithStats(clipped, connectivity=8)
    for label in sorted(range(1, count), key=lambda each: -stats[each, cv2.CC_STAT_AREA]):
        left, top, width, height, area = stats[label].tolist()
        if not SMALLEST <= area / luma.size <= LARGEST or area < FILLED * width * height:
            continue
        if _glows(luma, labels == label):
            rows, columns = luma.shape
            return Region(left / columns, top / rows, width / columns, height / rows)
    return None


def side_of(region: Region) -> Side:
    """Return on which side of the picture a region is."""
    across, down = region.left + region.width / 2, region.top + region.height / 2
    if across < 1 / 3:
        return "left"
    if across > 2 / 3:
        return "right"
    return "above" if down < 1 / 3 else "middle"


def _glows(luma: Plane, blob: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> bool:
    """Whether light falls off around it, ring by ring, down to a darker picture."""
    rings, grown = [], blob.astype(np.uint8)
    for _ in range(3):
        wider = cv2.dilate(grown, np.ones((5, 5), np.uint8))
        rings.append(float(np.median(luma[(wider > 0) & (grown == 0)])))
        grown = wider
    return rings[0] > rings[1] > rings[2] and rings[1] > GLOW * float(np.median(luma))
