"""When the steps of an instruction video begin, by signs of several kinds. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.videos.step_questions import begins_step, introduces, shown_number, tells_needs
from assistant.videos.step_scenes import Said, Scene, is_reading_of

SNAP_S = 2.5
"""Two signs of a new step so near to each other are of the same: the slide changes, and a moment later its words are spoken."""
EARLY_S = 0.6
"""A sentence that begins so little before a step is of that step."""
LEAST_NUMBERED = 2
"""Scenes whose text begins with a number from which only such texts begin steps: the others are titles and asides."""
LEAST_SIGNS = 2
"""Of one kind: a single title is the name of the film or of who speaks, where words tell of steps."""


@dataclass(frozen=True)
class Sign:
    """That a step begins."""

    start_s: float
    title: str = ""
    """That is shown from then on, where that is the sign."""


@dataclass(frozen=True)
class _Title:
    start_s: float
    end_s: float
    text: str


def step_signs(scenes: Sequence[Scene], said: Sequence[Said], sentences: Sequence[Said]) -> list[Sign]:
    """Return when steps begin: at new numbers that are shown; else at new titles and at words such as "then"; where there are none, with
    what is said as the picture changes, and in a silent film with each scene.

    Args:
        scenes: in order of time, with titles that are new.
        said: utterances in order of time.
        sentences: of these.
    """
    titles = [replace(title, start_s=_with_its_words(title.start_s, sentences)) for title in _titles(scenes)]
    numbered = [title for title in titles if shown_number(title.text)]
    if len(numbered) >= LEAST_NUMBERED:
        return [Sign(title.start_s, title.text) for title in numbered]
    introduced_s = _introduced_until(sentences)
    cues = [Sign(each.start_s) for each in sentences if each.start_s >= introduced_s and begins_step(each.text, each.language)]
    shown = [Sign(title.start_s, title.text) for title in _after(titles, introduced_s) if not tells_needs(title.text)]
    signs = _apart([*cues, *(shown if len(shown) >= LEAST_SIGNS or len(cues) < LEAST_SIGNS else [])])
    if not signs and not said:
        return [Sign(scene.start_s) for scene in scenes]
    changes = _talked_over(scenes, said, introduced_s)
    return changes if len(signs) < LEAST_SIGNS <= len(changes) else signs


def _with_its_words(start_s: float, sentences: Sequence[Said]) -> float:
    """When a sentence begins in whose first half a title comes up: it is seen a moment later than it is shown."""
    begun = (each.start_s for each in sentences if start_s - SNAP_S <= each.start_s < start_s <= (each.start_s + each.end_s) / 2)
    return next(begun, start_s)


def _titles(scenes: Sequence[Scene]) -> Iterator[_Title]:
    """Each for as long as it stands there, perhaps with a pause."""
    last: _Title | None = None
    for scene in scenes:
        if not scene.title:
            continue
        if last and is_reading_of(scene.title, last.text):
            last = replace(last, end_s=scene.end_s)
            continue
        if last:
            yield last
        last = _Title(scene.start_s, scene.end_s, scene.title)
    if last:
        yield last


def _introduced_until(sentences: Sequence[Said]) -> float:
    """Until when somebody greets, says what the video is about and what is needed."""
    until_s = 0.0
    for sentence in sentences:
        if not introduces(sentence.text, sentence.language):
            break
        until_s = sentence.end_s
    return until_s


def _after(titles: Sequence[_Title], introduced_s: float) -> Iterator[_Title]:
    """Those that stand behind the introduction; one that already stands there, if it stays, from then on."""
    for title in titles:
        if title.start_s >= introduced_s - EARLY_S:
            yield title
        elif title.end_s > introduced_s + SNAP_S:
            yield replace(title, start_s=introduced_s)


def _talked_over(scenes: Sequence[Scene], said: Sequence[Said], introduced_s: float) -> list[Sign]:
    """The beginnings of what is said as the picture changes."""
    over = (next((each.start_s for each in said if each.end_s > scene.start_s), None) for scene in scenes if scene.is_new)
    return [Sign(start_s) for start_s in sorted({each for each in over if each is not None}) if start_s >= introduced_s - EARLY_S]


def _apart(signs: Sequence[Sign]) -> list[Sign]:
    """In order of time; of what is shown and what is said near to each other one, at the first."""
    kept = list[Sign]()
    for sign in sorted(signs, key=lambda sign: sign.start_s):
        last = kept[-1] if kept else None
        if last and sign.start_s - last.start_s <= SNAP_S and bool(sign.title) != bool(last.title):
            kept[-1] = replace(last, title=last.title or sign.title)
        else:
            kept.append(sign)
    return kept
