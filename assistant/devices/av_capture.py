"""Reads by PyAV what OpenCV can't: interlaced videos, AV1, and the video behind a song's cover; and tells what is in a file.

Each pair of fields becomes one whole picture (FFmpeg's bwdif), without the comb that things in motion have otherwise: OpenCV 5 leaves
the pictures of interlaced videos undefined.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.stream import Disposition

TRIED_FRAMES = 3
"""Frames from the start of a file that are decoded to find whether it is interlaced."""
NOT_BY_OPENCV = ("av1", "libdav1d")
"""Codecs that OpenCV's wheel finds, but can't decode."""
READABLE_FORMATS = (
    "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,wmv,mxf,nut,dv,ivf,obu,h264,hevc,m4v,h263,mjpeg,mpjpeg,yuv4mpegpipe,rm,swf,vvc,amv,"
    "gif,apng,wav,mp3,flac,aac,aiff,caf,amr,w64,au"
)
"""FFmpeg's names of formats. Play lists are left out: they can point into the network."""
ONLY_THIS_FILE = {"protocol_whitelist": "file", "format_whitelist": READABLE_FORMATS}
"""Options for FFmpeg."""
OPENED = {"options": ONLY_THIS_FILE, "metadata_errors": "ignore"}


@dataclass(frozen=True)
class Contents:
    """What is in a file, as far as PyAV can tell."""

    is_known: bool = False
    """Whether it can be read at all."""
    has_sound: bool = False
    stream: int | None = None
    """Number of the video; None where there is none, or nothing but a cover."""
    codec: str | None = None
    """Of the video; None if nothing here decodes it."""
    only_by_av: bool = False
    """Whether OpenCV can't be asked."""
    surplus_s: float = 0.0
    """Seconds before its first picture that the header counts as part of its length."""


def contents_of(name: str) -> Contents:
    """Tell what is in the file; nothing for what can't be read."""
    try:
        with av.open(name, **OPENED) as container:
            tracks = [each for each in container.streams.video if not each.disposition & Disposition.attached_pic]
            has_sound = bool(container.streams.audio)
            if not tracks:
                return Contents(True, has_sound)
            track: Any = tracks[0]
            codec = track.codec_context.name if track.codec_context is not None else None
            behind_cover = track is not container.streams.video[0]
            start_s = (container.start_time or 0) / av.time_base
            surplus_s = max(0.0, start_s) if "matroska" in container.format.name and not track.frames else 0.0
            by_av = codec in NOT_BY_OPENCV or behind_cover or (codec is not None and _is_interlaced(container, track))
            return Contents(True, has_sound, track.index, codec, by_av, surplus_s)
    except (av.FFmpegError, ValueError):
        return Contents()


def _is_interlaced(container: Any, track: Any) -> bool:
    try:
        return any(frame.interlaced_frame for frame in islice(container.decode(track), TRIED_FRAMES))
    except (av.FFmpegError, ValueError):
        return False


class AvCapture:
    """Does what a VideoFile needs of cv2.VideoCapture, under its names; a damaged frame ends it."""

    def __init__(self, name: str, stream: int) -> None:
        self._container: Any = av.open(name, **OPENED)
        self._stream: Any = self._container.streams[stream]
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
        """Return True and the frame grabbed last, uint8 [H, W, 3] BGR, turned upright."""
        picture = self._frame.to_ndarray(format="bgr24")
        return True, np.ascontiguousarray(np.rot90(picture, round(getattr(self._frame, "rotation", 0) / 90) % 4))

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
        graph: Any = None
        try:
            for frame in self._container.decode(self._stream):
                if graph is None and frame.interlaced_frame:
                    graph = self._deinterlacer()
                if graph is None:
                    yield frame
                    continue
                graph.vpush(frame)
                yield from _ready(graph)
            if graph is not None:
                graph.vpush(None)
                yield from _ready(graph)
        except av.FFmpegError:
            return

    def _deinterlacer(self) -> Any:
        graph = av.filter.Graph()
        graph.link_nodes(
            graph.add_buffer(template=self._stream), graph.add("bwdif", "mode=send_frame"), graph.add("buffersink")
        ).configure()
        return graph


def _ready(graph: Any) -> Iterator[Any]:
    while True:
        try:
            yield graph.vpull()
        except (av.BlockingIOError, av.EOFError):
            return
