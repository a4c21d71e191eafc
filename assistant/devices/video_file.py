"""Recordings through OpenCV, or PyAV where that can't. Converts to RGB frames with times; decides nothing about what they show.

A library is never told a file's own name, but one of the descriptor that Python opened it by: names that aren't UTF-8 ended the whole
program in OpenCV, and "data:x.mp4" or "10:30.mp4" is a protocol to FFmpeg.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET: the user gets one line, and it is ours
os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "protocol_whitelist;file"  # what a file names may not be fetched

import av
import cv2

from assistant.devices.av_capture import AvCapture, Contents, contents_of
from assistant.devices.file_kinds import check_readable, opened_name
from assistant.devices.picture_file import shrink, to_rgb
from assistant.messages import Frame
from assistant.problems import BadInput, shorten
from assistant.settings import CameraSettings
from assistant.translatable import Translatable

FALLBACK_FPS = 25.0
"""Frames a second of videos that tell neither their times nor their rate."""
TIME_ROUNDING_S = 0.002
"""Seconds by which a file's frame may come too soon and still be due: files round their times."""
LEAST_MISSING_S, LEAST_MISSING_SHARE = 0.5, 0.02
"""Seconds, and share of its length, that the end of a damaged file lacks; encoders round, so less isn't called damage."""


class VideoFile:
    """Implements `interfaces.RecordedCamera` on a recording, turned upright as its header says.

    `warnings` tells of a damaged end once `frames` is through. Frames beyond `most_fps` are decoded but neither converted nor shrunk.
    """

    def __init__(self, path: Path, settings: CameraSettings, real_time: bool = False) -> None:
        """Open the file; BadInput if it can't be read as a video.

        With `real_time` each frame is given no sooner than its time, as a camera would, and those that are late are skipped.
        """
        head = check_readable(path)
        self._name = shorten(path.name)
        self._settings = settings
        self._real_time = real_time
        self._closed = threading.Event()
        self.warnings: list[str] = []
        self.most_fps: float | None = None
        with opened_name(path) as name:
            contents = contents_of(name)
            if contents.is_known and contents.codec is None:
                raise _without_video(self._name, contents)
            self._capture: Any = _open(name, contents)
        if self._capture is None:
            raise _unreadable(self._name, head)
        self._fps = _finite(self._capture.get(cv2.CAP_PROP_FPS)) or FALLBACK_FPS
        self._expected = max(0, int(_finite(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)) - contents.surplus_s * self._fps))
        self.duration_s = self._expected / self._fps

    def frames(self) -> Iterator[Frame]:
        """Yield frames with their times from the file's start on; BadInput if there isn't one whole frame."""
        started_s, last_s, number, due_s = time.monotonic(), -1.0, 0, 0.0
        try:
            while not self._closed.is_set() and self._capture.grab():
                time_s = self._time_s(number, last_s)
                number, last_s = number + 1, time_s
                if time_s < due_s:
                    continue
                due_s = time_s + (1 / self.most_fps - TIME_ROUNDING_S if self.most_fps else 0.0)
                late_s = time.monotonic() - started_s - time_s if self._real_time else 0.0
                if late_s > 1 / self._fps:
                    continue
                if late_s < 0 and self._closed.wait(-late_s):
                    return
                decoded, picture = self._capture.retrieve()
                if decoded:
                    yield Frame(shrink(to_rgb(picture), self._settings.largest_edge), time_s)
            if not self._closed.is_set():
                self._check_end(number, last_s)
        finally:
            self._capture.release()

    def close(self) -> None:
        """End `frames`, which frees the file."""
        self._closed.set()

    def _time_s(self, number: int, last_s: float) -> float:
        told_s = float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000
        return told_s if number == 0 or told_s > last_s else max(number / self._fps, last_s)

    def _check_end(self, frames_read: int, last_s: float) -> None:
        """Frames alone don't tell: of a variable frame rate many files only estimate their number."""
        if frames_read == 0:
            raise BadInput("there is no frame in {name}", "use a video with at least one whole frame", name=self._name)
        told_s, self.duration_s = self.duration_s, last_s + last_s / (frames_read - 1) if frames_read > 1 else 1 / self._fps
        if frames_read < self._expected - 1 and self.duration_s < told_s - max(LEAST_MISSING_S, LEAST_MISSING_SHARE * told_s):
            self.warnings.append(
                Translatable(
                    "{name} is damaged: only the first {seconds:.1f} of {all:.1f} seconds could be read",
                    name=self._name,
                    seconds=self.duration_s,
                    all=told_s,
                )
            )


def _open(name: str, contents: Contents) -> Any:
    """What reads the video; None if nothing does."""
    if not contents.only_by_av:
        capture = cv2.VideoCapture(name, cv2.CAP_FFMPEG)
        if capture.isOpened():
            return capture
    try:
        return AvCapture(name, contents.stream) if contents.stream is not None else None
    except (av.FFmpegError, ValueError):
        return None


def _without_video(name: str, contents: Contents) -> BadInput:
    if contents.stream is not None:
        return BadInput("the video in {name} is of a kind (codec) that nothing here can decode", "convert it to MP4 with H.264", name=name)
    if contents.has_sound:
        what = Translatable("there is sound but no picture in {name}", name=name)
        return BadInput(what, "give a picture or video file; `assistant hear` writes down speech")
    return BadInput("there is no frame in {name}", "use a video with at least one whole frame", name=name)


def _unreadable(name: str, head: bytes) -> BadInput:
    """Why a file can't be opened, as far as can be told."""
    if head[4:8] == b"ftyp":  # the table of its frames stands at the end
        return BadInput("{name} is cut off, and without its end an MP4 file can't be read", "copy it again, or record as MKV", name=name)
    return BadInput("{name} is neither a picture nor a video that can be read", "use a JPEG, PNG, MP4, AVI or MKV file", name=name)


def _finite(told: float) -> float:
    """What a header tells, 0 if it is nonsense."""
    return told if 0 < told < 1e9 else 0.0
