"""Notices when the light goes out or comes on. Pure: it takes pictures and times.

A hand before the lens makes it dark too, but then nothing of what was seen is left: only if the dark picture still shows the same scene
did the light go out. Where it is pitch-dark afterwards, nobody can tell, and nothing is told.
"""

from __future__ import annotations

from collections import deque
from typing import Literal

import cv2
import numpy as np

from assistant.messages import Picture
from assistant.seeing.frame_quality import Plane, luma_of, thumbnail

LightChange = Literal["light_went_out", "light_came_on"]

GRID = (16, 9)
"""Cells across and down in which brightness is compared: so large that the noise of a dark picture is averaged out."""
SPAN_S = 1.0
"""Seconds within which the light changes at once; clouds and dusk take longer."""
FACTOR = 3.0
"""How many times brighter the one picture is than the other."""
LIKENESS = 0.6
"""Correlation of the cells before and after, of which a moved camera or a hand leaves less."""
PAUSE_S = 3.0
"""Seconds after a change in which none is told: cameras set themselves anew, and lamps flicker."""
GAMMA = 2.2


class LightChanges:
    """Takes a camera's pictures in order."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, Plane]] = deque()
        self._told_s = -np.inf

    def process(self, picture: Picture, time_s: float) -> LightChange | None:
        """Take uint8 [H, W, 3], and tell what has happened to the light within the last second, once."""
        cells = np.asarray(cv2.resize(luma_of(thumbnail(picture)), GRID, interpolation=cv2.INTER_AREA), np.float32)
        light = np.asarray((cells / 255) ** GAMMA, np.float32)  # [9, 16]
        while self._seen and time_s - self._seen[0][0] > SPAN_S:
            self._seen.popleft()
        before = self._seen[0][1] if self._seen else light
        self._seen.append((time_s, light))
        factor = float((light.mean() + 1e-5) / (before.mean() + 1e-5))
        if 1 / FACTOR < factor < FACTOR or time_s - self._told_s < PAUSE_S or _likeness(before, light) < LIKENESS:
            return None
        self._told_s = time_s
        self._seen.clear()
        return "light_came_on" if factor > 1 else "light_went_out"


def _likeness(one: Plane, other: Plane) -> float:
    """Correlation of two pictures' cells, of their logarithms so that lamps in them don't decide; 0 of an even one."""
    first, second = (np.log(light + 1e-4).ravel() for light in (one, other))
    if min(first.std(), second.std()) < 0.05:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])
