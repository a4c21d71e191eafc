"""The instrument of last resort: what a vision-language model says in its own words, and how much of that may be passed on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistant.answering.answer_checks import MORE_QUESTION, SCENE_QUESTION, is_bare, speaks_of_itself
from assistant.answering.calibrated_answers import WHAT_QUESTION, free_findings, looked, scene_findings
from assistant.answering.hints import hint_of
from assistant.answering.router import FIT
from assistant.interfaces import Instrument, SceneDescriber
from assistant.languages import FALLBACK
from assistant.messages import Ask, Detail, Finding, Intent, View

SENTENCES: frozenset[Intent] = frozenset(("scene", "what", "doing", "free"))
"""Intents that are answered in sentences, of which each is checked and hedged by itself where the model was measured."""
KNOWN: frozenset[Intent] = frozenset(("scene", "what"))
"""Those that are asked in words of ours."""
LAST = 0.6
"""Reliability of those where nobody measured it, the least that is asked: every other instrument that can answer goes before."""
SURE = 0.8
"""Measured reliability of a kind of question from which a bare number, colour or place is said without "It looks like"."""
VALUES: frozenset[Intent] = frozenset(("colour", "how_many"))
"""Intents whose answers are bare words by nature."""
BRIEF: frozenset[Intent] = VALUES | {"where"}
"""Intents that call for a word or two."""


class ModelInstrument(Instrument):
    """An Instrument that asks a describer for sentences."""

    def __init__(self, describer: SceneDescriber, *, by_clause: bool = False, instruments: Sequence[Instrument] = ()) -> None:
        """Ask a describer.

        Args:
            describer: looks at the pictures of a Glance itself; of other views it is the maker.
            by_clause: yield an answer's first words as soon as they can be begun, where they needn't be checked as a whole.
            instruments: what they surely find is told a describer that takes hints, with questions that are answered in sentences.
        """
        self._instruments = instruments
        self._describer = describer
        self._by_clause = by_clause

    def reliability(self, ask: Ask) -> float:
        """Return how often its plain answer to such a question was right when the model was measured, in [0, 1].

        Of a model that nobody measured, colours, numbers and places aren't asked.
        """
        unmeasured = LAST if ask.intent in SENTENCES else 0.0
        return self._describer.reliability.get(ask.intent, unmeasured)

    def needs_english(self, ask: Ask) -> bool:
        """Return whether it may be asked such a question in the user's words, put into English; of others its kind is enough."""
        return ask.intent not in KNOWN and self.reliability(ask) >= FIT

    def examine(self, view: View, ask: Ask, detail: Detail = "brief") -> Iterator[Finding]:
        """Yield the model's sentences, but for bare words that nobody measured; nothing where it has said nothing else."""
        describer, by_clause = self._describer, self._by_clause
        view = looked(describer, view)
        hint = hint_of(self._instruments, view) if view.prompts.takes_hints and ask.intent in SENTENCES else ""
        if ask.intent == "what":
            findings = scene_findings(describer, view, WHAT_QUESTION, detail, by_clause=by_clause, hint=hint)
        elif ask.intent == "scene":
            own_words = ask.text if ask.text and ask.language == FALLBACK else SCENE_QUESTION
            findings = scene_findings(describer, view, own_words, detail, by_clause=by_clause, hint=hint)
        else:
            asked = view.prompts.hinted(_worded(ask, view, detail), hint)
            findings = free_findings(describer, view, asked, detail, by_clause=by_clause and ask.intent not in VALUES)
        is_measured = ask.intent in VALUES  # else `reliability` would be 0
        is_doubtful = (ask.intent in BRIEF and self.reliability(ask) < SURE) or self._is_unmeasured(ask)
        for finding in findings:
            if finding.kind == "text" and speaks_of_itself(str(finding.value)):
                yield Finding("refusal", "cant_tell_thing" if ask.intent in KNOWN else "cant_tell_that", 1.0, "model")
            elif is_measured or not (finding.kind == "text" and is_bare(str(finding.value))):
                yield replace(finding, is_doubtful=True) if is_doubtful else finding

    def _is_unmeasured(self, ask: Ask) -> bool:
        """Whether nobody knows how often it is right about "Who is winning?"; "more" asks for the scene, which is known."""
        return ask.intent == "free" and ask.english != MORE_QUESTION and "free" not in self._describer.reliability

    def forget(self) -> None:
        """Free the model's memory; it remembers nothing else."""
        self._describer.unload()


def _worded(ask: Ask, view: View, detail: Detail) -> str:
    """As the model likes to be asked about such pictures."""
    if ask.english == MORE_QUESTION:
        return view.prompts.asking_for_scene(detail, otherwise=MORE_QUESTION)
    return ask.english + (view.prompts.briefly if ask.intent in BRIEF else "")
