"""A picture, video or camera while it is read once: how far it is, how long it will still take, and what Ctrl-C does to it."""

from __future__ import annotations

import dataclasses
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
from assistant.languages.catalogues import for_terminal
from assistant.messages import Frame, Keyframe
from assistant.problems import LostDevice
from assistant.seeing.frame_quality import picture_problem
from assistant.settings import Settings
from assistant.translatable import Translatable
from assistant.videos.clear_keyframes import clear_keyframes

T = TypeVar("T")

STOPPED = Translatable("stopped before the end: the rest was not looked at")
"""The warning that Ctrl-C came before the end."""
BAR_AFTER_S = 3.0
"""Seconds of work after which a progress bar appears."""
LARGEST_EDGE = 768
"""Pixels; a model sees a video's frames in one tile of at most 512, and a smaller frame costs less time and memory."""
READABLE_EDGE = 1280
"""Pixels of frames in which text is to be read."""
MOST_FPS, LEAST_FPS = 8.0, 2.0
"""Frames a second that are compared, at most and at least: enough for every scene that lasts."""
COMPARED_FRAMES = 3000
"""Frames compared in all, about, as far as LEAST_FPS allows: a long file isn't looked at as closely."""
LOOK_S = 3.0
"""Seconds that a camera or stream is looked at, at most, until one of its pictures is good."""
LONGEST_GAP_S = 60.0
"""Seconds between keyframes that are asked for, at most, however long the file is."""


class Stop:
    """Tells whether the user has pressed Ctrl-C. Once asks for what there is so far; twice in one part of the work ends at once."""

    def __init__(self) -> None:
        self.asked = False
        """Whether Ctrl-C came in this part of the work."""
        self.was_asked = False
        """Whether Ctrl-C came in any part of the work."""

    def next_part(self) -> None:
        """Begin to work on what was found until now; the next Ctrl-C is for that."""
        self.asked = False

    def _on_interrupt(self, signal_number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = self.was_asked = True


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Turn Ctrl-C within the block into a wish, which the loop looks at."""
    stop = Stop()
    before = signal.signal(signal.SIGINT, stop._on_interrupt)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def progress(label: str, total: float, unit: str, quiet: bool) -> Iterator[tqdm[Any]]:
    """Show a bar with the time left on a terminal's stderr, once the work has taken BAR_AFTER_S; none if `quiet`.

    `total` is in units of `unit`; 0 if it isn't known.
    """
    left = for_terminal(Translatable("{time} left", time="{remaining}"))
    shape = "{desc}: {percentage:3.0f}%|{bar}| " + left if total else "{desc}: {n:.0f} " + for_terminal(unit)
    with tqdm(
        total=total or None,
        desc=for_terminal(label),
        file=sys.stderr,
        disable=quiet or None,
        delay=BAR_AFTER_S,
        bar_format=shape,
        leave=False,
    ) as bar:
        yield bar


def with_progress(items: Iterable[T], total: int, label: str, stop: Stop, quiet: bool) -> Iterator[T]:
    """Yield items under a progress bar, until they end or the user asks to stop."""
    with progress(label, total, Translatable("scenes"), quiet) as bar:
        for item in items:
            if stop.asked:
                return
            yield item
            bar.update(1)


class MediaReader:
    """Reads a picture, video or camera through once, quickly."""

    def __init__(
        self,
        source: str,
        settings: Settings,
        stop: Stop | None = None,
        *,
        quiet: bool = True,
        every_frame: bool = False,
        largest_edge: int = LARGEST_EDGE,
        endless: bool = False,
    ) -> None:
        """Open the source. BadInput or MissingDevice as `open_camera`.

        Args:
            source: as `open_camera` takes it.
            settings: of the camera and of the keyframes.
            stop: what Ctrl-C asks for; None = nothing.
            quiet: no progress bar.
            every_frame: in full size; else only as many of a file, and as large, as is worth comparing.
            largest_edge: pixels of a video's frames along an edge, unless the camera's setting is smaller or `every_frame` is set.
            endless: read a camera or stream until it ends; else for one look, until a picture is good.
        """
        edge = settings.camera.largest_edge if every_frame else min(settings.camera.largest_edge, largest_edge)
        self._camera = open_camera(source, replace(settings.camera, largest_edge=edge))
        self._stop = stop or Stop()
        self._quiet = quiet
        self._endless = endless
        self.settings = settings
        self.source = source
        self._bar: tqdm[Any] | None = None
        self.start_s = 0.0
        """Time of the first frame: 0 for files, that of the clock for cameras."""
        self.end_s = 0.0
        """Time of the last frame read, or the file's end."""
        self.warnings: list[str] = []
        """Complete once frames() is through."""
        self.lost: LostDevice | None = None
        """What ended a live source before anybody wanted it to; what was seen until then is kept."""
        if isinstance(self._camera, RecordedCamera) and not every_frame:
            self._camera.most_fps = most_fps(self._camera.duration_s)

    @property
    def duration_s(self) -> float:
        """Return the seconds that the file's header tells; 0 if it doesn't, or the source never ends."""
        return self._camera.duration_s if isinstance(self._camera, RecordedCamera) else 0.0

    def frames(self) -> Iterator[Frame]:
        """Yield frames until the end or Ctrl-C, and close the source."""
        total_s = self.duration_s
        try:
            with progress(Translatable("Reading the video"), total_s, "s", self._quiet or self.is_live) as self._bar:
                for number, frame in enumerate(self._until_lost()):
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

    def _until_lost(self) -> Iterator[Frame]:
        """The camera's frames; of a live one, for one look, the first second of which is 0."""
        began_s: float | None = None
        try:
            for frame in self._camera.frames():
                began_s = frame.time_s if began_s is None else began_s
                if not self.is_live or self._endless:
                    yield frame
                    continue
                yield dataclasses.replace(frame, time_s=frame.time_s - began_s)
                if frame.time_s - began_s > LOOK_S or picture_problem(frame.picture) is None:
                    return
        except LostDevice as lost:
            if began_s is None:
                raise
            self.lost = lost
            self.warnings.append(lost.parts[0])

    def clear_bar(self) -> None:
        """Clear the progress bar so that something can be printed; it comes back by itself."""
        if self._bar is not None and not self._bar.disable:
            self._bar.clear()

    def close(self) -> None:
        """Close the source without reading it."""
        self._camera.close()

    @property
    def stopped(self) -> bool:
        """Tell whether Ctrl-C has ended it."""
        return self._stop.was_asked

    @property
    def is_live(self) -> bool:
        """Tell whether the source is a camera or stream, which has no end."""
        return not isinstance(self._camera, RecordedCamera)

    def keyframes(self, most: int | None = None) -> Iterator[Keyframe]:
        """Yield keyframes with something to see, as soon as each is settled; of a file at most about `most`, as its length tells."""
        settings = self.settings.keyframes
        if most:
            gap_s = min(max(settings.min_gap_s, self.duration_s / most), LONGEST_GAP_S)
            settings = replace(settings, min_gap_s=gap_s, max_gap_s=max(settings.max_gap_s, gap_s))
        return clear_keyframes(self.frames(), settings)


def most_fps(duration_s: float) -> float:
    """Return how many frames are compared for each second of a recording of this length."""
    return max(LEAST_FPS, min(MOST_FPS, COMPARED_FRAMES / duration_s)) if duration_s else MOST_FPS
