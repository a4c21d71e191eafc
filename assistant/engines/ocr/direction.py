"""Tells lines that stand on their head, by PP-OCR's direction classifier on onnxruntime."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from assistant.engines.ocr.detection import network_input
from assistant.engines.ocr.line_crops import LINE_HEIGHT
from assistant.engines.onnx.session import OnnxGraph, SessionSettings
from assistant.messages import Picture

WIDTH = 192
"""Pixels of a line's beginning that it looks at."""
_INPUT = "x"


class DirectionClassifier:
    """Looks at lines of uint8 [48, W, 3]. Safe from several threads."""

    def __init__(self, path: Path, settings: SessionSettings) -> None:
        """Load the graph. MissingModel or DamagedModel if that can't be done."""
        self._graph = OnnxGraph(path, settings, shrink=True)
        self._graph.input(_INPUT, (None, 3, None, None), np.float32)
        [self._output] = self._graph.outputs

    def upside_down_probability(self, line: Picture) -> float:
        """Return the probability, in [0, 1], that a line must be turned by 180 degrees to be read."""
        pixels = np.zeros((1, 3, LINE_HEIGHT, WIDTH), np.float32)
        beginning = network_input(line[:, :WIDTH])
        pixels[..., : beginning.shape[3]] = beginning
        [probabilities] = self._graph.run({_INPUT: pixels}, [self._output])  # [1, 2]
        return float(probabilities[0, 1])
