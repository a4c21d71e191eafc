"""Spoils pictures as a camera in a hand does, for benchmarks: blur, a slanted view, uneven light, noise, a turn."""

from __future__ import annotations

import cv2
import numpy as np

from assistant.messages import Picture

FAULTS = ("", "", "blur", "perspective", "light", "noise", "turned 90", "turned 180")
""" "" leaves a picture as it is."""


def damaged(picture: Picture, fault: str, letter_px: int, chance: np.random.Generator) -> Picture:
    """Return uint8 [H, W, 3] with a fault, sized by the height of its letters where that matters."""
    if fault == "blur":
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), float(chance.uniform(0.06, 0.14)) * letter_px), np.uint8)
    if fault == "perspective":
        return _slanted(picture, chance)
    if fault == "light":
        return _unevenly_lit(picture, chance)
    if fault == "noise":
        return np.clip(picture + chance.normal(0, float(chance.uniform(12, 30)), picture.shape), 0, 255).astype(np.uint8)
    if fault.startswith("turned"):
        return np.ascontiguousarray(np.rot90(picture, 2 if fault.endswith("180") else int(chance.choice((1, 3)))))
    return picture


def _slanted(picture: Picture, chance: np.random.Generator) -> Picture:
    """Seen from a side: each corner moves inwards by up to an eighth; grey around it."""
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]], np.float32) * (width, height)
    moved = corners + inwards * chance.uniform(0.01, 0.125, (4, 2))
    view = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    return np.asarray(cv2.warpPerspective(picture, view, (width, height), flags=cv2.INTER_AREA, borderValue=(120, 115, 110)), np.uint8)


def _unevenly_lit(picture: Picture, chance: np.random.Generator) -> Picture:
    """A shadow falls over a part: down to a third of the light."""
    height, width = picture.shape[:2]
    light = cv2.resize(chance.uniform(0.35, 1.0, (2, 3)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(picture * light[..., None], 0, 255), np.uint8)
