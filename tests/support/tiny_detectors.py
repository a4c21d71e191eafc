"""Makes tiny detectors in the published layouts, so that export, sessions and steps run in tests without anybody's weights.

A dark spot is the first thing that each of them knows, a blue one the second; all else is nothing. A face is a dark spot too.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx

from assistant.export.detectors import FACE_WEIGHTS, YOLO_WEIGHTS, build_centerface, build_yolov4_tiny
from assistant.export.graph import FLOAT, Graph
from assistant.messages import Picture

SPOT = 32
"""Side of a spot in a picture of 416 x 416: one cell of a network."""
DARK, BLUE = (0, 0, 0), (0, 0, 255)


def spots(places: dict[tuple[int, int], tuple[int, int, int]], side: int = 416) -> Picture:
    """Return a white uint8 [side, side, 3] with spots at some (column, row) of 13 x 13 cells, of a colour each."""
    picture, spot = np.full((side, side, 3), 255, np.uint8), SPOT * side // 416
    for (column, row), colour in places.items():
        picture[row * spot : (row + 1) * spot, column * spot : (column + 1) * spot] = colour
    return picture


def write_yolo_files(folder: Path) -> Path:
    """Write what the manifest yolov4-tiny-weights has: one convolution as large as a spot, and a head."""
    published = folder / YOLO_WEIGHTS
    published.mkdir(parents=True)
    published.joinpath("coco.names").write_text("person\ndiningtable\n", encoding="utf-8")
    layers = f"[convolutional]\nfilters=7\nsize={SPOT}\nstride={SPOT}\npad=0\nactivation=linear\n\n"
    head = f"[yolo]\nmask = 1\nanchors = 8,8,  {SPOT},{SPOT}\nclasses=2\nscale_x_y = 1.05\n"
    published.joinpath("yolov4-tiny.cfg").write_text(f"[net]\nwidth=416\n# of a test\n{layers}{head}", encoding="utf-8")
    kernel = np.zeros((7, 3, SPOT, SPOT), np.float32)
    kernel[4, 0], kernel[5, 2], kernel[6, 2] = (each / SPOT**2 for each in (-40.0, -40.0, 40.0))  # something; dark; blue
    bias = np.array([0, 0, 0, 0, 20, 20, -20], np.float32)
    header = np.array([0, 2, 5], np.int32).tobytes() + np.array([0], np.int64).tobytes()
    published.joinpath("yolov4-tiny.weights").write_bytes(header + bias.tobytes() + kernel.tobytes())
    return published


def write_yolo_folder(folder: Path) -> Path:
    """Write what yolov4-tiny has."""
    write_yolo_files(folder / "published")
    made = folder / "yolov4-tiny"
    made.mkdir()
    build_yolov4_tiny(folder / "published", made, lambda _: None)
    return made


def write_face_files(folder: Path) -> Path:
    """Write what the manifest centerface-weights has: a graph for ten pictures of 32 x 32, whose values have numbers for names."""
    published = folder / FACE_WEIGHTS
    published.mkdir(parents=True)
    graph = Graph("faces")
    pixels = graph.input("input.1", FLOAT, [10, 3, 32, 32])
    red = graph.op("Gather", pixels, graph.weight("first", np.array([0], np.int64)), axis=1)
    light = graph.op("AveragePool", red, kernel_shape=[SPOT, SPOT], strides=[4, 4], pads=[14] * 4, count_include_pad=0)
    steep = graph.op("Mul", light, graph.weight("steep", np.array(-120 / 255, np.float32)))
    graph.op("Sigmoid", graph.op("Add", steep, graph.weight("middle", np.array(42, np.float32))), out="537")
    nothing = graph.op("Mul", light, graph.weight("zero", np.zeros((1, 2, 1, 1), np.float32)))
    graph.op("Add", nothing, graph.weight("size", np.log(np.array(SPOT / 4, np.float32))), out="538")
    graph.op("Identity", nothing, out="539")
    graph.op("Concat", *[nothing] * 5, axis=1, out="540")  # eyes and nose fall together
    for name, channels in (("537", 1), ("538", 2), ("539", 2), ("540", 10)):
        graph.output(name, FLOAT, [10, channels, 8, 8])
    onnx.save(graph.model(), published / "centerface.onnx")
    return published


def write_face_folder(folder: Path) -> Path:
    """Write what centerface has."""
    write_face_files(folder / "published")
    made = folder / "centerface"
    made.mkdir()
    build_centerface(folder / "published", made, lambda _: None)
    return made


def write_detr_folder(folder: Path, model_type: str = "d_fine") -> Path:
    """Write what transformers' exports of D-FINE and RT-DETR hold; it looks at 20 x 20 places of its 640 x 640 pixels."""
    made = folder / model_type
    (made / "onnx").mkdir(parents=True)
    labels = {"id2label": {"0": "person", "1": "diningtable"}}
    made.joinpath("config.json").write_text(json.dumps({"model_type": model_type, **labels}), encoding="utf-8")
    graph, cells = Graph("detr"), 640 // SPOT
    pixels = graph.input("pixel_values", FLOAT, ["batch_size", 3, "height", "width"])
    colours = graph.op("AveragePool", pixels, kernel_shape=[SPOT, SPOT], strides=[SPOT, SPOT])
    rows = graph.op("Transpose", graph.op("Reshape", colours, graph.ints(-1, 3, cells**2)), perm=[0, 2, 1])
    weights = graph.weight("weights", np.array([[-40, -40], [0, 0], [-40, 40]], np.float32))
    graph.op("Add", graph.op("MatMul", rows, weights), graph.weight("bias", np.array([20, -20], np.float32)), out="logits")
    across, down = np.meshgrid(*[(np.arange(cells) + 0.5) / cells] * 2)
    places = np.stack([across, down, *[np.full_like(across, SPOT / 416)] * 2], axis=-1).reshape(1, -1, 4)
    graph.op("Identity", graph.weight("places", places.astype(np.float32)), out="pred_boxes")
    graph.output("logits", FLOAT, ["batch_size", "things", 2])
    graph.output("pred_boxes", FLOAT, ["batch_size", "things", 4])
    graph.save(made / "onnx" / "model.onnx")
    return made
