"""Measures the colours of a thing in a picture, under whatever lamp. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from assistant.messages import Pattern, Picture, Region
from assistant.seeing.colour_shares import Shares, colour_shares
from assistant.seeing.colours import Labs, to_lab
from assistant.seeing.held_thing import Mask, cut_out, held_thing, inner, middle, shrunk
from assistant.seeing.patterns import pattern_of
from assistant.seeing.white_balance import balanced

EDGE = 256
"""Longest side of the picture in which colours are measured, in pixels; narrow stripes need more than telling a thing from its ground."""
BRIGHTENED = 2.2
"""Most by which a picture is brightened until its lightest parts are white: cameras underexpose what is light."""
DARKEST = 0.03
"""Linear light that black cloth throws back, and that lenses spread over dark parts."""
WHITE_PERCENTILE = 98.0
DARK = 0.012
"""Linear light, of the thing before it is brightened, below which colours are mostly noise."""
GAMMA = 2.2


@dataclass(frozen=True, eq=False)
class ThingColours:
    """What was measured of a thing."""

    colours: Labs
    """CIELAB [n, 3] as by daylight, the largest first."""
    shares: npt.NDArray[np.float64]
    """[n], of the thing."""
    pattern: Pattern
    fills_picture: bool
    """Whether nothing else is to be seen, so that nothing tells how light the thing is nor what lamp shines."""
    is_dark: bool
    """Whether there is too little light to tell its colours."""


def thing_colours(picture: Picture, region: Region | None = None) -> ThingColours:
    """Return the colours of what is in the middle of uint8 [H, W, 3], or in a region of it."""
    small = shrunk(picture, EDGE)
    mask = _mask_of(picture, small.shape, region)
    fills_picture = bool(mask.all())
    if fills_picture:
        mask = middle(*mask.shape)
    linear = (small / 255.0) ** GAMMA
    is_dark = bool(np.median(linear[mask].max(axis=1)) < DARK and not _has_white(linear))
    light = linear if fills_picture else balanced(linear)
    lab = to_lab(_exposed(light, 1.0 if fills_picture else BRIGHTENED))
    found = colour_shares(lab, inner(mask))
    return ThingColours(found.colours, found.shares, _pattern(lab, mask, found), fills_picture, is_dark)


def _mask_of(picture: Picture, shape: tuple[int, ...], region: Region | None) -> Mask:
    """Where the thing is in a picture shrunk to `shape`; within a region its ground is what is at the region's rim."""
    height, width = shape[:2]
    mask = np.zeros((height, width), np.uint8)
    region = region or Region(0.0, 0.0, 1.0, 1.0)
    top, left = (min(max(int(share * size), 0), size - 1) for share, size in ((region.top, height), (region.left, width)))
    bottom = min(max(round((region.top + region.height) * height), top + 1), height)
    right = min(max(round((region.left + region.width) * width), left + 1), width)
    found = held_thing(shrunk(cut_out(picture, region))).astype(np.uint8)
    mask[top:bottom, left:right] = cv2.resize(found, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST)
    return mask > 0


def _has_white(linear: npt.NDArray[np.float64]) -> bool:
    """Whether something in the picture is well lit, so that what is dark in it is dark by itself."""
    return bool(np.percentile(linear.max(axis=2), WHITE_PERCENTILE) > 0.25)


def _exposed(linear: npt.NDArray[np.float64], most: float) -> npt.NDArray[np.float32]:
    """As sRGB in [0, 1], float32, with its lightest parts white, brightened `most` times at most, and its black parts black."""
    luma = linear @ (0.2126, 0.7152, 0.0722)
    gain = np.clip(1.0 / max(float(np.percentile(luma, WHITE_PERCENTILE)), 1e-4), 1.0, most)
    return np.asarray(np.clip((linear * gain - DARKEST) / (1 - DARKEST), 0, 1) ** (1 / GAMMA), np.float32)


def _pattern(lab: Labs, mask: Mask, found: Shares) -> Pattern:
    return pattern_of(lab, mask, found.colours[0], found.colours[1]) if len(found.shares) > 1 else "plain"
