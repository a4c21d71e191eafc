"""A picture reduced to a small layout, and how much of one scene is not to be seen in another.

Pure numpy. A layout is the mean red, green and blue of 27 x 48 cells. Exposure and white balance are a factor for each
colour, which is taken away. A cell has changed when it lies outside what it and its neighbours were before: trembling
hands and small turns move things by less than a cell. A moved view is laid over the old one first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from assistant.messages import Picture

Layout = npt.NDArray[np.float32]
Plane = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]
Place = tuple[slice, slice, slice]

ROWS, COLUMNS = 27, 48
SAMPLES = 4
"""Pixels per cell and direction that are averaged; the rest of a large picture isn't touched, which makes this cheap."""
TOLERANCE = 0.12
"""Share of its light by which a cell may leave the range of its neighbours."""
LIGHT_FLOOR = 24.0
"""Levels added to the light before shares are taken, so that noise in the dark doesn't count as much as in the light."""
EXPOSURE_LIMIT = 2.0
"""Largest factor that is taken for a change of exposure or white balance; the rest is a change of the scene."""
WHITE = 245.0
"""Levels from which light is lost to white."""
NEIGHBOURS = 4
"""Changed cells among the nine around a cell, itself included, without which it is noise."""
UNALIGNED_ENOUGH = 0.02
"""Share of changed cells below which no moved view is looked for."""
LEAST_OVERLAP = 0.3
"""Share of the picture that two views must have in common to be recognised as one, moved."""
EXPLAINED = 0.5
"""A moved view is believed if it leaves less than this share of the change, and no more than LEFT_OVER."""
LEFT_OVER = 0.2
"""Share of what two views both show that may look different where one is believed to be the other, moved."""
SHARPNESS_EDGE = 320
"""Pixels along the longer edge at which sharpness is measured."""


class Signature:
    """Holds what is compared of a picture. All layouts are f32 [3, ROWS, COLUMNS], mean levels of red, green and blue."""

    def __init__(self, cells: Layout) -> None:
        self.cells = cells

    @cached_property
    def low(self) -> Layout:
        """Return the smallest level of each cell and its eight neighbours."""
        return _extreme(self.cells, np.minimum)

    @cached_property
    def high(self) -> Layout:
        """Return the largest level of each cell and its eight neighbours."""
        return _extreme(self.cells, np.maximum)


@dataclass(frozen=True)
class Comparison:
    """Tells how a scene differs from another, as shares in [0, 1]."""

    changed: float
    """Share of the part that both show: what looks different."""
    uncovered: float
    """Share of the picture that came into view because the camera moved; 0 when no moved view explains the change."""

    @property
    def total(self) -> float:
        """Return the share of the picture that can't be seen in the other."""
        return self.uncovered + (1 - self.uncovered) * self.changed


def signature_of(picture: Picture) -> Signature:
    """Return the signature of uint8 [H, W, 3] of any size; a picture with fewer pixels than cells repeats them."""
    height, width = picture.shape[:2]
    rows = picture[_sampled(height, ROWS)].reshape(ROWS, SAMPLES, width * 3)
    sums = np.add(rows[:, 0], rows[:, 1], dtype=np.uint16)  # [ROWS, W * 3]; far faster than sum(axis=1)
    for sample in range(2, SAMPLES):
        sums += rows[:, sample]
    samples = sums.take(_sampled_columns(width), axis=1).reshape(ROWS, SAMPLES, 3, COLUMNS)
    return Signature(samples.transpose(1, 2, 0, 3).sum(axis=0, dtype=np.float32) / SAMPLES**2)  # [3, ROWS, COLUMNS]


def compare(before: Signature, now: Signature) -> Comparison:
    """Return how much of `now` can't be seen in `before`, exposure, white balance and a moved camera taken away."""
    changed = _changed_share(before, now, (0, 0))
    if changed <= UNALIGNED_ENOUGH:
        return Comparison(changed, 0.0)
    shift = _shift_between(_grey(before), _grey(now))
    if shift != (0, 0):
        moved = _changed_share(before, now, shift)
        if moved < min(EXPLAINED * changed, LEFT_OVER):
            return Comparison(moved, 1.0 - (ROWS - abs(shift[0])) * (COLUMNS - abs(shift[1])) / (ROWS * COLUMNS))
    return Comparison(changed, 0.0)


def sharpness_of(picture: Picture) -> float:
    """Return the variance of the Laplacian (Pech-Pacheco et al., 2000) of every n-th pixel of the green plane, which is nearest to luma."""
    step = max(1, round(max(picture.shape[:2]) / SHARPNESS_EDGE))
    plane = np.pad(picture[::step, ::step, 1], 1, mode="edge").astype(np.int16)
    laplacian = plane[1:-1, 2:] + plane[1:-1, :-2] + plane[2:, 1:-1] + plane[:-2, 1:-1] - 4 * plane[1:-1, 1:-1]
    return float(laplacian.var(dtype=np.float32))


def exposure_of(signature: Signature) -> float:
    """Return the share of the picture that is neither black nor burnt out, in [0, 1]."""
    green = signature.cells[1]
    return float(((green > 8) & (green < 247)).mean())


@lru_cache(maxsize=32)
def _sampled(length: int, cells: int) -> Indices:
    """Evenly spread pixels along an edge, SAMPLES a cell."""
    return ((np.arange(cells * SAMPLES) + 0.5) * length / (cells * SAMPLES)).astype(np.intp)


@lru_cache(maxsize=32)
def _sampled_columns(width: int) -> Indices:
    """Places of the sampled columns in a row of interleaved colours, ordered [SAMPLES, 3, COLUMNS]."""
    columns = _sampled(width, COLUMNS).reshape(COLUMNS, SAMPLES).T  # [SAMPLES, COLUMNS]
    return (columns[:, None, :] * 3 + np.arange(3)[:, None]).ravel()


def _extreme(cells: Layout, extreme: np.ufunc) -> Layout:
    """The smallest or largest of each cell and its eight neighbours."""
    rows = cells.copy()
    extreme(rows[:, 1:], cells[:, :-1], out=rows[:, 1:])
    extreme(rows[:, :-1], cells[:, 1:], out=rows[:, :-1])
    result = rows.copy()
    extreme(result[..., 1:], rows[..., :-1], out=result[..., 1:])
    extreme(result[..., :-1], rows[..., 1:], out=result[..., :-1])
    return result


def _changed_share(before: Signature, now: Signature, shift: tuple[int, int]) -> float:
    """Share of the common cells whose light is not that of the old cell and its neighbours, or the other way round."""
    old, new = _common(shift)
    factor = _exposure_between(before.cells[old], now.cells[new])  # [3, 1, 1]
    # Both as if they had the longer exposure of the two, in which what one of them lost to white is lost to both.
    raise_old, raise_new = np.maximum(factor, 1), np.maximum(1 / factor, 1)

    def lifted(layout: Layout, place: Place, by: Layout) -> Layout:
        return np.asarray(np.minimum(layout[place] * by, WHITE))

    first, second = lifted(before.cells, old, raise_old), lifted(now.cells, new, raise_new)
    share = _share(_outside(second, first, first))
    if share <= UNALIGNED_ENOUGH:
        return share  # most frames: nothing has changed even for a camera that doesn't tremble
    mask = _outside(second, lifted(before.low, old, raise_old), lifted(before.high, old, raise_old))
    mask |= _outside(first, lifted(now.low, new, raise_new), lifted(now.high, new, raise_new))
    share = _share(mask)
    if share <= UNALIGNED_ENOUGH:
        return share
    padded = np.pad(mask, 1).astype(np.uint8)
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return _share(mask & (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:] >= NEIGHBOURS))


def _share(mask: npt.NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(mask)) / mask.size


def _outside(cells: Layout, low: Layout, high: Layout) -> npt.NDArray[np.bool_]:
    """Where a cell leaves its range by more than TOLERANCE in any colour: [rows, columns]."""
    slack = TOLERANCE * (cells + LIGHT_FLOOR)
    return np.asarray((np.maximum(cells - high, low - cells) > slack).any(axis=0))


def _exposure_between(before: Layout, now: Layout) -> Layout:
    """Median factor of each colour's light, [3, 1, 1]; the median, so that a new object doesn't count as light."""
    factors = ((now + 1) / (before + 1)).reshape(3, -1)
    middle = factors.shape[1] // 2
    return np.clip(np.partition(factors, middle, axis=1)[:, middle], 1 / EXPOSURE_LIMIT, EXPOSURE_LIMIT)[:, None, None]


def _common(shift: tuple[int, int]) -> tuple[Place, Place]:
    """The parts of the old and of the new layout that show the same when things have moved by `shift` (down, right)."""
    old = [slice(max(0, -moved), size - max(0, moved)) for moved, size in zip(shift, (ROWS, COLUMNS), strict=True)]
    new = [slice(max(0, moved), size - max(0, -moved)) for moved, size in zip(shift, (ROWS, COLUMNS), strict=True)]
    return (slice(None), old[0], old[1]), (slice(None), new[0], new[1])


def _grey(signature: Signature) -> Plane:
    """Logarithm of the light, so that exposure is a constant that the mean takes away."""
    grey = np.log(signature.cells.mean(axis=0) + LIGHT_FLOOR)
    return np.asarray(grey - grey.mean(), np.float32)


def _shift_between(old: Plane, new: Plane) -> tuple[int, int]:
    """By how many cells things have moved (down, right): where the mean squared difference of the common part is least.

    All shifts at once, by correlations through the Fourier transform; (0, 0) where nothing fits better.
    """
    shape = (2 * ROWS, 2 * COLUMNS)
    spectra = [np.fft.rfft2(plane, shape) for plane in (old, new, old**2, new**2, np.ones_like(old))]
    first, second, first_square, second_square, ones = spectra
    products = np.stack([first_square.conj() * ones + ones.conj() * second_square - 2 * first.conj() * second, ones.conj() * ones])
    error, area = np.fft.irfft2(products, shape)  # [shape] each, index = shift modulo shape
    error = np.where(_allowed_shifts(), error / np.maximum(area, 1), np.inf)
    down, right = divmod(int(error.argmin()), shape[1])
    return (down - shape[0] * (down > ROWS), right - shape[1] * (right > COLUMNS))


@lru_cache(maxsize=1)
def _allowed_shifts() -> npt.NDArray[np.bool_]:
    """Shifts that leave LEAST_OVERLAP of the picture in common: [2 * ROWS, 2 * COLUMNS]."""
    down = 1 - np.abs(np.fft.fftfreq(2 * ROWS, 0.5))  # shares of the edge
    right = 1 - np.abs(np.fft.fftfreq(2 * COLUMNS, 0.5))
    return np.asarray(down[:, None] * right[None, :] >= LEAST_OVERLAP)
