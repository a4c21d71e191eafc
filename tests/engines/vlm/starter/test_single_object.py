"""A picture of a single object is named by the class head, a scene is described by the model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from assistant.answering.answer_checks import CANT_TELL_THING
from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
from assistant.engines.vlm.starter.classifier import StarterClassifier
from assistant.engines.vlm.starter.encoder_heads import Head, SeenLabel, seen_labels
from assistant.engines.vlm.starter.picture_classes import PictureClasses
from assistant.engines.vlm.starter.single_object import CANT_TELL, naming_answers
from assistant.engines.vlm.starter.thresholds import StarterThresholds
from assistant.engines.vlm.view import SmolView
from assistant.messages import Frame, Keyframe, SingleObject, View
from tests.support.asking import english_answer
from tests.support.fakes import ScriptedDescriber
from tests.support.tiny_onnx import CLASS_NAMES, PAIRS, WORDS, write_tiny_model

SCENE = "What is in front of me?"
MAN = "A man in a red shirt."
MEASURED = StarterThresholds(single_object=-3.0, sure_label=0.7)
CAN_OPENER, TOOL = "02951585", "04451818"
OPENER = SingleObject(CAN_OPENER, 0.9)
SURE, UNSURE = SeenLabel("can opener", 0.9), SeenLabel("ocarina", 0.05)


def view(*labels: SeenLabel, expected_words: float = 1.0, words: tuple[str, ...] = (), name: SingleObject = OPENER) -> SmolView:
    """Of a picture that the class head takes for these labels and calls so, and of which everybody would use these words."""
    head = Head(list(words), (0.1,) * len(words))
    classes = PictureClasses(labels, expected_words, dict.fromkeys(words, math.log(10)), head, name)
    return SmolView((), opening="", before_question="", opening_ids=(), pictures=(), classes=classes, maker=None)


def asked(shown: SmolView, question: str, answer: str, likelihoods: dict[tuple[str, str], float], known: StarterThresholds) -> list[str]:
    describer = ScriptedDescriber([answer], thresholds=known, likelihoods=likelihoods)
    describer.classifier = StarterClassifier(known, describer.log_likelihoods)
    return english_answer(describer, shown, question)


def said(
    likely: dict[str, float],
    *labels: SeenLabel,
    question: str = SCENE,
    thresholds: StarterThresholds = MEASURED,
    expected_words: float = 1.0,
    name: SingleObject = OPENER,
) -> list[str]:
    """What is told by a model that finds these answers so likely, and all others hardly, and would describe a man."""
    likelihoods = {(question, text): likely.get(text, -20.0) for text in naming_answers(labels)}
    return asked(view(*labels, expected_words=expected_words, name=name), question, MAN, likelihoods, thresholds)


def test_a_thing_is_named_though_the_model_would_begin_with_a_man() -> None:
    assert said({"A can opener.": -1.0}, SURE, UNSURE) == ["A can opener."]


def test_a_scene_is_described_whatever_the_head_takes_it_for() -> None:
    assert said({"A can opener.": -6.0}, SURE, UNSURE) == [MAN]


def test_where_people_would_use_many_words_a_scene_is_described() -> None:
    assert said({"A can opener.": -1.0}, SURE, UNSURE, expected_words=20.0) == [MAN]
    assert said({"A can opener.": -4.0}, SURE, UNSURE, expected_words=0.2) == ["A can opener."]
    assert said({"A can opener.": -12.0}, SURE, UNSURE, expected_words=0.0) == [MAN]


def test_likelihoods_of_all_names_count_together() -> None:
    assert said({"A can opener.": -3.5, "It looks like a can opener.": -3.6}, SURE, UNSURE) == ["A can opener."]


def test_a_thing_is_named_as_precisely_as_the_head_is_sure_whatever_the_model_would_say() -> None:
    """The model was taught to say "I can't tell" where no single label is likely, though all of them may be tools."""
    tool = SingleObject(TOOL, 0.9, CAN_OPENER, 0.6)
    for answer in ("A can opener.", "It looks like an ocarina.", CANT_TELL_THING):
        assert said({answer: -1.0}, SURE, UNSURE, name=tool) == ["A tool, perhaps a can opener."]


def test_where_no_name_is_sure_the_picture_is_described_unless_the_model_would_rather_not() -> None:
    """A room was "I can't tell what this is." because it might have been of a single thing."""
    assert said({"A can opener.": -1.0}, SURE, UNSURE, name=SingleObject(None)) == [MAN]
    assert said({CANT_TELL_THING: -1.0}, SURE, UNSURE, name=SingleObject(None)) == [CANT_TELL_THING]


def test_other_questions_are_the_models_to_answer_but_a_name_is_no_surer_than_the_head() -> None:
    likely = {"A can opener.": -1.0}
    assert said(likely, SURE, UNSURE, question="What is the man doing?") == [MAN]
    told = asked(view(SURE, UNSURE), "How does it look?", "An ocarina. It is blue.", {}, MEASURED)
    assert told == ["It looks like an ocarina.", "It is blue."]


def test_without_labels_or_thresholds_the_model_describes() -> None:
    assert said({}) == [MAN]
    assert said({"A can opener.": -1.0}, SURE, thresholds=StarterThresholds()) == [MAN]


def test_from_the_first_word_on_that_too_few_people_would_use_a_description_is_told_with_doubt_even_if_the_model_is_sure() -> None:
    """Of a question about something else the model's own certainty counts alone."""
    known, shown, other = StarterThresholds(doubt=-2.0, sure_word=0.5), view(words=("wallet",)), "How does it look?"
    for answer, doubted in (
        ("A wallet.", "A wallet."),
        ("Two wallets on a table.", "It looks like two wallets on a table."),
        ("The wallets on a table.", "The wallets. Perhaps on a table."),
        ("A man.", "It looks like a man."),
    ):
        scores = {(SCENE, answer): -2.4, (other, answer): -2.4}
        assert asked(shown, SCENE, answer, scores, known) == [doubted]
        assert asked(shown, other, answer, scores, known) == [answer]


def test_what_the_model_says_as_surely_as_what_it_was_taught_by_heart_is_told_plainly() -> None:
    known = StarterThresholds(sure_word=0.5, known_by_heart=-0.1)
    for certainty, told in ((-0.1, "Milk on a shelf."), (-2.0, "It looks like milk on a shelf.")):
        assert asked(view(words=("wallet",)), SCENE, "Milk on a shelf.", {(SCENE, "Milk on a shelf."): certainty}, known) == [told]


def test_a_question_is_weighed_once_however_often_its_answer_is_judged() -> None:
    describer = ScriptedDescriber([MAN])
    scored: list[str] = []

    def log_likelihoods(view: View, question: str, answers: Sequence[str], *, prune_below: float) -> list[float]:
        scored.append(question)
        return describer.log_likelihoods(view, question, answers)

    classifier, shown = StarterClassifier(MEASURED, log_likelihoods), view(SURE)
    for question in (SCENE, "What do you see?", SCENE):
        classifier.single_object(shown, question)
        classifier.doubtful_words(shown, MAN, -1.0)
    assert scored == [SCENE, "What do you see?"]


def test_what_the_model_was_taught_to_say_is_what_is_told() -> None:
    assert CANT_TELL == CANT_TELL_THING


def test_words_count_in_the_form_that_is_known_and_each_once() -> None:
    classes = PictureClasses((), 1.0, {"two": 1.0, "dog": 2.0, "run": -0.5, "cat": 9.0}, Head([]))
    assert classes.word_evidence("Two dogs and a dog run to a unicorn") == pytest.approx(2.5)
    assert classes.word_evidence("A bird.") == 0


def test_the_likeliest_labels_come_first() -> None:
    tabby, lemon, espresso = seen_labels(np.array([3.0, 1.0, 2.0], np.float32), ["tabby", "espresso", "lemon"])
    assert (tabby.name, lemon.name, espresso.name) == ("tabby", "lemon", "espresso")
    assert tabby.probability == pytest.approx(np.exp(3) / np.exp([3.0, 1.0, 2.0]).sum())


def shown(count: int) -> list[Keyframe]:
    greys = (60, 200)[:count]
    return [Keyframe(Frame(np.full((40, 40, 3), grey, np.uint8), float(grey)), "only") for grey in greys]


def test_a_view_of_one_picture_has_its_classes_and_a_view_of_several_none(tmp_path: Path) -> None:
    """Of several pictures one label names none in particular."""
    describer = Smolvlm2Describer(write_tiny_model(tmp_path / "tiny", labels=True).folder)
    classes = describer.look(shown(1)).classes
    assert classes is not None
    assert {label.name for label in classes.labels} == set(CLASS_NAMES)
    assert sum(label.probability for label in classes.labels) == pytest.approx(1)
    assert describer.look(shown(2)).classes is None
    assert describer.classifier is not None
    without = Smolvlm2Describer(write_tiny_model(tmp_path / "without").folder)
    assert without.look(shown(1)).classes is None and without.classifier is None


def test_a_view_tells_which_words_its_word_classifier_expects_and_how_many(tmp_path: Path) -> None:
    describer = Smolvlm2Describer(write_tiny_model(tmp_path / "tiny", labels=True).folder)
    classes, several = describer.look(shown(1)).classes, describer.look(shown(2))
    assert classes is not None and describer.classifier is not None
    assert set(classes.words) == {name for name, _ in WORDS + PAIRS}
    probabilities = [share * np.exp(classes.words[word]) for word, share in WORDS]
    assert classes.expected_words == pytest.approx(sum(probabilities), rel=1e-4)
    consistency = classes.caption_consistency("A dog on the grass.")
    assert consistency is not None and 0 < consistency <= 1
    assert describer.classifier.word_evidence(several, "A dog on the grass.") == 0
    assert describer.classifier.single_object(several, SCENE) is None
