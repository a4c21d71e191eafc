"""The keyframes of a stream that show something, as they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from assistant.messages import Frame, Keyframe
from assistant.seeing.keyframe_selector import KeyframeSelector
from assistant.settings import KeyframeSettings


def clear_keyframes(frames: Iterable[Frame], settings: KeyframeSettings) -> Iterator[Keyframe]:
    """Yield keyframes as soon as they are settled, but those with a problem; holds one frame at a time."""
    selector = KeyframeSelector(settings)
    for frame in frames:
        if (keyframe := selector.process(frame)) is not None and keyframe.problem is None:
            yield keyframe
    if (keyframe := selector.flush()) is not None and keyframe.problem is None:
        yield keyframe
