"""What set-up found out of a model is remembered for this machine and these files, and never believed of others."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
from assistant.messages import AnswerThresholds, SelfCalibration
from assistant.store.calibrations import MEMORY_FILE, recall, remember
from tests.support.tiny_onnx import write_tiny_model

FOUND = SelfCalibration(AnswerThresholds(slope=0.7, offset=-0.2, sure=math.inf), {"colour": 0.71}, 0.93)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_tiny_model(tmp_path / "model")
    return tmp_path / "model"


def graphs(folder: Path) -> list[Path]:
    return sorted((folder / "onnx").glob("*.onnx"))


def test_what_was_remembered_is_recalled(folder: Path, tmp_path: Path) -> None:
    remember(tmp_path, folder, "fp32", graphs(folder), FOUND)
    assert recall(tmp_path, folder, "fp32", graphs(folder)) == FOUND
    assert recall(tmp_path, folder, "int8", graphs(folder)) is None
    graphs(folder)[0].write_bytes(b"another")
    assert recall(tmp_path, folder, "fp32", graphs(folder)) is None


@pytest.mark.parametrize("spoilt", ["", "{}", "[1]", "null", '[{"calibration": 3}]'])
def test_a_spoilt_memory_is_as_none(spoilt: str, folder: Path, tmp_path: Path) -> None:
    remember(tmp_path, folder, "fp32", graphs(folder), FOUND)
    whole = (tmp_path / MEMORY_FILE).read_text(encoding="utf-8")
    (tmp_path / MEMORY_FILE).write_text(spoilt, encoding="utf-8")
    assert recall(tmp_path, folder, "fp32", graphs(folder)) is None
    (tmp_path / MEMORY_FILE).write_text(whole.replace("0.71", '"much"'), encoding="utf-8")
    assert recall(tmp_path, folder, "fp32", graphs(folder)) is None


def test_a_model_uses_it_unless_its_folder_says_how_it_was_measured(folder: Path) -> None:
    unmeasured = Smolvlm2Describer(folder, lazy=True, calibration=FOUND)
    assert unmeasured.thresholds == FOUND.thresholds
    assert unmeasured.reliability == {"colour": 0.71}
    (folder / "answer_thresholds.json").write_text('{"sure": 0.9}', encoding="utf-8")
    measured = Smolvlm2Describer(folder, lazy=True, calibration=FOUND)
    assert measured.thresholds is not None
    assert measured.thresholds.sure == 0.9
    assert measured.reliability == {}
