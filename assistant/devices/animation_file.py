"""Animated pictures (GIF, WebP, PNG) as short videos: their first frame may well be blank."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from assistant.devices.cut_picture import whole_frames
from assistant.devices.decoder_messages import without_decoder_messages
from assistant.devices.picture_file import check_size, flattened, read_content, shrink
from assistant.messages import Frame, Picture
from assistant.problems import shorten
from assistant.translatable import Translatable

MOST_FRAMES, MOST_PIXELS = 600, 200_000_000
"""Of one animation that are decoded, in all; the rest is left out, and that is told."""
STEP_S, LONGEST_S = 0.1, 2.0
"""A frame that stands still is yielded again after this long, as a camera would, for so long."""
SHOWN_AT_ONCE_S = 0.1
"""Seconds that a frame without a time is shown."""


class AnimationFile:
    """Implements `interfaces.RecordedCamera` on an animated picture that was decoded by `open_animation`."""

    def __init__(self, pictures: list[Picture], shown_s: list[float], warnings: list[str], real_time: bool) -> None:
        self._pictures, self._shown_s, self._real_time = pictures, shown_s, real_time
        self._closed = threading.Event()
        self.duration_s = sum(shown_s)
        self.warnings = warnings
        self.most_fps: float | None = None

    def frames(self) -> Iterator[Frame]:
        """Yield each picture while it is shown, with its times."""
        began_s, start_s, step_s = time.monotonic(), 0.0, max(STEP_S, 1 / self.most_fps if self.most_fps else 0.0)
        for picture, shown_s in zip(self._pictures, self._shown_s, strict=True):
            for number in range(max(1, round(min(shown_s, LONGEST_S) / step_s))):
                time_s = start_s + number * step_s
                if self._real_time:
                    self._closed.wait(max(0.0, began_s + time_s - time.monotonic()))
                if self._closed.is_set():
                    return
                yield Frame(picture, time_s)
            start_s += shown_s

    def close(self) -> None:
        """End `frames`."""
        self._closed.set()


def may_be_animated(kind: str, head: bytes) -> bool:
    """Tell whether a picture of this kind ("gif", "png" ...) that begins so may have more than one frame."""
    return (
        kind == "gif"
        or (kind == "png" and b"acTL" in head)
        or (kind == "webp" and head[12:16] == b"VP8X" and bool(head[20:21] and head[20] & 2))
    )


def open_animation(path: Path, largest_edge: int, real_time: bool = False) -> AnimationFile | None:
    """Decode an animated picture; None if it has but one frame, or not even that is whole. BadInput for one that is too small."""
    name, content = shorten(path.name), read_content(path)
    _, first = _decode(content, 1)
    if not first.frames:
        return None
    check_size(first.frames[0], name)
    most = max(1, min(MOST_FRAMES, MOST_PIXELS // (first.frames[0].shape[0] * first.frames[0].shape[1])))
    is_whole, decoded = _decode(content, most)
    warnings = list[str]()
    if not is_whole:
        decoded = decoded if decoded.frames else first
        first_of = Translatable("{name} is cut off: only the first of its frames could be read", name=name)
        count = len(decoded.frames)
        some = Translatable("{name} is cut off: only the first {count} of its frames could be read", name=name, count=count)
        warnings.append(some if count > 1 else first_of)
    elif len(decoded.frames) == 1:
        return None
    elif len(decoded.frames) == most:
        warnings.append(Translatable("{name} is long: only its first {count} frames were looked at", name=name, count=most))
    shown_s = [duration / 1000 or SHOWN_AT_ONCE_S for duration in decoded.durations]
    return AnimationFile([shrink(flattened(frame), largest_edge) for frame in decoded.frames], shown_s, warnings, real_time)


def is_animated(path: Path) -> bool:
    """Tell whether `open_animation` gives an animation, without decoding more than two frames of it. Raises as that does."""
    is_whole, decoded = _decode(read_content(path), 2)
    return bool(decoded.frames) and (not is_whole or len(decoded.frames) > 1)


def _decode(content: bytes, most: int) -> tuple[bool, cv2.Animation]:
    """Whether all of it could be decoded, and the frames that were."""
    is_whole, animation = _decoded(content, most)
    if animation.frames:
        return is_whole, animation
    kept = whole_frames(content)  # OpenCV gives no frame of a GIF or WebP that was cut off
    return len(kept) > len(content), _decoded(kept, most)[1]


def _decoded(content: bytes, most: int) -> tuple[bool, cv2.Animation]:
    animation = cv2.Animation()
    try:
        with without_decoder_messages():
            done, animation = cv2.imdecodeanimation(np.frombuffer(content, np.uint8), 0, most)
    except cv2.error:
        done = False
    return done, animation
