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
    asks_about_whole_picture,
    asks_yes_or_no,
    is_bare_yes_or_no,
    named,
    not_seen,
    opposite,
    presence_probability,
    presence_questions,
    presupposed_thing,
    with_doubt,
    yes_or_no,
)
from assistant.answering.sentences import SentenceSplitter
from assistant.answering.yes_no import yes_log_odds
from assistant.interfaces import SceneDescriber
from assistant.messages import AnswerThresholds, Detail, View


def calibrated_sentences(
    describer: SceneDescriber, view: View, question: str, detail: Detail = "brief", *, by_clause: bool = False
) -> Iterator[str]:
    """Yield an answer's sentences as they are complete, each said as surely as the model is right.

    "Is there a dog?" is asked in both polarities and worded by its calibrated probability. "What colour is the toaster?"
    without a toaster is answered "I don't see a toaster." A description whose words were unlikely begins "It looks like".
    A picture of a single thing is named by the model's own classifier, where it has one, rather than described as a scene.
    No bare "Yes." is said to what is no yes/no question, whatever the model: a statement, or a question misheard.

    Args:
        describer: looked at the pictures.
        view: of the pictures.
        question: in English.
        detail: how much is to be said.
        by_clause: yield the first sentence as soon as it can be begun, where it needn't be checked as a whole.
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
    thresholds, classifier = describer.thresholds, describer.classifier
    if thresholds is None:
        yield from _sentences(describer.answer(view, question, detail), by_clause)
        return
    if asked := asked_thing(question):
        thing, asks_presence = asked
        words = yes_or_no(thing_probability(describer, view, thing, thresholds), thresholds)
        yield words if asks_presence else opposite(words)
        return
    whole_picture = asks_about_whole_picture(question)
    if whole_picture and classifier and (found := classifier.single_object(view, question)):
        yield named(found)
        return
    taken_for_granted = presupposed_thing(question)
    if taken_for_granted and thing_probability(describer, view, taken_for_granted, thresholds) < thresholds.absent:
        yield not_seen(taken_for_granted)
        return
    for number, sentence in enumerate(_sentences(describer.answer(view, question, detail, whole_picture=whole_picture))):
        is_doubtful = number == 0 and _is_doubtful(describer, view, question, sentence, thresholds, whole_picture)
        is_doubtful = is_doubtful or (classifier is not None and classifier.doubts_name(view, sentence))
        yield with_doubt(sentence) if is_doubtful else sentence


def thing_probability(describer: SceneDescriber, view: View, thing: str, thresholds: AnswerThresholds) -> float:
    """Return the calibrated probability that a thing ("a dog") is in the pictures."""
    return presence_probability(*presence_scores(describer, view, thing), thresholds)


def presence_scores(describer: SceneDescriber, view: View, thing: str) -> tuple[float, float]:
    """Return the model's log-odds of "yes" to "Is there a dog?" and to "Is it true that there is no dog?"."""
    there, absent = (yes_log_odds(describer, view, question) for question in presence_questions(thing))
    return there, absent


def certainty(describer: SceneDescriber, view: View, question: str, sentence: str) -> float:
    """Return the mean log-probability of the words of a sentence, as the answer to a question about the pictures."""
    return describer.log_likelihoods(view, question, (sentence,))[0] / max(len(sentence.split()), 1)


def _is_doubtful(
    describer: SceneDescriber, view: View, question: str, sentence: str, thresholds: AnswerThresholds, whole_picture: bool
) -> bool:
    """Of an answer's first sentence."""
    if with_doubt(sentence) == sentence:
        return False
    sure = certainty(describer, view, question, sentence)
    if whole_picture and describer.classifier:
        return describer.classifier.doubts_description(view, question, sentence, sure)
    return sure < thresholds.doubt


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
