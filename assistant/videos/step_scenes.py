"""What an instruction video says and shows, with the lines alone that tell something. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.languages.normalized import normalize
from assistant.videos.step_questions import shown_number, without_number

LEAST_SCENES = 3
"""With text, from which what stands in all of them is no title: a menu bar, a clock, the name of a channel."""
SAME_LINE = 0.75
"""Share of the letters that two readings of one line have in common, at least."""
_SENTENCE = re.compile(r"(?<=[.!?。！？؟।])\s+|(?<=[。！？])")


@dataclass(frozen=True)
class Said:
    """Words of the sound track."""

    start_s: float
    end_s: float
    text: str
    language: str


@dataclass(frozen=True)
class Scene:
    """What is shown from one time to another."""

    start_s: float
    end_s: float
    shown: str = ""
    """The text that stands in it, a block a line."""
    seen: str = ""
    """What a model sees in it."""
    is_new: bool = True
    """Whether the picture has changed, and not only what is said."""

    @property
    def title(self) -> str:
        """Return the first line of its text; with the second one where that is but a number: "Step 2", "2/5"."""
        first, second, *_ = [*map(str.strip, self.shown.splitlines()), "", ""]
        return f"{first} {second}".strip() if shown_number(first) and not without_number(first) else first


def without_fixtures(scenes: Sequence[Scene], *, is_voiced: bool) -> Sequence[Scene]:
    """Leave out the lines that say nothing: those that stand in every scene that shows text, and those without words, such as a clock.

    As they are where nothing would be left and nobody speaks.
    """
    texts = [set(map(normalize, scene.shown.splitlines())) for scene in scenes if scene.shown]
    fixtures = set.intersection(*texts) if len(texts) >= LEAST_SCENES else set()

    def tells(line: str) -> bool:
        return normalize(line) not in fixtures and (any(map(str.isalpha, line)) or shown_number(line) > 0)

    kept = [replace(scene, shown="\n".join(filter(tells, scene.shown.splitlines()))) for scene in scenes]
    return kept if is_voiced or any(scene.title for scene in kept) else scenes


def with_new_titles(scenes: Sequence[Scene]) -> Sequence[Scene]:
    """Give each scene a title that is new: of a list that grows, the line that is added."""
    kept, before, new = list[Scene](), list[str](), list[str]()
    for scene in scenes:
        if lines := scene.shown.splitlines():
            is_same = bool(before) and is_reading_of(lines[0], before[0])
            added = [line for line in lines if not any(is_reading_of(line, other) for other in before)]
            new = (added or new) if is_same else lines
            before = lines
        kept.append(replace(scene, shown="\n".join(new if lines else [])))
    return kept


def what_is_new(scenes: Sequence[Scene]) -> Sequence[Scene]:
    """Leave the lines alone that the scene before doesn't show: of a window that opens, or a line that is added."""
    kept, before = list[Scene](), list[str]()
    for scene in scenes:
        lines = scene.shown.splitlines()
        kept.append(replace(scene, shown="\n".join(line for line in lines if not any(is_reading_of(line, other) for other in before))))
        before = lines or before
    return kept


def is_reading_of(line: str, other: str) -> bool:
    """Tell whether two lines are the same one, perhaps cut off or misread, but for their digits: "All Setti" and "All Settings"."""
    one, two = normalize(line), normalize(other)
    return re.findall(r"\d+", one) == re.findall(r"\d+", two) and difflib.SequenceMatcher(None, one, two).ratio() >= SAME_LINE


def sentences_of(said: Said) -> list[Said]:
    """Return the sentences of an utterance, their times shared out by their letters."""
    parts = [part for part in _SENTENCE.split(said.text.strip()) if part and part.strip()]
    letters, time_s, found = max(sum(map(len, parts)), 1), said.start_s, list[Said]()
    for part in parts:
        until_s = time_s + (said.end_s - said.start_s) * len(part) / letters
        found.append(Said(time_s, until_s, part.strip(), said.language))
        time_s = until_s
    return found
