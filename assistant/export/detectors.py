"""Makes the published detectors into what engines/detection reads: detection.onnx and config.json. Needs no network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx

from assistant.export.darknet_graph import detector_graph, heads_of
from assistant.export.graph import FLOAT
from assistant.messages import FACING
from assistant.problems import DamagedModel

YOLO_WEIGHTS = "yolov4-tiny-weights"
"""Name of the manifest of the published files; likewise below."""
FACE_WEIGHTS = "centerface-weights"
_FACE_OUTPUTS = {"537": ("heatmap", 1), "538": ("scale", 2), "539": ("offset", 2), "540": ("landmarks", 10)}
"""By the file's own names, which say nothing."""


def build_yolov4_tiny(sources: Path, destination: Path, report: Callable[[str], None]) -> None:
    """Write the detector whose files lie in `sources`/yolov4-tiny-weights. DamagedModel if they can't be read."""
    published = sources / YOLO_WEIGHTS
    network = published / "yolov4-tiny.cfg"
    try:
        names = (published / "coco.names").read_text(encoding="utf-8").split("\n")
        detector_graph(network, published / "yolov4-tiny.weights").save(destination / "detection.onnx")
        _write_config(destination, "yolov4", [name for name in names if name], heads=heads_of(network))
    except (FileNotFoundError, ValueError, LookupError) as error:
        raise _cannot_be_made("detector", YOLO_WEIGHTS, error) from error
    report("made the detector")


def build_centerface(sources: Path, destination: Path, report: Callable[[str], None]) -> None:
    """Write the detector whose file lies in `sources`/centerface-weights, for pictures of any size. DamagedModel if it can't be read."""
    try:
        model = onnx.load(sources / FACE_WEIGHTS / "centerface.onnx")
        _open_sizes(model.graph)
        onnx.checker.check_model(model)
    except Exception as error:  # protobuf's and onnx's errors have no common root
        raise _cannot_be_made("detector of faces", FACE_WEIGHTS, error) from error
    onnx.save(model, destination / "detection.onnx")
    _write_config(destination, "centerface", ["face", FACING])
    report("made the detector of faces")


def _open_sizes(graph: onnx.GraphProto) -> None:
    """Let a graph that was made for ten tiny pictures take one of any size, and name what it takes and gives."""
    [picture] = [each.name for each in graph.input if each.name not in {weight.name for weight in graph.initializer}][:1]
    names = {picture: "picture"} | {name: known for name, (known, _) in _FACE_OUTPUTS.items()}
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    missing = {known for known, _ in _FACE_OUTPUTS.values()} - {name for node in graph.node for name in node.output}
    if missing:
        raise ValueError(f"there is no output {min(missing)}")
    del graph.input[:], graph.output[:], graph.value_info[:]
    graph.input.append(onnx.helper.make_tensor_value_info("picture", FLOAT, ["n", 3, "h", "w"]))
    for name, channels in _FACE_OUTPUTS.values():
        graph.output.append(onnx.helper.make_tensor_value_info(name, FLOAT, ["n", channels, "rows", "columns"]))


def _write_config(folder: Path, model_type: str, names: list[str], **more: Any) -> None:
    """Write config.json with the names that transformers' files give its fields."""
    config = {"model_type": model_type, "id2label": {str(number): name for number, name in enumerate(names)}, **more}
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")


def _cannot_be_made(what: str, weights: str, error: Exception) -> DamagedModel:
    return DamagedModel(f"the {what} can't be made ({error})", f"run `assistant models remove {weights}`, then `assistant setup`")
