"""Cameras, pictures and videos through OpenCV. Converts to RGB frames with times; decides nothing about what they show."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET: the user gets one line, and it is ours
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", "64000000")  # MAX_PICTURE_PIXELS, for formats whose header isn't read here

import cv2
import numpy as np
import numpy.typing as npt

from assistant.devices.decoder_messages import without_decoder_messages
from assistant.devices.interlaced_video import InterlacedCapture, has_sound_only, is_interlaced
from assistant.messages import Frame, Picture
from assistant.problems import BadInput, LostDevice, MissingDevice, shorten
from assistant.settings import CameraSettings

MAX_PICTURE_PIXELS = 64_000_000
"""Pixels decoded of a single picture: 192 MB as RGB, more than phones take."""
PICTURE_EDGE = 4096
"""Pixels of the longer edge; longer single pictures are shrunk after decoding."""
FALLBACK_FPS = 25.0
"""Frames a second of videos that tell neither their times nor their rate."""
TIME_ROUNDING_S = 0.002
"""Seconds by which a file's frame may come too soon and still be due: files round their times."""
LEAST_MISSING_S, LEAST_MISSING_SHARE = 0.5, 0.02
"""Seconds, and share of its length, that the end of a damaged file lacks; encoders round, so less isn't called damage."""
JPEG_REDUCTIONS = {2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8}
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm")

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


class PictureFile:
    """Implements `interfaces.RecordedCamera` on a single picture: a camera with one frame. Raises as `open_picture` does."""

    def __init__(self, path: Path) -> None:
        self._frame: Frame | None = open_picture(path)
        self.duration_s = 0.0
        self.warnings: list[str] = []
        self.most_fps: float | None = None

    def frames(self) -> Iterator[Frame]:
        """Yield the picture, at 0 s; nothing once closed."""
        if self._frame is not None:
            yield self._frame

    def close(self) -> None:
        """Free the picture."""
        self._frame = None


class VideoFile:
    """Implements `interfaces.RecordedCamera` on a recording, turned upright as its header says.

    `warnings` tells of a damaged end once `frames` is through. Frames beyond `most_fps` are decoded but neither converted nor shrunk.
    """

    def __init__(self, path: Path, settings: CameraSettings, real_time: bool = False) -> None:
        """Open the file; BadInput if it can't be read as a video.

        With `real_time` each frame is given no sooner than its time, as a camera would, and those that are late are skipped.
        """
        _check_readable(path)
        self._name = shorten(path.name)
        self._settings = settings
        self._real_time = real_time
        self._closed = threading.Event()
        self.warnings: list[str] = []
        self.most_fps: float | None = None
        self._capture: Any = cv2.VideoCapture(str(path))
        if not self._capture.isOpened():
            raise _unreadable(path)
        if is_interlaced(path):
            self._capture.release()
            self._capture = InterlacedCapture(path)
        self._fps = _finite(self._capture.get(cv2.CAP_PROP_FPS)) or FALLBACK_FPS
        self._expected = int(_finite(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))
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
                    yield Frame(_shrink(_to_rgb(picture), self._settings.largest_edge), time_s)
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
            raise BadInput(f"there is no frame in {self._name}", "use a video with at least one whole frame")
        told_s, self.duration_s = self.duration_s, last_s + last_s / (frames_read - 1) if frames_read > 1 else 1 / self._fps
        if frames_read < self._expected - 1 and self.duration_s < told_s - max(LEAST_MISSING_S, LEAST_MISSING_SHARE * told_s):
            self.warnings.append(f"{self._name} is damaged: only the first {self.duration_s:.1f} of {told_s:.1f} seconds could be read")


class OpencvCamera:
    """Implements `interfaces.Camera` on a live camera, or a stream on this machine. Times are those of the monotonic clock at arrival."""

    def __init__(self, source: int | str, settings: CameraSettings) -> None:
        """Open a camera's number or a stream's address. MissingDevice if that can't be done."""
        self._name = f"camera {source}" if isinstance(source, int) else f"the stream {shorten(source)}"
        self._settings = settings
        self._closed = threading.Event()
        self._capture = cv2.VideoCapture(source)
        if not self._capture.isOpened():
            raise MissingDevice(f"{self._name} can't be opened", "plug it in, close other programs that use it, or give another number")
        if isinstance(source, int):
            self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, settings.width)
            self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.height)
            self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)

    def frames(self) -> Iterator[Frame]:
        """Yield frames until `close`. LostDevice when the device gives no more."""
        try:
            while not self._closed.is_set():
                delivered, picture = self._capture.read()
                if self._closed.is_set():
                    return
                if not delivered:
                    raise LostDevice(f"{self._name} has stopped giving pictures", "check its cable, then start again")
                yield Frame(_shrink(_to_rgb(picture), self._settings.largest_edge), time.monotonic())
        finally:
            self._capture.release()

    def close(self) -> None:
        """End `frames` after the picture it is waiting for, which frees the device."""
        self._closed.set()


def is_live(source: str) -> bool:
    """Tell whether `source` names a camera or a stream, and not a file."""
    return (source.isascii() and source.isdigit()) or "://" in source


def open_source(source: str, settings: CameraSettings, real_time: bool = False) -> PictureFile | VideoFile | OpencvCamera:
    """Open a camera by its number, a stream on this machine, a picture or a video. Raises BadInput or MissingDevice."""
    if source.isascii() and source.isdigit():
        return OpencvCamera(int(source[:9]), settings)
    if "://" in source:
        if urlsplit(source).hostname not in LOCAL_HOSTS:
            raise BadInput(f"{shorten(source)} is not on this machine", "only streams from localhost are read; the assistant stays offline")
        return OpencvCamera(source, settings)
    path = Path(source)
    _check_readable(path)
    return PictureFile(path) if is_picture(source) else VideoFile(path, settings, real_time)


def is_picture(source: str) -> bool:
    """Tell whether a source is the file of a single picture. BadInput for a file that can't be read."""
    if is_live(source):
        return False
    path = Path(source)
    _check_readable(path)
    return path.suffix.lower() in PICTURE_SUFFIXES or cv2.haveImageReader(str(path))


def open_picture(path: Path, largest_edge: int = PICTURE_EDGE) -> Frame:
    """Read one picture, turned upright, of at most `largest_edge` pixels along an edge; BadInput for a damaged or a huge one.

    A huge JPEG is reduced while it is decoded. The small letters of a long screenshot need a longer edge than the rest.
    """
    _check_readable(path)
    name = shorten(path.name)
    mode, (width, height, is_jpeg) = cv2.IMREAD_COLOR, _declared_size(path)
    if width * height > MAX_PICTURE_PIXELS:
        fitting = [n for n in JPEG_REDUCTIONS if width * height / n**2 <= MAX_PICTURE_PIXELS]
        if not is_jpeg or not fitting:
            raise BadInput(f"{name} is too large ({width} x {height} pixels)", f"use at most {MAX_PICTURE_PIXELS // 10**6} million pixels")
        mode = JPEG_REDUCTIONS[fitting[0]]
    try:
        with without_decoder_messages():
            picture = cv2.imread(str(path), mode)
    except cv2.error as error:
        raise BadInput(f"{name} can't be read as a picture", "save it as JPEG or PNG") from error
    if picture is None:
        raise BadInput(f"{name} can't be read as a picture", "it may be damaged or another kind of file; save it as JPEG or PNG")
    return Frame(_shrink(_to_rgb(picture), largest_edge), 0.0)


def _unreadable(path: Path) -> BadInput:
    """Why OpenCV can't open a file, as far as can be told."""
    name = shorten(path.name)
    if has_sound_only(path):
        return BadInput(f"there is sound but no picture in {name}", "give a picture or video file; `assistant hear` writes down speech")
    with path.open("rb") as file:
        is_mp4 = file.read(8)[4:] == b"ftyp"
    if is_mp4:  # the table of its frames stands at the end
        return BadInput(f"{name} is cut off, and without its end an MP4 file can't be read", "copy it again, or record as MKV")
    return BadInput(f"{name} is neither a picture nor a video that can be read", "use a JPEG, PNG, MP4, AVI or MKV file")


def _finite(told: float) -> float:
    """What a header tells, 0 if it is nonsense."""
    return told if 0 < told < 1e9 else 0.0


def _check_readable(path: Path) -> None:
    name = shorten(path)
    if not _is_utf8(path):
        raise BadInput(f"the name of {ascii(name)} is not UTF-8", "rename the file")  # OpenCV would end the whole program
    try:
        if path.is_dir():
            raise BadInput(f"{name} is a folder", "give a picture or video file")
        with path.open("rb") as file:
            empty = not file.read(1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadInput(f"{name} can't be read ({reason})", "check the path and the right to read it") from error
    if empty:
        raise BadInput(f"{name} is empty", "give a picture or video file")


def _is_utf8(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _declared_size(path: Path) -> tuple[int, int, bool]:
    """Width, height and whether it is a JPEG, from the header of a PNG or JPEG; (0, 0, False) for other formats."""
    with path.open("rb") as file:
        start = file.read(24)
        if start.startswith(b"\x89PNG"):
            return int.from_bytes(start[16:20], "big"), int.from_bytes(start[20:24], "big"), False
        if not start.startswith(b"\xff\xd8"):
            return 0, 0, False
        file.seek(2)
        while len(segment := file.read(9)) == 9 and segment[0] == 0xFF:
            if 0xC0 <= segment[1] <= 0xCF and segment[1] not in (0xC4, 0xC8, 0xCC):  # a start-of-frame marker holds the size
                return int.from_bytes(segment[7:9], "big"), int.from_bytes(segment[5:7], "big"), True
            file.seek(int.from_bytes(segment[2:4], "big") - 7, os.SEEK_CUR)
    return 0, 0, True


def _to_rgb(picture: npt.NDArray[Any]) -> Picture:
    """OpenCV's BGR or grey, 8 bits deep."""
    code = cv2.COLOR_GRAY2RGB if picture.ndim == 2 or picture.shape[2] == 1 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(picture, code), np.uint8)


def _shrink(picture: Picture, largest_edge: int) -> Picture:
    height, width = picture.shape[:2]
    scale = largest_edge / max(height, width)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
