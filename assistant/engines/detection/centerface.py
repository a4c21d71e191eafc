"""Runs CenterFace (Xu et al. 2019, https://arxiv.org/abs/1911.03599), which finds faces, as export/detectors.py writes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from assistant.engines.detection.boxes import Boxes, Floats, corners_around, resized, size_with_area, thin_out
from assistant.engines.onnx.session import OnnxGraph, SessionSettings
from assistant.messages import Picture

SIDE = 416
"""Side of a square with as many pixels as the network is given."""
_PIXELS_STRIDE = 32
_STRIDE = 4
"""Pixels between two cells of the maps."""
_OUTPUTS = ("heatmap", "scale", "offset", "landmarks")
_CHANNELS = (1, 2, 2, 10)
_EYE, _OTHER_EYE, _NOSE = 0, 1, 2
"""Places of the landmarks; after them come the corners of the mouth."""
MOST_TURNED = 0.2
"""How far from the middle between the eyes the nose may be, as a share of their distance: a nose stands out by about half of that
distance, so this is a head turned by some 25 degrees."""
LEAST_APART = 0.25
"""Distance of the eyes, as a share of the face's width: from the side they fall together."""


class CenterFaceNetwork:
    """Implements `network.Network`."""

    most_overlap = 0.3

    def __init__(self, folder: Path, settings: SessionSettings, config: dict[str, Any]) -> None:
        """Load detection.onnx. MissingModel or DamagedModel, or ValueError for a bad config."""
        self._side = int(config.get("side", SIDE))
        self._graph = OnnxGraph(folder / "detection.onnx", settings)
        self._graph.input("picture", (None, 3, None, None), np.float32)
        for name, channels in zip(_OUTPUTS, _CHANNELS, strict=True):
            self._graph.output(name, (None, channels, None, None), np.float32)

    def find(self, picture: Picture, floor: float) -> Boxes:
        """Return the faces that score at least `floor`, labelled 1 if they are turned to the camera. DamagedModel if the graph fails."""
        width, height = size_with_area(picture, self._side, _PIXELS_STRIDE)
        pixels = cv2.dnn.blobFromImage(resized(picture, width, height))
        heat, scale, offset, landmarks = (each[0] for each in self._graph.run({"picture": pixels}, _OUTPUTS))
        row, column = np.nonzero(heat[0] >= floor)
        # The maps tell what is down before what is across.
        middles = np.stack([column + offset[1, row, column] + 0.5, row + offset[0, row, column] + 0.5], axis=1) * _STRIDE
        sizes = np.exp(np.minimum(np.stack([scale[1, row, column], scale[0, row, column]], axis=1), 20)) * _STRIDE
        corners = corners_around(middles, sizes) / np.array([width, height] * 2, np.float32)
        points = landmarks[:, row, column].T.reshape(-1, 5, 2)[:, :, ::-1] * sizes[:, None]  # [n, 5, 2] pixels from the box's corner
        turned_here = is_turned_here(points, sizes[:, 0])
        everything = Boxes(corners.astype(np.float32), heat[0, row, column].astype(np.float32), np.arange(len(row)))
        faces = thin_out(everything, self.most_overlap, across_labels=True)
        return Boxes(faces.corners, faces.scores, turned_here[faces.labels].astype(np.intp))


def is_turned_here(points: Floats, widths: Floats) -> npt.NDArray[np.bool_]:
    """Tell of faces which are turned to the camera: bool [n].

    Args:
        points: float32 [n, 5, 2], x and y of the eyes, the nose and the corners of the mouth, in pixels.
        widths: float32 [n], of the faces, in pixels.
    """
    between = points[:, _OTHER_EYE] - points[:, _EYE]
    squared = np.maximum(np.square(between).sum(axis=1), 1e-6)
    along = ((points[:, _NOSE] - points[:, _EYE]) * between).sum(axis=1) / squared  # 0 at one eye, 1 at the other
    return np.asarray((np.abs(along - 0.5) <= MOST_TURNED) & (np.sqrt(squared) >= LEAST_APART * widths))
