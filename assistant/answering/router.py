"""Routes a parsed question to the instrument that answers it best, and refuses what nothing here may or can answer. Pure.

Closed by default: a bare yes, no, number or colour is only ever said of what was measured with a known reliability. All else is
"I can't tell that", with what is seen. Knows no engine, no device and no words to be said.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import cast, get_args

from assistant.answering.answer_checks import SCENE_QUESTION, thresholds_for
from assistant.answering.quoting import words_to_find
from assistant.answering.scene_telling import Found, told_scene
from assistant.interfaces import Instrument
from assistant.languages import FALLBACK
from assistant.languages.nouns import Noun, ancestors, find_noun, name, nouns
from assistant.messages import AnswerThresholds, Ask, Detail, Finding, Intent, PictureProblem, ReadingIntent, SingleObject, View

FIT = 0.6
"""An instrument whose plain answers are right less often isn't asked: rather nothing than four wrong ones of ten."""
READING: tuple[Intent, ...] = (*get_args(ReadingIntent), "code")
"""What only a reader of text or of codes can answer."""
CLOSED: frozenset[Intent] = frozenset(("safety", "not_about_the_picture", "money", "who"))
"""What no instrument is ever asked, whatever it says of itself."""
REFUSALS: dict[Intent, str] = {
    **dict.fromkeys(READING, "reading_unavailable"),
    "safety": "cant_judge_safety",
    "not_about_the_picture": "not_about_picture",
    "money": "cant_tell_money",
    "who": "cant_recognise",
    "colour": "cant_tell_colour",
    "how_many": "cant_tell_count",
    "where": "cant_tell_where",
    "scene": "no_answer",
    "what": "cant_tell_thing",
}
"""The phrases that say so of what isn't answered; that of other intents is "cant_tell_that"."""
UNTROUBLED: dict[Intent, frozenset[PictureProblem]] = {
    "light": frozenset(("dark", "overexposed", "blank", "blurred")),
    "colour": frozenset(("blank", "blurred")),
}
"""Problems of a picture that don't keep it from being asked so, where no thing is named: in the dark, "is the light on?" has an answer."""
TAKEN_FOR_GRANTED: frozenset[Intent] = frozenset(("colour", "how_many", "where", "doing"))
"""Intents whose questions take the thing that they name for granted."""
PEOPLE = Ask("how_many", "person")
"""What is told of people where nobody may say who they are."""
PRESENCE: frozenset[Intent] = frozenset(("is_there", "is_this", "choice"))
"""Intents of questions that a text may answer better than a look."""
THINGS = Ask("things")
RATHER_NOT = 0.5
"""Probability below which what a description names is rather not there."""
OWN_THINGS: tuple[Intent, ...] = ("remember_thing", "keep_thing", "forget_thing")
_ALONE: frozenset[Intent] = frozenset(("not_about_the_picture", *READING, *OWN_THINGS, "scene", "what"))
"""Intents after whose refusal what is seen would be beside the point."""


def answer(
    instruments: Sequence[Instrument], view: View, ask: Ask, thresholds: AnswerThresholds, detail: Detail = "brief"
) -> Iterator[Finding]:
    """Yield what is found about one question, each finding as soon as it is certain; at least one.

    Args:
        instruments: to be asked, the most reliable for the question first.
        view: of the pictures.
        ask: as the parser gives it.
        thresholds: how improbable a thing must be to count as not there.
        detail: how much is to be told of a scene.
    """
    phrase = REFUSALS.get(ask.intent, "cant_tell_that")
    if ask.intent not in CLOSED:
        there = _presence(instruments, view, ask) if ask.intent in TAKEN_FOR_GRANTED else None
        if there and there.probability < thresholds_for(there, thresholds).absent:
            if not (ask.intent == "where" and (yield from _written(instruments, view, ask))):
                yield there
            return
        if found := (yield from _told(instruments, view, ask, thresholds, detail)):
            yield from _unasked(instruments, view, ask, found)
            return
        if there and ask.intent in REFUSALS:
            yield there
            yield Finding("refusal", phrase, 1.0, "rule")
            return
        if ask.intent in TAKEN_FOR_GRANTED and ask.thing:
            phrase = "cant_tell_that"  # "I can't tell where exactly" would take for granted what nobody has seen
    yield Finding("refusal", phrase, 1.0, "rule")
    if ask.intent == "safety" and (yield from _written(instruments, view, ask)):
        return
    if ask.intent == "who" and (yield from examined(instruments, view, PEOPLE, detail)):
        return
    if ask.intent not in _ALONE:
        yield from _scene(instruments, view, Ask("scene", text=SCENE_QUESTION, english=SCENE_QUESTION), detail)


def may_be_asked(asks: Sequence[Ask], problem: PictureProblem | None) -> bool:
    """Return whether all of these may be asked of a picture with this problem."""
    return problem is None or bool(asks) and all(not ask.thing and problem in UNTROUBLED.get(ask.intent, ()) for ask in asks)


def fittest(instruments: Sequence[Instrument], ask: Ask) -> list[Instrument]:
    """Return those that may be asked, the most reliable first, and of equals the one that stands first."""
    reliable = [(instrument.reliability(ask), instrument) for instrument in instruments]
    return [instrument for share, instrument in sorted(reliable, key=lambda each: -each[0]) if share >= FIT]


def examined(instruments: Sequence[Instrument], view: View, ask: Ask, detail: Detail = "brief") -> Generator[Finding, None, list[Finding]]:
    """Yield what the fittest instrument that finds anything finds; the generator returns it all once more."""
    for instrument in fittest(instruments, ask):
        found = []
        for finding in instrument.examine(view, ask, detail):
            found.append(finding)
            yield finding
        if found:
            return found
    return []


def _told(
    instruments: Sequence[Instrument], view: View, ask: Ask, thresholds: AnswerThresholds, detail: Detail
) -> Generator[Finding, None, list[Finding]]:
    """What is found of a question, by whatever tells it best: a free one is answered word for word before a model guesses."""
    if ask.intent == "scene":
        return (yield from _scene(instruments, view, ask, detail))
    if ask.intent in PRESENCE:
        return (yield from _seen_or_quoted(instruments, view, ask, thresholds))
    if ask.intent == "free" and (quoted := (yield from _written(instruments, view, ask))):
        return quoted
    found = yield from examined(instruments, view, ask, detail)
    return found if found or ask.intent != "where" else (yield from _written(instruments, view, ask))


def _unasked(instruments: Sequence[Instrument], view: View, ask: Ask, found: Sequence[Finding]) -> Iterator[Finding]:
    """What is told besides of a thing and, where somebody asked for it, of a scene: "A shirt. Blue.", "A bottle. It says: Fanta."."""
    if ask.intent == "what" and any(map(_is_garment, found)):
        yield from examined(instruments, view, Ask("colour"))
    if ask.intent == "what" or (ask.intent == "scene" and ask.text):
        told = " ".join(str(each.value) for each in found if each.kind == "text")
        yield from (sign for sign in examined(instruments, view, Ask("sign")) if not _says(told, sign))


def _says(told: str, sign: Finding) -> bool:
    """Whether a model that was told what is written has worded it already."""
    _, values = cast(tuple[str, dict[str, str]], sign.value)
    return re.search(rf"\b{re.escape(values['text'])}\b", told, re.IGNORECASE) is not None


def _written(instruments: Sequence[Instrument], view: View, ask: Ask) -> Generator[Finding, None, list[Finding]]:
    """What a text in the pictures says of what is asked about, word for word; of what is looked for, where a sign names it."""
    words = words_to_find(ask)
    intent: Intent = "find_sign" if ask.intent == "where" else "quote"
    return (yield from examined(instruments, view, replace(ask, intent=intent, choices=words))) if words else []


def _seen_or_quoted(
    instruments: Sequence[Instrument], view: View, ask: Ask, thresholds: AnswerThresholds
) -> Generator[Finding, None, list[Finding]]:
    """Whether a thing is seen; where that isn't sure, what is written of it: a label tells of the cream in a soup."""
    found = list(examined(instruments, view, ask))
    is_sure = any(finding.probability >= thresholds_for(finding, thresholds).sure for finding in found[:1])
    if not is_sure and (quoted := (yield from _written(instruments, view, ask))):
        return quoted
    yield from found
    return found


def _scene(instruments: Sequence[Instrument], view: View, ask: Ask, detail: Detail) -> Generator[Finding, None, list[Finding]]:
    """What the fittest says of a scene, put together with what is surely found in it."""
    said = examined(instruments, view, ask, detail)
    finder = next(iter(fittest(instruments, THINGS)), None)
    if finder is None:
        return (yield from said)
    things, people = (next(iter(finder.examine(view, each)), None) for each in (THINGS, PEOPLE))
    is_sure = people is not None and people.kind == "count" and bool(people.value) and not people.is_doubtful
    told = []
    for finding in told_scene(said, Found(things, people if is_sure else None, lambda noun: _is_missing(finder, view, noun))):
        told.append(finding)
        yield finding
    return told


def _is_missing(finder: Instrument, view: View, noun: Noun) -> bool:
    """Whether what finds things would have found such a one, or a kind above it, and hasn't."""
    for kind in (noun, *ancestors(noun)):
        said = name(kind, FALLBACK, article=False)
        ask = Ask("is_there", said or "")
        if said and find_noun(said, FALLBACK) == kind and finder.reliability(ask) >= FIT:
            found = next(iter(finder.examine(view, ask)), None)
            return found is not None and found.probability < RATHER_NOT
    return False


def _is_garment(finding: Finding) -> bool:
    noun = nouns().get(finding.value.noun or "") if isinstance(finding.value, SingleObject) else None
    return noun is not None and any(label.startswith("clothing:") for kind in (noun, *ancestors(noun)) for label in kind.labels)


def _presence(instruments: Sequence[Instrument], view: View, ask: Ask) -> Finding | None:
    """Whether what is asked about is there; None where nobody can tell."""
    found = next(examined(instruments, view, replace(ask, intent="is_there")), None)
    return replace(found, kind="seen") if found and found.kind in ("presence", "seen") else None
