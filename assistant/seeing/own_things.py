"""Knows a thing again that was shown before, among others, by what a vision encoder makes of parts of a picture. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from assistant.messages import Picture, Region
from assistant.seeing.held_thing import held_thing, shrunk

Vector = npt.NDArray[np.float32]
"""What an encoder makes of a picture, float32 [n], of length 1."""

MOST_VIEWS = 6
"""Of one thing that are remembered; the oldest go first."""
NEARER = 1.75
"""How many times as near as most parts of a picture the nearest one must be to be the thing (docs/objects.md): a ratio, so that it
holds for any encoder."""
COLUMNS, ROWS, SIDE = 4, 3, 0.42
"""How many parts are looked at wherever something may stand, and their side as a share of the height."""
_LEAST, _MOST = 0.02, 0.5
"""Share of the picture that a thing takes which a detector has found."""
_LEAST_PIXELS = 400


def shown_part(picture: Picture) -> Region:
    """Return where the thing is that is held before the camera; the middle where that can't be told from the ground."""
    mask = held_thing(shrunk(picture))
    rows, columns = np.nonzero(mask)
    if len(rows) < _LEAST_PIXELS:
        return Region(0.25, 0.25, 0.5, 0.5)
    height, width = mask.shape
    points = [(columns.min() / width, rows.min() / height), ((columns.max() + 1) / width, (rows.max() + 1) / height)]
    return Region.around([(float(x), float(y)) for x, y in points])


def parts(found: Sequence[Region], aspect: float) -> list[Region]:
    """Return the parts of a picture that may show a thing: those that a detector has found, and a grid. `aspect`: width by height."""
    regions = [region for region in found if _LEAST < region.width * region.height < _MOST]
    return [*regions, *_grid(aspect)]


def unit(features: npt.NDArray[np.float32]) -> Vector:
    """Return the mean of float32 [tokens, n], scaled to length 1."""
    mean = features.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), np.float32)


def nearest(views: Sequence[Vector], seen: Sequence[Vector]) -> tuple[int, float]:
    """Return which of several parts is the most like any view of a thing, and how many times as near it is as most parts are.

    The thing is there from NEARER on. `views` and `seen`: at least one and two.
    """
    likeness = (np.stack(seen) @ np.stack(views).T).max(axis=1)
    best = int(likeness.argmax())
    return best, float((1 - np.median(likeness)) / max(1 - likeness[best], 1e-6))


def _grid(aspect: float) -> Iterator[Region]:
    width = min(1.0, SIDE / aspect)
    for row in range(ROWS):
        for column in range(COLUMNS):
            yield Region((1 - width) * column / (COLUMNS - 1), (1 - SIDE) * row / (ROWS - 1), width, SIDE)
