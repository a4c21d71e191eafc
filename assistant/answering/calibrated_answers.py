"""The model's answer, said as surely as the model is right: answer_checks' rules asked of a describer.

A model without measured thresholds (`SceneDescriber.thresholds` is None) is left to speak for itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from assistant.answering.answer_checks import (
    NOT_UNDERSTOOD,
    SCENE_QUESTION,
    asked_thing,
    asks_about_scene,
    asks_yes_or_no,
    is_bare_yes_or_no,
    not_seen,
    opposite,
    presence_probability,
    presence_questions,
    presupposed_thing,
    with_doubt,
    yes_or_no,
)
from assistant.answering.naming import (
    HIGHEST_SCORE,
    asks_what_is_there,
    doubting_label,
    least_likelihood,
    name_told,
    naming_answers,
    naming_score,
)
from assistant.answering.sentences import SentenceSplitter
from assistant.answering.yes_no import yes_log_odds
from assistant.interfaces import SceneDescriber
from assistant.messages import AnswerThresholds, Detail, View

AGREEMENT_NATS = 8.0
"""What the head's whole agreement with a description counts, in nats a word."""


def honest_sentences(
    describer: SceneDescriber, view: View, question: str, detail: Detail = "brief", *, by_clause: bool = False
) -> Iterator[str]:
    """Sentences as they are complete; with `by_clause` the first as soon as it can be begun, where it needn't be checked as a whole.

    "Is there a dog?" is asked in both polarities and worded by its calibrated probability. "What colour is the toaster?"
    without a toaster is answered "I don't see a toaster." A description whose words were unlikely begins "It looks like", sooner so
    if the picture may rather be of a single thing.
    A picture of a single thing is named by the vision encoder's own head, where it has one, rather than described as a scene.
    No bare "Yes." is said to what is no yes/no question, whatever the model: a statement, or a question misheard.
    """
    if asks_yes_or_no(question):
        yield from _checked_sentences(describer, view, question, detail, by_clause)
        return
    for asked in (question, SCENE_QUESTION) if asks_about_scene(question) else (question,):
        sentences = list[str]()
        for sentence in _checked_sentences(describer, view, asked, detail, by_clause):
            sentences.append(sentence)
            if not is_bare_yes_or_no(sentence):
                yield sentence
        if not sentences or not all(map(is_bare_yes_or_no, sentences)):
            return
    yield NOT_UNDERSTOOD


def _checked_sentences(describer: SceneDescriber, view: View, question: str, detail: Detail, by_clause: bool) -> Iterator[str]:
    thresholds = describer.thresholds
    if thresholds is None:
        yield from _sentences(describer.answer(view, question, detail), by_clause)
        return
    if asked := asked_thing(question):
        thing, asks_presence = asked
        words = yes_or_no(thing_probability(describer, view, thing, thresholds), thresholds)
        yield words if asks_presence else opposite(words)
        return
    labels, may_be_portrait, whole_picture = view.labels, False, asks_what_is_there(question)
    if labels and thresholds.portrait <= HIGHEST_SCORE and whole_picture:
        floor = least_likelihood(min(thresholds.portrait, thresholds.near_portrait), view.expected_words)
        likelihoods = describer.log_likelihoods(view, question, naming_answers(labels), floor=floor)
        naming = naming_score(likelihoods, view.expected_words)
        if naming >= thresholds.portrait:
            yield name_told(labels, likelihoods, thresholds)
            return
        may_be_portrait = naming >= thresholds.near_portrait
    taken_for_granted = presupposed_thing(question)
    if taken_for_granted and thing_probability(describer, view, taken_for_granted, thresholds) < thresholds.absent:
        yield not_seen(taken_for_granted)
        return
    for number, sentence in enumerate(_sentences(describer.answer(view, question, detail, whole_picture=whole_picture))):
        doubted = with_doubt(sentence) if number == 0 else sentence
        is_doubtful = doubted != sentence and _is_unsure(
            describer, view, question, sentence, thresholds, whole_picture=whole_picture, may_be_portrait=may_be_portrait
        )
        yield doubted if is_doubtful else doubting_label(sentence, labels, thresholds)


def thing_probability(describer: SceneDescriber, view: View, thing: str, thresholds: AnswerThresholds) -> float:
    """Calibrated probability that the thing ("a dog") is in the pictures."""
    return presence_probability(*presence_scores(describer, view, thing), thresholds)


def presence_scores(describer: SceneDescriber, view: View, thing: str) -> tuple[float, float]:
    """The model's log-odds of "yes" to "Is there a dog?" and to "Is it true that there is no dog?"."""
    there, absent = (yes_log_odds(describer, view, question) for question in presence_questions(thing))
    return there, absent


def _is_unsure(
    describer: SceneDescriber,
    view: View,
    question: str,
    sentence: str,
    thresholds: AnswerThresholds,
    *,
    whole_picture: bool,
    may_be_portrait: bool,
) -> bool:
    agreement = view.agreement(sentence) if whole_picture else None
    if agreement is None:
        return may_be_portrait or certainty(describer, view, question, sentence) < thresholds.doubt
    sure = agreed_certainty(certainty(describer, view, question, sentence), agreement)
    return sure < (thresholds.near_doubt if may_be_portrait else thresholds.scene_doubt)


def certainty(describer: SceneDescriber, view: View, question: str, sentence: str) -> float:
    """Mean log-probability of the sentence's words."""
    return describer.log_likelihoods(view, question, (sentence,))[0] / max(len(sentence.split()), 1)


def agreed_certainty(sure: float, agreement: float) -> float:
    """Of a description of the whole picture: its `certainty`, and how well the encoder's head of words agrees (`View.agreement`)."""
    return sure + AGREEMENT_NATS * agreement


def _sentences(pieces: Iterator[str], by_clause: bool = False) -> Iterator[str]:
    splitter, begun = SentenceSplitter(), not by_clause
    for piece in pieces:
        for sentence in splitter.feed(piece):
            begun = True
            yield sentence
        if not begun and (clause := splitter.take_clause("en")):
            begun = True
            yield clause
    yield from splitter.flush()
