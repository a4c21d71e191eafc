"""Runs YOLOv4-tiny (Bochkovskiy et al. 2020, https://arxiv.org/abs/2004.10934) as export/detectors.py writes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from assistant.engines.detection.boxes import Boxes, Floats, corners_around, resized, size_with_area
from assistant.engines.onnx.session import OnnxGraph, SessionSettings
from assistant.messages import Picture

SIDE = 416
"""Side of a square with as many pixels as the network is given."""


@dataclass(frozen=True, eq=False)
class _Head:
    stride: int
    anchors: Floats
    """[anchors, 2]: width and height in pixels."""
    stretch: float
    """Of what a cell says of its middle, so that a middle can lie on the cell's edge."""


class YoloNetwork:
    """Implements `network.Network`."""

    most_overlap = 0.45

    def __init__(self, folder: Path, settings: SessionSettings, config: dict[str, Any]) -> None:
        """Load detection.onnx. MissingModel, DamagedModel, or KeyError, TypeError or ValueError for a config that isn't of such a one."""
        heads, labels = config["heads"], len(config["id2label"])
        self._heads = [_Head(int(each["stride"]), np.array(each["anchors"], np.float32), float(each["stretch"])) for each in heads]
        self._side = int(config.get("side", SIDE))
        self._graph = OnnxGraph(folder / "detection.onnx", settings)
        self._graph.input("picture", (None, 3, None, None), np.float32)
        for number, head in enumerate(self._heads):
            self._graph.output(f"head_{number}", (None, len(head.anchors) * (5 + labels), None, None), np.float32)

    def find(self, picture: Picture, floor: float) -> Boxes:
        """Return what scores at least `floor`. DamagedModel if the graph fails."""
        width, height = size_with_area(picture, self._side, max(head.stride for head in self._heads))
        pixels = cv2.dnn.blobFromImage(resized(picture, width, height), 1 / 255)
        maps = self._graph.run({"picture": pixels}, [f"head_{number}" for number in range(len(self._heads))])
        return Boxes.joined(_read_head(map_[0], head, floor, width, height) for map_, head in zip(maps, self._heads, strict=True))


def _read_head(numbers: Floats, head: _Head, floor: float, width: int, height: int) -> Boxes:
    """The boxes of one head's map [anchors * (4 + 1 + classes), rows, columns]."""
    rows, columns = numbers.shape[1:]
    cells = numbers.reshape(len(head.anchors), -1, rows, columns)
    anchor, row, column = np.nonzero(_sigmoid(cells[:, 4]) >= floor)
    chosen = cells[anchor, :, row, column]  # [n, 4 + 1 + classes]
    likeliest = chosen[:, 5:].argmax(axis=1)
    scores = _sigmoid(chosen[:, 4]) * _sigmoid(chosen[np.arange(len(chosen)), 5 + likeliest])
    middles = _sigmoid(chosen[:, :2]) * head.stretch - (head.stretch - 1) / 2 + np.stack([column, row], axis=1)
    sizes = np.exp(np.minimum(chosen[:, 2:4], 20)) * head.anchors[anchor]  # a bound, for damaged weights
    picture_size = np.array([width, height], np.float32)
    corners = corners_around(middles * head.stride / picture_size, sizes / picture_size)
    return Boxes(corners.astype(np.float32), scores, likeliest)[scores >= floor]


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * values), np.float32)
