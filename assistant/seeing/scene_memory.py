"""What the assistant has seen of late: the last keyframes, in memory only. Knows nothing of cameras or models."""

from __future__ import annotations

import threading
from collections import deque

from assistant.messages import Frame, Keyframe

CAPACITY = 16
"""Keyframes held; the oldest go first. More than any model takes at once, and below 50 MB at 1280 x 720."""


class SceneMemory:
    """Holds the last keyframes; the thread that watches fills it, the one that answers reads it, and both may call at any time."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._lock = threading.Lock()
        self._keyframes: deque[Keyframe] = deque(maxlen=capacity)
        self._newest: Keyframe | None = None
        self._frame_s: float | None = None
        self._frame: Frame | None = None

    def note_frame(self, time_s: float, frame: Frame | None = None) -> None:
        """Note that the camera has sent a picture; whatever was kept still stands."""
        self._frame_s, self._frame = time_s, frame

    def add(self, keyframe: Keyframe) -> None:
        """Remember a keyframe; one with a problem only says that the camera sees nothing useful from now on."""
        with self._lock:
            self._newest = keyframe
            if keyframe.problem is None:
                self._keyframes.append(keyframe)

    def latest(self, count: int) -> list[Keyframe]:
        """Return the last keyframes that may be described, at most `count`, the newest at the end."""
        with self._lock:
            return list(self._keyframes)[-count:] if count > 0 else []

    def in_view(self, count: int) -> list[Keyframe]:
        """Return what the camera shows now: the last keyframes as `latest` gives them, or the newest alone if it has a problem."""
        newest = self._newest
        return [newest] if newest and newest.problem else self.latest(count)

    @property
    def newest(self) -> Keyframe | None:
        """Return the last keyframe, also one with a problem; None before there was any."""
        return self._newest

    @property
    def newest_frame(self) -> Frame | None:
        """Return the last picture that the camera sent, whether it was kept or not."""
        return self._frame

    def silent_s(self, now_s: float) -> float:
        """Return the seconds since the camera sent anything; 0 before it ever did."""
        return 0.0 if self._frame_s is None else max(0.0, now_s - self._frame_s)

    def forget(self) -> None:
        """Drop everything seen so far."""
        with self._lock:
            self._keyframes.clear()
            self._newest = self._frame = None
