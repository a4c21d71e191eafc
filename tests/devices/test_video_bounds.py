"""Videos as phones, cameras and bad cables make them: each gives its frames, or one line that says what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.devices.sources import open_source
from assistant.devices.video_file import VideoFile
from assistant.problems import BadInput
from assistant.settings import CameraSettings
from tests.support.video_files import STEADY_S, cut, write_header, write_phone_video, write_sound, write_video

SETTINGS = CameraSettings(largest_edge=320)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_variable_frame_rate_keeps_its_own_times_and_is_not_called_damaged(tmp_path: Path, name: str) -> None:
    """Matroska files estimate the number of their frames from the rate; this was once taken for damage."""
    times_s = list(np.cumsum([0.0] + [0.04 if n % 20 < 15 else 0.8 for n in range(59)]))
    video = VideoFile(write_video(tmp_path / name, times_s), SETTINGS)
    assert np.allclose([f.time_s for f in video.frames()], times_s, atol=0.005)
    assert video.warnings == []
    assert video.duration_s == pytest.approx(times_s[-1], abs=0.5)


def test_a_phones_video_arrives_upright(tmp_path: Path) -> None:
    picture = next(VideoFile(write_phone_video(tmp_path / "phone.mp4"), SETTINGS).frames()).picture
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
    path = write_header(tmp_path / "a.mkv")
    with pytest.raises(BadInput, match=r"no frame|neither") as error:
        list(open_source(str(path), SETTINGS).frames())
    assert "\n" not in str(error.value)


def test_fewer_frames_a_second_may_be_asked_for(tmp_path: Path) -> None:
    video = VideoFile(write_video(tmp_path / "a.mp4"), SETTINGS)
    video.most_fps = 5
    times_s = [f.time_s for f in video.frames()]
    assert np.allclose(times_s, np.arange(30) / 5, atol=0.005)
    assert video.duration_s == pytest.approx(6.0, abs=0.1) and video.warnings == []
