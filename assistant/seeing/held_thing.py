"""Tells what somebody holds before the camera from what lies behind it. Pure; knows no kinds of things."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from assistant.messages import Picture, Region
from assistant.seeing.colours import to_lab

Mask = npt.NDArray[np.bool_]
Shares = npt.NDArray[np.float64]

EDGE = 128
"""Longest side of the picture in which a thing is parted from the ground, in pixels."""
FRAME = 0.04
"""Width of the picture's rim, as a share of its sides: ground for sure, unless the thing fills the picture."""
SEED = (0.22, 0.30)
"""Half axes of the middle in which the thing is thought to be, as shares of width and height."""
STEPS = 3
"""Of GrabCut, each of which takes some 10 ms."""
LEAST = 0.02
"""Share of the picture that a thing takes at least; what is smaller is no thing that somebody holds."""
DISTINCT = 8.0
"""How much more frequent a colour is in the middle than in the rim if it is surely the thing's."""
SAME = 0.6
"""Overlap of the colours of middle and rim, in [0, 1], from which one thing fills the picture."""


def shrunk(picture: Picture, edge: int = EDGE) -> Picture:
    """Return uint8 [H, W, 3] with a longest side of at most `edge`."""
    scale = edge / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def cut_out(picture: Picture, region: Region) -> Picture:
    """Return the part of uint8 [H, W, 3] in a region, at least a pixel of it."""
    height, width = picture.shape[:2]
    top, left = round(region.top * height), round(region.left * width)
    bottom, right = round((region.top + region.height) * height), round((region.left + region.width) * width)
    return np.ascontiguousarray(picture[max(0, top) : max(top + 1, bottom), max(0, left) : max(left + 1, right)])


def held_thing(small: Picture) -> Mask:
    """Return where the thing in the middle of uint8 [h, w, 3] is, as bool [h, w]; all of it where that thing fills the picture.

    GrabCut (Rother, Kolmogorov and Blake 2004) from an ellipse in the middle and the rim.
    """
    height, width = small.shape[:2]
    if min(height, width) < 8:
        return np.ones((height, width), bool)
    centre, rim = middle(height, width), _rim(height, width)
    codes, in_middle, in_rim = _colour_counts(small, centre, rim)
    if np.minimum(in_middle, in_rim).sum() >= SAME:
        return np.ones((height, width), bool)
    labels = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    labels[centre & (in_rim <= in_middle)[codes]] = cv2.GC_PR_FGD
    labels[centre & (in_rim * DISTINCT < in_middle)[codes]] = cv2.GC_FGD
    labels[rim & (in_rim >= in_middle)[codes]] = cv2.GC_BGD  # others of the rim may be a sleeve
    cv2.setRNGSeed(0)
    cv2.grabCut(small[..., ::-1].copy(), labels, None, np.zeros((1, 65)), np.zeros((1, 65)), STEPS, cv2.GC_INIT_WITH_MASK)
    found = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    found = _touching(found, centre)
    return found if found.mean() >= LEAST else centre


def inner(mask: Mask) -> Mask:
    """Return a mask without its edge, where colours mix; as it is where nothing else would be left."""
    eroded = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1) > 0
    return eroded if eroded.sum() >= mask.sum() / 4 else mask


def middle(height: int, width: int) -> Mask:
    """Return the ellipse, bool [h, w], in which what somebody holds is thought to be."""
    y, x = ((np.arange(size) + 0.5) / size - 0.5 for size in (height, width))
    ellipse = (y[:, None] / SEED[1]) ** 2 + (x[None] / SEED[0]) ** 2 < 1
    return np.asarray(ellipse if ellipse.any() else np.ones((height, width)), bool)


def _rim(height: int, width: int) -> Mask:
    y, x = max(1, round(height * FRAME)), max(1, round(width * FRAME))
    rim = np.ones((height, width), bool)
    rim[y:-y, x:-x] = False
    return rim


def _colour_counts(small: Picture, middle: Mask, rim: Mask) -> tuple[npt.NDArray[np.intp], Shares, Shares]:
    """Each pixel's bin, 20 wide in L* and 12 in a* and b*, and the share of each bin in the middle and in the rim."""
    codes = (np.floor(to_lab(small) / (20, 12, 12)).astype(np.intp) + (0, 12, 12)) @ (1, 10, 300)
    in_middle, in_rim = (np.bincount(codes[part], minlength=10_000) / part.sum() for part in (middle, rim))
    return codes, in_middle, in_rim


def _touching(found: Mask, middle: Mask) -> Mask:
    """The parts that reach into the middle."""
    _, labels = cv2.connectedComponents(found.astype(np.uint8))
    wanted = np.unique(labels[middle & found])
    return np.asarray(np.isin(labels, wanted[wanted > 0]), bool)
