"""Segments to SubRip subtitles. Pure text.

The form is that which players agree on: numbered blocks, "HH:MM:SS,mmm --> HH:MM:SS,mmm", at most two short lines, an empty
line after each block.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from assistant.videos.describe import Segment

LINE_CHARACTERS = 42
"""Most characters of a line, as the BBC's and Netflix's guides have it."""
BLOCK_LINES = 2
SHORTEST_S = 1.0
"""Seconds that a block stays at least, even if its scene is shorter, unless the next one begins."""


def srt(segments: Sequence[Segment]) -> str:
    """Format all segments that have text as SubRip subtitles; long ones become several blocks that share their time by length of text."""
    blocks = [block for segment, limit_s in _with_limits(segments) for block in _blocks(segment, limit_s)]
    return "".join(
        f"{number}\n{_stamp(start_s)} --> {_stamp(end_s)}\n{text}\n\n" for number, (start_s, end_s, text) in enumerate(blocks, 1)
    )


def _with_limits(segments: Sequence[Segment]) -> Iterator[tuple[Segment, float]]:
    """Each with the time at which the next one begins."""
    for number, segment in enumerate(segments):
        yield segment, segments[number + 1].start_s if number + 1 < len(segments) else float("inf")


def _blocks(segment: Segment, limit_s: float) -> Iterator[tuple[float, float, str]]:
    lines = textwrap.wrap(segment.text, LINE_CHARACTERS)
    texts = ["\n".join(lines[first : first + BLOCK_LINES]) for first in range(0, len(lines), BLOCK_LINES)]
    end_s = min(max(segment.end_s, segment.start_s + SHORTEST_S * len(texts)), limit_s)
    start_s, per_character_s = segment.start_s, (end_s - segment.start_s) / max(sum(map(len, texts)), 1)
    for text in texts:
        until_s = start_s + per_character_s * len(text)
        yield start_s, until_s, text
        start_s = until_s


def _stamp(time_s: float) -> str:
    """ "01:02:03,456"."""
    milliseconds = round(time_s * 1000)
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02},{milliseconds:03}"
