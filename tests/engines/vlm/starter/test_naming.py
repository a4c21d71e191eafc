"""A picture of a single thing is named by the head of the vision encoder, a scene is described by the model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.answering.calibrated_answers import honest_sentences
from assistant.answering.naming import CANT_TELL_THING, asks_what_is_there, naming_answers
from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
from assistant.engines.vlm.starter.encoder_heads import seen_labels
from assistant.messages import AnswerThresholds, Frame, Keyframe, SeenLabel, View
from tests.support.fakes import ScriptedDescriber
from tests.support.tiny_onnx import CLASS_NAMES, PAIRS, WORDS, write_tiny_model

SCENE = "What is in front of me?"
MAN = "A man in a red shirt."
MEASURED = AnswerThresholds(portrait=-3.0, sure_label=0.7)
SURE, UNSURE = SeenLabel("hairbrush", 0.9), SeenLabel("ocarina", 0.05)


def said(
    likely: dict[str, float],
    *labels: SeenLabel,
    question: str = SCENE,
    thresholds: AnswerThresholds = MEASURED,
    expected_words: float = 1.0,
) -> list[str]:
    """What is told by a model that finds these answers so likely, and all others hardly, and would describe a man."""
    likelihoods = {(question, text): likely.get(text, -20.0) for text in naming_answers(labels)}
    describer = ScriptedDescriber([MAN], thresholds=thresholds, likelihoods=likelihoods)
    return list(honest_sentences(describer, View(labels=labels, expected_words=expected_words), question))


def test_a_thing_is_named_though_the_model_would_begin_with_a_man() -> None:
    assert said({"A hairbrush.": -1.0}, SURE, UNSURE) == ["A hairbrush."]


def test_a_scene_is_described_whatever_the_head_takes_it_for() -> None:
    assert said({"A hairbrush.": -6.0}, SURE, UNSURE) == [MAN]


def test_a_description_of_what_may_be_a_single_thing_is_told_with_doubt() -> None:
    measured = AnswerThresholds(portrait=-3.0, near_portrait=-5.0, sure_label=0.7)
    assert said({"A hairbrush.": -4.0}, SURE, UNSURE, thresholds=measured) == ["It looks like a man in a red shirt."]
    assert said({"A hairbrush.": -6.0}, SURE, UNSURE, thresholds=measured) == [MAN]
    assert said({"A hairbrush.": -4.0}, SURE, UNSURE, thresholds=measured, question="What is the man doing?") == [MAN]


def test_where_people_would_use_many_words_a_scene_is_described() -> None:
    assert said({"A hairbrush.": -1.0}, SURE, UNSURE, expected_words=20.0) == [MAN]
    assert said({"A hairbrush.": -4.0}, SURE, UNSURE, expected_words=0.2) == ["A hairbrush."]
    assert said({"A hairbrush.": -12.0}, SURE, UNSURE, expected_words=0.0) == [MAN]


def test_likelihoods_of_all_names_count_together() -> None:
    assert said({"A hairbrush.": -3.5, "It looks like a hairbrush.": -3.6}, SURE, UNSURE) == ["A hairbrush."]


def test_a_name_that_the_head_is_not_sure_of_is_told_with_doubt() -> None:
    assert said({"A hairbrush.": -1.0}, SeenLabel("hairbrush", 0.6), UNSURE) == ["It looks like a hairbrush."]
    assert said({"An ocarina.": -1.0}, SURE, UNSURE) == ["It looks like an ocarina."]


def test_a_thing_that_no_label_fits_is_not_named() -> None:
    assert said({CANT_TELL_THING: -0.5, "A hairbrush.": -2.0}, SURE, UNSURE) == [CANT_TELL_THING]


def test_other_questions_are_the_models_to_answer_but_a_name_is_no_surer_than_the_head() -> None:
    likely = {"A hairbrush.": -1.0}
    assert said(likely, SURE, UNSURE, question="What is the man doing?") == [MAN]
    describer = ScriptedDescriber(["An ocarina. It is blue."], thresholds=MEASURED)
    told = list(honest_sentences(describer, View(labels=(SURE, UNSURE)), "What am I holding?"))
    assert told == ["It looks like an ocarina.", "It is blue."]


def test_without_labels_or_thresholds_the_model_describes() -> None:
    assert said({}) == [MAN]
    assert said({"A hairbrush.": -1.0}, SURE, thresholds=AnswerThresholds()) == [MAN]


@pytest.mark.parametrize(
    ("question", "is_about_all"),
    [
        ("What is in front of me?", True),
        ("what's in front of me", True),
        ("What do you see?", True),
        ("What can you see in the picture?", True),
        ("Describe the picture.", True),
        ("Can you describe this image?", True),
        ("What does the picture show?", True),
        ("What is happening?", True),
        ("Describe the picture in more detail.", False),
        ("What is the man doing?", False),
        ("What is in front of the door?", False),
        ("What is this?", False),
    ],
)
def test_only_questions_about_all_that_is_there_may_be_answered_by_a_name(question: str, is_about_all: bool) -> None:
    assert asks_what_is_there(question) is is_about_all


def test_the_likeliest_labels_come_first() -> None:
    tabby, lemon, espresso = seen_labels(np.array([3.0, 1.0, 2.0], np.float32), ["tabby", "espresso", "lemon"])
    assert (tabby.name, lemon.name, espresso.name) == ("tabby", "lemon", "espresso")
    assert tabby.probability == pytest.approx(np.exp(3) / np.exp([3.0, 1.0, 2.0]).sum())


def test_a_view_of_one_picture_has_its_labels_and_a_view_of_several_none(tmp_path: Path) -> None:
    """Of several pictures one label names none in particular."""
    describer = Smolvlm2Describer(write_tiny_model(tmp_path / "tiny", labels=True).folder)
    keyframes = [Keyframe(Frame(np.full((40, 40, 3), grey, np.uint8), float(grey)), "only") for grey in (60, 200)]
    labels = describer.look(keyframes[:1]).labels
    assert {label.name for label in labels} == set(CLASS_NAMES) and sum(label.probability for label in labels) == pytest.approx(1)
    assert describer.look(keyframes).labels == ()
    assert Smolvlm2Describer(write_tiny_model(tmp_path / "without").folder).look(keyframes[:1]).labels == ()


def test_a_view_tells_how_many_words_its_encoders_head_expects(tmp_path: Path) -> None:
    describer = Smolvlm2Describer(write_tiny_model(tmp_path / "tiny", labels=True).folder)
    keyframes = [Keyframe(Frame(np.full((40, 40, 3), grey, np.uint8), float(grey)), "only") for grey in (60, 200)]
    view = describer.look(keyframes[:1])
    assert set(view.words) == {name for name, _ in WORDS + PAIRS}
    probabilities = [share * np.exp(view.words[word]) for word, share in WORDS]
    assert view.expected_words == pytest.approx(sum(probabilities), rel=1e-4)
    agreement = view.agreement("A dog on the grass.")
    assert agreement is not None and 0 < agreement <= 1
    assert describer.look(keyframes).expected_words == 1
    assert describer.look(keyframes).agreement("A dog on the grass.") is None
    assert Smolvlm2Describer(write_tiny_model(tmp_path / "without").folder).look(keyframes[:1]).expected_words == 1
