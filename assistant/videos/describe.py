"""A video as segments of text: one a scene, only what has changed. Pure; whoever calls it looks and words.

Work grows with the scenes: keyframes that were kept for coverage are looked at only once the view has drifted far.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.languages import FALLBACK
from assistant.languages.times import time_words
from assistant.messages import Keyframe

DRIFTED = 0.25
"""Share of the picture, summed over coverage keyframes, from which a scene is looked at again."""


@dataclass(frozen=True)
class Segment:
    """What is seen from one time of a video to another."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True, eq=False)
class SceneSpan:
    """A keyframe that stands for a scene, and the time until which nothing else is seen."""

    keyframe: Keyframe
    end_s: float


def scenes_of(keyframes: Sequence[Keyframe], end_s: float) -> list[SceneSpan]:
    """Group keyframes in order of time into scenes, of which the last one lasts until `end_s`."""
    scenes: list[SceneSpan] = []
    drift = 0.0
    for number, keyframe in enumerate(keyframes):
        until_s = keyframes[number + 1].frame.time_s if number + 1 < len(keyframes) else max(end_s, keyframe.frame.time_s)
        drift += keyframe.change
        if scenes and keyframe.reason == "coverage" and drift <= DRIFTED:
            scenes[-1] = replace(scenes[-1], end_s=until_s)
        else:
            scenes.append(SceneSpan(keyframe, until_s))
            drift = 0.0
    return scenes


def add_segment(segments: list[Segment], new: Segment) -> None:
    """Add the next segment in order of time; one that says what the last one said only makes that longer."""
    if segments and _words(segments[-1].text) == _words(new.text):
        segments[-1] = replace(segments[-1], end_s=new.end_s)
    else:
        segments.append(new)


def spoken_segments(segments: Sequence[Segment], language: str = "en") -> list[str]:
    """Format segments for speech, a sentence each: "At 1 minute 5 seconds: A dog runs.", "1 minute 5 secondes : Un chien court.".

    A lone segment needs no time.
    """
    if len(segments) == 1:
        return [segments[0].text]
    return [told_at(segment.start_s, segment.text, language) for segment in segments]


def told_at(start_s: float, text: str, language: str) -> str:
    """Format what is told of a time: "At 5 seconds: A dog runs.", "5 secondes : Un chien court."."""
    start, colon = ("At ", ": ") if language == FALLBACK else ("", " : " if language == "fr" else ": ")
    return f"{start}{time_words(start_s, language)}{colon}{text}"


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
