"""Pictures varied, and pictures that show nothing. Pure: uint8 [H, W, 3] RGB and a random generator in, the same form out."""

from __future__ import annotations

import re

import cv2
import numpy as np

UNREADABLE_KINDS = ("noise", "clouds", "stripes", "patches", "gradient", "blurred", "close-up")
UNREADABLE_SIDE = 256


def mirrored_variation(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The mirror image, cut, turned, tinted and now and then darkened or softened, as a hand-held camera might have it."""
    height, width = picture.shape[:2]
    share = np.sqrt(rng.uniform(0.6, 1.0))
    cut_h, cut_w = int(height * share), int(width * share)
    top, left = rng.integers(0, height - cut_h + 1), rng.integers(0, width - cut_w + 1)
    cut = picture[top : top + cut_h, left : left + cut_w, :][:, ::-1]
    turn = cv2.getRotationMatrix2D((cut_w / 2, cut_h / 2), float(rng.normal(0, 5)), 1.0)
    out = cv2.warpAffine(np.ascontiguousarray(cut), turn, (cut_w, cut_h), borderMode=cv2.BORDER_REFLECT_101).astype(np.float32)
    out = out * rng.normal(1, 0.06, 3).clip(0.8, 1.2)  # tint
    mean = out.mean()
    out = (out - mean) * rng.uniform(0.75, 1.25) + mean + rng.uniform(-20, 20)
    if rng.random() < 0.15:
        out = out * rng.uniform(0.3, 0.7)
    if rng.random() < 0.15:
        out = cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.5, 1.5)))
    return np.asarray(np.clip(out, 0, 255), np.uint8)


def swap_sides(text: str) -> str:
    """What is said of the mirror image: "left" and "right" exchanged."""
    return re.sub(r"\b(left|right)\b", lambda m: {"left": "right", "right": "left"}[m[0].lower()], text, flags=re.IGNORECASE)


def unreadable(kind: str, picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A picture nobody could name; `kind` is one of UNREADABLE_KINDS, the last two are made from `picture`."""
    side = UNREADABLE_SIDE
    if kind == "noise":
        cells = int(rng.choice([8, 16, 32, 64, 128, 256]))
        values = rng.normal(rng.uniform(80, 170), rng.uniform(20, 70), (cells, cells, int(rng.choice([1, 3]))))
        return _finish(_enlarge(values, side))
    if kind == "clouds":
        layers = [_enlarge(rng.normal(0, 1, (n, n, 3)), side) * (60 * (4 / n) ** rng.uniform(0.4, 1.2)) for n in (4, 8, 16, 32, 64)]
        return _finish(np.sum(layers, axis=0) + rng.uniform(80, 170, 3))
    if kind == "stripes":
        y, x = np.mgrid[0:side, 0:side].astype(np.float32)
        angle, period = rng.uniform(0, np.pi), rng.uniform(4, 60)
        wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / period)
        wave = np.sign(wave) if rng.random() < 0.5 else wave
        return _finish(wave[:, :, None] * rng.uniform(-70, 70, 3) + rng.uniform(80, 170, 3) + rng.normal(0, 4, (side, side, 3)))
    if kind == "patches":
        cells = int(rng.choice([2, 3, 5, 9, 16]))
        blocks = np.kron(rng.uniform(0, 255, (cells, cells, 3)), np.ones((-(-side // cells), -(-side // cells), 1)))
        return _finish(blocks[:side, :side] + rng.normal(0, 4, (side, side, 3)))
    if kind == "gradient":
        values = _enlarge(rng.uniform(0, 255, (2, 2, 3)), side)
        return _finish(values + rng.normal(0, rng.uniform(1, 12), (side, side, 3)))
    if kind == "blurred":
        small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
        return _finish(cv2.GaussianBlur(small, (0, 0), float(rng.uniform(14, 30))) + rng.normal(0, rng.uniform(0, 6), (side, side, 3)))
    if kind == "close-up":
        height, width = picture.shape[:2]
        cut = max(8, int(min(height, width) * rng.uniform(0.05, 0.09)))
        top, left = rng.integers(0, height - cut), rng.integers(0, width - cut)
        return _finish(_enlarge(picture[top : top + cut, left : left + cut].astype(np.float64), side) + rng.normal(0, 3, (side, side, 3)))
    raise ValueError(f"no kind {kind!r}")


def _enlarge(values: np.ndarray, side: int) -> np.ndarray:
    out = cv2.resize(values.astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    return np.asarray(out).reshape(side, side, -1)


def _finish(values: np.ndarray) -> np.ndarray:
    """To uint8 [side, side, 3]; one channel becomes three."""
    values = np.broadcast_to(values, (*values.shape[:2], 3))
    return np.asarray(np.clip(values, 0, 255), np.uint8)
