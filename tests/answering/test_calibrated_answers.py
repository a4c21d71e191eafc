"""An answer is said as surely as the model is right."""

from __future__ import annotations

import pytest

from assistant.answering.answer_checks import CANT_TELL_THING, NOT_UNDERSTOOD, SCENE_QUESTION
from assistant.answering.calibrated_answers import calibrated_sentences
from assistant.messages import AnswerThresholds, SingleObject, View
from tests.support.fakes import ScriptedDescriber

MEASURED = AnswerThresholds(sure=0.8, cant_tell_margin=0.1, absent=0.3, doubt=-2.0)


def likelihoods(there: float, absent: float, thing: str = "a dog", bare: str = "dog") -> dict[tuple[str, str], float]:
    """A describer's scores by its log-odds of "yes" in each polarity."""
    return {
        (f"Is there {thing}?", "Yes"): there,
        (f"Is there {thing}?", "No"): 0.0,
        (f"Is it true that there is no {bare}?", "Yes"): absent,
        (f"Is it true that there is no {bare}?", "No"): 0.0,
    }


def said(describer: ScriptedDescriber, question: str) -> list[str]:
    return list(calibrated_sentences(describer, View(), question))


@pytest.mark.parametrize(
    ("there", "absent", "answer"),
    [(3.0, -3.0, "Yes."), (1.0, -0.5, "I think so."), (2.0, 2.0, "I can't tell."), (-0.5, 0.6, "I don't think so."), (-4.0, 3.0, "No.")],
)
def test_yes_and_no_follow_both_polarities(there: float, absent: float, answer: str) -> None:
    """A model that says yes to everything is not believed."""
    describer = ScriptedDescriber(["Yes."], thresholds=MEASURED, likelihoods=likelihoods(there, absent))
    assert said(describer, "Can you see a dog in the picture?") == [answer]


def test_a_question_about_absence_gets_the_opposite_word() -> None:
    describer = ScriptedDescriber(["Yes."], thresholds=MEASURED, likelihoods=likelihoods(4.0, -4.0))
    assert said(describer, "Is there no dog?") == ["No."]


def test_what_a_question_takes_for_granted_is_checked_before_it_is_answered() -> None:
    absent = ScriptedDescriber(["Red."], thresholds=MEASURED, likelihoods=likelihoods(-3.0, 3.0, "a toaster", "toaster"))
    assert said(absent, "What colour is the toaster?") == ["I don't see a toaster."]
    present = ScriptedDescriber(["Red."], thresholds=MEASURED, likelihoods=likelihoods(3.0, -3.0, "a toaster", "toaster"))
    assert said(present, "What colour is the toaster?") == ["Red."]


def test_an_unlikely_description_is_told_with_doubt_and_its_other_sentences_follow() -> None:
    question = "What is in front of me?"
    describer = ScriptedDescriber(["A wallet. It is brown."], thresholds=MEASURED, likelihoods={(question, "A wallet."): -9.0})
    assert said(describer, question) == ["It looks like a wallet.", "It is brown."]
    sure = ScriptedDescriber(["A wallet. It is brown."], thresholds=MEASURED, likelihoods={(question, "A wallet."): -1.0})
    assert said(sure, question) == ["A wallet.", "It is brown."]


class Doubter:
    """A classifier that takes the picture for `found`, and doubts descriptions without a wallet and the name of an ocarina."""

    def __init__(self, found: SingleObject | None = None) -> None:
        self._found = found
        self.asked: list[str] = []
        self.certainties: list[float] = []

    def single_object(self, view: View, question: str) -> SingleObject | None:
        self.asked.append(question)
        return self._found

    def doubts_description(self, view: View, question: str, description: str, certainty: float) -> bool:
        self.certainties.append(certainty)
        return "wallet" not in description

    def doubts_name(self, view: View, sentence: str) -> bool:
        return sentence == "An ocarina."

    def word_evidence(self, view: View, text: str) -> float:
        return 0.0


def told(classifier: Doubter, answer: str, question: str, thresholds: AnswerThresholds | None = MEASURED) -> list[str]:
    describer = ScriptedDescriber([answer], thresholds=thresholds, likelihoods={(question, answer): -2.4})
    describer.classifier = classifier
    return said(describer, question)


def test_a_description_that_the_classifier_doubts_is_told_with_doubt_even_if_the_model_is_sure() -> None:
    """Of a question about something else the model's own certainty counts alone."""
    classifier = Doubter()
    assert told(classifier, "A wallet.", SCENE_QUESTION) == ["A wallet."]
    assert told(classifier, "A man.", SCENE_QUESTION) == ["It looks like a man."]
    assert classifier.certainties == [-1.2, -1.2]
    assert told(classifier, "A man.", "Who is in the picture?") == ["A man."]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (SingleObject("hairbrush", True), "A hairbrush."),
        (SingleObject("ocarina", False), "It looks like an ocarina."),
        (SingleObject(None, False), CANT_TELL_THING),
    ],
)
def test_a_picture_of_a_single_thing_is_named_as_surely_as_the_classifier_is(found: SingleObject, words: str) -> None:
    classifier = Doubter(found)
    assert told(classifier, "A man.", SCENE_QUESTION) == [words]
    assert told(classifier, "A wallet.", "Who is in the picture?") == ["A wallet."]
    assert classifier.asked == [SCENE_QUESTION]


def test_a_name_that_the_classifier_doubts_is_told_with_doubt_wherever_it_stands() -> None:
    assert told(Doubter(), "An ocarina. It is blue.", "What am I holding?") == ["It looks like an ocarina.", "It is blue."]
    assert told(Doubter(), "Blue. An ocarina.", "What am I holding?") == ["Blue.", "It looks like an ocarina."]


def test_without_measured_thresholds_no_classifier_is_asked() -> None:
    assert told(Doubter(SingleObject("hairbrush", True)), "A man.", SCENE_QUESTION, thresholds=None) == ["A man."]


@pytest.mark.parametrize(
    ("question", "whole"), [("What is in front of me?", True), ("Describe the picture.", True), ("What colour is it?", False)]
)
def test_only_a_description_of_the_whole_picture_is_given_time_to_be_chosen(question: str, whole: bool) -> None:
    describer = ScriptedDescriber(["A cat on a chair."], thresholds=MEASURED)
    assert said(describer, question) == ["A cat on a chair."]
    assert describer.whole_pictures == [whole]


def test_a_model_that_nobody_measured_speaks_for_itself() -> None:
    assert said(ScriptedDescriber(["Yes, a big one."]), "Is there a dog?") == ["Yes, a big one."]


def test_somebody_who_waits_hears_the_first_clause_before_the_sentence_is_complete() -> None:
    """Of a model that needs no check of the whole; nothing is lost, and later sentences come whole."""
    text = "A man in a red shirt, who is tall, rides a bike. He is alone, as it seems to me."
    describer = ScriptedDescriber([text])
    view = View()
    said = list(calibrated_sentences(describer, view, "What is this?", by_clause=True))
    assert said == ["A man in a red shirt,", "who is tall, rides a bike.", "He is alone, as it seems to me."]
    assert list(calibrated_sentences(describer, view, "What is this?")) == [" ".join(said[:2]), said[2]]


def test_a_sentence_without_any_pause_is_begun_after_eight_words() -> None:
    describer = ScriptedDescriber([" ".join(f"word{n}" for n in range(25)) + "."])
    view = View()
    first, rest = calibrated_sentences(describer, view, "What is this?", by_clause=True)
    assert (len(first.split()), len(rest.split())) == (8, 17)


@pytest.mark.parametrize("word", ["Yes.", "No", "yes"])
def test_what_is_no_question_is_not_answered_yes_or_no(word: str) -> None:
    """The starter said "Yes." to "Start talking, please.", and somebody who can't see would have gone by it."""
    for thresholds in (None, MEASURED):
        describer = ScriptedDescriber([word], thresholds=thresholds)
        assert said(describer, "Start talking, please.") == [NOT_UNDERSTOOD]
        assert describer.questions == ["Start talking, please."]


def test_a_misheard_question_about_the_scene_is_answered_by_what_is_there() -> None:
    for heard in ("but is in front of me.", "Can you tell me what you see?", "In front of me."):
        describer = ScriptedDescriber(["No.", "A door. It is open."])
        assert said(describer, heard) == ["A door.", "It is open."]
        assert describer.questions == [heard, SCENE_QUESTION]


def test_a_model_that_says_yes_even_to_the_scene_has_not_understood() -> None:
    assert said(ScriptedDescriber(["Yes."]), "What is in front of me?") == [NOT_UNDERSTOOD]


def test_more_than_a_bare_word_is_told_without_the_word() -> None:
    assert said(ScriptedDescriber(["Yes. A red door."]), "Which door is it?") == ["A red door."]
    assert said(ScriptedDescriber(["No dogs."]), "What dogs are there?") == ["No dogs."]


@pytest.mark.parametrize("question", ["Is it open?", "And is it open?", "So can I sit here", "It's a door, isn't it?", "Any doors?"])
def test_a_yes_or_no_question_is_answered_yes_or_no(question: str) -> None:
    assert said(ScriptedDescriber(["Yes."]), question) == ["Yes."]
