"""Videos as phones, cameras and bad cables make them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from assistant.commands.demo import demo_file

STEADY_S = [number / 10 for number in range(60)]
PHONE_MATRIX = (0, 65536, 0, -65536, 0, 0, 240 << 16, 0, 1 << 30)
"""A quarter turn clockwise for showing, as phones held upright write it; 16.16 fixed point, the last column 2.30."""


def write_video(
    path: Path, times_s: Sequence[float] = STEADY_S, *, codec: str = "mpeg4", size: tuple[int, int] = (160, 120), **stream: Any
) -> Path:
    """Left half red, right half blue, both with a texture, and a white dot that wanders."""
    width, height = size
    texture = cv2.resize(np.random.default_rng(0).integers(0, 60, (12, 16), np.uint8), size, interpolation=cv2.INTER_NEAREST)
    with av.open(str(path), "w", options=stream.pop("container", {})) as container:
        track = container.add_stream(codec, rate=10)
        track.width, track.height, track.pix_fmt = width, height, stream.pop("pix_fmt", "yuv420p")
        track.time_base = track.codec_context.time_base = Fraction(1, 1000)
        track.options = stream.pop("options", {})
        for number, time_s in enumerate(times_s):
            picture = np.zeros((height, width, 3), np.uint8)
            picture[:, : width // 2, 0], picture[:, width // 2 :, 2] = 250 - texture[:, : width // 2], 220 - texture[:, width // 2 :]
            picture[height // 2 : height // 2 + 8, number % (width - 8) :][:, :8] = 255
            frame = av.VideoFrame.from_ndarray(picture).reformat(format=track.pix_fmt)
            frame.pts, frame.time_base = round(time_s * 1000), Fraction(1, 1000)
            container.mux(track.encode(frame))
        container.mux(track.encode())
    # Run by root, SVT-AV1 puts this process, and what it starts from then on, before all others.
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return path


def write_sound(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        track = container.add_stream("aac", rate=16000, layout="mono")
        for number in range(20):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 16000, 1024 * number
            container.mux(track.encode(frame))
        container.mux(track.encode())
    return path


def cut(path: Path, share: float) -> Path:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return path


def write_phone_video(path: Path) -> Path:
    """Filmed upright: its header says to turn it, and a red left half is shown on top."""
    content = bytearray(write_video(path).read_bytes())
    matrix = content.index(b"tkhd") + 44  # after version, flags, times, id, duration, layer, group and volume
    content[matrix : matrix + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in PHONE_MATRIX)
    path.write_bytes(content)
    return path


def write_header(path: Path) -> Path:
    """Matroska with everything but frames."""
    content = write_video(path, STEADY_S[:3]).read_bytes()
    path.write_bytes(content[: content.index(b"\x1f\x43\xb6\x75")])
    return path


def write_cat_video(path: Path, seconds: int) -> None:
    """The cat of the demo's clip, to and fro, at 5 pictures a second."""
    source = cv2.VideoCapture(str(demo_file("clip.mp4")))
    frames = [np.asarray(source.read()[1]) for _ in range(20)]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 5, (320, 240))
    for number in range(5 * seconds):
        writer.write(frames[abs(number % 38 - 19)])
    writer.release()
