"""Measures the detectors on photographs whose things are known, beside OpenCV's finder of people.

    python -m assistant.benchmarks.detection --data DIR [--limit N] [--model NAME] [--peer PYTHON] [--fit] [--json]

YOLOv4-tiny was trained on COCO's train2017. Of DIR/coco_small the pictures with captions are of val2017, which it hasn't seen; of
DIR/people it has seen most, and its figures there say so. Thresholds and curves are fitted to one half of the unseen pictures and
reported of the other.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from assistant.assembly import DETECTOR
from assistant.benchmarks.detection_measures import (
    Seen,
    average_precision,
    calibration_table,
    counted_exactly,
    fit_curve,
    judge,
    people_found,
    people_there,
    said_nobody,
)
from assistant.benchmarks.figures import resident_mb
from assistant.benchmarks.labelled_pictures import (
    PERSON,
    LabelledPicture,
    boxed_pictures,
    captioned_names,
    pictures_of_nobody,
    pictures_with_counts,
)
from assistant.engines.detection.calibration import OTHER, logit
from assistant.engines.detection.detector import OnnxDetector
from assistant.engines.detection.network import read_config
from assistant.engines.onnx.session import SessionSettings
from assistant.interfaces import ObjectDetector
from assistant.messages import DetectedThing, Picture, Region
from assistant.store.model_store import ModelStore, models_dir

LEAST_AREA = 0.02
"""Share of the picture from which a person is counted where small ones aren't."""
COMMON_FROM = 10
"""Things of a name in the measured pictures from which the name counts as common."""
FRAME = (1280, 720)
_FRAMES = 40
_SURE = tuple(round(0.05 * step, 2) for step in range(2, 20))


def main() -> None:
    """Print what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=300, help="pictures of each set at most")
    parser.add_argument("--model", default=DETECTOR)
    parser.add_argument("--peer", help="a Python with OpenCV 4 (opencv-python-headless<5), which runs hog_people.py")
    parser.add_argument("--fit", action="store_true", help="print calibration.toml for the model instead, fitted to the half for fitting")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    folder = ModelStore(models_dir()).folder(arguments.model)
    if arguments.fit:
        print(fitted_curves(folder, arguments.data, arguments.limit))
        return
    figures: dict[str, Any] = {"cost": cost(folder)}  # first, while this process holds nothing else
    figures |= accuracy(OnnxDetector(folder, SessionSettings(spin=False)), arguments.data, arguments.limit)
    if arguments.peer:
        figures["HOG"] = accuracy(HogPeople(arguments.peer), arguments.data, arguments.limit)
    print(json.dumps(figures, indent=None if arguments.json else 1))


def accuracy(detector: ObjectDetector, data: Path, limit: int) -> dict[str, Any]:
    """Return the figures of one detector."""
    unseen = captioned_names(data / "coco_small")
    fit = _see(detector, boxed_pictures(data / "coco_small", "fit", limit, unseen))
    coco = _see(detector, boxed_pictures(data / "coco_small", "report", limit, unseen))
    people = _see(detector, boxed_pictures(data / "people", "report", limit))
    flickr = _see(detector, pictures_with_counts(data / "flickr8k", limit))
    grocery = _see(detector, pictures_of_nobody(data / "grocery", limit, "dev"))
    imagenet = _see(detector, pictures_of_nobody(data / "imagenet_samples", limit))
    there = Counter(name for each in coco for name, _ in each.labelled.things)
    common = [name for name, count in there.items() if count >= COMMON_FROM and name in detector.labels]
    each_name = {name: round(average_precision(coco, name) or 0.0, 3) for name in sorted(common)}
    sure_from = best_for_counting(fit)
    nobody = {"COCO": [each for each in coco if not each.labelled.people], "grocery": grocery, "ImageNet (not checked)": imagenet}
    somebody = [each for each in coco if each.labelled.people]
    return {
        "pictures": {"COCO unseen": len(coco), "people (seen in training)": len(people), "Flickr8k": len(flickr)},
        "AP50 person": {"COCO unseen": average_precision(coco, PERSON), "people (seen in training)": average_precision(people, PERSON)},
        "AP50 common things": {"mean": round(float(np.mean(list(each_name.values()))), 3), "each": each_name},
        "counting": {
            "sure from (fitted)": sure_from,
            "COCO unseen": counted_exactly(coco, sure_from),
            f"COCO unseen, people of {LEAST_AREA:.0%} and more": counted_exactly(coco, sure_from, least_area=LEAST_AREA),
            "people (seen in training)": counted_exactly(people, sure_from),
            f"people, of {LEAST_AREA:.0%} and more": counted_exactly(people, sure_from, least_area=LEAST_AREA),
            "Flickr8k, as captions tell": counted_exactly(flickr, sure_from, least_area=LEAST_AREA),
        },
        "nobody said where nobody is": {name: {sure: said_nobody(seen, sure) for sure in (0.3, 0.5, 0.7)} for name, seen in nobody.items()},
        "nobody said where somebody is (COCO)": {sure: said_nobody(somebody, sure) for sure in (0.3, 0.5, 0.7)},
        "probabilities": {"person": calibration_table(judge(coco, PERSON)), "all": calibration_table(judge(coco))},
    }


def best_for_counting(seen: Sequence[Seen]) -> float:
    """Return from which probability on people are counted exactly most often."""
    counted = [each for each in seen if 1 <= people_there(each, LEAST_AREA) <= 4]
    right = {sure: sum(people_found(each, sure, LEAST_AREA) == people_there(each, LEAST_AREA) for each in counted) for sure in _SURE}
    return max(_SURE, key=lambda sure: right[sure])


def fitted_curves(folder: Path, data: Path, limit: int) -> str:
    """Return a model's part of calibration.toml, fitted to the half for fitting: a curve for people and one for all other things."""
    detector = OnnxDetector(folder, SessionSettings(spin=False), curves={})
    seen = _see(detector, boxed_pictures(data / "coco_small", "fit", limit, captioned_names(data / "coco_small")))
    lines = []
    for name, labels in ((PERSON, {PERSON}), (OTHER, detector.labels - {PERSON})):
        judged = [each for label in sorted(labels) for each in judge(seen, label)]
        slope, offset = fit_curve([logit(each.probability) for each in judged], [each.is_right for each in judged])
        lines.append(f"{name} = {{ slope = {slope:.3f}, offset = {offset:.3f} }}  # {len(judged)} boxes")
    return "\n".join([f"[{read_config(folder)['model_type']}]", *lines])


def cost(folder: Path) -> dict[str, Any]:
    """Return what a frame costs: alone on all cores, and as live beside a program that keeps one core busy."""
    frame = np.random.default_rng(0).integers(0, 255, (FRAME[1], FRAME[0], 3), dtype=np.uint8)
    before = resident_mb()
    detector = OnnxDetector(folder, SessionSettings(spin=False))
    alone, processor = _ms_each(detector, frame)
    memory = resident_mb() - before
    busy = multiprocessing.Process(target=_keep_busy, daemon=True)
    busy.start()
    beside, _ = _ms_each(OnnxDetector(folder, SessionSettings.beside_audio()), frame)
    busy.kill()
    figures = {"ms a frame of 1280 x 720": alone, "ms of a processor": processor, "frames/s beside a busy core": 1000 / beside}
    return {name: round(figure, 1) for name, figure in (figures | {"MB resident": memory}).items()}


class HogPeople:
    """Implements `interfaces.ObjectDetector` with hog_people.py; its sureness is a distance, squeezed into (0, 1)."""

    labels = frozenset({PERSON})

    def __init__(self, python: str) -> None:
        program = [python, str(Path(__file__).with_name("hog_people.py"))]
        self._process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def detect(self, picture: Picture) -> Sequence[DetectedThing]:
        """Return the people in uint8 [H, W, 3], the surest first."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            cv2.imwrite(file.name, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
            self._process.stdin.write(f"{file.name}\n")
            self._process.stdin.flush()
            rows = json.loads(self._process.stdout.readline())
        things = [DetectedThing(PERSON, sure / (1 + sure), Region(*place)) for sure, *place in rows]
        return sorted(things, key=lambda thing: -thing.probability)

    def unload(self) -> None:
        """Do nothing: it ends with this process."""


def _see(detector: ObjectDetector, pictures: Iterator[LabelledPicture]) -> list[Seen]:
    return [Seen(each, tuple(detector.detect(each.picture))) for each in pictures]


def _ms_each(detector: ObjectDetector, frame: Picture) -> tuple[float, float]:
    """Milliseconds that a frame takes, the median, and of a processor, the mean."""
    detector.detect(frame)
    times, processor_began = [], time.process_time()
    for _ in range(_FRAMES):
        began = time.perf_counter()
        detector.detect(frame)
        times.append(time.perf_counter() - began)
    return float(np.median(times)) * 1000, (time.process_time() - processor_began) / _FRAMES * 1000


def _keep_busy() -> None:
    while True:
        pass


if __name__ == "__main__":
    main()
