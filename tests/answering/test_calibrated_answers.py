"""An answer is said as surely as the model is right."""

from __future__ import annotations

import pytest

from assistant.answering.answer_checks import CANT_TELL_THING, SCENE_QUESTION
from assistant.languages.nouns import find_noun
from assistant.messages import AnswerThresholds, SingleObject, View
from tests.support.asking import english_answer
from tests.support.fakes import ScriptedDescriber

CAN_OPENER, TOOL = "02951585", "04451818"
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
    return english_answer(describer, View(), question)


@pytest.mark.parametrize(
    ("there", "absent", "answer"),
    [(3.0, -3.0, "Yes."), (1.0, -0.5, "I think so."), (2.0, 2.0, "I can't tell."), (-0.5, 0.6, "I don't think so."), (-4.0, 3.0, "No.")],
)
def test_yes_and_no_follow_both_polarities(there: float, absent: float, answer: str) -> None:
    """A model that says yes to everything is not believed."""
    describer = ScriptedDescriber(["Yes."], thresholds=MEASURED, likelihoods=likelihoods(there, absent))
    assert said(describer, "Can you see a dog in the picture?") == [answer]


def test_a_question_about_absence_is_answered_by_what_is_seen() -> None:
    describer = ScriptedDescriber(["Yes."], thresholds=MEASURED, likelihoods=likelihoods(4.0, -4.0))
    assert said(describer, "Is there no dog?") == ["I see a dog."]


def test_what_a_question_takes_for_granted_is_checked_before_it_is_answered() -> None:
    absent = ScriptedDescriber(["Red."], thresholds=MEASURED, likelihoods=likelihoods(-3.0, 3.0, "a toaster", "toaster"))
    assert said(absent, "What colour is the toaster?") == ["I don't see a toaster."]
    present = ScriptedDescriber(["Red."], thresholds=MEASURED, likelihoods=likelihoods(3.0, -3.0, "a toaster", "toaster"))
    assert said(present, "What colour is the toaster?") == ["I see a toaster.", "I can't tell the colour."], "colours aren't measured yet"
    assert said(present, "What is the toaster doing?") == ["I can't tell that."], "a bare colour is never said"


def test_an_unlikely_description_is_told_with_doubt_and_its_other_sentences_follow() -> None:
    question = "What is in front of me?"
    describer = ScriptedDescriber(["A wallet. It is brown."], thresholds=MEASURED, likelihoods={(question, "A wallet."): -9.0})
    assert said(describer, question) == ["It looks like a wallet.", "It is brown."]
    sure = ScriptedDescriber(["A wallet. It is brown."], thresholds=MEASURED, likelihoods={(question, "A wallet."): -1.0})
    assert said(sure, question) == ["A wallet.", "It is brown."]


class Doubter:
    """A classifier that takes the picture for `found`, and doubts all words but "wallet", and the name of an ocarina."""

    def __init__(self, found: SingleObject | None = None) -> None:
        self._found = found
        self.asked: list[str] = []
        self.certainties: list[float] = []

    def single_object(self, view: View, question: str) -> SingleObject | None:
        self.asked.append(question)
        return self._found

    def doubtful_words(self, view: View, description: str, certainty: float) -> frozenset[str] | None:
        self.certainties.append(certainty)
        return frozenset(description.lower().strip(".").split()) - {"wallet"}

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
    assert told(classifier, "A man.", "How does it look?") == ["A man."]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (SingleObject(CAN_OPENER, 0.95), "A can opener."),
        (SingleObject(TOOL, 0.95, CAN_OPENER, 0.6), "A tool, perhaps a can opener."),
        (SingleObject(None), CANT_TELL_THING),
    ],
)
def test_a_picture_of_a_single_thing_is_named_as_precisely_as_the_classifier_is_sure(found: SingleObject, words: str) -> None:
    classifier = Doubter(found)
    assert told(classifier, "A man.", SCENE_QUESTION) == [words]
    assert told(classifier, "A wallet.", "How does it look?") == ["A wallet."]
    assert classifier.asked == [SCENE_QUESTION]


def test_a_name_that_the_classifier_doubts_is_told_with_doubt_wherever_it_stands() -> None:
    assert told(Doubter(), "An ocarina. It is blue.", "How does it look?") == ["It looks like an ocarina.", "It is blue."]
    assert told(Doubter(), "It is blue. An ocarina.", "How does it look?") == ["It is blue.", "It looks like an ocarina."]


def test_without_measured_thresholds_no_classifier_is_asked() -> None:
    assert told(Doubter(SingleObject(CAN_OPENER, 0.95)), "A man.", SCENE_QUESTION, thresholds=None) == ["A man."]


@pytest.mark.parametrize(
    ("question", "whole"), [("What is in front of me?", True), ("Describe the picture.", True), ("How does it look?", False)]
)
def test_only_a_description_of_the_whole_picture_is_given_time_to_be_chosen(question: str, whole: bool) -> None:
    describer = ScriptedDescriber(["A cat on a chair."], thresholds=MEASURED)
    assert said(describer, question) == ["A cat on a chair."]
    assert describer.whole_pictures == [whole]


def test_a_model_that_nobody_measured_is_asked_for_a_thing_in_both_polarities_too() -> None:
    """It was left to speak for itself, and some say "Yes." to everything."""
    agreeing = ScriptedDescriber(["Yes, a big one."], likelihoods=likelihoods(3.0, 3.0))
    assert said(agreeing, "Is there a dog?") == ["I can't tell."]
    knowing = ScriptedDescriber(["No."], likelihoods=likelihoods(9.0, -9.0))
    assert said(knowing, "Is there a dog?") == ["I think so."], "nobody knows how often it is right"


def test_somebody_who_waits_hears_the_first_clause_before_the_sentence_is_complete() -> None:
    """Of a model that needs no check of the whole; nothing is lost, and later sentences come whole."""
    text = "A man in a red shirt, who is tall, rides a bike. He is alone, as it seems to me."
    describer = ScriptedDescriber([text])
    view = View()
    said = english_answer(describer, view, "What is this?", by_clause=True)
    assert said == ["A man in a red shirt,", "who is tall, rides a bike.", "He is alone, as it seems to me."]
    assert english_answer(describer, view, "What is this?") == [" ".join(said[:2]), said[2]]


def test_a_sentence_without_any_pause_is_begun_after_eight_words() -> None:
    describer = ScriptedDescriber([" ".join(f"word{n}" for n in range(25)) + "."])
    view = View()
    first, rest = english_answer(describer, view, "What is this?", by_clause=True)
    assert (len(first.split()), len(rest.split())) == (8, 17)


BARE = ["Yes.", "No", "yes", "Two.", "3", "Red.", "Black and white."]


@pytest.mark.parametrize("word", BARE)
@pytest.mark.parametrize("question", ["Start talking, please.", "Is it ripe?", "It's a door, isn't it?", "So is it big", "How is it?"])
def test_a_bare_yes_no_number_or_colour_is_only_said_of_what_was_measured(word: str, question: str) -> None:
    """The starter said "Yes." to "Start talking, please." and "No." to "Is the front door locked?" of a dog on a terrace."""
    for thresholds in (None, MEASURED):
        describer = ScriptedDescriber([word, "A door. It stands in a wall."], thresholds=thresholds)
        heard = said(describer, question)
        assert heard[0] == "I can't tell that."
        assert word not in heard


def test_a_model_that_says_yes_even_to_the_scene_tells_nothing() -> None:
    assert said(ScriptedDescriber(["Yes."]), "What is in front of me?") == ["I can't tell."]


def test_more_than_a_bare_word_is_told_without_the_word() -> None:
    assert said(ScriptedDescriber(["Yes. A red door."]), "How does it look?") == ["A red door."]
    assert said(ScriptedDescriber(["No dogs."]), "How does it look?") == ["No dogs."]


@pytest.mark.parametrize(
    ("question", "phrases"),
    [
        ("Can I cross now?", ["I can't judge whether it is safe. I can only say what I see.", "A cat."]),
        ("Who is this?", ["I don't recognise people.", "A cat."]),
        ("How much money is this?", ["I can't tell money, and I don't guess.", "A cat."]),
        ("What time is it?", ["I can only tell you about what the camera sees."]),
        ("What does the sign say?", ["I can't read yet: the reader isn't installed."]),
    ],
)
def test_what_nothing_here_may_answer_never_reaches_the_model(question: str, phrases: list[str]) -> None:
    describer = ScriptedDescriber(["A cat."])
    assert said(describer, question) == phrases
    assert describer.questions == [SCENE_QUESTION][: len(phrases) - 1]


def test_what_is_asked_of_a_thing_that_is_there_is_told_not_to_be_known() -> None:
    describer = ScriptedDescriber(["One."], thresholds=MEASURED, likelihoods=likelihoods(3.0, -3.0))
    assert "One." not in said(describer, "How many dogs are there?")
    assert said(describer, "Where is the dog?") == ["I see a dog.", "I can't tell where exactly."]
    assert said(describer, "Is there a dog? What colour is it?") == ["Yes.", "I see a dog.", "I can't tell the colour."]


def test_either_or_is_answered_by_the_more_probable() -> None:
    both = likelihoods(3.0, -3.0) | likelihoods(-3.0, 3.0, "a cat", "cat")
    assert said(ScriptedDescriber(["No."], thresholds=MEASURED, likelihoods=both), "Is this a cat or a dog?") == ["I think: a dog."]
    neither = likelihoods(-3.0, 3.0) | likelihoods(-3.0, 3.0, "a cat", "cat")
    describer = ScriptedDescriber(["A door."], thresholds=MEASURED, likelihoods=neither)
    assert said(describer, "Is this a cat or a dog?") == ["I can't tell that.", "A door."]


@pytest.mark.parametrize(
    ("answers", "said_of_it"),
    [
        (("Yes.", "No."), "I think so."),
        (("Yes, there is.", "No, there is one."), "I think so."),
        (("No.", "Yes."), "I don't think so."),
        (("Yes.", "Yes."), "I can't tell."),
        (("A dog runs.", "On grass."), "I can't tell."),
    ],
)
def test_a_model_that_cant_tell_likelihoods_is_asked_in_words_both_ways(answers: tuple[str, ...], said_of_it: str) -> None:
    describer = ScriptedDescriber(answers)
    describer.scorer = None
    assert said(describer, "Is there a dog?") == [said_of_it]
    assert describer.questions == ["Is there a dog?", "Is it true that there is no dog?"]


@pytest.mark.parametrize(("question", "answer"), [("How many dogs are there?", "Two."), ("What colour is the dog?", "Black.")])
def test_of_a_model_that_nobody_measured_no_bare_word_is_passed_on(question: str, answer: str) -> None:
    describer = ScriptedDescriber(["Yes.", "No.", answer])
    describer.scorer = None
    first, refused = said(describer, question)
    assert first.startswith("I think I see") and refused.startswith(("I can't tell", "I can't count"))


def test_a_thing_that_isnt_there_is_not_taken_for_granted_by_any_model() -> None:
    describer = ScriptedDescriber(["No.", "Yes.", "By the cat."])
    describer.scorer = None
    assert said(describer, "Where's the toaster?") == ["I don't think I see a toaster."]


@pytest.mark.parametrize(
    ("share", "answer"), [(0.31, ["I see a dog.", "I can't tell the colour."]), (0.7, ["It might be black."]), (0.9, ["Black."])]
)
def test_a_model_is_asked_for_what_it_was_measured_to_be_right_about(share: float, answer: list[str]) -> None:
    describer = ScriptedDescriber(["Black."], thresholds=MEASURED, likelihoods=likelihoods(4.0, -4.0))
    describer.reliability = {"colour": share}
    assert said(describer, "What colour is the dog?") == answer


def test_a_place_is_hedged_like_a_colour() -> None:
    """A place was told plainly of a model that set-up had only asked about drawn pictures."""
    describer = ScriptedDescriber(["At the top right."], thresholds=MEASURED, likelihoods=likelihoods(4.0, -4.0))
    describer.reliability = {"where": 0.7}
    assert said(describer, "Where is the dog?") == ["It might be at the top right."]


def test_a_free_question_of_a_kind_that_nobody_measured_is_answered_with_doubt() -> None:
    """ "Who is winning?" was answered "A man." of a street corner."""
    describer = ScriptedDescriber(["A man."], thresholds=MEASURED)
    describer.reliability = {}
    assert said(describer, "Who is winning?") == ["It looks like a man."]
    describer.reliability = {"free": 0.9}
    assert said(describer, "Who is winning?") == ["A man."]


@pytest.mark.parametrize("of_itself", ["I don't see any arrows.", "I'm sorry, I can't see pictures.", "As an AI I have no eyes.", "Sorry."])
def test_what_a_model_says_of_itself_isnt_told(of_itself: str) -> None:
    """ "Who is winning?" was answered "I don't see any people." of a kitchen with somebody in it."""
    assert said(ScriptedDescriber([of_itself], thresholds=MEASURED), "Who is winning?") == ["I can't tell that."]
    assert said(ScriptedDescriber([of_itself], thresholds=MEASURED), SCENE_QUESTION) == [CANT_TELL_THING]


def test_what_a_model_was_measured_to_be_bad_at_is_told_by_the_scene() -> None:
    describer = ScriptedDescriber(["A dog on grass."], thresholds=MEASURED, likelihoods=likelihoods(4.0, -4.0))
    describer.reliability = {"doing": 0.2}
    assert said(describer, "What is the dog doing?") == ["I can't tell that.", "A dog on grass."]


def test_a_model_that_cant_tell_likelihoods_describes_in_its_own_words() -> None:
    describer = ScriptedDescriber(["A black dog. It runs."], thresholds=MEASURED)
    describer.scorer = None
    assert said(describer, SCENE_QUESTION) == ["A black dog.", "It runs."]


def test_what_nobody_measured_of_a_thing_is_not_answered_by_its_presence() -> None:
    """A cup is known, and whether it is red isn't; of what has no name here even presence isn't known."""
    there = ScriptedDescriber(["x"], thresholds=MEASURED, likelihoods=likelihoods(3.0, -3.0, "a cup", "cup"))
    assert said(there, "Is there a red cup on the table?") == ["I see a cup.", "I can't tell that."]
    absent = ScriptedDescriber(["x"], thresholds=MEASURED, likelihoods=likelihoods(-3.0, 3.0, "a cup", "cup"))
    assert said(absent, "Is there a red cup on the table?") == ["No."]
    unknown = ScriptedDescriber(["A door."], thresholds=MEASURED)
    assert said(unknown, "Is there a flibbertigibbet?") == ["I can't tell that.", "A door."]


def test_a_cat_is_an_animal_whatever_the_likelihoods_say() -> None:
    """ "Can you see an animal?" was answered "No." of a picture of a cat."""
    cat = find_noun("cat", "en")
    assert cat is not None
    describer = ScriptedDescriber(["x"], thresholds=MEASURED, likelihoods=likelihoods(-3.0, 3.0, "an animal", "animal"))
    describer.classifier = Doubter(SingleObject(cat.synset, 0.95))
    assert said(describer, "Can you see an animal?") == ["Yes."]
