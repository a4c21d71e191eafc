"""Finds pictures that must not be described: covered lens, dark, overexposed, blank, blurred, and a frozen camera.

Knows nothing of cameras, clocks or models. Everything is judged on a thumbnail about 160 pixels long, so that neither
the resolution nor the size of sensor noise matters. The numbers below were chosen on photographs of Flickr8k, grocery shelves and ImageNet
and on spoilt copies of them; tests/support/measure_frame_quality.py prints how often each kind is flagged.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from assistant.messages import Picture, PictureProblem

Plane = npt.NDArray[np.float32]

THUMBNAIL_EDGE = 160
"""Pixels; a blur of 8 pixels in a 640-pixel picture is still 2 pixels wide here, sensor noise is a quarter."""
SAMPLES_PER_EDGE = 4
"""Pixels averaged per thumbnail pixel and direction; 16 in all cost less than a millisecond at any resolution."""

DARKEST_BRIGHT_PART = 18
"""Luma below which 95 % of a dark picture lies: photographs at 6 % brightness reach 15, at 15 % they pass 23."""
WHITE_MEDIAN = 245
"""Luma that half of an overexposed picture exceeds, while WHITE_DARK_PART is exceeded by nearly all of it."""
WHITE_DARK_PART = 150
"""Luma that 99 % of an overexposed picture exceeds; printed text on white paper stays below."""
BLANK_RESIDUE = 4.0
"""Levels left after the best smooth surface is taken away; noise leaves below 2, photographs above 19."""
BLUR_SLOPE = 0.33
"""Steepest share of a block's contrast crossed in one thumbnail pixel, in the direction where this is least."""
COVERED_STEP = 8.0
"""Luma levels between neighbouring pixels; nothing on a covered lens changes faster."""
COVERED_LUMA = 70
"""A covered lens is darker than this on average, or red."""
COVERED_RED = 1.6
"""Red over the mean of green and blue when light shines through a finger."""
COVERED_GREY = 0.95
"""Red over the mean of green and blue for black rubber or a dark finger; bluer pictures are just blank."""

BLOCK = 16
"""Thumbnail pixels along the edge of a block in which contrast is measured."""
SHARP_BLOCKS = 6
"""Blocks that have to be sharp: an eighth of a picture in focus is enough, dust on the lens is not."""
CONTRAST_FLOOR = 8.0
"""Luma levels added to a block's contrast, so that noise in an even block doesn't look sharp."""
FEW = 64
"""Of so many rows one is compared before all are."""
DIRECTIONS = 8
"""Angles tried: motion smears only along its path, and then one of these is within 12 degrees."""


def thumbnail(picture: Picture) -> Picture:
    """Return uint8 [H, W, 3] shrunk to about THUMBNAIL_EDGE by averaging some pixels of each cell; a thumbnail returns unchanged."""
    cell = max(1, round(max(picture.shape[:2]) / THUMBNAIL_EDGE))
    if cell == 1:
        return picture
    height, width = max(1, picture.shape[0] // cell), max(1, picture.shape[1] // cell)
    offsets = sorted({(2 * i + 1) * cell // (2 * SAMPLES_PER_EDGE) for i in range(SAMPLES_PER_EDGE)})
    total = np.zeros((height, width, 3), np.uint16)
    for row in offsets:
        for column in offsets:
            total += _sample(picture, row, column, cell, height, width)
    count = len(offsets) ** 2
    return ((total + count // 2) // count).astype(np.uint8)  # [h, w, 3]


def picture_problem(picture: Picture) -> PictureProblem | None:
    """Return what keeps uint8 [H, W, 3] from being described, if anything; a thumbnail of it gives the same answer."""
    small = thumbnail(picture)
    luma = luma_of(small)
    dark_part, median, bright_part = _percentiles(luma, (0.01, 0.50, 0.95))
    if bright_part < DARKEST_BRIGHT_PART:
        return "dark"
    if median >= WHITE_MEDIAN and dark_part >= WHITE_DARK_PART:
        return "overexposed"
    blank = _surface_residue(small) < BLANK_RESIDUE
    if not blank and least_slope(luma) >= BLUR_SLOPE:
        return None
    if _looks_covered(small, luma):
        return "covered"
    return "blank" if blank else "blurred"


def is_hidden(picture: Picture) -> bool:
    """Tell whether uint8 [H, W, 3] is as dark as behind a hand, or shows one; of most pictures at once, by their mean colour."""
    small = thumbnail(picture)
    red, green, blue = small.reshape(-1, 3).mean(axis=0)
    if 0.299 * red + 0.587 * green + 0.114 * blue >= COVERED_LUMA and _redness(red, green, blue) < COVERED_RED:
        return False
    return picture_problem(small) in ("dark", "covered")


def luma_of(picture: Picture) -> Plane:
    """Return the luma (ITU-R BT.601) of uint8 [H, W, 3] as f32 [H, W], 0 to 255."""
    return np.asarray(picture @ np.array([0.299, 0.587, 0.114], np.float32), np.float32)


class FreezeDetector:
    """Notices when a live camera repeats one picture; real sensors never do, because of their noise. Not for files."""

    def __init__(self, longest_s: float = 2.0) -> None:
        """Allow one picture to be repeated for `longest_s` seconds; slow webcams repeat a few."""
        self._longest_s = longest_s
        self._last: Picture | None = None
        self._since_s = 0.0

    def is_frozen(self, picture: Picture, time_s: float) -> bool:
        """Take the next picture, and tell whether the pictures have been identical for `longest_s` up to `time_s`."""
        if self._last is None or not _is_same(picture, self._last):
            self._last, self._since_s = picture, time_s
        return time_s - self._since_s >= self._longest_s


def _is_same(one: Picture, other: Picture) -> bool:
    """Some rows are compared first: a live camera's noise makes them differ."""
    return np.array_equal(one[::FEW], other[::FEW]) and np.array_equal(one, other)


def _redness(red: float, green: float, blue: float) -> float:
    return (red + 1) / ((green + blue) / 2 + 1)


def _sample(picture: Picture, row: int, column: int, cell: int, height: int, width: int) -> Picture:
    """One pixel of every cell; the last one again where a very narrow picture has fewer."""
    rows = picture[min(row, picture.shape[0] - 1) :: cell]
    return rows[:height, min(column, picture.shape[1] - 1) :: cell][:, :width]


def _percentiles(luma: Plane, shares: tuple[float, ...]) -> list[int]:
    """Luma levels below which these shares of the pixels lie; a histogram is faster than sorting."""
    below = np.cumsum(np.bincount((luma + 0.5).astype(np.uint8).ravel(), minlength=256))
    return [int(np.searchsorted(below, share * below[-1])) for share in shares]


def _surface_residue(small: Picture) -> float:
    """Levels by which all but 5 % of the picture differ from the nearest quadratic surface, in the worst channel."""
    means = _block_means(small)  # [a, b, 3]
    values = means.reshape(-1, 3)
    basis, inverse = _surface(means.shape[0], means.shape[1])
    residue = np.abs(values - basis @ (inverse @ values)).max(axis=1)
    return float(np.partition(residue, int(0.95 * (len(residue) - 1)))[int(0.95 * (len(residue) - 1))])


def _block_means(small: Picture, edge: int = 4) -> Plane:
    height, width = max(1, small.shape[0] // edge), max(1, small.shape[1] // edge)
    edge_y, edge_x = min(edge, small.shape[0]), min(edge, small.shape[1])
    blocks = small[: height * edge_y, : width * edge_x].reshape(height, edge_y, width, edge_x, 3)
    return np.asarray(blocks.mean(axis=(1, 3)), np.float32)


@lru_cache(maxsize=8)
def _surface(height: int, width: int) -> tuple[Plane, Plane]:
    """The six terms of a quadratic surface [n, 6] and their pseudo-inverse [6, n]."""
    y, x = (plane.ravel() for plane in np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij"))
    basis = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=1).astype(np.float32)
    return basis, np.linalg.pinv(basis).astype(np.float32)


def least_slope(luma: Plane) -> float:
    """Return how sharp the sharpest blocks of luma f32 [h, w] are along the direction in which they are least so.

    A slope is a share of the block's contrast per pixel, so faint scenes count as much as strong ones. Blur of width s
    lets no edge exceed 0.4 / s, in any direction; motion over n pixels lets none exceed 1 / n along its path.
    """
    padded = np.pad(luma, ((0, 1), (0, 1)), mode="edge")
    step_x, step_y = padded[:-1, 1:] - luma, padded[1:, :-1] - luma  # [h, w] each
    contrast = _by_block(luma, np.maximum) - _by_block(luma, np.minimum) + CONTRAST_FLOOR
    slopes = []
    for angle in np.arange(DIRECTIONS, dtype=np.float32) * np.float32(np.pi / DIRECTIONS):
        along = np.abs(np.cos(angle) * step_x + np.sin(angle) * step_y)
        ratios = np.sort((_by_block(along, np.maximum) / contrast).ravel())
        slopes.append(ratios[-SHARP_BLOCKS:].mean())
    return float(min(slopes))


def _by_block(plane: Plane, extreme: np.ufunc) -> Plane:
    """The largest or smallest value of each block: [h / BLOCK, w / BLOCK], rounded up."""
    rows = extreme.reduceat(plane, np.arange(0, plane.shape[0], BLOCK), axis=0)
    blocks: Plane = extreme.reduceat(rows, np.arange(0, plane.shape[1], BLOCK), axis=1)
    return blocks


def _looks_covered(small: Picture, luma: Plane) -> bool:
    """Whether a picture without sharp detail shows the inside of a finger or cap rather than a blurred scene."""
    steepest = max(float(np.abs(np.diff(luma, axis=axis)).max(initial=0.0)) for axis in (0, 1))
    if steepest >= COVERED_STEP:
        return False
    redness = _redness(*small.reshape(-1, 3).mean(axis=0))
    return bool(redness >= COVERED_RED or (luma.mean() < COVERED_LUMA and redness >= COVERED_GREY))
