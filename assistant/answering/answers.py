"""What is answered to a parsed question: findings, from what can be measured first and from the model's free words last.

Closed by default: a bare yes, no, number or colour is only ever said of what was measured with a known reliability. All else is
"I can't tell that", with what is seen. Knows no language but English, no words to be said and no device.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.answering.answer_checks import SCENE_QUESTION, indefinite
from assistant.answering.calibrated_answers import WHAT_QUESTION, free_findings, measured_thresholds, scene_findings, thing_probability
from assistant.answering.question_parser import is_pronoun
from assistant.interfaces import SceneDescriber
from assistant.languages import FALLBACK
from assistant.languages.nouns import ancestors, find_noun, name, nouns
from assistant.messages import AnswerThresholds, Ask, Detail, Finding, Intent, View

REFUSED: dict[Intent, tuple[str, bool]] = {
    "safety": ("cant_judge_safety", True),
    "not_about_the_picture": ("not_about_picture", False),
    "money": ("cant_tell_money", True),
    "who": ("cant_recognise", True),
    "read": ("read", False),
    "code": ("read", False),
    "light": ("cant_tell_that", True),
    "compare": ("cant_tell_that", True),
}
"""Intents that nothing here may answer: the phrase that says so, and whether what is seen is told after it."""
UNMEASURED: dict[Intent, str] = {"colour": "cant_tell_colour", "how_many": "cant_tell_count", "where": "cant_tell_where"}
"""Intents of which only the thing's presence is measured: the phrase that says what can't be told of it.

A small model was right about 31 % of colours, and its counts were no better than saying "One." to all."""
NEUTRAL = AnswerThresholds()

_BEHIND = re.compile(r" (?:in|on|at|by|near|under|over|behind|beside|with|without|of|from|to|next|that|which|who|wearing|holding)\b")
"""What follows is no part of a thing's name."""

_BARE = re.compile(
    r"(?:(?:yes|no|yeah|nope|true|false|maybe|\d+|zero|one|two|three|four|five|six|seven|eight|nine|ten|none|many|several|a few"
    r"|black|white|gr[ae]y|red|green|blue|yellow|orange|brown|pink|purple|beige|silver|gold|and|dark|light)\W*)+",
    re.IGNORECASE,
)


def answer(describer: SceneDescriber, view: View, ask: Ask, detail: Detail = "brief", *, by_clause: bool = False) -> Iterator[Finding]:
    """Yield what is found about one question, each finding as soon as it is certain; at least one.

    Args:
        describer: has looked at the pictures.
        view: of the pictures.
        ask: as the parser gives it.
        detail: how much is to be told of a scene.
        by_clause: yield a free answer's first words as soon as they can be begun, where they needn't be checked as a whole.
    """
    if refused := REFUSED.get(ask.intent):
        phrase, shows = refused
        yield Finding("refusal", phrase, 1.0, "rule")
        if shows:
            yield from _scene(describer, view, detail)
    elif ask.intent == "what":
        yield from _scene(describer, view, detail, WHAT_QUESTION, by_clause=by_clause)
    elif ask.intent == "scene":
        own_words = ask.text if ask.text and ask.language == FALLBACK else SCENE_QUESTION
        yield from _scene(describer, view, detail, own_words, by_clause=by_clause)
    elif ask.intent == "choice":
        yield from _choice(describer, view, ask, detail)
    elif ask.intent in ("is_there", "is_this"):
        yield from _presence(describer, view, ask, detail)
    elif ask.intent in UNMEASURED:
        yield from _unmeasured(describer, view, ask, detail)
    else:
        yield from _free(describer, view, ask, detail, by_clause)


def english_thing(ask: Ask) -> str:
    """Return what is asked about in English, with the article that its presence is asked by ("a dog"); "" where nothing is named."""
    return english_noun(ask.thing, ask.language)


def english_noun(thing: str, language: str) -> str:
    """Return the English of what the user named, with its article ("un perro" -> "a dog"); "" where it isn't known.

    English itself needn't be known: "red cup" -> "a red cup".
    """
    if not thing or is_pronoun(thing, language):
        return ""
    if language == FALLBACK:
        return indefinite(thing) or ""
    noun = find_noun(thing, language)
    return (name(noun, FALLBACK) or "") if noun else ""


def known_thing(thing: str) -> str:
    """Return what of an English thing has a name in nouns.tsv: "a red cup on the table" -> "a cup"; "" where nothing has.

    The likelihoods of anything else were never measured.
    """
    if not thing or find_noun(thing, FALLBACK):
        return thing
    words = _BEHIND.split(thing, maxsplit=1)[0].split()
    for first in range(len(words)):
        if find_noun(" ".join(words[first:]), FALLBACK):
            return indefinite(" ".join(words[first:])) or ""
    return ""


def thresholds_of(describer: SceneDescriber) -> AnswerThresholds:
    """Return the model's measured thresholds, or neutral ones where nobody measured it."""
    return measured_thresholds(describer) or NEUTRAL


def _presence(describer: SceneDescriber, view: View, ask: Ask, detail: Detail) -> Iterator[Finding]:
    """Of a thing that is known; of a "red cup" only the cup is, so that its absence is told, and its presence without its colour."""
    thing = english_thing(ask)
    known = known_thing(thing)
    probability = _probability(describer, view, known)
    if probability is None:
        yield from _unknown(describer, view, detail)
    elif known == thing or probability < thresholds_of(describer).absent:
        yield Finding("presence", True, probability, "likelihoods", ask.thing, ask.negated)
    else:
        yield Finding("seen", True, probability, "likelihoods", known)
        yield Finding("refusal", "cant_tell_that", 1.0, "rule")


def _unmeasured(describer: SceneDescriber, view: View, ask: Ask, detail: Detail) -> Iterator[Finding]:
    """Whether the thing is there at all, and that what was asked of it can't be told."""
    probability, phrase = _probability(describer, view, english_thing(ask)), UNMEASURED[ask.intent]
    if probability is None:
        yield from _unknown(describer, view, detail, phrase)
        return
    yield Finding("seen", True, probability, "likelihoods", ask.thing)
    if probability >= thresholds_of(describer).absent:
        yield Finding("refusal", phrase, 1.0, "rule")


def _choice(describer: SceneDescriber, view: View, ask: Ask, detail: Detail) -> Iterator[Finding]:
    """Which of several things is the most probable, where one of them is probable at all."""
    things = [english_noun(choice, ask.language) for choice in ask.choices]
    probabilities = [_probability(describer, view, thing) or 0.0 for thing in things] if all(things) else [0.0]
    best = max(range(len(probabilities)), key=probabilities.__getitem__)
    if probabilities[best] < 0.5:
        yield from _unknown(describer, view, detail)
        return
    yield Finding("choice", things[best], probabilities[best] / sum(probabilities), "likelihoods", ask.choices[best])


def _free(describer: SceneDescriber, view: View, ask: Ask, detail: Detail, by_clause: bool) -> Iterator[Finding]:
    """The model's own words, but for bare ones that nobody measured."""
    probability = _probability(describer, view, english_thing(ask))
    if probability is not None and probability < thresholds_of(describer).absent:
        yield Finding("seen", True, probability, "likelihoods", ask.thing)
        return
    said = False
    for finding in free_findings(describer, view, ask.english, detail, by_clause=by_clause):
        if not _is_bare(finding):
            said = True
            yield finding
    if not said:
        yield from _unknown(describer, view, detail)


def _unknown(describer: SceneDescriber, view: View, detail: Detail, phrase: str = "cant_tell_that") -> Iterator[Finding]:
    """That it can't be told, and what is seen."""
    yield Finding("refusal", phrase, 1.0, "rule")
    yield from _scene(describer, view, detail)


def _scene(
    describer: SceneDescriber, view: View, detail: Detail, question: str = SCENE_QUESTION, *, by_clause: bool = False
) -> Iterator[Finding]:
    for finding in scene_findings(describer, view, question, detail, by_clause=by_clause):
        if not _is_bare(finding):
            yield finding


def _is_bare(finding: Finding) -> bool:
    return finding.kind == "text" and _BARE.fullmatch(str(finding.value).strip()) is not None


def _probability(describer: SceneDescriber, view: View, thing: str) -> float | None:
    """That a thing is there; None where nothing known is named, or nobody can tell.

    What the pictures are surely of is also all that it is a kind of: a cat is an animal, whatever the likelihoods say.
    """
    scorer = describer.scorer
    if not thing or scorer is None:
        return None
    probability = thing_probability(scorer, view, thing, thresholds_of(describer))
    classifier, asked = describer.classifier if measured_thresholds(describer) else None, find_noun(thing, FALLBACK)
    found = classifier.single_object(view, SCENE_QUESTION) if classifier and asked else None
    if asked and found and found.noun:
        seen = nouns()[found.noun]
        if asked in (seen, *ancestors(seen)):
            return max(probability, found.probability)
    return probability
