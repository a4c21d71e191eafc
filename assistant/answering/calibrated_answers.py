"""How probable things are and how doubtful sentences, by a describer's own likelihoods: measured thresholds asked of a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from assistant.answering.answer_checks import SCENE_QUESTION, presence_probability, presence_questions, without_quotation
from assistant.answering.doubting import hedged, with_doubt
from assistant.answering.sentences import SentenceSplitter
from assistant.answering.yes_no import yes_log_odds
from assistant.interfaces import AnswerScorer, SceneDescriber
from assistant.messages import AnswerThresholds, Detail, Finding, Glance, View

_ENDS = frozenset(".!?…")
WHAT_QUESTION = "What is this?"
"""What the model is asked about the one thing that the user points at."""


def looked(describer: SceneDescriber, view: View) -> View:
    """Return a View as it is, or the look that the describer takes at what it has only been shown; it keeps its last looks."""
    return describer.look(view.keyframes[-describer.max_pictures :], view.detail) if isinstance(view, Glance) else view


def scene_findings(
    describer: SceneDescriber,
    view: View,
    question: str = SCENE_QUESTION,
    detail: Detail = "brief",
    *,
    by_clause: bool = False,
    hint: str = "",
) -> Iterator[Finding]:
    """Yield what is to be seen: the name of a single thing, by the model's own classifier where it has one, else sentences.

    `question`: in English, about all that is to be seen or about the one thing that is. With `by_clause` the first sentence comes
    as soon as it can be begun, where it needn't be checked as a whole. `hint`: what is known already, for a model that takes hints.
    """
    classifier = describer.classifier if measured_thresholds(describer) else None
    if classifier and (found := classifier.single_object(view, SCENE_QUESTION if question == WHAT_QUESTION else question)):
        yield (
            Finding("name", found, found.probability, "classifier")
            if found.noun
            else Finding("refusal", "cant_tell_thing", 1.0, "classifier")
        )
        return
    prompts = view.prompts
    if question != WHAT_QUESTION:
        asked = prompts.hinted(prompts.asking_for_scene(detail, otherwise=question), hint)
        yield from free_findings(describer, view, asked, detail, whole_picture=True, by_clause=by_clause)
        return
    asked = prompts.hinted(question, hint) + prompts.briefly
    for number, finding in enumerate(free_findings(describer, view, asked, detail, by_clause=by_clause)):
        # Where a classifier isn't sure of a name the language model has no better one.
        yield replace(finding, is_doubtful=True) if number == 0 and classifier else finding


def free_findings(
    describer: SceneDescriber, view: View, question: str, detail: Detail = "brief", *, whole_picture: bool = False, by_clause: bool = False
) -> Iterator[Finding]:
    """Yield the sentences of a model's answer to a question in English, checked for doubt where that was measured: each of a description
    by its words, of other answers the first."""
    scorer, classifier, thresholds = describer.scorer, describer.classifier, measured_thresholds(describer)
    if scorer is None or thresholds is None:
        for sentence in _sentences(describer.answer(view, question, detail, whole_picture=whole_picture), by_clause):
            yield Finding("text", sentence, 0.5, "model")
        return
    for number, sentence in enumerate(_sentences(describer.answer(view, question, detail, whole_picture=whole_picture))):
        doubts = _doubtful_words(describer, scorer, view, question, sentence) if whole_picture else None
        is_doubtful = doubts is None and number == 0 and _is_doubtful(scorer, view, question, sentence, thresholds)
        is_doubtful = is_doubtful or (classifier is not None and classifier.doubts_name(view, sentence))
        told = sentence if doubts is None else without_quotation(sentence)
        finding = Finding("text", told, 0.8, "model", is_doubtful=is_doubtful, doubts=doubts or frozenset())
        yield finding if hedged(finding) == told else replace(finding, probability=0.5)


def measured_thresholds(describer: SceneDescriber) -> AnswerThresholds | None:
    """Return how sure the model must be for how plain a word; None where nobody measured that, or nobody can."""
    return describer.scorer.thresholds if describer.scorer else None


def thing_probability(scorer: AnswerScorer, view: View, thing: str, thresholds: AnswerThresholds) -> float:
    """Return the calibrated probability that a thing ("a dog") is in the pictures."""
    return presence_probability(*presence_scores(scorer, view, thing), thresholds)


def presence_scores(scorer: AnswerScorer, view: View, thing: str) -> tuple[float, float]:
    """Return the model's log-odds of "yes" to "Is there a dog?" and to "Is it true that there is no dog?"."""
    there, absent = (yes_log_odds(scorer, view, question) for question in presence_questions(thing, view.prompts))
    return there, absent


def certainty(scorer: AnswerScorer, view: View, question: str, sentence: str) -> float:
    """Return the mean log-probability of the words of a sentence, as the answer to a question about the pictures."""
    return scorer.log_likelihoods(view, question, (sentence,))[0] / max(len(sentence.split()), 1)


def _doubtful_words(describer: SceneDescriber, scorer: AnswerScorer, view: View, question: str, sentence: str) -> frozenset[str] | None:
    """Of a description; None where no classifier has a say."""
    if describer.classifier is None or with_doubt(sentence) == sentence:
        return None
    return describer.classifier.doubtful_words(view, sentence, certainty(scorer, view, question, sentence))


def _is_doubtful(scorer: AnswerScorer, view: View, question: str, sentence: str, thresholds: AnswerThresholds) -> bool:
    """Of an answer's first sentence."""
    return with_doubt(sentence) != sentence and certainty(scorer, view, question, sentence) < thresholds.doubt


def _sentences(pieces: Iterator[str], by_clause: bool = False) -> Iterator[str]:
    """An end without a full stop is left out where a whole sentence was told: the answer was cut off at its longest."""
    splitter, begun, is_told = SentenceSplitter(), not by_clause, False
    for piece in pieces:
        for sentence in splitter.feed(piece):
            begun = is_told = True
            yield sentence
        if not begun and (clause := splitter.take_clause("en")):
            begun = True
            yield clause
    yield from (rest for rest in splitter.flush() if not is_told or rest.rstrip("\"')")[-1:] in _ENDS)
