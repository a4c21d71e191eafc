"""Pictures out of a folder of pictures and videos; of a video its keyframes, or a frame every few seconds. Knows nothing of models."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2

from assistant.devices.picture_file import PICTURE_SUFFIXES, open_picture
from assistant.devices.video_file import VideoFile
from assistant.messages import Frame, Picture
from assistant.problems import BadInput, shorten
from assistant.seeing.frame_quality import picture_problem, thumbnail
from assistant.seeing.keyframe_selector import select_keyframes
from assistant.settings import CameraSettings, KeyframeSettings
from models.training.commands import tell_skipped, writing

VIDEO_SUFFIXES = (".mp4", ".m4v", ".avi", ".mkv", ".mov", ".webm", ".mpg", ".mpeg")
JPEG_QUALITY = 95


def gather_pictures(
    media: Path, frames: Path, every_s: float | None, report: Callable[[str], None], beside: Path | None = None
) -> list[Path]:
    """Every readable picture, and frames of every video.

    Args:
        media: a picture, a video, or a folder that is searched to the bottom.
        frames: where the videos' frames are kept; a video whose frames are there isn't read again.
        every_s: seconds between frames; None takes the keyframes.
        report: told what was skipped and why.
        beside: a folder in `media` that is left out.

    Raises:
        BadInput: there is nothing, or nothing that can be read.
    """
    if not media.exists():
        raise BadInput(f"there is no file or folder {shorten(media)}", "give --media pictures or videos")
    files = sorted(path for path in media.rglob("*") if path.is_file()) if media.is_dir() else [media]
    files = [path for path in files if path.suffix.lower() in PICTURE_SUFFIXES + VIDEO_SUFFIXES]
    if beside is not None:
        files = [path for path in files if not path.resolve().is_relative_to(beside.resolve())]
    pictures, reasons = list[Path](), dict[Path, str | None]()
    for path in files:
        try:
            found = _frames_of(path, frames, every_s, report) if path.suffix.lower() in VIDEO_SUFFIXES else [path]
            if found == [path]:
                open_picture(path)
            pictures += found
            reasons[path] = None if found else "too dark, blurred or even"
        except BadInput:
            reasons[path] = "unreadable"
    told = tell_skipped(reasons, "files")
    if not pictures:
        kinds = ", ".join(PICTURE_SUFFIXES[:3] + VIDEO_SUFFIXES[:3])
        raise BadInput(
            f"there is no picture to learn from in {shorten(media)}" + "".join(f" ({line})" for line in told), f"give some {kinds}"
        )
    for line in told:
        report(line)
    return pictures


def file_key(path: Path, *more: object) -> str:
    """Names the file as it is now; 24 hex digits."""
    state = path.stat()
    return hashlib.sha256(repr((str(path.resolve()), state.st_size, state.st_mtime_ns, *more)).encode()).hexdigest()[:24]


def _frames_of(video: Path, frames: Path, every_s: float | None, report: Callable[[str], None]) -> list[Path]:
    folder = frames / file_key(video, every_s)
    if not folder.is_dir():
        camera = VideoFile(video, CameraSettings())
        with writing(frames):
            frames.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix="part.", dir=frames) as name:
                part = Path(name) / "new"
                part.mkdir()
                for frame in _chosen(camera.frames(), every_s):
                    (part / f"{round(frame.time_s * 1000):09d}.jpg").write_bytes(_jpeg(frame.picture))
                part.rename(folder)
        for warning in camera.warnings:
            report(warning)
    return sorted(folder.glob("*.jpg"))


def _chosen(frames: Iterator[Frame], every_s: float | None) -> Iterator[Frame]:
    if every_s is None:
        yield from (kept.frame for kept in select_keyframes(frames, KeyframeSettings()) if kept.problem is None)
        return
    next_s = 0.0
    for frame in frames:
        if frame.time_s >= next_s and picture_problem(thumbnail(frame.picture)) is None:
            next_s = frame.time_s + every_s
            yield frame


def _jpeg(picture: Picture) -> bytes:
    written, data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    assert written  # of an 8-bit picture in memory
    return bytes(data)
