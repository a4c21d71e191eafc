"""What every detecting network does, and which one a folder holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from assistant.engines.detection.boxes import Boxes
from assistant.engines.detection.centerface import CenterFaceNetwork
from assistant.engines.detection.detr import DetrNetwork
from assistant.engines.detection.yolo import YoloNetwork
from assistant.engines.onnx.session import FETCH_AGAIN, SessionSettings
from assistant.messages import Picture
from assistant.problems import DamagedModel, MissingModel, shorten
from assistant.translatable import in_english


class Network(Protocol):
    """Finds boxes in one picture. Safe from several threads."""

    @property
    def most_overlap(self) -> float:
        """Return the intersection over union above which two of its boxes stand for one thing."""
        ...

    def find(self, picture: Picture, floor: float) -> Boxes:
        """Return the boxes in uint8 [H, W, 3] that score at least `floor`, several for a thing maybe. DamagedModel if the graph fails."""
        ...


_KINDS: dict[str, Callable[[Path, SessionSettings, dict[str, Any]], Network]] = {
    "yolov4": YoloNetwork,
    "centerface": CenterFaceNetwork,
    "d_fine": DetrNetwork,
    "rt_detr": DetrNetwork,
    "rt_detr_v2": DetrNetwork,
}
"""By "model_type" of a folder's config.json, as transformers calls them where it knows them."""


_TODAY = {
    "aeroplane": "airplane",
    "diningtable": "dining table",
    "motorbike": "motorcycle",
    "pottedplant": "potted plant",
    "sofa": "couch",
    "tvmonitor": "tv",
}
"""COCO's names of what Darknet's lists and D-FINE's call by the names of Pascal VOC."""


def open_network(folder: Path, settings: SessionSettings) -> Network:
    """Load the network of a folder. MissingModel if a file isn't there, DamagedModel if it can't be used."""
    config = read_config(folder)
    kind = str(config.get("model_type"))
    if kind not in _KINDS:
        raise DamagedModel(
            "the model file {path} {what}",
            in_english(f"use one of {', '.join(_KINDS)}"),
            path=_config(folder),
            what=f"is of the unknown kind {shorten(kind, 40)}",
        )
    try:
        return _KINDS[kind](folder, settings, config)
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedModel(
            "the model file {path} {what}", FETCH_AGAIN, path=_config(folder), what=f"can't be used ({shorten(str(error), 100)})"
        ) from error


def read_config(folder: Path) -> dict[str, Any]:
    """Return what config.json says. MissingModel if it isn't there, DamagedModel if it is none."""
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise MissingModel("the model file {path} is missing", FETCH_AGAIN, path=shorten(path)) from error
    except ValueError as error:
        raise DamagedModel("the model file {path} {what}", FETCH_AGAIN, path=_config(folder), what="is no JSON") from error
    if not isinstance(config, dict):
        raise DamagedModel("the model file {path} {what}", FETCH_AGAIN, path=_config(folder), what="is no table")
    return config


def read_labels(folder: Path, config: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of what the network of a folder finds, by their numbers from 0. DamagedModel where its config names none."""
    names = config.get("id2label")
    numbers = [str(number) for number in range(len(names))] if isinstance(names, dict) else []
    if not isinstance(names, dict) or not numbers or names.keys() != {*numbers}:
        raise DamagedModel("the model file {path} {what}", FETCH_AGAIN, path=_config(folder), what="names nothing that can be found")
    return tuple(_TODAY.get(str(names[number]), str(names[number])) for number in numbers)


def _config(folder: Path) -> str:
    return shorten(folder / "config.json")
