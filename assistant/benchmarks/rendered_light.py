"""Renders less light, and lamps, into pictures. For measurements."""

from __future__ import annotations

import cv2
import numpy as np

from assistant.messages import Picture

EXPOSURES = (1.0, 0.25, 0.06, 0.015, 0.004)
"""Light as a share of what the camera was set for: from a lit room to one with all lamps out, where it can do no more."""
GAMMA = 2.2


def exposed(picture: Picture, exposure: float, seed: int = 0) -> Picture:
    """Return uint8 [H, W, 3] in so much of its light, with the noise that a camera then has."""
    rng = np.random.default_rng(seed)
    linear = (picture / 255.0) ** GAMMA * exposure
    linear += rng.normal(0, 1, linear.shape) * np.sqrt(linear * 0.0005 + 2e-6)
    return _encoded(linear)


def lit(picture: Picture, seed: int) -> Picture:
    """Return uint8 [H, W, 3] with a lamp in it, and the glow around it."""
    rng = np.random.default_rng(seed)
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float64)
    centre_y, centre_x = rng.uniform(0.1, 0.6) * height, rng.uniform(0.1, 0.9) * width
    away = np.hypot(y - centre_y, x - centre_x) / (rng.uniform(0.03, 0.08) * height)
    glow = np.where(away < 1, 4.0, 0.5 * np.exp(-np.maximum(away - 1, 0) / 1.5))
    warm = np.array([1.0, 0.93, 0.85])
    return _encoded((picture / 255.0) ** GAMMA * 0.6 + cv2.GaussianBlur(glow, (0, 0), 1.5)[..., None] * warm)


def _encoded(linear: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Picture:
    return np.asarray(np.clip(linear, 0, 1) ** (1 / GAMMA) * 255 + 0.5, np.uint8)
