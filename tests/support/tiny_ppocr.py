"""Makes tiny networks in PP-OCR's layout, so that its sessions and steps run in tests without its weights.

Dark bars are text: the detector marks what is dark, and the recogniser reads a bar as one character.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

from assistant.export.graph import FLOAT, Graph
from assistant.messages import Picture

STEP = 8


def bars(tops: list[int], width: int = 320, height: int = 240) -> Picture:
    """Return a white uint8 [H, W, 3] with a dark bar of 120 x 24 pixels at each height."""
    picture = np.full((height, width, 3), 255, np.uint8)
    for top in tops:
        picture[top : top + 24, 40:160] = 0
    return picture


def write_ppocr_folder(folder: Path, character: str = "a", sureness: float = 20.0) -> Path:
    """Write what ppocr-v6 has; its recogniser reads each bar as `character`, the less sure the smaller `sureness` is."""
    folder.mkdir(parents=True)
    detector = Graph("detector")
    dark = detector.op("Neg", detector.op("ReduceMean", _pixels(detector), detector.ints(1), keepdims=1))
    detector.op("Sigmoid", detector.op("Mul", dark, detector.weight("steep", np.array([20.0], np.float32))), out="maps")
    detector.output("maps", FLOAT, ["n", 1, "h", "w"])
    detector.save(folder / "detection.onnx")
    direction = Graph("direction")
    mean = direction.op("ReduceMean", _pixels(direction), direction.ints(1, 2, 3), keepdims=0)
    none = direction.op("Mul", mean, direction.weight("nothing", np.array([0.0], np.float32)))
    upright = direction.op("Unsqueeze", none, direction.ints(1))
    direction.op("Softmax", direction.op("Add", upright, direction.weight("bias", np.array([[9, 0]], np.float32))), axis=1, out="ways")
    direction.output("ways", FLOAT, ["n", 2])
    direction.save(folder / "direction.onnx")
    model = _recognizer([character], sureness).model()
    onnx.helper.set_model_props(model, {"character": character})
    onnx.save(model, folder / "recognition.onnx")
    return folder


def write_script_folder(folder: Path, characters: str) -> Path:
    """Write a recogniser for another script as PaddleOCR's repositories on the hub hold it; it reads each bar as the first character."""
    folder.mkdir(parents=True)
    _recognizer(list(characters), 20.0).save(folder / "inference.onnx")
    listed = "".join(f"  - '{character}'\n" for character in characters)
    text = f"Global:\n  model_name: tiny\nPostProcess:\n  name: CTCLabelDecode\n  character_dict:\n{listed}"
    (folder / "inference.yml").write_text(text, encoding="utf-8")
    return folder


def _recognizer(characters: list[str], sureness: float) -> Graph:
    """Dark steps are of class 1, light ones blank."""
    graph = Graph("recognizer")
    dark = graph.op("Neg", _pixels(graph, 48))
    rows = graph.op("MaxPool", dark, kernel_shape=[48, STEP], strides=[48, STEP])  # [n, 3, 1, steps]
    steps = graph.op("Transpose", graph.op("Squeeze", rows, graph.ints(2)), perm=[0, 2, 1])  # [n, steps, 3]
    matrix = np.zeros((3, len(characters) + 2), np.float32)
    matrix[:, 0], matrix[:, 1] = -sureness, sureness
    graph.op("Softmax", graph.op("MatMul", steps, graph.weight("classes", matrix)), axis=2, out="characters")
    graph.output("characters", FLOAT, ["n", "steps", len(characters) + 2])
    return graph


def _pixels(graph: Graph, height: int | str = "h") -> str:
    return graph.input("x", FLOAT, ["n", 3, height, "w"])
