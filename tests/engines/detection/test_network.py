"""Folders of detectors: every form is read, and a damaged or foreign one is told in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.engines.detection.detector import OnnxDetector
from assistant.engines.detection.network import open_network
from assistant.engines.onnx.session import SessionSettings
from assistant.problems import DamagedModel
from tests.support.tiny_detectors import BLUE, DARK, spots, write_detr_folder, write_face_folder, write_yolo_folder

SETTINGS = SessionSettings(1, spin=False)
WALL = np.full((64, 64, 3), 255, np.uint8)
WRITERS = [write_yolo_folder, write_face_folder, write_detr_folder]


@pytest.mark.parametrize("model_type", ["d_fine", "rt_detr", "rt_detr_v2"])
def test_each_kind_of_transformer_is_run(model_type: str, tmp_path: Path) -> None:
    boxes = open_network(write_detr_folder(tmp_path, model_type), SETTINGS).find(spots({(3, 2): DARK, (9, 10): BLUE}), 0.5)
    assert set(boxes.labels.tolist()) == {0, 1}


def test_a_yolo_box_is_its_anchor_in_the_middle_of_its_cell(tmp_path: Path) -> None:
    boxes = open_network(write_yolo_folder(tmp_path), SETTINGS).find(spots({(3, 2): DARK}), 0.5)
    np.testing.assert_allclose(boxes.corners, [[3 / 13, 2 / 13, 4 / 13, 3 / 13]], atol=1e-4)


@pytest.mark.parametrize("size", [(1280, 720), (300, 900)])
def test_a_wide_or_tall_picture_keeps_its_places(size: tuple[int, int], tmp_path: Path) -> None:
    width, height = size
    picture = np.full((height, width, 3), 255, np.uint8)
    picture[height // 2 :, : width // 2] = DARK
    boxes = open_network(write_yolo_folder(tmp_path), SETTINGS).find(picture, 0.5)
    middles = (boxes.corners[:, :2] + boxes.corners[:, 2:]) / 2
    assert len(middles) > 10
    assert middles[:, 0].max() < 0.55
    assert middles[:, 1].min() > 0.45


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    "config",
    [
        {"model_type": "yolov99"},
        {"model_type": None},
        {"id2label": {}},
        {"id2label": {"1": "person"}},
        {"id2label": ["person"]},
        {"heads": [{"stride": 32}], "side": "large", "id2label": {"0": "a", "1": "b", "2": "c"}},
    ],
)
def test_a_foreign_config_is_told(write: Callable[[Path], Path], config: dict[str, Any], tmp_path: Path) -> None:
    folder = write(tmp_path)
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | config))
    with pytest.raises(DamagedModel, match=r"config\.json|model\.onnx"):
        OnnxDetector(folder, SETTINGS).detect(WALL)


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("damage", [b"", b"\xff\x00" * 40, b"[]"])
def test_damaged_files_are_told(write: Callable[[Path], Path], damage: bytes, tmp_path: Path) -> None:
    folder = write(tmp_path)
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        content = path.read_bytes()
        path.write_bytes(damage)
        with pytest.raises(DamagedModel, match=path.name):
            OnnxDetector(folder, SETTINGS).detect(WALL)
        path.write_bytes(content)


def test_a_graph_with_more_things_than_are_named_is_refused(tmp_path: Path) -> None:
    folder = write_yolo_folder(tmp_path)
    config = json.loads((folder / "config.json").read_text()) | {"id2label": {"0": "person"}}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(DamagedModel, match="head_0"):
        OnnxDetector(folder, SETTINGS).detect(WALL)


def test_a_graph_of_another_detector_is_refused(tmp_path: Path) -> None:
    yolo, faces = write_yolo_folder(tmp_path / "a"), write_face_folder(tmp_path / "b")
    (faces / "detection.onnx").rename(yolo / "detection.onnx")
    with pytest.raises(DamagedModel, match="head_0"):
        OnnxDetector(yolo, SETTINGS).detect(WALL)
