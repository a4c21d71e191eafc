"""Published detectors: what the graphs made of them compute, and that what can't be read says what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.engines.onnx.session import OnnxGraph
from assistant.export.darknet_file import read_layers
from assistant.export.darknet_graph import detector_graph, heads_of
from assistant.export.detectors import build_centerface, build_yolov4_tiny
from assistant.problems import DamagedModel
from tests.support.tiny_detectors import write_face_files, write_yolo_files

NETWORK = """[net]
width=64
[convolutional]
batch_normalize=1
filters=4
size=3
stride=2
pad=1
activation=leaky
[route]
layers=-1
groups=2
group_id=1
[maxpool]
size=2
stride=2
[upsample]
stride=2
[route]
layers = -1,-4
[convolutional]
filters=7
size=1
stride=1
pad=1
activation=linear
[yolo]
mask = 0
anchors = 10,14
classes=2
"""


def write_network(folder: Path, network: str = NETWORK) -> tuple[Path, Path, np.random.Generator]:
    """A network with every layer that is known; its numbers are random."""
    chance = np.random.default_rng(1)
    (folder / "a.cfg").write_text(network)
    first = [*chance.normal(size=12), *chance.uniform(0.5, 2, 4), *chance.normal(size=4 * 27)]
    numbers = np.array([*first, *chance.normal(size=7), *chance.normal(size=7 * 6)], np.float32)
    (folder / "a.weights").write_bytes(bytes(20) + numbers.tobytes())
    return folder / "a.cfg", folder / "a.weights", chance


def test_a_graph_computes_what_its_layers_say(tmp_path: Path) -> None:
    network, weights, chance = write_network(tmp_path)
    detector_graph(network, weights).save(tmp_path / "a.onnx")
    picture = chance.uniform(0, 1, (1, 3, 8, 12)).astype(np.float32)
    [head] = OnnxGraph(tmp_path / "a.onnx").run({"picture": picture}, ["head_0"])
    np.testing.assert_allclose(head[0], plain(np.fromfile(weights, np.float32, offset=20), picture[0]), atol=1e-4)
    assert heads_of(network) == [{"stride": 2, "anchors": [[10, 14]], "stretch": 1.0}]


def plain(numbers: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """The same, one cell after the other."""
    bias, scale, mean, variance = numbers[:16].reshape(4, 4)
    kernel = numbers[16:124].reshape(4, 3, 3, 3)
    padded = np.pad(picture, [(0, 0), (1, 1), (1, 1)])
    rows, columns = picture.shape[1] // 2, picture.shape[2] // 2
    first = np.zeros((4, rows, columns))
    for row in range(rows):
        for column in range(columns):
            window = padded[:, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
            first[:, row, column] = (kernel * window).sum(axis=(1, 2, 3))
    first = (first - mean[:, None, None]) / np.sqrt(variance + 1e-5)[:, None, None] * scale[:, None, None] + bias[:, None, None]
    first = np.where(first > 0, first, 0.1 * first)
    pooled = first[2:].reshape(2, rows // 2, 2, columns // 2, 2).max(axis=(2, 4))
    joined = np.concatenate([pooled.repeat(2, axis=1).repeat(2, axis=2), first])
    return np.asarray(np.einsum("oi,ihw->ohw", numbers[131:].reshape(7, 6), joined) + numbers[124:131][:, None, None])


@pytest.mark.parametrize("change", [lambda b: b[:-4], lambda b: b + bytes(4), lambda b: b[:10]])
def test_weights_of_another_network_are_refused(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    network, weights, _ = write_network(tmp_path)
    weights.write_bytes(change(weights.read_bytes()))
    with pytest.raises(ValueError, match="too early|holds more"):
        detector_graph(network, weights)


@pytest.mark.parametrize("network", ["[net]\n[dropout]\n", "[net]\n[convolutional]\nactivation=mish\n", "no network", ""])
def test_networks_that_are_not_known_are_refused(tmp_path: Path, network: str) -> None:
    path, weights, _ = write_network(tmp_path, network)
    with pytest.raises(ValueError):
        detector_graph(path, weights)


def test_comments_and_spaces_are_no_options(tmp_path: Path) -> None:
    (tmp_path / "a.cfg").write_text("# of a test\n[net]\n\n[route]\n layers = -1, 2 # both\n")
    [layer] = read_layers(tmp_path / "a.cfg")
    assert (layer.kind, layer.numbers("layers"), layer.number("groups", 1)) == ("route", [-1, 2], 1)


@pytest.mark.parametrize(("write", "build"), [(write_yolo_files, build_yolov4_tiny), (write_face_files, build_centerface)])
def test_every_damaged_or_missing_file_says_what_to_do(
    write: Callable[[Path], Path], build: Callable[[Path, Path, Callable[[str], None]], None], tmp_path: Path
) -> None:
    published, made = write(tmp_path), tmp_path / "made"
    made.mkdir()
    build(tmp_path, made, lambda _: None)
    assert json.loads((made / "config.json").read_text())["id2label"]
    for path in sorted(published.iterdir()):
        content = path.read_bytes()
        for damage in (None, b"\xff\x00damaged" * 50) if path.name != "coco.names" else (None,):
            path.unlink()
            if damage is not None:
                path.write_bytes(damage)
            with pytest.raises(DamagedModel, match="assistant setup"):
                build(tmp_path, made, lambda _: None)
            path.write_bytes(content)
