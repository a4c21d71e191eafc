"""An instruction video as numbered steps: the scenes, the words shown in them and the words spoken over them, put together. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.languages.normalized import normalize
from assistant.videos.step_questions import begins_step, shown_number

SNAP_S = 2.5
"""Two signs of a new step so near to each other are of the same: the slide changes, and a moment later its words are spoken."""
EARLY_S = 0.6
"""A sentence that begins so little before a step is of that step."""
LEAST_NUMBERED = 2
"""Scenes whose text begins with a number from which only such texts begin steps: the others are titles and asides."""
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

    @property
    def title(self) -> str:
        """Return the first line of its text."""
        return self.shown.partition("\n")[0].strip()


@dataclass(frozen=True)
class Step:
    """One thing that is to be done."""

    number: int
    """From 1 on; 0: what is said before the first step."""
    start_s: float
    end_s: float
    title: str
    """What is shown, "" where nothing is."""
    spoken: str
    seen: str
    language: str
    """Of what is spoken, "" where nothing is."""

    @property
    def text(self) -> str:
        """Return what is spoken, else what is shown, else what is seen; what is shown first where the voice doesn't say it."""
        title = _NUMBER.sub("", self.title)
        if not self.spoken:
            return title or self.seen
        return self.spoken if not title or _words(title) <= _words(self.spoken) else f"{_ended(title)} {self.spoken}"


_NUMBER = re.compile(r"^\W*(?:step\s*)?\d{1,2}\s*[.):-]?\s+", re.IGNORECASE)


def steps_of(scenes: Sequence[Scene], said: Sequence[Said], end_s: float) -> list[Step]:
    """Return the steps in order of time, the introduction first where there is one.

    Args:
        scenes: in order of time, without gaps.
        said: utterances in order of time.
        end_s: until when the video lasts.
    """
    scenes = _without_fixtures(scenes)
    scenes = scenes if said else _what_is_new(scenes)  # of a silent film that is all there is
    sentences = [sentence for each in said for sentence in sentences_of(each)]
    starts = _starts(scenes, sentences)
    bounds = [*starts, max(end_s, starts[-1] if starts else 0.0)]
    spans = list(zip(bounds, bounds[1:], strict=False))
    before = Step(0, 0.0, bounds[0], "", _spoken(sentences, -1e9, bounds[0] - EARLY_S), "", "")
    steps = [
        _step(number, start_s, until_s, scenes, sentences, is_last=number == len(spans))
        for number, (start_s, until_s) in enumerate(spans, 1)
    ]
    return [replace(before, language=sentences[0].language), *steps] if before.spoken else steps


def _without_fixtures(scenes: Sequence[Scene]) -> Sequence[Scene]:
    """Without the lines that stand in every scene that shows text; as they are where nothing would be left."""
    texts = [set(map(normalize, scene.shown.splitlines())) for scene in scenes if scene.shown]
    fixtures = set.intersection(*texts) if len(texts) >= LEAST_SCENES else set()
    kept = [
        replace(scene, shown="\n".join(line for line in scene.shown.splitlines() if normalize(line) not in fixtures)) for scene in scenes
    ]
    return kept if any(scene.title for scene in kept) else scenes


def _what_is_new(scenes: Sequence[Scene]) -> Sequence[Scene]:
    """With the lines alone that the scene before doesn't show: of a window that opens, or a line that is added."""
    kept, before = list[Scene](), list[str]()
    for scene in scenes:
        lines = scene.shown.splitlines()
        kept.append(replace(scene, shown="\n".join(line for line in lines if not any(_is_reading_of(line, other) for other in before))))
        before = lines or before
    return kept


def _is_reading_of(line: str, other: str) -> bool:
    """Whether two lines are the same one, perhaps cut off or misread, but for their digits: "All Setti" and "All Settings"."""
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


def _starts(scenes: Sequence[Scene], sentences: Sequence[Said]) -> list[float]:
    """When steps begin: at new numbers or titles that are shown, and at words such as "then"; else with each scene that is talked over."""
    numbered = [scene for scene in scenes if shown_number(scene.title)]
    titled = numbered if len(numbered) >= LEAST_NUMBERED else [scene for scene in scenes if scene.title]
    signs, last = list[tuple[float, str]](), ""
    for scene in titled:
        if _words(scene.title) != _words(last):
            signs.append((scene.start_s, "shown"))
        last = scene.title
    if len(numbered) < LEAST_NUMBERED:
        signs += [(sentence.start_s, "spoken") for sentence in sentences if begins_step(sentence.text, sentence.language)]
    if not signs:
        signs = [(scene.start_s, "seen") for scene in scenes if not sentences or _spoken(sentences, scene.start_s, scene.end_s)]
    return _apart(sorted(signs))


def _apart(signs: Sequence[tuple[float, str]]) -> list[float]:
    """When steps begin: of signs of different kinds that are near to each other at the first."""
    kept = list[tuple[float, set[str]]]()
    for time_s, kind in signs:
        if kept and time_s - kept[-1][0] <= SNAP_S and kind not in kept[-1][1]:
            kept[-1][1].add(kind)
        else:
            kept.append((time_s, {kind}))
    return [time_s for time_s, _ in kept]


def _step(number: int, start_s: float, until_s: float, scenes: Sequence[Scene], sentences: Sequence[Said], *, is_last: bool) -> Step:
    last_s = 1e9 if is_last else until_s - EARLY_S
    shown = [scene for scene in scenes if start_s - EARLY_S <= scene.start_s < last_s]
    shown = shown or [scene for scene in scenes if scene.start_s <= start_s < scene.end_s]
    language = next((each.language for each in sentences if start_s - EARLY_S <= each.start_s < last_s), "")
    title = next((scene.title for scene in shown if scene.title), "")
    seen = next((scene.seen for scene in shown if scene.seen), "")
    return Step(number, start_s, until_s, title, _spoken(sentences, start_s - EARLY_S, last_s), seen, language)


def _spoken(sentences: Sequence[Said], from_s: float, until_s: float) -> str:
    return " ".join(each.text for each in sentences if from_s <= each.start_s < until_s)


def _words(text: str) -> set[str]:
    return set(normalize(_NUMBER.sub("", text)).split())


def _ended(text: str) -> str:
    return text if text[-1:] in ".!?:" else f"{text}."
