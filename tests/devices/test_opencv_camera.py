"""Pictures, videos and cameras: good ones arrive in RGB with times, bad ones are named in one line."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant.devices.picture_file import open_picture
from assistant.devices.sources import open_source
from assistant.devices.video_file import VideoFile
from assistant.problems import BadInput, MissingDevice
from assistant.settings import CameraSettings

SETTINGS = CameraSettings(largest_edge=64)


def write_video(path: Path, code: str, frames: int = 20) -> Path:
    """128 x 96, red, ten frames a second."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*code), 10, (128, 96))
    for number in range(frames):
        writer.write(np.full((96, 128, 3), (0, 0, 150 + 4 * number), np.uint8))
    writer.release()
    return path


@pytest.mark.parametrize(("name", "code"), [("a.mp4", "mp4v"), ("a.avi", "MJPG")])
def test_a_video_arrives_shrunk_in_rgb_with_its_own_times(tmp_path: Path, name: str, code: str) -> None:
    frames = list(open_source(str(write_video(tmp_path / name, code)), SETTINGS).frames())
    assert frames[0].picture.shape == (48, 64, 3)
    assert frames[0].picture[..., 0].mean() > 100 > frames[0].picture[..., 2].mean()
    assert np.allclose([f.time_s for f in frames], np.arange(20) / 10, atol=0.01)


def test_a_cut_video_gives_what_is_left_and_a_warning(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", "MJPG", frames=60)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    video = VideoFile(path, SETTINGS)
    assert 5 < len(list(video.frames())) < 60
    assert "damaged" in video.warnings[0]


@pytest.mark.parametrize("content", [np.full((9, 8), 40000, np.uint16), np.full((9, 8), 156, np.uint8), np.full((9, 8, 4), 156, np.uint8)])
def test_deep_grey_and_transparent_pictures_become_rgb(tmp_path: Path, content: np.ndarray) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), content)
    picture = open_picture(tmp_path / "a.png").picture
    assert picture.shape == (9, 8, 3)
    assert picture.dtype == np.uint8
    assert abs(int(picture[0, 0, 0]) - 156) <= 1


@pytest.mark.parametrize("name", ["missing.jpg", "", "text.jpg", "text.mp4", "empty.png", "x" * 5000, "huge.png", "http://example.com/a"])
def test_what_is_no_picture_is_said_in_one_line(tmp_path: Path, name: str) -> None:
    for text in ("text.jpg", "text.mp4"):
        (tmp_path / text).write_text("no picture\n" * 9)
    (tmp_path / "empty.png").touch()
    (tmp_path / "huge.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + 2 * (20000).to_bytes(4, "big"))
    with pytest.raises(BadInput) as error:
        open_source(name if "://" in name else str(tmp_path / name), SETTINGS)
    assert "\n" not in str(error.value)


def test_a_camera_that_is_not_there_is_named() -> None:
    with pytest.raises(MissingDevice, match="camera 97"):
        open_source("97", SETTINGS)
