"""Runs CenterFace (Xu et al. 2019, https://arxiv.org/abs/1911.03599), which finds faces, as export/detectors.py writes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from assistant.engines.detection.boxes import Boxes, corners_around, resized, size_with_area
from assistant.engines.onnx.session import OnnxGraph, SessionSettings
from assistant.messages import Picture

SIDE = 416
"""Side of a square with as many pixels as the network is given."""
_PIXELS_STRIDE = 32
_STRIDE = 4
"""Pixels between two cells of the maps."""
_OUTPUTS = ("heatmap", "scale", "offset")


class CenterFaceNetwork:
    """Implements `network.Network`."""

    most_overlap = 0.3

    def __init__(self, folder: Path, settings: SessionSettings, config: dict[str, Any]) -> None:
        """Load detection.onnx. MissingModel or DamagedModel, or ValueError for a bad config."""
        self._side = int(config.get("side", SIDE))
        self._graph = OnnxGraph(folder / "detection.onnx", settings)
        self._graph.input("picture", (None, 3, None, None), np.float32)
        for name, channels in zip(_OUTPUTS, (1, 2, 2), strict=True):
            self._graph.output(name, (None, channels, None, None), np.float32)

    def find(self, picture: Picture, floor: float) -> Boxes:
        """Return what scores at least `floor`. DamagedModel if the graph fails."""
        width, height = size_with_area(picture, self._side, _PIXELS_STRIDE)
        pixels = cv2.dnn.blobFromImage(resized(picture, width, height))
        heat, scale, offset = (each[0] for each in self._graph.run({"picture": pixels}, _OUTPUTS))
        row, column = np.nonzero(heat[0] >= floor)
        # The maps tell what is down before what is across.
        middles = np.stack([column + offset[1, row, column] + 0.5, row + offset[0, row, column] + 0.5], axis=1) * _STRIDE
        sizes = np.exp(np.minimum(np.stack([scale[1, row, column], scale[0, row, column]], axis=1), 20)) * _STRIDE
        corners = corners_around(middles, sizes) / np.array([width, height] * 2, np.float32)
        return Boxes(corners.astype(np.float32), heat[0, row, column].astype(np.float32), np.zeros(len(row), np.intp))
