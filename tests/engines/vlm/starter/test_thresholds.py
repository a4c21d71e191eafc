"""How sure a model must be for how plain a word stands in its folder."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest

from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
from assistant.engines.vlm.starter.thresholds import StarterThresholds
from assistant.messages import MomentThresholds
from assistant.problems import DamagedModel
from tests.support.folders import PROJECT
from tests.support.tiny_onnx import write_tiny_model


def test_thresholds_are_read_from_the_models_folder(tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path / "m").folder
    numbers = {
        "slope": 0.5,
        "offset": 0.1,
        "sure": 0.9,
        "cant_tell_margin": 0.1,
        "absent": 0.2,
        "doubt": -2.5,
        "sure_word": 0.15,
        "known_by_heart": -0.2,
        "single_object": -3.0,
        "sure_label": 0.7,
    }
    (folder / "answer_thresholds.json").write_text(json.dumps(numbers))
    assert Smolvlm2Describer(folder).thresholds == StarterThresholds(**numbers)


def test_what_nobody_measured_of_a_model_is_left_out(tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path / "m").folder
    (folder / "answer_thresholds.json").write_text('{"sure": 0.9}')
    assert Smolvlm2Describer(folder).thresholds == StarterThresholds(sure=0.9)


def test_thresholds_of_moments_are_read_too_and_have_defaults(tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path / "m").folder
    assert Smolvlm2Describer(folder).moment_thresholds == MomentThresholds()
    measured = MomentThresholds(offset=-2.5, found=0.25)
    (folder / "moment_thresholds.json").write_text(json.dumps(dataclasses.asdict(measured)))
    assert Smolvlm2Describer(folder).moment_thresholds == measured


@pytest.mark.parametrize("name", ["answer_thresholds.json", "moment_thresholds.json", "name_thresholds.json"])
@pytest.mark.parametrize("content", ["{}", '{"sure": 0.9, "surer": 0.95}', "[]", '{"slope": "steep"}', "not json", '{"slope": NaN}'])
def test_senseless_thresholds_are_named(tmp_path: Path, content: str, name: str) -> None:
    folder = write_tiny_model(tmp_path / "m", labels=True).folder
    (folder / name).write_text(content)
    with pytest.raises(DamagedModel, match=re.escape(name)):
        Smolvlm2Describer(folder)


def test_what_was_fitted_to_the_starter_is_nobody_elses_default() -> None:
    """It was the default of all models once, so SmolVLM2 was searched with numbers measured of another one."""
    starter = json.loads((PROJECT / "models" / "starter" / "moment_thresholds.json").read_text(encoding="utf-8"))
    neutral = dataclasses.asdict(MomentThresholds())
    assert starter.keys() == neutral.keys() and not set(starter.items()) & set(neutral.items())
