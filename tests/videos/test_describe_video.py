"""A video is told scene by scene: once for each, nothing twice, as text and as subtitles."""

from __future__ import annotations

import re

import numpy as np
import pytest

from assistant.languages import languages
from assistant.languages.times import time_words
from assistant.messages import Frame, Keyframe
from assistant.videos.describe import Segment, add_segment, scenes_of, spoken_segments
from assistant.videos.subtitles import LINE_CHARACTERS, srt


def keyframe(time_s: float, reason: str = "change", change: float = 0.4) -> Keyframe:
    return Keyframe(Frame(np.zeros((4, 4, 3), np.uint8), time_s), reason, change=change)


def test_a_still_scene_is_one_scene_however_long_it_lasts() -> None:
    keyframes = [keyframe(0, "first", 1.0), keyframe(20, "coverage", 0.02), keyframe(40, "coverage", 0.01), keyframe(51)]
    assert [(s.keyframe.frame.time_s, s.end_s) for s in scenes_of(keyframes, 60.0)] == [(0, 51), (51, 60)]


def test_a_slow_drift_is_looked_at_again() -> None:
    drifting = [keyframe(0, "first"), *(keyframe(20 * number, "coverage", 0.15) for number in range(1, 5))]
    assert [(s.keyframe.frame.time_s, s.end_s) for s in scenes_of(drifting, 100.0)] == [(0, 40), (40, 80), (80, 100)]
    fast = [keyframe(0, "first"), keyframe(20, "coverage", 0.3)]
    assert [(s.keyframe.frame.time_s, s.end_s) for s in scenes_of(fast, 30.0)] == [(0, 20), (20, 30)]


def test_what_is_said_twice_in_a_row_is_told_once() -> None:
    segments: list[Segment] = []
    for number, text in enumerate(["A dog runs.", "a dog runs", "A street.", "A dog runs."]):
        add_segment(segments, Segment(number, number + 1, text))
    assert segments == [Segment(0, 2, "A dog runs."), Segment(2, 3, "A street."), Segment(3, 4, "A dog runs.")]


def test_times_are_said_plainly() -> None:
    assert [time_words(t) for t in (0, 1, 65.9, 120, 3600, 7384)] == [
        "0 seconds",
        "1 second",
        "1 minute 5 seconds",
        "2 minutes",
        "1 hour",
        "2 hours 3 minutes",
    ]
    assert spoken_segments([Segment(0, 5, "A dog.")]) == ["A dog."]
    assert spoken_segments([Segment(0, 5, "A dog."), Segment(65, 70, "A cat.")]) == [
        "At 0 seconds: A dog.",
        "At 1 minute 5 seconds: A cat.",
    ]
    assert spoken_segments([Segment(0, 5, "Ein Hund."), Segment(65, 70, "Eine Katze.")], "de") == [
        "0 Sekunden: Ein Hund.",
        "1 Minute 5 Sekunden: Eine Katze.",
    ]


@pytest.mark.parametrize("language", sorted(languages()))
def test_every_language_words_a_time(language: str) -> None:
    """They were told by digits alone, "1:05", which many voices read as "one zero five"."""
    words = time_words(3665, language)
    assert "1" in words or language in ("ar", "hi"), words
    assert ":" not in words and not re.search("[\u4e00-\u9fff]", words) or language == "zh"
    assert language == "en" or "hour" not in words


def test_subtitles_are_numbered_wrapped_and_never_overlap() -> None:
    long = "A man in a blue shirt walks along the beach with two brown dogs. " * 3
    text = srt([Segment(0.0, 3.5, "A dog."), Segment(3.5, 3.6, long), Segment(3661.25, 3662.0, "A cat.\n\nTwo cats.")])
    blocks = [block.split("\n") for block in text.strip().split("\n\n")]
    assert [block[0] for block in blocks] == [str(number) for number in range(1, len(blocks) + 1)]
    assert all(2 < len(block) <= 4 and all(0 < len(line) <= LINE_CHARACTERS for line in block[2:]) for block in blocks)
    spans = [re.fullmatch(r"(\d\d:\d\d:\d\d,\d{3}) --> (\d\d:\d\d:\d\d,\d{3})", block[1]) for block in blocks]
    times = [match.groups() for match in spans if match]
    assert len(times) == len(blocks) and times[0] == ("00:00:00,000", "00:00:03,500") and times[-1][0] == "01:01:01,250"
    assert all(start < end for start, end in times)
    assert all(end <= start for (_, end), (start, _) in zip(times, times[1:], strict=False))
    assert " ".join(" ".join(block[2:]) for block in blocks[1:-1]) == long.strip()


def test_nothing_said_is_an_empty_file() -> None:
    assert srt([]) == "" and srt([Segment(0, 1, "")]) == ""
