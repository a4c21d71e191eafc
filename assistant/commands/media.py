"""What ask, describe and keyframes share: from a picture or video file to its keyframes."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.assembly import open_camera
from assistant.messages import Keyframe
from assistant.problems import BadInput
from assistant.seeing.keyframes import select_keyframes
from assistant.settings import Settings


@dataclass(frozen=True)
class Media:
    """A file after it has been read through once."""

    keyframes: list[Keyframe]
    warnings: list[str]
    """About the file itself, such as a damaged end."""


def read_media(source: str, settings: Settings, budget: int) -> Media:
    """Keyframes of a picture (one) or a video (at most `budget`); BadInput if there is no picture in it at all."""
    camera = open_camera(source, settings.camera)
    try:
        keyframes = select_keyframes(camera.frames(), settings.keyframes, budget)
        warnings = list(getattr(camera, "warnings", []))
    finally:
        camera.close()
    if not keyframes:
        raise BadInput(f"there is no picture in {source}", "use a picture, or a video with at least one frame")
    return Media(keyframes, warnings)
