"""Whichever detector finds things: each once and where it is, the surest first, nothing on a wall, and it survives any picture."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from assistant.engines.detection.detector import LEAST_PROBABILITY, OnnxDetector
from assistant.engines.onnx.session import SessionSettings
from assistant.interfaces import ObjectDetector
from assistant.messages import DetectedThing, Picture
from assistant.problems import BadInput, MissingModel
from tests.support.tiny_detectors import BLUE, DARK, spots, write_detr_folder, write_face_folder, write_yolo_folder

SETTINGS = SessionSettings(1, spin=False)
TINY = {"yolo": write_yolo_folder, "faces": write_face_folder, "d-fine": write_detr_folder}
REAL = [pytest.param(name, marks=pytest.mark.models) for name in ("yolov4-tiny", "centerface")]
WALL = np.full((120, 160, 3), 200, np.uint8)
ONE_DARK, TWO_DARK = spots({(3, 2): DARK}), spots({(3, 2): DARK, (9, 10): DARK})


def folder_of(name: str, tmp_path: Path) -> Path:
    return TINY[name](tmp_path)


@pytest.fixture(scope="module", params=[*TINY, *REAL])
def detector(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ObjectDetector:
    """Opened once for all tests."""
    if request.param in TINY:
        return OnnxDetector(folder_of(request.param, tmp_path_factory.mktemp("detector")), SETTINGS)
    models: Path = request.getfixturevalue("models_dir")
    return OnnxDetector(models / request.param, SETTINGS)


@pytest.fixture(params=TINY)
def tiny(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectDetector:
    return OnnxDetector(folder_of(request.param, tmp_path), SETTINGS)


class TestEveryDetector:
    def test_it_says_what_it_can_find(self, detector: ObjectDetector) -> None:
        assert detector.labels & {"person", "face"}
        assert not detector.labels & {"", "diningtable"}

    def test_a_wall_has_nothing(self, detector: ObjectDetector) -> None:
        assert [thing for thing in detector.detect(WALL) if thing.probability >= 0.3] == []

    @pytest.mark.parametrize("shape", [(1, 1, 3), (1, 900, 3), (900, 2, 3), (64, 64, 3)])
    def test_any_picture_ends(self, detector: ObjectDetector, shape: tuple[int, ...]) -> None:
        noise = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
        for thing in detector.detect(noise):
            assert LEAST_PROBABILITY <= thing.probability <= 1

    @pytest.mark.parametrize("picture", [np.zeros((9, 9), np.uint8), np.zeros((9, 0, 3), np.uint8), np.zeros((9, 9, 3), np.float32)])
    def test_what_is_no_picture_is_refused(self, detector: ObjectDetector, picture: Picture) -> None:
        with pytest.raises(BadInput):
            detector.detect(picture)

    def test_what_is_unloaded_finds_again(self, detector: ObjectDetector) -> None:
        before = detector.detect(TWO_DARK)
        detector.unload()
        assert detector.detect(TWO_DARK) == before

    def test_threads_may_share_it(self, detector: ObjectDetector) -> None:
        expected, found = detector.detect(TWO_DARK), list[object]()
        threads = [threading.Thread(target=lambda: found.append(detector.detect(TWO_DARK))) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [expected] * 3


class TestTinyDetectors:
    def test_a_thing_is_found_once_where_it_is(self, tiny: ObjectDetector) -> None:
        [thing] = [each for each in tiny.detect(ONE_DARK) if each.probability > 0.5]
        assert_at(thing, 3, 2)

    def test_two_are_two(self, tiny: ObjectDetector) -> None:
        things = [each for each in tiny.detect(TWO_DARK) if each.probability > 0.5]
        assert len(things) == 2
        assert {each.label for each in things} <= {"person", "face"}

    def test_the_surest_comes_first(self, tiny: ObjectDetector) -> None:
        found = [each.probability for each in tiny.detect(spots({(3, 2): DARK, (9, 10): (100, 100, 100)}))]
        assert found == sorted(found, reverse=True)

    def test_a_thing_at_the_edge_does_not_reach_beyond_it(self, tiny: ObjectDetector) -> None:
        [thing, *others] = tiny.detect(spots({(0, 0): DARK}))
        assert max(thing.region.left, thing.region.top) < 0.05
        assert all(min(each.region.left, each.region.top) >= 0 for each in (thing, *others))

    def test_a_large_picture_has_the_same_things(self, tiny: ObjectDetector) -> None:
        [thing] = [each for each in tiny.detect(spots({(3, 2): DARK}, side=1664)) if each.probability > 0.5]
        assert_at(thing, 3, 2)

    def test_nothing_is_loaded_before_it_is_used_and_what_is_missing_is_named(self, tiny: ObjectDetector, tmp_path: Path) -> None:
        detector = OnnxDetector(tmp_path / "missing", SETTINGS)
        with pytest.raises(MissingModel, match=r"config\.json"):
            detector.detect(WALL)
        [graph] = [path for path in tmp_path.rglob("*.onnx") if "published" not in path.parts]
        graph.unlink()
        with pytest.raises(MissingModel, match=graph.name):
            tiny.detect(WALL)


@pytest.mark.parametrize("name", ["yolo", "d-fine"])
def test_things_have_the_names_that_coco_gives_them(name: str, tmp_path: Path) -> None:
    detector = OnnxDetector(folder_of(name, tmp_path), SETTINGS)
    assert detector.labels == {"person", "dining table"}
    assert {each.label for each in detector.detect(spots({(3, 2): DARK, (9, 10): BLUE}))} == {"person", "dining table"}


def assert_at(thing: DetectedThing, column: int, row: int) -> None:
    """Compare the middle with that of a cell."""
    region = thing.region
    assert abs(region.left + region.width / 2 - (column + 0.5) / 13) < 0.03
    assert abs(region.top + region.height / 2 - (row + 0.5) / 13) < 0.03
    assert abs(region.width - 1 / 13) < 0.03
