"""Videos as phones, cameras and bad cables make them: each gives its frames, or one line that says what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from assistant.devices.opencv_camera import VideoFile, open_source
from assistant.problems import BadInput
from assistant.settings import CameraSettings

SETTINGS = CameraSettings(largest_edge=320)
STEADY_S = [number / 10 for number in range(60)]
PHONE_MATRIX = (0, 65536, 0, -65536, 0, 0, 240 << 16, 0, 1 << 30)
"""A quarter turn clockwise for showing, as phones held upright write it; 16.16 fixed point, the last column 2.30."""


def write_video(
    path: Path, times_s: Sequence[float] = STEADY_S, *, codec: str = "mpeg4", size: tuple[int, int] = (160, 120), **stream: Any
) -> Path:
    """Left half red, right half blue, with a white dot that wanders."""
    width, height = size
    with av.open(str(path), "w", options=stream.pop("container", {})) as container:
        track = container.add_stream(codec, rate=10)
        track.width, track.height, track.pix_fmt = width, height, stream.pop("pix_fmt", "yuv420p")
        track.time_base = track.codec_context.time_base = Fraction(1, 1000)
        track.options = stream.pop("options", {})
        for number, time_s in enumerate(times_s):
            picture = np.zeros((height, width, 3), np.uint8)
            picture[:, : width // 2, 0] = picture[:, width // 2 :, 2] = 200
            picture[height // 2 : height // 2 + 8, number % (width - 8) :][:, :8] = 255
            frame = av.VideoFrame.from_ndarray(picture).reformat(format=track.pix_fmt)
            frame.pts, frame.time_base = round(time_s * 1000), Fraction(1, 1000)
            container.mux(track.encode(frame))
        container.mux(track.encode())
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


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_variable_frame_rate_keeps_its_own_times_and_is_not_called_damaged(tmp_path: Path, name: str) -> None:
    """Matroska files estimate the number of their frames from the rate; this was once taken for damage."""
    times_s = list(np.cumsum([0.0] + [0.04 if n % 20 < 15 else 0.8 for n in range(59)]))
    video = VideoFile(write_video(tmp_path / name, times_s), SETTINGS)
    assert np.allclose([f.time_s for f in video.frames()], times_s, atol=0.005)
    assert video.warnings == []
    assert video.duration_s == pytest.approx(times_s[-1], abs=0.5)


def test_a_phones_video_arrives_upright(tmp_path: Path) -> None:
    path = write_video(tmp_path / "phone.mp4")
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 44  # after version, flags, times, id, duration, layer, group and volume
    content[matrix : matrix + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in PHONE_MATRIX)
    path.write_bytes(content)
    picture = next(VideoFile(path, SETTINGS).frames()).picture
    assert picture.shape == (160, 120, 3)
    assert picture[:40, :, 0].mean() > 100 > picture[-40:, :, 0].mean()  # what was left is now on top


@pytest.mark.parametrize(
    "kind",
    [
        {"options": {"flags": "+ildct+ilme"}},
        {"size": (3840, 2160)},
        {"codec": "ffv1", "pix_fmt": "gray"},
        {"codec": "ffv1", "pix_fmt": "gray16le"},
    ],
    ids=["interlaced", "4K", "grey", "grey in 16 bits"],
)
def test_unusual_pictures_arrive_as_any_other(tmp_path: Path, kind: dict[str, Any]) -> None:
    frames = list(VideoFile(write_video(tmp_path / "a.mkv", STEADY_S[:8], **kind), SETTINGS).frames())
    assert len(frames) == 8
    assert all(f.picture.dtype == np.uint8 and f.picture.ndim == 3 and max(f.picture.shape) <= 320 for f in frames)
    assert frames[0].picture.std() > 10


def test_an_interlaced_video_shows_what_was_filmed_with_its_times(tmp_path: Path) -> None:
    """OpenCV 5 gave pictures of whatever was in memory, without an error."""
    path = write_video(tmp_path / "a.mkv", options={"flags": "+ildct+ilme"})
    video = VideoFile(path, SETTINGS)
    frames = list(video.frames())
    assert np.allclose([f.time_s for f in frames], STEADY_S, atol=0.005)
    assert video.warnings == [] and video.duration_s == pytest.approx(6.0, abs=0.1)
    for frame in frames:
        left, right = frame.picture[:, 10:70].mean((0, 1)), frame.picture[:, 90:150].mean((0, 1))
        assert left[0] > 150 > left[2] and right[2] > 150 > right[0]


def test_one_frame_is_a_video(tmp_path: Path) -> None:
    video = VideoFile(write_video(tmp_path / "a.mp4", [0.0]), SETTINGS)
    assert [f.time_s for f in video.frames()] == [0.0]
    assert video.warnings == []


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
def test_all_before_a_corrupt_tail_is_used_and_the_user_told(tmp_path: Path, name: str) -> None:
    video = VideoFile(cut(write_video(tmp_path / name, container={"movflags": "faststart"} if "mp4" in name else {}), 0.6), SETTINGS)
    times_s = [f.time_s for f in video.frames()]
    assert 10 < len(times_s) < 50
    assert times_s[-1] < video.duration_s < 5.0
    assert "damaged" in video.warnings[0] and "of 6.0 seconds" in video.warnings[0]


@pytest.mark.parametrize(
    ("name", "words"), [("sound.m4a", "sound but no picture"), ("sound.mp4", "sound but no picture"), ("cut.mp4", "cut off")]
)
def test_what_has_no_picture_says_why(tmp_path: Path, name: str, words: str) -> None:
    path = write_sound(tmp_path / name) if "sound" in name else cut(write_video(tmp_path / name), 0.6)
    with pytest.raises(BadInput, match=words) as error:
        open_source(str(path), SETTINGS)
    assert "\n" not in str(error.value)


def test_a_video_without_frames_says_so(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", STEADY_S[:3])
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"\x1f\x43\xb6\x75")])  # the header, and no cluster of frames
    with pytest.raises(BadInput, match=r"no frame|neither") as error:
        list(open_source(str(path), SETTINGS).frames())
    assert "\n" not in str(error.value)


def test_fewer_frames_a_second_may_be_asked_for(tmp_path: Path) -> None:
    video = VideoFile(write_video(tmp_path / "a.mp4"), SETTINGS)
    video.most_fps = 5
    times_s = [f.time_s for f in video.frames()]
    assert np.allclose(times_s, np.arange(30) / 5, atol=0.005)
    assert video.duration_s == pytest.approx(6.0, abs=0.1) and video.warnings == []
