"""Resampling with Pillow's LANCZOS filter: numpy and OpenCV alone. Knows nothing of models.

Source: C. Duchon, "Lanczos filtering in one and two dimensions" (1979), as Pillow applies it: three lobes, the support grows when
shrinking, two passes, rounded to 8 bits after each. tests/engines/vlm/test_lanczos.py holds it to Pillow: one level apart at most.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import cv2
import numpy as np

_LOBES = 3.0
_BAND = 16
"""Output pixels made by one matrix product. Each needs only the inputs near it, so a band's weights are a small dense matrix;
longer bands multiply by more zeros, shorter ones call the product more often."""
_MOST_MULTIPLICATIONS = 1 << 18
"""Of one product: more, and OpenBLAS spreads it over threads, which takes far longer where another thread wants the core."""

Band = tuple[slice, slice, np.ndarray]
"""Output pixels, the input pixels they need, f32 weights [outputs, inputs]."""


def resize(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize uint8 [H, W, 3] to uint8 [height, width, 3]."""
    rows_first = height < picture.shape[0] and picture.shape[0] - height > 2 * (picture.shape[1] - width)  # Pillow 13's choice
    if rows_first:
        picture = _resize_rows(picture, height)
    if picture.shape[1] != width:
        picture = _resize_columns(picture, width)
    if picture.shape[0] != height:
        picture = _resize_rows(picture, height)
    return picture


def _resize_columns(picture: np.ndarray, width: int) -> np.ndarray:
    """[H, W, 3] to [H, width, 3]; channels apart, so that the products' operands lie in rows."""
    out = np.empty((len(picture), width, 3), np.uint8)
    bands = _bands(picture.shape[1], width)
    for rows in _slabs(len(picture), bands):
        planes = []
        for plane in cv2.split(picture[rows]):  # each uint8 [h, W]
            values = plane.astype(np.float32)
            resampled = np.empty((len(plane), width), np.float32)
            for made, used, weights in bands:
                np.matmul(values[:, used], weights.T, out=resampled[:, made])
            planes.append(_to_levels(resampled))
        cv2.merge(planes, out[rows])
    return out


def _resize_rows(picture: np.ndarray, height: int) -> np.ndarray:
    """[H, W, 3] to [height, W, 3]."""
    flat = picture.reshape(len(picture), -1)  # [H, W*3]
    out = np.empty((height, flat.shape[1]), np.uint8)
    bands = _bands(len(picture), height)
    for columns in _slabs(flat.shape[1], bands):
        values = flat[:, columns].astype(np.float32)
        for made, used, weights in bands:
            out[made, columns] = _to_levels(weights @ values[used])
    return out.reshape(height, -1, 3)


def _slabs(count: int, bands: tuple[Band, ...]) -> Iterator[slice]:
    """How many rows or columns go through the bands at once. A large picture is never whole in work as floats."""
    step = max(1, _MOST_MULTIPLICATIONS // max(weights.size for _, _, weights in bands))
    return (slice(start, min(start + step, count)) for start in range(0, count, step))


def _to_levels(values: np.ndarray) -> np.ndarray:
    """Rounded, halves up, to 0..255; `values` is overwritten."""
    values += np.float32(0.5)
    return np.asarray(np.clip(values, 0, 255, out=values).astype(np.uint8))


@functools.lru_cache(maxsize=16)
def _bands(size_in: int, size_out: int) -> tuple[Band, ...]:
    return tuple(_band(size_in, size_out, start, min(start + _BAND, size_out)) for start in range(0, size_out, _BAND))


def _band(size_in: int, size_out: int, start: int, end: int) -> Band:
    scale = size_in / size_out
    stretch = max(scale, 1.0)
    centres = (np.arange(start, end) + 0.5) * scale
    first = np.maximum((centres - _LOBES * stretch + 0.5).astype(int), 0)[:, None]
    last = np.minimum((centres + _LOBES * stretch + 0.5).astype(int), size_in)[:, None]
    used = slice(int(first.min()), int(last.max()))
    pixels = np.arange(used.start, used.stop)[None, :]
    x = (pixels + 0.5 - centres[:, None]) / stretch
    weights = np.where((pixels >= first) & (pixels < last) & (abs(x) < _LOBES), np.sinc(x) * np.sinc(x / _LOBES), 0.0)
    return slice(start, end), used, np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)
