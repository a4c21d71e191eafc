"""How precise names may be, fitted on one half of the pictures and measured on the other."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.engines.vlm.starter.hedged_names import NounTree
from assistant.languages.nouns import find_noun
from assistant.messages import Finding, SingleObject
from models.training.hedging import calibration_figures, fit_names, fit_temperature, judge, name_figures, reliability, seeded_halves

LINEAGES = (("redbone", "dog"), ("beagle", "dog"), ("tabby", "cat"), ("tiger cat", "cat"))
TREE = NounTree(LINEAGES)
TRUTHS = [frozenset(lineage) for lineage in LINEAGES]


def pictures(count: int, classes_right: float) -> tuple[np.ndarray, np.ndarray]:
    """Logits, f32 [count, 4], and classes: the kind is clear, the class within it so often right."""
    rng = np.random.default_rng(1)
    classes = rng.integers(4, size=count)
    seen = np.where(rng.random(count) < classes_right, classes, classes ^ 1)
    logits = np.full((count, 4), -6.0, np.float32)
    logits[np.arange(count), seen ^ 1] = 0.0
    logits[np.arange(count), seen] = np.log(classes_right / (1 - classes_right))
    return logits, classes


def test_the_halves_are_always_the_same_and_share_nothing() -> None:
    fitted, kept = seeded_halves(101)
    assert (fitted, kept) == seeded_halves(101)
    assert len(fitted) == 50 and not set(fitted) & set(kept) and sorted(fitted + kept) == list(range(101))


@pytest.mark.parametrize(("classes_right", "named"), [(0.99, "the class"), (0.7, "the kind")])
def test_no_more_precise_names_are_said_than_are_right(classes_right: float, named: str) -> None:
    logits, classes = pictures(2000, classes_right)
    truths = [TRUTHS[place] for place in classes]
    thresholds = fit_names(TREE, logits, classes, truths)
    assert thresholds.temperature == pytest.approx(1.0, abs=0.15)
    figures = name_figures(TREE, [TREE.name(row, thresholds) for row in logits], truths)
    assert figures["right of the names said"] >= 0.95
    assert figures["a name is said"] == 1
    assert figures["the class itself is said"] == (1 if named == "the class" else 0)
    assert figures["information, of always knowing the class"] == pytest.approx(0.99 if named == "the class" else 0.5, abs=0.02)
    depth = figures["mean depth: sayable kinds above and with the name, 0 for none or a wrong one"]
    assert depth == pytest.approx(1.98 if named == "the class" else 1.0, abs=0.02) and figures["mean depth of the class itself"] == 2
    assert figures['right of those with "perhaps"'] == pytest.approx(0 if named == "the class" else 0.7, abs=0.05)


def test_a_head_that_doubts_too_much_is_scaled_until_its_probabilities_are_true() -> None:
    logits, classes = pictures(2000, 0.8)
    assert fit_temperature(logits * 0.6, classes) == pytest.approx(0.6, abs=0.1)


def test_a_calibration_table_counts_every_picture_once() -> None:
    logits, classes = pictures(200, 0.9)
    right, error, *told = calibration_figures(logits, classes, 1.0)
    assert right[1] == pytest.approx(0.9, abs=0.05) and right[2] == 200
    assert error[1] < 0.1
    assert sum(count for _, _, count in told) == 200


def test_a_reliability_table_leaves_out_empty_bins() -> None:
    table = list(reliability(np.array([0.1, 0.12, 0.95, 1.0]), np.array([False, True, True, True])))
    assert [row[1:] for row in table] == [(0.5, 2), (1.0, 2)]
    assert [mean for mean, _, _ in table] == pytest.approx([0.11, 0.975])


def name(english: str) -> Finding:
    noun = find_noun(english, "en")
    assert noun is not None
    return Finding("name", SingleObject(noun.synset, 0.9), 0.9, "classifier")


@pytest.mark.parametrize(
    ("finding", "judgement"),
    [
        (name("redbone"), "right"),
        (name("dog"), "right"),
        (name("cat"), "wrong"),
        (Finding("text", "Two dogs on a sofa.", 0.8, "model"), "right"),
        (Finding("text", "A man.", 0.8, "model"), "wrong"),
        (Finding("text", "A man.", 0.5, "model", is_doubtful=True), "hedged"),
        (Finding("text", "I can't tell what this is.", 0.5, "model"), "nothing"),
        (Finding("refusal", "cant_tell_thing", 1.0, "classifier"), "nothing"),
        (None, "nothing"),
    ],
)
def test_a_name_is_right_if_it_is_of_the_thing_or_of_its_kind(finding: Finding | None, judgement: str) -> None:
    truth = find_noun("redbone", "en")
    assert truth is not None
    assert judge(finding, truth) == judgement


def test_a_kind_of_what_the_label_says_is_told_apart_from_what_is_wrong() -> None:
    dog = find_noun("dog", "en")
    assert dog is not None
    assert judge(name("redbone"), dog) == "more precise than the label"
