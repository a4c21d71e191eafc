"""Runs detection transformers as transformers exports them: D-FINE (https://arxiv.org/abs/2410.13842), RT-DETR (2304.08069) and its v2.

They find each thing once, so that what is thinned out afterwards is what the network itself was unsure of.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from assistant.engines.detection.boxes import Boxes, corners_around, resized
from assistant.engines.onnx.session import OnnxGraph, SessionSettings
from assistant.messages import Picture

SIDE = 640
"""Pixels a side that they were trained with; pictures are stretched to it."""


class DetrNetwork:
    """Implements `network.Network`."""

    most_overlap = 0.7

    def __init__(self, folder: Path, settings: SessionSettings, config: dict[str, Any]) -> None:
        """Load onnx/model.onnx. MissingModel or DamagedModel, or KeyError for a config that names no labels."""
        labels = len(config["id2label"])
        self._graph = OnnxGraph(folder / "onnx" / "model.onnx", settings)
        shape = self._graph.input("pixel_values", (None, 3, None, None), np.float32).shape
        self._height, self._width = shape[2] or SIDE, shape[3] or SIDE
        self._graph.refuse_other_inputs(["pixel_values"])
        self._graph.output("logits", (None, None, labels), np.float32)
        self._graph.output("pred_boxes", (None, None, 4), np.float32)

    def find(self, picture: Picture, floor: float) -> Boxes:
        """Return what scores at least `floor`. DamagedModel if the graph fails."""
        pixels = cv2.dnn.blobFromImage(resized(picture, self._width, self._height), 1 / 255)
        logits, boxes = (each[0] for each in self._graph.run({"pixel_values": pixels}, ["logits", "pred_boxes"]))
        scores = 0.5 + 0.5 * np.tanh(0.5 * logits)  # [things, labels]
        thing, label = np.nonzero(scores >= floor)
        corners = corners_around(boxes[:, :2], boxes[:, 2:])  # the network tells shares of the picture
        return Boxes(corners[thing].astype(np.float32), scores[thing, label].astype(np.float32), label)
