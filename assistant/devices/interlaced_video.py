"""Reads interlaced recordings, of old cameras and television, by PyAV, for OpenCV 5 leaves their pictures undefined.

Each pair of fields becomes one whole picture (FFmpeg's bwdif), without the comb that things in motion have otherwise.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt

TRIED_FRAMES = 3
"""Frames from the start of a file that are decoded to find whether it is interlaced."""
ONLY_THIS_FILE = {"protocol_whitelist": "file"}
"""Options for FFmpeg; play lists can point into the network."""


def is_interlaced(path: Path) -> bool:
    """Tell whether one of a video's first frames is interlaced; False for what can't be read."""
    try:
        with av.open(str(path), options=ONLY_THIS_FILE, metadata_errors="ignore") as container:
            return any(frame.interlaced_frame for frame in islice(container.decode(video=0), TRIED_FRAMES))
    except (av.FFmpegError, ValueError, IndexError):
        return False


def has_sound_only(path: Path) -> bool:
    """Tell whether a file has sound and no picture; False for what can't be read."""
    try:
        with av.open(str(path), options=ONLY_THIS_FILE, metadata_errors="ignore") as container:
            return bool(container.streams.audio) and not container.streams.video
    except (av.FFmpegError, ValueError):
        return False


class InterlacedCapture:
    """Does what a VideoFile needs of cv2.VideoCapture, under its names; a damaged frame ends it."""

    def __init__(self, path: Path) -> None:
        self._container = av.open(str(path), options=ONLY_THIS_FILE, metadata_errors="ignore")
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self._frames = self._whole_frames()
        self._frame: Any = None

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        """Return True: a file that can't be opened has raised."""
        return True

    def grab(self) -> bool:
        """Decode the next frame; return False at the end."""
        self._frame = next(self._frames, None)
        return self._frame is not None

    def retrieve(self) -> tuple[bool, npt.NDArray[np.uint8]]:
        """Return True and the frame grabbed last, uint8 [H, W, 3] BGR."""
        return True, self._frame.to_ndarray(format="bgr24")

    def get(self, what: int) -> float:
        """Return CAP_PROP_FPS, CAP_PROP_FRAME_COUNT or CAP_PROP_POS_MSEC (from the first frame's time on)."""
        if what == cv2.CAP_PROP_POS_MSEC:
            return float((self._frame.time or 0.0) - self._start_s) * 1000
        fps = float(self._stream.average_rate or 0)
        if what == cv2.CAP_PROP_FPS:
            return fps
        return float(self._stream.frames or (self._container.duration or 0) / av.time_base * fps)

    def release(self) -> None:
        """Close the file."""
        self._frames.close()
        self._container.close()

    @property
    def _start_s(self) -> float:
        return float((self._stream.start_time or 0) * self._stream.time_base)

    def _whole_frames(self) -> Generator[Any, None, None]:
        graph = av.filter.Graph()
        graph.link_nodes(
            graph.add_buffer(template=self._stream), graph.add("bwdif", "mode=send_frame"), graph.add("buffersink")
        ).configure()
        try:
            for frame in self._container.decode(self._stream):
                graph.vpush(frame)
                yield from _ready(graph)
            graph.vpush(None)
            yield from _ready(graph)
        except av.FFmpegError:
            return


def _ready(graph: Any) -> Iterator[Any]:
    while True:
        try:
            yield graph.vpull()
        except (av.BlockingIOError, av.EOFError):
            return
