"""Measures whether things of the user's own are found again: cut out of photographs, turned, tilted and lit anew, on cluttered ones.

    python -m assistant.benchmarks.own_things --data DIR [--pictures N] [--json]

Of each of the things (DIR/imagenet_samples) three views are shown before a blurred ground, then it is asked for in a picture of five
things (DIR/coco_small behind them), and in one of four others without it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from assistant.assembly import open_describer, open_detector
from assistant.benchmarks.labelled_pictures import boxed_pictures, opened_pictures, read_rows
from assistant.instruments.my_things import MyThings
from assistant.messages import Ask, Frame, Keyframe, Picture, Region, View
from assistant.seeing.held_thing import held_thing, shrunk
from assistant.seeing.places import yaw_degrees
from assistant.settings import AnswerSettings, CameraSettings
from assistant.store.model_store import ModelStore, models_dir

THINGS = (
    "backpack", "bow tie", "cellular telephone", "digital watch", "hammer", "lotion", "mouse", "pitcher", "remote control", "sandal",
    "stethoscope", "teddy", "toaster", "vase", "water bottle", "wooden spoon", "soap dispenser", "spatula", "bucket", "syringe",
)  # fmt: skip
"""Classes of ImageNet; the limit was chosen on twenty others."""
WIDTH, HEIGHT = 640, 480
VIEWS, CLUTTER = 3, 4
HALF_HOUR_DEGREES = 15.0
_BLUR, _NOISE = 6.0, 4.0
Floats = npt.NDArray[np.float32]


class Stage:
    """Puts things on grounds."""

    def __init__(self, data: Path, seed: int = 5) -> None:
        self._random = np.random.default_rng(seed)
        self._grounds = [each.picture for each in boxed_pictures(data / "coco_small", "report", 200)]
        labels = {name: label for name, label in read_rows(data / "imagenet_samples" / "labels.tsv") if label in THINGS}
        self._cut = {labels[name]: _cut_out(picture) for name, picture in opened_pictures(data / "imagenet_samples", labels)}

    def view(self, thing: str) -> Picture:
        """Return a picture of one thing that is held before the camera."""
        ground = cv2.GaussianBlur(self._ground(), (0, 0), _BLUR)
        pixels, mask = self._turned(thing, int(self._random.integers(260, 340)))
        return self._pasted(ground, [(pixels, mask, WIDTH // 2, HEIGHT // 2)])[0]

    def scene(self, things: Sequence[str]) -> tuple[Picture, list[Region]]:
        """Return a picture of several things, and where each is."""
        slots = self._random.permutation(6)[: len(things)]
        placed = []
        for thing, slot in zip(things, slots, strict=True):
            pixels, mask = self._turned(thing, int(self._random.integers(110, 190)))
            x, y = self._random.integers(-20, 20, 2)
            placed.append((pixels, mask, 107 + 213 * (slot % 3) + int(x), 120 + 240 * (slot // 3) + int(y)))
        return self._pasted(self._ground(), placed)

    def _ground(self) -> Picture:
        ground = self._grounds[self._random.integers(len(self._grounds))]
        return np.asarray(cv2.resize(ground, (WIDTH, HEIGHT)), np.uint8)

    def _turned(self, thing: str, size: int) -> tuple[Floats, Floats]:
        """The thing as large as `size` pixels, turned by up to 25 degrees, tilted, brighter or darker, and its mask."""
        pixels, mask = self._cut[thing]
        height, width = mask.shape
        scale, side = size / max(height, width), int(np.hypot(height, width) * size / max(height, width)) + 4
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), self._random.uniform(-25, 25), scale)
        turn[:, 2] += side / 2 - width / 2, side / 2 - height / 2
        corners = np.array([[0, 0], [side, 0], [side, side], [0, side]], np.float32)
        tilted = corners + self._random.uniform(-0.08, 0.08, (4, 2)).astype(np.float32) * side
        tilt = cv2.getPerspectiveTransform(corners, tilted) @ np.vstack([turn, [0, 0, 1]])
        light = self._random.uniform(0.75, 1.2) * self._random.uniform(0.92, 1.08, 3)
        warped = cv2.warpPerspective(pixels, tilt, (side, side)).astype(np.float32) * light.astype(np.float32)
        return np.clip(warped, 0, 255).astype(np.float32), np.asarray(cv2.warpPerspective(mask, tilt, (side, side)), np.float32)

    def _pasted(self, ground: Picture, placed: Sequence[tuple[Floats, Floats, int, int]]) -> tuple[Picture, list[Region]]:
        """Things around points (x, y) on a ground, with noise, and where they are."""
        canvas, regions = ground.astype(np.float32), []
        for pixels, mask, x, y in placed:
            side = len(mask)
            whole = np.zeros((HEIGHT + 2 * side, WIDTH + 2 * side), np.float32)
            colours = np.zeros((*whole.shape, 3), np.float32)
            place = np.s_[y - side // 2 + side : y - side // 2 + 2 * side, x - side // 2 + side : x - side // 2 + 2 * side]
            whole[place], colours[place] = mask, pixels
            shown = whole[side : side + HEIGHT, side : side + WIDTH]
            canvas = canvas * (1 - shown[..., None]) + colours[side : side + HEIGHT, side : side + WIDTH] * shown[..., None]
            rows, columns = np.nonzero(shown > 0.5)
            points = zip(columns / WIDTH, rows / HEIGHT, strict=True)
            regions.append(Region.around([(float(across), float(down)) for across, down in points]))
        canvas += self._random.normal(0, _NOISE, canvas.shape).astype(np.float32)
        return np.clip(canvas, 0, 255).astype(np.uint8), regions


def measure(data: Path, count: int) -> dict[str, Any]:
    """Return how often each thing is found where it is, somewhere else, or not, and how often one that isn't there is found."""
    stage, chosen = Stage(data), THINGS[:count]
    random = np.random.default_rng(7)
    store = ModelStore(models_dir())
    describer, detector = open_describer(AnswerSettings(), store), open_detector(store)
    told = dict.fromkeys(("found", "found elsewhere", "not found", "found though absent"), 0)
    with tempfile.TemporaryDirectory() as folder:
        for thing in chosen:
            mine = MyThings(describer, detector, CameraSettings().opening_degrees, Path(folder) / "none.npz")  # type: ignore[arg-type]
            for _ in range(VIEWS):
                list(mine.examine(_shown(stage.view(thing)), Ask("remember_thing", "wallet")))
            others = [str(other) for other in random.choice([each for each in THINGS if each != thing], CLUTTER, replace=False)]
            picture, regions = stage.scene([thing, *others])
            found = _place(mine, picture)
            told["not found" if found is None else "found" if _lies_on(found, regions[0]) else "found elsewhere"] += 1
            told["found though absent"] += _place(mine, stage.scene(others)[0]) is not None
    return {"things": len(chosen)} | told


def _place(mine: MyThings, picture: Picture) -> Region | None:
    return next((finding.region for finding in mine.examine(_shown(picture), Ask("where", "wallet"))), None)


def _shown(picture: Picture) -> View:
    return View((Keyframe(Frame(picture, 0.0), "only"),))


def _lies_on(told: Region, true: Region) -> bool:
    """Whether the direction that is told is right within half an hour of the clock, and both overlap."""
    off = abs(yaw_degrees(told, CameraSettings().opening_degrees) - yaw_degrees(true, CameraSettings().opening_degrees))
    apart = max(told.left, true.left) > min(told.left + told.width, true.left + true.width)
    return off <= HALF_HOUR_DEGREES and not apart


def _cut_out(picture: Picture) -> tuple[Picture, Floats]:
    """The thing in the middle, without its ground."""
    mask = cv2.resize(held_thing(shrunk(picture)).astype(np.float32), picture.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    rows, columns = np.nonzero(mask)
    if len(rows) < 500:
        return picture, np.ones(picture.shape[:2], np.float32)
    part = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return picture[part], np.asarray(mask[part], np.float32)


def main() -> None:
    """Measure as the command line says, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=len(THINGS), metavar="N", help="things at most")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    data = measure(options.data, options.pictures)
    print(json.dumps(data) if options.json else ", ".join(f"{key} {value}" for key, value in data.items()))


if __name__ == "__main__":
    main()
