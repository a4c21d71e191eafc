"""What ask, describe and keyframes share: from a picture or video file to its keyframes."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.commands.media_reader import MediaReader
from assistant.messages import Keyframe
from assistant.problems import BadInput
from assistant.seeing.keyframe_selector import OnCompared, select_keyframes


@dataclass(frozen=True)
class Media:
    """Holds what is known of a file after it has been read through once."""

    keyframes: list[Keyframe]
    warnings: list[str]
    """What is wrong with the file itself, such as a damaged end."""
    duration_s: float = 0.0
    """Seconds of a video, as far as it was read; 0 for a picture, or a look through a camera."""

    @property
    def is_video(self) -> bool:
        """Tell whether it is a video and not a picture."""
        return self.duration_s > 0


def read_through(reader: MediaReader, budget: int, on_compared: OnCompared | None = None) -> Media:
    """Return a picture (one keyframe) or a video (at most `budget`) read to its end. BadInput if there is no picture in it at all.

    A camera or stream is looked at once, as a picture is.

    `on_compared` is called with the time and change of every frame that is compared. KeyboardInterrupt if Ctrl-C came before anything.
    """
    keyframes = select_keyframes(reader.frames(), reader.settings.keyframes, budget, on_compared)
    if not keyframes and reader.stopped:
        raise KeyboardInterrupt
    if not keyframes:
        raise BadInput("there is no picture in {source}", "use a picture, or a video with at least one frame", source=reader.source)
    return Media(keyframes, reader.warnings, 0.0 if reader.is_live else reader.end_s)
