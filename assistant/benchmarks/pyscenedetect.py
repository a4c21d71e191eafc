"""Runs PySceneDetect's detectors of scenes, to be compared with (extra [bench])."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from assistant.messages import Frame


def detectors() -> dict[str, Any]:
    """Return PySceneDetect's detectors by name, with the settings they come with; none without the package."""
    if importlib.util.find_spec("scenedetect") is None:
        return {}
    from scenedetect.detectors import AdaptiveDetector, ContentDetector

    return {"ContentDetector": ContentDetector(), "AdaptiveDetector": AdaptiveDetector()}


def find_cuts(detector: Any, frames: list[Frame]) -> list[int]:
    """Return the numbers of the frames with which a detector finds that a new scene begins."""
    from scenedetect import FrameTimecode

    fps = (len(frames) - 1) / (frames[-1].time_s - frames[0].time_s)
    found = []
    for number, frame in enumerate(frames):
        found += detector.process_frame(FrameTimecode(number, fps), _for_detector(frame))
    found += detector.post_process(FrameTimecode(len(frames) - 1, fps))
    return [cut.frame_num for cut in found]


def _for_detector(frame: Frame) -> np.ndarray:
    """BGR, as small as PySceneDetect's SceneManager makes it."""
    from scenedetect.scene_manager import compute_downscale_factor

    factor = compute_downscale_factor(max(frame.picture.shape[:2]))
    bgr = cv2.cvtColor(frame.picture, cv2.COLOR_RGB2BGR)
    return _shrunk(bgr, factor)


def _shrunk(bgr: np.ndarray, factor: float) -> np.ndarray:
    if factor <= 1:
        return bgr
    return np.asarray(cv2.resize(bgr, (round(bgr.shape[1] / factor), round(bgr.shape[0] / factor)), interpolation=cv2.INTER_LINEAR))


def detector_work(whole: Any, small: Any, number: int, frame: Frame, fps: int) -> dict[str, Callable[[], object]]:
    """Return what a ContentDetector does with one frame, by name: on the whole frame, and shrunk as SceneManager does it."""
    from scenedetect import FrameTimecode
    from scenedetect.scene_manager import compute_downscale_factor

    timecode, bgr = FrameTimecode(number, float(fps)), cv2.cvtColor(frame.picture, cv2.COLOR_RGB2BGR)
    factor = compute_downscale_factor(bgr.shape[1])
    return {
        "ContentDetector, whole frame": lambda: whole.process_frame(timecode, bgr),
        "ContentDetector, shrunk by SceneManager": lambda: small.process_frame(timecode, _shrunk(bgr, factor)),
    }
