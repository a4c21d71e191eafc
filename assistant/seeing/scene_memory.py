"""What the assistant has seen of late: the last keyframes, in memory only. Knows nothing of cameras or models."""

from __future__ import annotations

import threading
from collections import deque

from assistant.messages import Keyframe, PictureProblem

CAPACITY = 16
"""Keyframes held; the oldest go first. More than any model takes at once, and below 50 MB at 1280 x 720."""


class SceneMemory:
    """Filled by the thread that watches, read by the one that answers; both may call at any time."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._lock = threading.Lock()
        self._keyframes: deque[Keyframe] = deque(maxlen=capacity)
        self._problem: PictureProblem | None = None

    def add(self, keyframe: Keyframe) -> None:
        """Remember a keyframe; one with a problem only says that the camera sees nothing useful from now on."""
        with self._lock:
            self._problem = keyframe.problem
            if keyframe.problem is None:
                self._keyframes.append(keyframe)

    def latest(self, count: int) -> list[Keyframe]:
        """The last keyframes that may be described, at most `count`, the newest at the end."""
        with self._lock:
            return list(self._keyframes)[-count:] if count > 0 else []

    @property
    def problem(self) -> PictureProblem | None:
        """Why the camera shows nothing worth describing now; None once a good keyframe followed."""
        return self._problem

    def age_s(self, now_s: float) -> float | None:
        """Seconds since the newest keyframe's picture was taken; None when there is none."""
        newest = self.latest(1)
        return now_s - newest[0].frame.time_s if newest else None

    def forget(self) -> None:
        """Drop everything seen so far."""
        with self._lock:
            self._keyframes.clear()
            self._problem = None
