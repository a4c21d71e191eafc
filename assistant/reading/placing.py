"""Where lines stand once their page is turned upright and its lines are level: boxes in the text's own direction.

Lengths are in picture heights. Lines of text that were parallel on paper meet in one point of a picture taken at a slant; near the
middle their slope then grows evenly with their height in the picture, which two numbers fitted to the lines' own slopes undo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.messages import TextLine

Points = npt.NDArray[np.float64]

CONVERGENCE_PRIOR = 0.02
"""Weight of the belief that lines are parallel, in squared picture heights of text that is as long: a few short lines prove no slant."""
UNDIRECTED = 2
"""Characters up to which a line's direction isn't believed: a reader takes the tall box of a lone "1" for a turned line."""


@dataclass(frozen=True)
class Box:
    """Where a line stands, with the text upright."""

    line: TextLine
    left: float
    right: float
    top: float
    bottom: float

    @property
    def height(self) -> float:
        """Return the height of its letters, as the reader's box has them."""
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        """Return how far down its middle is."""
        return (self.top + self.bottom) / 2


def place(lines: Sequence[TextLine], aspect: float) -> tuple[list[list[Box]], float]:
    """Return the boxes of lines by the direction in which they run, the most text first, and by how many degrees that is turned clockwise.

    `aspect`: the picture's width by its height.
    """
    if not lines:
        return [], 0.0
    corners = np.array([line.corners for line in lines], np.float64) * (aspect, 1.0)  # [n, 4, 2]
    along = (corners[:, 1] - corners[:, 0] + corners[:, 2] - corners[:, 3]) / 2  # [n, 2]
    angles = np.arctan2(along[:, 1], along[:, 0])
    lengths = np.hypot(along[:, 0], along[:, 1])
    groups: list[list[Box]] = []
    main = _main_angle(angles, lengths)
    left = np.ones(len(lines), bool)
    undirected = np.array([len(line.text) <= UNDIRECTED for line in lines])
    while left.any():
        angle = _main_angle(angles[left], lengths[left])
        chosen = left & ((_apart(angles, angle) <= np.pi / 4) | (lengths == 0) | undirected)
        groups.append(_levelled([line for line, is_chosen in zip(lines, chosen, strict=True) if is_chosen], corners[chosen], angle))
        left &= ~chosen
    return groups, _degrees(main)


def _apart(angles: Points, angle: float) -> Points:
    """Radians between angles, in [0, pi]."""
    return np.abs((angles - angle + np.pi) % (2 * np.pi) - np.pi)


def _main_angle(angles: Points, lengths: Points) -> float:
    """The angle, in radians, of the quarter turn that holds most of the text; long lines tell it better than short ones."""
    candidates = angles[np.argsort(-lengths)[:16]]
    apart = np.stack([_apart(angles, candidate) for candidate in candidates])  # [candidates, n]
    best = int(np.argmax(((apart <= np.pi / 8) * lengths).sum(axis=1)))
    near = apart[best] <= np.pi / 8
    weights = lengths[near] ** 2 + 1e-12
    return float(np.arctan2((weights * np.sin(angles[near])).sum(), (weights * np.cos(angles[near])).sum()))


def _levelled(lines: Sequence[TextLine], corners: Points, angle: float) -> list[Box]:
    """Turn corners [n, 4, 2] back by the angle, then straighten the pencil of lines, each y = y0 + x * (a + b * y0)."""
    cosine, sine = np.cos(angle), np.sin(angle)
    upright = (corners - corners.mean(axis=(0, 1))) @ np.array([[cosine, -sine], [sine, cosine]])  # [n, 4, 2]
    level, convergence = _slopes(upright)
    x, y = upright[..., 0], upright[..., 1]
    y = (y - level * x) / np.maximum(1 + convergence * x, 0.2)
    y = np.sort(y, axis=1)
    top, bottom = y[:, :2].mean(axis=1), y[:, 2:].mean(axis=1)
    return [
        Box(line, float(min(xs)), float(max(xs)), float(low), float(high))
        for line, xs, low, high in zip(lines, x, top, bottom, strict=True)
    ]


def _slopes(upright: Points) -> tuple[float, float]:
    """Fit the slope a + b * y0 of lines [n, 4, 2] that pass height y0 at x = 0; b is drawn to 0."""
    start, end = (upright[:, 0] + upright[:, 3]) / 2, (upright[:, 1] + upright[:, 2]) / 2
    lengths = np.maximum(end[:, 0] - start[:, 0], 0)
    usable = lengths > 1e-6
    if not usable.any():
        return 0.0, 0.0
    slopes = (end[usable, 1] - start[usable, 1]) / lengths[usable]
    middles = (start[usable] + end[usable]) / 2
    heights = middles[:, 1] - slopes * middles[:, 0]
    weights = lengths[usable] ** 2
    mean_slope, mean_height = np.average(slopes, weights=weights), np.average(heights, weights=weights)
    spread = (weights * (heights - mean_height) ** 2).sum() + CONVERGENCE_PRIOR * weights.sum() * 0.1
    convergence = float((weights * (heights - mean_height) * (slopes - mean_slope)).sum() / spread)
    return float(mean_slope - convergence * mean_height), convergence


def _degrees(angle: float) -> float:
    """An angle in radians as degrees in (-180, 180]."""
    degrees = float(np.degrees(angle))
    return 180.0 if degrees <= -180 else degrees
