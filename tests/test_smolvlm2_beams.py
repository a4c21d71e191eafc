"""A model whose generation_config.json asks for beams weighs whole answers against each other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from assistant.messages import AnswerThresholds, Frame, Keyframe
from assistant.problems import DamagedModel
from assistant.runtimes.smolvlm2 import Smolvlm2Describer
from assistant.runtimes.smolvlm2_beams import BeamSteps
from tests.tiny_onnx import write_tiny_model

QUESTION = "What is in front of me?"


def keyframe(seed: int = 1) -> Keyframe:
    return Keyframe(Frame(np.random.default_rng(seed).integers(0, 256, (48, 64, 3), dtype=np.uint8), 0.0), "only")


def with_beams(folder: Path, beams: object) -> Path:
    write_tiny_model(folder)
    path = folder / "generation_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"num_beams": beams}))
    return folder


def test_each_beam_reads_as_it_would_alone(tmp_path: Path) -> None:
    """Two beams of different parents give the logits that each sequence gives by itself."""
    describer = Smolvlm2Describer(with_beams(tmp_path / "m", 2), threads=1)
    graphs = describer._reader.graphs()
    _, cache = graphs.decoder.read(graphs.embedder.embed([5, 6, 7]), graphs.decoder.empty_cache)
    steps = BeamSteps(graphs.decoder, graphs.embedder.embed, cache)
    steps.advance([0, 0, 0], [8, 9, 10])
    together = steps.advance([2, 0], [11, 12])
    whole = ([5, 6, 7, 10, 11], [5, 6, 7, 8, 12])
    alone = [graphs.decoder.read(graphs.embedder.embed(ids), graphs.decoder.empty_cache)[0][0] for ids in whole]
    np.testing.assert_allclose(together, np.stack(alone), atol=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_an_answer_of_one_beam_is_greedy_and_more_beams_leave_the_view_as_it_is(tmp_path: Path, seed: int) -> None:
    greedy = Smolvlm2Describer(with_beams(tmp_path / "one", 1), threads=1)
    wide = Smolvlm2Describer(with_beams(tmp_path / "four", 4), threads=1)
    view = wide.look([keyframe(seed)])
    before = wide.log_likelihoods(view, QUESTION, ["Yes"])
    answers = ["".join(wide.answer(view, QUESTION)) for _ in range(2)]
    assert answers[0] == answers[1]
    assert wide.log_likelihoods(view, QUESTION, ["Yes"]) == before
    assert "".join(greedy.answer(greedy.look([keyframe(seed)]), QUESTION)) == "".join(
        write_and_answer_greedily(tmp_path / "plain", keyframe(seed))
    )


def write_and_answer_greedily(folder: Path, picture: Keyframe) -> list[str]:
    write_tiny_model(folder)
    describer = Smolvlm2Describer(folder, threads=1)
    return list(describer.answer(describer.look([picture]), QUESTION))


@pytest.mark.parametrize("beams", [0, -1, 1000, "four", None])
def test_a_senseless_number_of_beams_is_named(tmp_path: Path, beams: object) -> None:
    with pytest.raises(DamagedModel, match="generation_config"):
        Smolvlm2Describer(with_beams(tmp_path / "m", beams))


def test_thresholds_are_read_from_the_models_folder(tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path / "m").folder
    numbers = {"slope": 0.5, "offset": 0.1, "sure": 0.9, "cant_tell_margin": 0.1, "absent": 0.2, "doubt": -2.5}
    (folder / "answer_thresholds.json").write_text(json.dumps(numbers))
    assert Smolvlm2Describer(folder).thresholds == AnswerThresholds(**numbers)


@pytest.mark.parametrize("content", ["{}", "[]", '{"slope": "steep"}', "not json", '{"slope": NaN}'])
def test_senseless_thresholds_are_named(tmp_path: Path, content: str) -> None:
    folder = write_tiny_model(tmp_path / "m").folder
    (folder / "answer_thresholds.json").write_text(content)
    with pytest.raises(DamagedModel, match=r"answer_thresholds\.json"):
        Smolvlm2Describer(folder)
