"""Questions about the steps of an instruction video, and the words that begin a step. Pure; the words are data (languages/README.md)."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from assistant.answering.templates import full_pattern, slots_of, spaced
from assistant.languages import languages
from assistant.languages.normalized import normalize
from assistant.languages.nouns import find_noun
from assistant.languages.numbers import spoken_number

if TYPE_CHECKING:
    from assistant.videos.steps import Step

StepIntent = Literal["count", "number", "after", "before", "when"]
_INTENTS: tuple[StepIntent, ...] = ("count", "number", "after", "before", "when")
CUES = "cues"
"""Beside the intents in a language's table: words that begin a step."""
LEAST_STEM = 4
"""Letters that two words share from their start to count as forms of one."""
_SHOWN_NUMBER = re.compile(r"^\W*(?:step\s*|schritt\s*|étape\s*|paso\s*|passo\s*)?(\d{1,2})\s*(?:[.):-]|\s|$)", re.IGNORECASE)


@dataclass(frozen=True)
class StepQuestion:
    """What is asked about the steps."""

    intent: StepIntent
    thing: str = ""
    """What a step is known by, in the user's words."""
    number: int = 0
    """That of a step; 0 where none is named, -1 for the last."""


def shown_number(title: str) -> int:
    """Return the number with which a text that is shown begins ("2. Whisk", "Step 3"), 0 without one."""
    found = _SHOWN_NUMBER.match(title)
    return int(found[1]) if found else 0


def begins_step(sentence: str, language: str) -> bool:
    """Tell whether a spoken sentence begins with a word for the next step: "Then add salt.", "Zuerst die Eier"."""
    said = spaced(sentence)
    return any(said.startswith(cue) for cue in _cues(language))


def parse_step_question(text: str, language: str) -> StepQuestion | None:
    """Return what is asked about the steps of a video; None for other questions."""
    said = spaced(text)
    for intent, pattern in _patterns(language):
        if match := pattern.fullmatch(said):
            slots = slots_of(match)
            number = spoken_number(slots.get("number", ""), language) or 0 if "number" in slots else 0
            if "number" in slots and not number:
                continue
            return StepQuestion(intent, slots.get("thing", ""), number)
    return None


def asked_step(steps: Sequence[Step], question: StepQuestion, language: str) -> Step | None:
    """Return the step that a question is answered with; None where there is none."""
    real = [step for step in steps if step.number]
    if question.intent == "number":
        return next((step for step in real if step.number == question.number), None)
    known = next((step for step in real if step.number == question.number), None) or _about(real, question.thing, language)
    if known is None or question.intent == "when":
        return known
    wanted = known.number + (1 if question.intent == "after" else -1)
    return next((step for step in real if step.number == wanted), None)


def _about(steps: Sequence[Step], thing: str, language: str) -> Step | None:
    """The first of the steps that names most of a thing's words, in any form; None where none names one."""
    scored = [(max((_shared(name, step) for name in _names(thing, language, step.language)), default=0.0), step) for step in steps]
    best = max(scored, key=lambda each: each[0], default=(0.0, None))
    return best[1] if best[0] >= 0.5 else None


def _names(thing: str, language: str, other: str) -> Iterator[str]:
    """What it is called in the question, and in the language of the video."""
    yield thing
    if (noun := find_noun(thing, language)) and other and other != language:
        yield from (name.text for name in noun.names(other))


def _shared(thing: str, step: Step) -> float:
    """The share of the words of a thing that a step has; short ones are articles, where there are longer ones."""
    wanted, there = normalize(thing), normalize(f"{step.title} {step.spoken} {step.seen}")
    words = [word for word in wanted.split() if len(word) >= LEAST_STEM] or wanted.split()
    if not words:
        return 0.0
    if not wanted.isascii() and wanted.replace(" ", "") in there.replace(" ", ""):  # where no spaces stand between words
        return 1.0
    return sum(any(_is_form(word, other) for other in there.split()) for word in words) / len(words)


def _is_form(one: str, other: str) -> bool:
    if one == other:
        return True
    stem = max(LEAST_STEM, min(len(one), len(other)) - 2)
    return min(len(one), len(other)) >= LEAST_STEM and one[:stem] == other[:stem]


@functools.cache
def _patterns(code: str) -> tuple[tuple[StepIntent, re.Pattern[str]], ...]:
    table = languages()[code].steps if code in languages() else {}
    return tuple((intent, full_pattern(template)) for intent in _INTENTS for template in table.get(intent, ()))


@functools.cache
def _cues(code: str) -> tuple[str, ...]:
    table = languages()[code].steps if code in languages() else {}
    return tuple(spaced(cue) for cue in table.get(CUES, ()))
