"""Where a thing is, seen from who holds the camera: by the clock, how far, how high, by geometry alone. Pure.

A thing's size in the picture tells its distance only as well as its real size is known, so sizes are ranges, and a distance is told
only where all of the range agrees.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from assistant.messages import Region

Distance = Literal["close", "steps", "far"]
Height = Literal["high", "low"]
Edge = Literal["left", "right", "top", "bottom"]

CLOSE_M, FAR_M = 2.0, 5.0
"""What is nearer is close, what is farther is far; between them are a few steps."""
TOLERANCE = 1.25
"""A distance that may be beyond a limit by so much still counts as within it: nobody hears the difference."""
EDGE = 0.02
"""Share of the picture's side within which a region counts as cut off by its edge."""
HIGH_LOW = 0.25
"""Share of the picture's height at the top and bottom in which a thing's middle is high or low."""
_HOUR_DEGREES = 30

HEIGHTS_M: Mapping[str, tuple[float, float]] = {
    "person": (0.9, 1.9),
    "bicycle": (0.9, 1.2),
    "car": (1.4, 2.0),
    "motorcycle": (1.0, 1.4),
    "bus": (2.6, 4.2),
    "truck": (2.0, 4.0),
    "traffic light": (0.6, 1.2),
    "fire hydrant": (0.6, 1.0),
    "stop sign": (0.6, 0.9),
    "parking meter": (1.0, 1.5),
    "bench": (0.7, 1.0),
    "chair": (0.7, 1.1),
    "couch": (0.7, 1.0),
    "dining table": (0.7, 0.8),
    "toilet": (0.6, 0.9),
    "refrigerator": (1.2, 1.9),
    "oven": (0.5, 0.9),
    "microwave": (0.25, 0.4),
    "bottle": (0.15, 0.35),
    "wine glass": (0.15, 0.25),
    "cup": (0.08, 0.15),
    "laptop": (0.2, 0.3),
    "door": (1.9, 2.2),
}
"""Of things whose height is much the same everywhere: the least and the most, upright and whole; people also sit."""


@dataclass(frozen=True)
class Place:
    """Where a thing is."""

    hour: int
    """By the clock, 12 straight ahead, 1 to 12."""
    distance: Distance | None = None
    """None where its size doesn't tell."""
    height: Height | None = None
    edges: tuple[Edge, ...] = ()
    """Edges of the picture that cut it off."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Return what of it is told, as keys of [places] in the language files."""
        return tuple(str(each) for each in (self.hour, self.distance, self.height, *self.edges) if each is not None)


def place_of(label: str, region: Region, aspect: float, opening_degrees: float) -> Place:
    """Return where a thing is.

    Args:
        label: its kind, as in HEIGHTS_M; of others no distance is told.
        region: of it in the picture.
        aspect: the picture's width divided by its height.
        opening_degrees: the camera's horizontal opening angle, below 180.
    """
    edges = cut_off(region)
    turn = yaw_degrees(region, opening_degrees)
    middle = region.top + region.height / 2
    is_tall = region.height > 1 - 2 * HIGH_LOW
    height: Height | None = None if is_tall else "high" if middle < HIGH_LOW else "low" if middle > 1 - HIGH_LOW else None
    return Place(round(turn / _HOUR_DEGREES) % 12 or 12, _distance(label, region, aspect, opening_degrees, edges), height, edges)


def yaw_degrees(region: Region, opening_degrees: float) -> float:
    """Return how far to the right of the camera's axis the middle of a region is, by the pinhole model; negative to the left."""
    across = 2 * (region.left + region.width / 2) - 1
    return math.degrees(math.atan(across * math.tan(math.radians(opening_degrees / 2))))


def cut_off(region: Region) -> tuple[Edge, ...]:
    """Return the edges of the picture that a region touches."""
    touches: dict[Edge, bool] = {
        "left": region.left <= EDGE,
        "right": region.left + region.width >= 1 - EDGE,
        "top": region.top <= EDGE,
        "bottom": region.top + region.height >= 1 - EDGE,
    }
    return tuple(edge for edge, is_touched in touches.items() if is_touched)


def stands_on(thing: Region, below: Region) -> bool:
    """Tell whether one thing clearly stands on another: its foot lies within the other, most of it over it, and it is the narrower one."""
    foot = thing.top + thing.height
    overlap = min(thing.left + thing.width, below.left + below.width) - max(thing.left, below.left)
    is_within = below.top < foot <= below.top + below.height and thing.top < below.top + below.height / 2
    return is_within and overlap > thing.width / 2 and thing.width < below.width


def _distance(label: str, region: Region, aspect: float, opening_degrees: float, edges: tuple[Edge, ...]) -> Distance | None:
    """By the pinhole model; what is cut off above or below is taller than it shows, so that it is only known to be nearer."""
    if label not in HEIGHTS_M or region.height <= 0:
        return None
    least, most = (each / (region.height * 2 * math.tan(math.radians(opening_degrees / 2)) / aspect) for each in HEIGHTS_M[label])
    if most <= CLOSE_M * TOLERANCE:
        return "close"
    if {"top", "bottom"} & set(edges):
        return None
    if least >= FAR_M / TOLERANCE:
        return "far"
    return "steps" if least >= CLOSE_M / TOLERANCE and most <= FAR_M * TOLERANCE else None
