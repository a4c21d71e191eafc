"""Finds things in pictures with a detecting network on onnxruntime, and tells how likely each of them is."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.engines.detection.boxes import region_of, thin_out
from assistant.engines.detection.calibration import OTHER, Curve, Curves, curves_of
from assistant.engines.detection.network import Network, open_network, read_config, read_labels
from assistant.engines.onnx.session import SessionSettings, trim_heap
from assistant.engines.picture_checks import check_picture
from assistant.messages import DetectedThing, Picture

LEAST_SCORE = 0.01
"""Of the network; a box below it isn't looked at, which saves time where there is little to see."""
LEAST_PROBABILITY = 0.05
"""Below it a thing isn't told: it is there in fewer than one of twenty cases."""


class OnnxDetector:
    """Implements `interfaces.ObjectDetector`. Its network runs once at a time, so that threads don't add to its memory."""

    def __init__(self, folder: Path, settings: SessionSettings | None = None, curves: Curves | None = None) -> None:
        """Take note of the folder; nothing is loaded yet.

        Args:
            folder: with config.json and a graph, as network.py knows them.
            settings: of the session.
            curves: from scores to probabilities; None = those that were measured of this kind of network.
        """
        self._curves = curves
        self._folder = folder
        self._settings = settings or SessionSettings(spin=False)
        self._config: dict[str, Any] = {}
        self._labels: tuple[str, ...] = ()
        self._network: Network | None = None
        self._lock = threading.Lock()

    @property
    def labels(self) -> frozenset[str]:
        """Return the names of what it can find. Raises MissingModel or DamagedModel."""
        return frozenset(self._names())

    def detect(self, picture: Picture) -> Sequence[DetectedThing]:
        """Return what stands in uint8 [H, W, 3], the surest first, each thing once; nothing less probable than LEAST_PROBABILITY.

        Raises MissingModel, DamagedModel, or BadInput for what is no picture.
        """
        check_picture(picture, "things can't be found")
        names = self._names()
        with self._lock:
            if self._network is None:
                self._network = open_network(self._folder, self._settings)
            boxes = thin_out(self._network.find(picture, LEAST_SCORE), self._network.most_overlap)
        found = zip(boxes.corners, boxes.scores, boxes.labels, strict=True)
        things = (DetectedThing(names[label], self._curve(names[label]).probability(score), region_of(box)) for box, score, label in found)
        return sorted((each for each in things if each.probability >= LEAST_PROBABILITY), key=lambda each: -each.probability)

    def unload(self) -> None:
        """Free the network until the next call."""
        with self._lock:
            self._network = None
        trim_heap()

    def _curve(self, name: str) -> Curve:
        curves = curves_of(str(self._config["model_type"])) if self._curves is None else self._curves
        return curves.get(name) or curves.get(OTHER) or Curve()

    def _names(self) -> tuple[str, ...]:
        if not self._labels:
            self._config = read_config(self._folder)
            self._labels = read_labels(self._folder, self._config)
        return self._labels
