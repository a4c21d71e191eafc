"""What every camera must do, over a video, a picture, a scripted camera and one that would be opened again."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant.devices.reconnecting import ReconnectingCamera
from assistant.devices.sources import open_source
from assistant.interfaces import Camera
from assistant.messages import Frame
from assistant.settings import CameraSettings
from tests.support.fakes import ScriptedCamera


@pytest.fixture(params=["video", "picture", "scripted", "reconnecting"])
def camera(request: pytest.FixtureRequest, tmp_path: Path) -> Camera:
    pictures = [np.full((48, 64, 3), 20 * number, np.uint8) for number in range(8)]
    scripted = ScriptedCamera([Frame(picture, number / 10) for number, picture in enumerate(pictures)])
    if request.param == "scripted":
        return scripted
    if request.param == "reconnecting":
        return ReconnectingCamera(lambda: scripted, lambda device, is_lost, why: None)
    if request.param == "picture":
        cv2.imwrite(str(tmp_path / "a.png"), pictures[4])
        return open_source(str(tmp_path / "a.png"), CameraSettings())
    writer = cv2.VideoWriter(str(tmp_path / "a.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for picture in pictures:
        writer.write(picture)
    writer.release()
    return open_source(str(tmp_path / "a.avi"), CameraSettings())


def test_frames_are_rgb_bytes_and_time_never_goes_back(camera: Camera) -> None:
    frames = list(camera.frames())
    times_s = [frame.time_s for frame in frames]
    assert frames
    assert all(frame.picture.shape == (48, 64, 3) and frame.picture.dtype == np.uint8 for frame in frames)
    assert times_s == sorted(times_s)


def test_closing_ends_the_frames_and_may_be_repeated(camera: Camera) -> None:
    frames = camera.frames()
    next(frames)
    camera.close()
    camera.close()
    assert list(frames) == []
