"""What `--camera` and MEDIA may name: a camera's number, a stream on this machine, a picture, an animated one or a video."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from assistant.devices.animation_file import AnimationFile, is_animated, may_be_animated, open_animation
from assistant.devices.file_kinds import check_readable, picture_kind
from assistant.devices.opencv_camera import OpencvCamera
from assistant.devices.picture_file import PictureFile
from assistant.devices.stream_camera import StreamCamera
from assistant.devices.video_file import VideoFile
from assistant.settings import CameraSettings

_DEVICE = re.compile(r"/dev/video(\d{1,3})")


def is_live(source: str) -> bool:
    """Tell whether `source` names a camera or a stream, and not a file."""
    return _camera_number(source) is not None or is_stream(source)


def is_stream(source: str) -> bool:
    """Tell whether `source` is an address, or a pipe."""
    try:
        mode = Path(source).stat().st_mode
    except (OSError, ValueError):
        return re.match(r"[A-Za-z][\w+.-]*://", source) is not None
    return stat.S_ISFIFO(mode)


def open_source(
    source: str, settings: CameraSettings, real_time: bool = False
) -> PictureFile | AnimationFile | VideoFile | OpencvCamera | StreamCamera:
    """Open a camera by its number, a stream on this machine, a picture or a video. Raises BadInput or MissingDevice."""
    if (number := _camera_number(source)) is not None:
        return OpencvCamera(number, settings)
    if is_stream(source):
        return StreamCamera(source, settings)
    path = Path(source)
    head = check_readable(path)
    kind = picture_kind(path, head)
    if kind is None:
        return VideoFile(path, settings, real_time)
    if may_be_animated(kind, head) and (animation := open_animation(path, settings.largest_edge, real_time)):
        return animation
    return PictureFile(path)


def is_picture(source: str) -> bool:
    """Tell whether a source is the file of a single picture. BadInput for a file that can't be read."""
    if is_live(source):
        return False
    path = Path(source)
    head = check_readable(path)
    kind = picture_kind(path, head)
    return kind is not None and not (may_be_animated(kind, head) and is_animated(path))


def _camera_number(source: str) -> int | None:
    if source.isascii() and source.isdigit():
        return int(source[:9])
    device = _DEVICE.fullmatch(source)
    return int(device[1]) if device else None
