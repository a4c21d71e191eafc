"""What ask, describe and keyframes share: from a picture or video file to its keyframes."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.commands.media_reader import MediaReader
from assistant.messages import Keyframe
from assistant.problems import BadInput
from assistant.seeing.keyframe_selector import OnCompared, select_keyframes


@dataclass(frozen=True)
class Media:
    """A file after it has been read through once."""

    keyframes: list[Keyframe]
    warnings: list[str]
    """About the file itself, such as a damaged end."""
    duration_s: float = 0.0
    """Of a video, as far as it was read; 0 for a picture."""

    @property
    def is_video(self) -> bool:
        return self.duration_s > 0


def read_through(reader: MediaReader, budget: int, on_compared: OnCompared | None = None) -> Media:
    """Keyframes of a picture (one) or a video (at most `budget`); BadInput if there is no picture in it at all.

    `told` is given the time and change of every frame that is compared.
    """
    keyframes = select_keyframes(reader.frames(), reader.settings.keyframes, budget, on_compared)
    if not keyframes and reader.stopped:
        raise KeyboardInterrupt
    if not keyframes:
        raise BadInput(f"there is no picture in {reader.source}", "use a picture, or a video with at least one frame")
    return Media(keyframes, reader.warnings, reader.end_s)
