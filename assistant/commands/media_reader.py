"""A video file while it is read once: how far it is, how long it will still take, and what Ctrl-C does to it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

from msgspec.structs import replace
from tqdm import tqdm

from assistant.assembly import open_camera
from assistant.interfaces import RecordedCamera
from assistant.messages import Frame, Keyframe
from assistant.settings import Settings
from assistant.videos.clear_keyframes import clear_keyframes

T = TypeVar("T")

STOPPED = "stopped before the end: the rest was not looked at"
BAR_AFTER_S = 3.0
LARGEST_EDGE = 768
"""Pixels; a model sees a video's frames in one tile of at most 512, and a smaller frame costs less time and memory."""
MOST_FPS, LEAST_FPS = 8.0, 2.0
"""Frames a second that are compared: enough for every scene that lasts."""
COMPARED_FRAMES = 3000
"""About so many in all, as far as LEAST_FPS allows: a long file isn't looked at as closely."""
LONGEST_GAP_S = 60.0
"""Between keyframes that are asked for, however long the file is."""


class Stop:
    """Whether the user has pressed Ctrl-C. Once asks for what there is so far; twice in one part of the work ends at once."""

    def __init__(self) -> None:
        self.asked = False
        """In this part of the work."""
        self.was_asked = False
        """In any part."""

    def next_part(self) -> None:
        """What was found until now is worked on; the next Ctrl-C is for that."""
        self.asked = False

    def _on_interrupt(self, signal_number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = self.was_asked = True


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Within, Ctrl-C is a wish that the loop looks at."""
    stop = Stop()
    before = signal.signal(signal.SIGINT, stop._on_interrupt)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def progress(label: str, total: float, unit: str, quiet: bool) -> Iterator[tqdm[Any]]:
    """A bar with the time left on a terminal's stderr, once the work has taken BAR_AFTER_S; none if `quiet`."""
    shape = "{desc}: {percentage:3.0f}%|{bar}| {remaining} left" if total else "{desc}: {n:.0f} " + unit
    with tqdm(
        total=total or None, desc=label, file=sys.stderr, disable=quiet or None, delay=BAR_AFTER_S, bar_format=shape, leave=False
    ) as bar:
        yield bar


def with_progress(items: Iterable[T], total: int, label: str, stop: Stop, quiet: bool) -> Iterator[T]:
    """Items under a bar, until the user has had enough."""
    with progress(label, total, "scenes", quiet) as bar:
        for item in items:
            if stop.asked:
                return
            yield item
            bar.update(1)


class MediaReader:
    """A picture, video or camera that is read through once, quickly."""

    def __init__(self, source: str, settings: Settings, stop: Stop | None = None, *, quiet: bool = True, every_frame: bool = False) -> None:
        """Opens it; BadInput or MissingDevice as `open_camera`.

        Args:
            source: as `open_camera` takes it.
            settings: of the camera and of the keyframes.
            stop: what Ctrl-C asks for; None = nothing.
            quiet: no progress bar.
            every_frame: in full size; else only as many of a file, and as large, as is worth comparing.
        """
        edge = settings.camera.largest_edge if every_frame else min(settings.camera.largest_edge, LARGEST_EDGE)
        self._camera = open_camera(source, replace(settings.camera, largest_edge=edge))
        self._stop = stop or Stop()
        self._quiet = quiet
        self.settings = settings
        self.source = source
        self._bar: tqdm[Any] | None = None
        self.start_s = 0.0
        """Time of the first frame: 0 for files, that of the clock for cameras."""
        self.end_s = 0.0
        """Time of the last frame read, or the file's end."""
        self.warnings: list[str] = []
        """Complete once frames() is through."""
        if isinstance(self._camera, RecordedCamera) and not every_frame:
            self._camera.most_fps = most_fps(self._camera.duration_s)

    @property
    def duration_s(self) -> float:
        """As the file's header tells; 0 if it doesn't, or never ends."""
        return self._camera.duration_s if isinstance(self._camera, RecordedCamera) else 0.0

    def frames(self) -> Iterator[Frame]:
        """Until the end or Ctrl-C."""
        total_s = self.duration_s
        try:
            with progress("Reading the video", total_s, "s", self._quiet or self.is_live) as self._bar:
                for number, frame in enumerate(self._camera.frames()):
                    if self._stop.asked:
                        return
                    if number == 0:
                        self.start_s = frame.time_s
                    yield frame
                    self.end_s = frame.time_s
                    self._bar.update(max(0.0, min(frame.time_s, total_s or frame.time_s) - self._bar.n))
            self.end_s = max(self.end_s, self.duration_s)
        finally:
            self.warnings += self._camera.warnings if isinstance(self._camera, RecordedCamera) else []
            self._camera.close()

    def clear_bar(self) -> None:
        """So that something can be printed; it comes back by itself."""
        if self._bar is not None and not self._bar.disable:
            self._bar.clear()

    def close(self) -> None:
        """Without reading it."""
        self._camera.close()

    @property
    def stopped(self) -> bool:
        """Whether Ctrl-C has ended it."""
        return self._stop.was_asked

    @property
    def is_live(self) -> bool:
        return not isinstance(self._camera, RecordedCamera)

    def keyframes(self, most: int | None = None) -> Iterator[Keyframe]:
        """Those with something to see, as soon as each is settled; of a file about `most` at most, as its length tells."""
        settings = self.settings.keyframes
        if most:
            gap_s = min(max(settings.min_gap_s, self.duration_s / most), LONGEST_GAP_S)
            settings = replace(settings, min_gap_s=gap_s, max_gap_s=max(settings.max_gap_s, gap_s))
        return clear_keyframes(self.frames(), settings)


def most_fps(duration_s: float) -> float:
    """Frames compared for each second of a recording of this length."""
    return max(LEAST_FPS, min(MOST_FPS, COMPARED_FRAMES / duration_s)) if duration_s else MOST_FPS
