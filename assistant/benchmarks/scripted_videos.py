"""Short films made to a script, so that it is known when each scene begins: for tests and for `benchmarks.keyframe_cost`.

A film is a list of shots of pictures, filmed by a camera that shakes, hunts for focus and exposure, and is noisy. Frames are
made one by one, the same each time. For pictures see `benchmarks.pictures`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from assistant.messages import Frame, Picture

WIDTH, HEIGHT, FPS = 320, 180, 15
MARGIN = 24
"""Pixels that a view is larger than the frame on each side, so that the camera may shake and turn."""
OBJECT_EDGE = 70
"""Pixels of an object's edge; it fills about 9 % of the frame."""
CLEAR = 0.8
"""Share of a scene in a blend from which it counts as seen."""

Scratch = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ScriptedScene:
    """What is to be seen for a while. A scene that comes back has the same name."""

    start_s: float
    end_s: float
    name: str


@dataclass(frozen=True)
class CameraFaults:
    """How the camera spoils the film."""

    noise: float = 3.0
    """Standard deviation of each pixel, in levels."""
    exposure_drift: float = 0.0
    """The light swings slowly by this factor up and down; 0.3 is a third."""
    flicker: float = 0.0
    """Share of the light by which lamps flicker, in bands over the picture."""
    shake: float = 1.0
    """Standard deviation of a trembling hand, in pixels."""
    focus_s: float = 0.5
    """Seconds after a cut in which the lens looks for focus, and the exposure for its level."""


@dataclass(frozen=True, eq=False)
class Shot:
    """A picture [HEIGHT + 2 MARGIN, at least WIDTH + 2 MARGIN, 3], and how the camera comes to it and moves over it."""

    picture: Picture
    duration_s: float
    name: str
    dissolve_s: float = 0.0
    """How long it is blended with the shot before."""
    pan: tuple[float, float] = (0.0, 0.0)
    """Where the camera looks at the beginning and at the end, in widths of the frame from the picture's left edge."""
    is_scene: bool = True
    """False while the camera is under way between two scenes."""
    cut: bool = True
    """Whether the camera has to find its focus anew."""


@dataclass(frozen=True)
class Film:
    """A film whose scenes are known."""

    name: str
    shots: tuple[Shot, ...]
    camera: CameraFaults = field(default_factory=CameraFaults)
    seed: int = 1

    @property
    def duration_s(self) -> float:
        """Return the film's length."""
        return sum(shot.duration_s for shot in self.shots)

    @property
    def scenes(self) -> list[ScriptedScene]:
        """Return the scenes in order of time; of a dissolve only what shows CLEAR of a scene belongs to it."""
        found, start_s = [], 0.0
        for shot, after in zip(self.shots, (*self.shots[1:], None), strict=True):
            end_s = start_s + shot.duration_s
            if shot.is_scene:
                fading_s = (1 - CLEAR) * after.dissolve_s if after else 0.0
                found.append(ScriptedScene(start_s + CLEAR * shot.dissolve_s, end_s + fading_s, shot.name))
            start_s = end_s
        return found

    def frames(self, size: tuple[int, int] = (WIDTH, HEIGHT), fps: int = FPS) -> Iterator[Frame]:
        """Yield frames, uint8 [height, width, 3]; filmed at WIDTH x HEIGHT, then enlarged if `size` is another."""
        rng, start_s, number = np.random.default_rng(self.seed), 0.0, 0
        for before, shot in zip((None, *self.shots), self.shots, strict=False):
            while number / fps < start_s + shot.duration_s:
                picture = self._frame(before, shot, number / fps, number / fps - start_s, rng)
                yield Frame(picture if size == (WIDTH, HEIGHT) else np.asarray(cv2.resize(picture, size), np.uint8), number / fps)
                number += 1
            start_s += shot.duration_s

    def _frame(self, before: Shot | None, shot: Shot, time_s: float, since_s: float, rng: np.random.Generator) -> Picture:
        shake = self.camera.shake * rng.normal(0, 1, 2)
        view = _view(shot, since_s / shot.duration_s, shake)
        if before is not None and since_s < shot.dissolve_s:
            share = since_s / shot.dissolve_s
            view = share * view + (1 - share) * _view(before, 1.0, shake)
        searching = 1 - since_s / self.camera.focus_s if shot.cut and not shot.dissolve_s and self.camera.focus_s > 0 else 0.0
        if searching > 0:
            view = (1 + 0.4 * searching) * np.asarray(cv2.GaussianBlur(view, (0, 0), 0.3 + 3 * searching), np.float32)
        return self._seen(view, time_s, rng)

    def _seen(self, view: Scratch, time_s: float, rng: np.random.Generator) -> Picture:
        light = (1 + self.camera.exposure_drift) ** math.sin(2 * math.pi * time_s / 11)
        if self.camera.flicker:
            rows = np.arange(HEIGHT, dtype=np.float32)[:, None, None] / HEIGHT
            view *= 1 + self.camera.flicker * np.sin(2 * math.pi * (1.5 * rows + np.float32(3.7 * time_s)))
        noise = self.camera.noise * rng.standard_normal(view.shape, np.float32)
        return np.asarray(np.clip(view * np.float32(light) + noise, 0, 255), np.uint8)


def _view(shot: Shot, done: float, shake: npt.NDArray[np.float64]) -> Scratch:
    """The frame f32 [HEIGHT, WIDTH, 3] at a share of the shot."""
    x = MARGIN + (shot.pan[0] + (shot.pan[1] - shot.pan[0]) * done) * WIDTH + shake[0]
    matrix = np.array([[1, 0, -x], [0, 1, -MARGIN - shake[1]]], np.float32)
    moved = cv2.warpAffine(shot.picture, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(moved, np.float32)


def cuts(pictures: Sequence[Picture], durations_s: Sequence[float], order: Sequence[int] = (), dissolve_s: float = 0.0) -> Film:
    """Return a film of one shot after the other; `order` says which picture is shown when, so that scenes can come back."""
    order = order or range(len(durations_s))
    shots = [
        Shot(fitted(pictures[index]), duration_s, f"picture {index}", dissolve_s if number else 0.0)
        for number, (index, duration_s) in enumerate(zip(order, durations_s, strict=True))
    ]
    return Film("dissolves" if dissolve_s else "scenes that come back" if len(set(order)) < len(order) else "cuts", tuple(shots))


def pan(pictures: Sequence[Picture], rest_s: Sequence[float], move_s: float = 1.5) -> Film:
    """Return a film of pictures side by side; the camera rests at each, then turns to the next."""
    wall = np.hstack([fitted(picture)[:, MARGIN : MARGIN + WIDTH] for picture in pictures])
    wall = np.pad(wall, ((0, 0), (MARGIN, MARGIN), (0, 0)), mode="edge")
    shots = []
    for number, (_, duration_s) in enumerate(zip(pictures, rest_s, strict=True)):
        shots.append(Shot(wall, duration_s, f"view {number}", pan=(number, number), cut=number == 0))
        if number + 1 < len(pictures):
            shots.append(Shot(wall, move_s, "", pan=(number, number + 1), is_scene=False, cut=False))
    return Film("pans", tuple(shots))


def objects(background: Picture, things: Sequence[Picture], stay_s: Sequence[float], away_s: float) -> Film:
    """Return a film of things that appear before a background, one after the other, and leave again."""
    empty = fitted(background)
    shots = [Shot(empty, away_s, "nothing")]
    for number, (thing, duration_s) in enumerate(zip(things, stay_s, strict=True)):
        scene = empty.copy()
        y, x = MARGIN + 20 + 37 * number % (HEIGHT - OBJECT_EDGE - 30), MARGIN + 20 + 83 * number % (WIDTH - OBJECT_EDGE - 30)
        scene[y : y + OBJECT_EDGE, x : x + OBJECT_EDGE] = cv2.resize(thing, (OBJECT_EDGE, OBJECT_EDGE), interpolation=cv2.INTER_AREA)
        shots += [Shot(scene, duration_s, f"thing {number}", cut=False), Shot(empty, away_s, "nothing", cut=False)]
    return Film("objects", tuple(shots))


def visitors(background: Picture, people: Sequence[Picture], stay_s: float, away_s: float) -> Film:
    """Return a film of people, uint8 [h, w, 3] each cut out of a photograph, who come before a background one at a time, and go again."""
    empty = fitted(background)
    shots = [Shot(empty, away_s, NOBODY)]
    for number, person in enumerate(people):
        scene = empty.copy()
        scale = min(PERSON_HEIGHT / person.shape[0], WIDTH / 3 / person.shape[1])
        small = cv2.resize(person, (round(person.shape[1] * scale), round(person.shape[0] * scale)), interpolation=cv2.INTER_AREA)
        left = MARGIN + 20 + 83 * number % (WIDTH - small.shape[1] - 30)
        bottom = len(scene) - MARGIN - 10
        scene[bottom - small.shape[0] : bottom, left : left + small.shape[1]] = small
        shots += [Shot(scene, stay_s, f"person {number}", cut=False), Shot(empty, away_s, NOBODY, cut=False)]
    return Film("visitors", tuple(shots))


def collection(pictures: Sequence[Picture], seed: int = 1) -> list[Film]:
    """Return one film of each kind with scenes of 1.2 to 10 s, of FILM_PICTURES pictures."""
    rng = np.random.default_rng(seed)

    def durations_s(count: int) -> list[float]:
        return [round(1.2 * math.exp(float(x)), 1) for x in rng.uniform(0, math.log(10 / 1.2), count)]

    return [
        cuts(pictures[:12], durations_s(12)),
        cuts(pictures[12:20], [1.0 + s for s in durations_s(8)], dissolve_s=1.0),
        pan(pictures[20:26], durations_s(6)),
        objects(pictures[26], pictures[27:32], durations_s(5), away_s=2.0),
        cuts(pictures[32:36], durations_s(9), order=(0, 1, 0, 2, 1, 0, 3, 2, 0)),
    ]


FILM_PICTURES = 36
"""Pictures that `collection` needs."""
NOBODY = "nobody"
"""Name of the scenes of `visitors` in which nobody is."""
PERSON_HEIGHT = 150
"""Pixels that a person is made high, of the 228 of a frame and its margins."""
BAD_CAMERAS = {
    "noise": CameraFaults(noise=12.0),
    "exposure drift": CameraFaults(exposure_drift=0.4),
    "flicker": CameraFaults(flicker=0.06),
    "shake": CameraFaults(shake=2.5),
    "all of them": CameraFaults(noise=8.0, exposure_drift=0.4, flicker=0.06, shake=2.0),
}
"""Cameras bad enough to be taken for changes of the scene, by what is wrong with them."""


def still(picture: Picture, duration_s: float, camera: CameraFaults) -> Film:
    """Return a film in which nothing happens, but the camera is bad."""
    return Film("still", (Shot(fitted(picture), duration_s, "picture 0"),), camera)


def fitted(picture: Picture) -> Picture:
    """Return the middle of a picture, filling a frame and its margins."""
    height, width = HEIGHT + 2 * MARGIN, WIDTH + 2 * MARGIN
    scale = max(height / picture.shape[0], width / picture.shape[1])
    size = (max(width, round(picture.shape[1] * scale)), max(height, round(picture.shape[0] * scale)))
    large = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    y, x = (large.shape[0] - height) // 2, (large.shape[1] - width) // 2
    return np.asarray(large[y : y + height, x : x + width], np.uint8)
