"""Questions about the steps of an instruction video, and the words that begin a step. Pure; the words are data (languages/README.md)."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from assistant.answering.templates import Whole, part_pattern, slots_of, spaced
from assistant.languages import FALLBACK, languages
from assistant.languages.normalized import normalize
from assistant.languages.nouns import find_noun
from assistant.languages.numbers import spoken_number

if TYPE_CHECKING:
    from assistant.videos.steps import Step

StepIntent = Literal["count", "number", "after", "before", "when", "need", "how_long"]
_INTENTS: tuple[StepIntent, ...] = ("count", "number", "after", "before", "how_long", "need", "when")
CUES, NO_CUES, GREETINGS, NEEDS, DURATIONS = "cues", "no_cues", "greetings", "needs", "durations"
"""Beside the intents in a language's table: words that begin a step, or only seem to; that begin an introduction; by which somebody
tells what is needed; that tell for how long."""
LEAST_STEM = 4
"""Letters that two words share from their start to count as forms of one."""
_SHOWN_NUMBER = re.compile(
    r"^\W*(?:(?:step|schritt|étape|paso|passo|passaggio|stap|krok|шаг|крок|adım|langkah|bước|الخطوة|चरण|ステップ|第)\s*)?"
    r"(\d{1,2})(?:\s*(?:/|of|von|de|di|van|z|из|з)\s*\d{1,2}\b)?\s*(?:[.):-](?!\d)|步|단계|\s|$)\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class StepQuestion:
    """What is asked about the steps."""

    intent: StepIntent
    thing: str = ""
    """What a step is known by, in the user's words."""
    number: int = 0
    """That of a step; 0 where none is named, -1 for the last."""


def shown_number(title: str) -> int:
    """Return the number with which a text that is shown begins ("2. Whisk", "Step 3", "3/5"), 0 without one."""
    found = _SHOWN_NUMBER.match(title)
    return int(found[1]) if found else 0


def without_number(title: str) -> str:
    """Return a text that is shown without the number with which it begins: "Whisk"; "" where there is no more."""
    return _SHOWN_NUMBER.sub("", title)


def begins_step(sentence: str, language: str) -> bool:
    """Tell whether a spoken sentence begins with a word for the next step: "Then add salt.", "Zuerst die Eier"."""
    said, joints = spaced(sentence), _beginnings(language).joints
    ways = [said, *(said.removeprefix(joint) for joint in joints)]
    return any(way.startswith(_beginnings(language).cues) and not way.startswith(_beginnings(language).no_cues) for way in ways)


def introduces(sentence: str, language: str) -> bool:
    """Tell whether a spoken sentence greets or says what the video is about, or what is needed for it, which is no step."""
    return spaced(sentence).startswith(_beginnings(language).greetings) or tells_needs(sentence, language)


def tells_needs(text: str, language: str = "") -> bool:
    """Tell whether a text says what is needed: "You need 4 eggs", "Zutaten". Of what is shown nobody knows the language."""
    return any(_says(NEEDS, text, code) for code in ((language,) if language else languages()))


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


def lasting_step(steps: Sequence[Step], question: StepQuestion, language: str) -> Step | None:
    """Return the step that tells how long what is asked about is done; None where none does."""
    telling = [step for step in steps if any(_says(DURATIONS, step.text, code) for code in (step.language, language, FALLBACK))]
    return _about(telling, question.thing, language)


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
    wanted, there = normalize(thing), normalize(" ".join((step.title, step.spoken, step.seen, *step.cards)))
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
def _patterns(code: str) -> tuple[tuple[StepIntent, Whole], ...]:
    table = languages()[code].steps if code in languages() else {}
    return tuple((intent, Whole(template)) for intent in _INTENTS for template in table.get(intent, ()))


@dataclass(frozen=True)
class _Beginnings:
    """Of sentences, as `spaced`."""

    cues: tuple[str, ...] = ()
    no_cues: tuple[str, ...] = ()
    greetings: tuple[str, ...] = ()
    joints: tuple[str, ...] = ()


@functools.cache
def _beginnings(code: str) -> _Beginnings:
    if (known := languages().get(code)) is None:
        return _Beginnings()
    parts = (known.steps.get(CUES, ()), known.steps.get(NO_CUES, ()), known.steps.get(GREETINGS, ()), known.questions.get("joints", ()))
    return _Beginnings(*(tuple(map(spaced, part)) for part in parts))


def _says(key: str, text: str, code: str) -> bool:
    """Whether any of a language's words for something is in a text."""
    pattern = _parts(key, code)
    return bool(pattern and pattern.search(spaced(text)))


@functools.cache
def _parts(key: str, code: str) -> re.Pattern[str] | None:
    return part_pattern(languages()[code].steps.get(key, ())) if code in languages() else None
