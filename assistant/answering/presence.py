"""Whether a thing is there and which of several it is, by what a vision-language model makes of both polarities of the question."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from assistant.answering.answer_checks import SCENE_QUESTION, presence_questions, shown_questions
from assistant.answering.calibrated_answers import looked, measured_thresholds, thing_probability
from assistant.answering.things import english_noun, english_thing, known_thing
from assistant.interfaces import Instrument, SceneDescriber
from assistant.languages import FALLBACK
from assistant.languages.nouns import find_noun, is_kind_of, nouns
from assistant.messages import AnswerThresholds, Ask, Detail, Finding, View

NEUTRAL = AnswerThresholds(sure=math.inf)
"""Of a model that nobody measured: its yes and no are never plain."""
IN_WORDS = {2: 0.75, -2: 0.25}
"""Probability of a thing by how many of its two answers in words are for it; else 0.5. Nobody measured such a model: round numbers."""
_RELIABILITY = 0.7
"""Of any model: each answer carries its own probability, and is hedged by it. What was made to find things goes before."""
_YES_OR_NO = re.compile(r"\W*(yes|no)\b", re.IGNORECASE)


def thresholds_of(describer: SceneDescriber) -> AnswerThresholds:
    """Return the model's measured thresholds, or neutral ones where nobody measured it."""
    return measured_thresholds(describer) or NEUTRAL


class PresenceInstrument(Instrument):
    """An Instrument that asks a describer for things that have a name in nouns.tsv."""

    def __init__(self, describer: SceneDescriber) -> None:
        """`describer`: looks at the pictures of a Glance itself; of other views it is the maker."""
        self._describer = describer

    def reliability(self, ask: Ask) -> float:
        """Return how often its plain answer is right, in [0, 1]; 0 for what names no thing."""
        return _RELIABILITY if ask.intent in ("is_there", "is_this", "choice") else 0.0

    def examine(self, view: View, ask: Ask, detail: Detail = "brief") -> Iterator[Finding]:
        """Yield whether the thing is there, or which one; nothing where no known thing is named.

        Of a "red cup" only the cup is known, so that its absence is told, and its presence without its colour.
        """
        if ask.intent == "choice":
            yield from self._choice(view, ask)
            return
        thing = english_thing(ask)
        known = known_thing(thing)
        if not known:
            return
        probability = self._probability(looked(self._describer, view), known)
        if known == thing or probability < thresholds_of(self._describer).absent:
            yield Finding("presence", True, probability, self._source, ask.thing, ask.in_full)
        else:
            yield Finding("seen", True, probability, self._source, known)
            yield Finding("refusal", "cant_tell_that", 1.0, "rule")

    def forget(self) -> None:
        """Free the model's memory; it remembers nothing else."""
        self._describer.unload()

    @property
    def _source(self) -> str:
        return "likelihoods" if self._describer.scorer else "model"

    def _choice(self, view: View, ask: Ask) -> Iterator[Finding]:
        """Which of several things is the most probable, where one of them is probable at all."""
        things = [known_thing(english_noun(choice, ask.language)) for choice in ask.choices]
        if not all(things):
            return
        view = looked(self._describer, view)
        probabilities = [self._probability(view, thing) for thing in things]
        best = max(range(len(things)), key=probabilities.__getitem__)
        if probabilities[best] > 0.5:
            yield Finding("choice", things[best], probabilities[best] / sum(probabilities), self._source, ask.choices[best])

    def _probability(self, view: View, thing: str) -> float:
        """That a thing is there; what the pictures are surely of is also all that it is a kind of: a cat is an animal."""
        describer = self._describer
        if describer.scorer is None:
            return probability_in_words(describer, view, thing)
        probability = thing_probability(describer.scorer, view, thing, thresholds_of(describer))
        classifier, asked = describer.classifier if measured_thresholds(describer) else None, find_noun(thing, FALLBACK)
        found = classifier.single_object(view, SCENE_QUESTION) if classifier and asked else None
        if asked and found and found.noun:
            seen = nouns()[found.noun]
            if is_kind_of(seen, asked):
                return max(probability, found.probability)
        return probability


def probability_in_words(describer: SceneDescriber, view: View, thing: str) -> float:
    """Return the probability that a thing ("a dog") is there, of a model that only answers: asked both ways, for many say yes to all."""
    return _asked_both_ways(describer, view, presence_questions(thing, view.prompts))


def shown_in_words(describer: SceneDescriber, view: View, text: str) -> float:
    """Return likewise the probability that the pictures show what a description says."""
    return _asked_both_ways(describer, view, shown_questions(text))


def _asked_both_ways(describer: SceneDescriber, view: View, questions: tuple[str, str]) -> float:
    answers = ["".join(describer.answer(view, question)) for question in questions]
    there, absent = (_yes_or_no(answer) for answer in answers)
    return IN_WORDS.get(there - absent, 0.5)


def _yes_or_no(answer: str) -> int:
    """1 for yes, -1 for no, 0 for neither."""
    begins = _YES_OR_NO.match(answer)
    return 0 if begins is None else 1 if begins[1].lower() == "yes" else -1
