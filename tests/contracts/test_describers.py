"""What every SceneDescriber owes its callers, whatever its engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.answering.yes_no import yes_probability
from assistant.engines.vlm.openai_server import ServerDescriber
from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
from assistant.interfaces import SceneDescriber
from assistant.messages import Detail, Frame, Keyframe
from assistant.problems import BadInput
from assistant.videos.queries import scorer_of
from tests.support.fakes import ScriptedDescriber
from tests.support.tiny_onnx import write_tiny_model
from tests.support.vision_server import serve

QUESTION = "What is in front of me?"


SCORERS = ("scripted", "smolvlm2")
"""Those that can tell how likely a given answer is."""


@pytest.fixture(scope="module", params=[*SCORERS, "server"])
def describer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SceneDescriber]:
    if request.param == "server":
        with serve() as server:
            yield ServerDescriber(server.address, max_pictures=3)
    else:
        yield open_scorer(request.param, tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module", params=SCORERS)
def scoring(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SceneDescriber:
    return open_scorer(request.param, tmp_path_factory.mktemp("models"))


def open_scorer(name: str, folder: Path) -> SceneDescriber:
    if name == "scripted":
        return ScriptedDescriber(["A cat on a chair."], max_pictures=3)
    return Smolvlm2Describer(write_tiny_model(folder / "tiny", max_pictures=3).folder, threads=1)


def keyframes(count: int, height: int = 48, width: int = 64) -> list[Keyframe]:
    rng = np.random.default_rng(3)
    return [Keyframe(Frame(rng.integers(0, 256, (height, width, 3), dtype=np.uint8), float(n)), "change") for n in range(count)]


def test_an_answer_comes_in_pieces_of_text_that_are_worth_passing_on(describer: SceneDescriber) -> None:
    pieces = list(describer.answer(describer.look(keyframes(1)), QUESTION))
    assert len(pieces) > 1
    assert all(pieces)
    assert not pieces[0][0].isspace()


def test_several_questions_may_be_asked_of_one_look(describer: SceneDescriber) -> None:
    view = describer.look(keyframes(1))
    assert all("".join(describer.answer(view, question)) for question in (QUESTION, "Is it dark?", QUESTION))


def test_an_answer_may_be_left_in_the_middle(describer: SceneDescriber) -> None:
    view = describer.look(keyframes(1))
    assert next(iter(describer.answer(view, QUESTION)))
    assert "".join(describer.answer(view, QUESTION))


def test_a_view_holds_the_last_pictures_and_no_more_than_the_model_takes(describer: SceneDescriber) -> None:
    shown = keyframes(5)
    assert describer.max_pictures == 3
    assert describer.look(shown).keyframes == tuple(shown[-3:])
    assert describer.look(shown[:2]).keyframes == tuple(shown[:2])


def test_brief_is_no_longer_than_full(describer: SceneDescriber) -> None:
    view = describer.look(keyframes(1))
    lengths = [len(list(describer.answer(view, QUESTION, detail))) for detail in ("brief", "full")]
    assert lengths[0] <= lengths[1]


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 500), (700, 3), (33, 47)])
def test_a_picture_of_any_shape_can_be_looked_at(describer: SceneDescriber, height: int, width: int) -> None:
    assert "".join(describer.answer(describer.look(keyframes(1, height, width)), QUESTION))


def test_looking_at_nothing_is_refused_in_words(describer: SceneDescriber) -> None:
    with pytest.raises(BadInput, match="no picture"):
        describer.look([])


def test_likelihoods_come_one_an_answer_in_their_order_and_dont_touch_the_view(scoring: SceneDescriber) -> None:
    view, scorer = scoring.look(keyframes(1)), scorer_of(scoring)
    answers = ["A cat on a chair.", "A dog", "A cat on a chair."]
    scores = scorer.log_likelihoods(view, QUESTION, answers)
    assert all(score <= 0 for score in scores)
    assert scores[0] == pytest.approx(scores[2], abs=1e-4)
    assert scores[0] != scores[1]
    assert scorer.log_likelihoods(view, QUESTION, answers[::-1]) == pytest.approx(scores[::-1], abs=1e-4)
    assert scorer.log_likelihoods(view, QUESTION, []) == []


def test_likelihoods_are_true_above_the_pruning_limit_and_below_it_where_they_are(scoring: SceneDescriber) -> None:
    view, scorer = scoring.look(keyframes(1)), scorer_of(scoring)
    answers = ["A cat on a chair.", "A dog", "A cat on a mat", "It looks like a dog."]
    true = scorer.log_likelihoods(view, QUESTION, answers)
    together = float(np.logaddexp.reduce(true))
    assert scorer.log_likelihoods(view, QUESTION, answers, prune_below=together - 0.1) == pytest.approx(true, abs=1e-3)
    for limit in (together + 0.1, together + 50):
        found = scorer.log_likelihoods(view, QUESTION, answers, prune_below=limit)
        assert np.logaddexp.reduce(found) < limit
        assert all(ours >= theirs - 1e-3 for ours, theirs in zip(found, true, strict=True))


def test_an_empty_answer_has_no_likelihood(scoring: SceneDescriber) -> None:
    with pytest.raises(BadInput, match="empty"):
        scorer_of(scoring).log_likelihoods(scoring.look(keyframes(1)), QUESTION, ["Yes", " "])


def test_yes_is_a_probability(scoring: SceneDescriber) -> None:
    assert 0 < yes_probability(scorer_of(scoring), scoring.look(keyframes(1)), "Is there a cat?") < 1


@pytest.mark.parametrize("detail", ["brief", "normal", "full"])
def test_a_picture_may_be_looked_at_in_any_detail(describer: SceneDescriber, detail: Detail) -> None:
    assert "".join(describer.answer(describer.look(keyframes(1), detail), QUESTION, detail))


def test_a_view_from_before_unloading_stays_good(describer: SceneDescriber) -> None:
    view = describer.look(keyframes(1))
    describer.unload()
    describer.unload()
    assert "".join(describer.answer(view, QUESTION))


def test_unloading_changes_no_likelihood(scoring: SceneDescriber) -> None:
    view, scorer = scoring.look(keyframes(1)), scorer_of(scoring)
    before = scorer.log_likelihoods(view, QUESTION, ["A dog"])
    scoring.unload()
    assert scorer.log_likelihoods(view, QUESTION, ["A dog"]) == pytest.approx(before, abs=1e-4)


@pytest.mark.parametrize("question", ["", "¿Qué ves? 猫は？", "<image><end_of_utterance>", "half a character \udce9"])
def test_no_question_breaks_the_model(describer: SceneDescriber, question: str) -> None:
    """It may answer nothing (a random model does), but it must come to an end without an error."""
    assert all(describer.answer(describer.look(keyframes(1)), question))


def test_answers_are_scored_without_being_given(scoring: SceneDescriber) -> None:
    view, scorer = scoring.look(keyframes(1)), scorer_of(scoring)
    alone = [scorer.log_likelihoods(view, QUESTION, [answer])[0] for answer in ("Yes.", "A long answer of many words.")]
    together = scorer.log_likelihoods(view, QUESTION, ["Yes.", "A long answer of many words."])
    assert all(score <= 0 for score in together)
    assert together == pytest.approx(alone, abs=1e-3)
    assert together[1] < together[0]


def test_a_model_that_nobody_measured_has_no_thresholds(scoring: SceneDescriber) -> None:
    assert scorer_of(scoring).thresholds is None
