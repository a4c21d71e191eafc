"""Names the pattern that two colours make on a cloth. Pure."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from assistant.messages import Pattern
from assistant.seeing.colours import Labs
from assistant.seeing.held_thing import Mask

Plane = npt.NDArray[np.float64]

BUSY = 0.05
"""Mean change from pixel to pixel, as a share of the way from one colour to the other, below which they are two large parts."""
ONE_WAY, TWO_WAYS = 0.45, 0.20
"""Share of the change that goes one way, of stripes, and along either of two ways at right angles, of checks."""
DOTS, EVEN, ROUND = 6, 0.55, 0.55
"""Pieces of one colour at least, standard deviation of their areas over the mean at most, and share of their frames filled at least."""


def pattern_of(lab: Labs, mask: Mask, one: Labs, other: Labs) -> Pattern:
    """Return the pattern of [h, w, 3] inside a mask, which the colours [3] and [3] make.

    By the directions in which one gives way to the other: one direction is stripes, two at right angles are checks, many small pieces of
    one size are dots.
    """
    way = other - one
    blend = np.clip((lab - one) @ way / max(float(way @ way), 1e-6), 0, 1)  # [h, w]: 0 is one colour, 1 the other
    inside = cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=0) > 0
    if not inside.any():
        return "plain"
    smooth = cv2.GaussianBlur(blend, (0, 0), 0.7)
    down, across = np.gradient(smooth)
    steps, angles = np.hypot(across, down)[inside], np.arctan2(down, across)[inside]
    if steps.mean() < BUSY:
        return "plain"
    one_way, two_ways = (abs(complex(np.sum(steps * np.exp(1j * turns * angles)))) / float(steps.sum()) for turns in (2, 4))
    if one_way >= ONE_WAY:
        return "striped"
    if two_ways >= TWO_WAYS:
        return "checked"
    return "dotted" if _are_dots(blend, inside) or _are_dots(1 - blend, inside) else "patterned"


def _are_dots(blend: Plane, inside: Mask) -> bool:
    """Whether what is more of the second colour comes in many round pieces of one size."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(((blend > 0.5) & inside).astype(np.uint8), connectivity=4)
    borders = np.unique(labels[inside & (cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) == 0)])
    whole = [label for label in range(1, count) if label not in borders and stats[label, cv2.CC_STAT_AREA] >= 4]
    if len(whole) < DOTS:
        return False
    areas = stats[whole, cv2.CC_STAT_AREA].astype(np.float64)
    frames = stats[whole, cv2.CC_STAT_WIDTH] * stats[whole, cv2.CC_STAT_HEIGHT]
    return bool(areas.std() / areas.mean() <= EVEN and np.median(areas / frames) >= ROUND)
