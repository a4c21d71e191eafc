"""Searches made clips as `assistant find` does, for the benchmark and for fitting thresholds."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

from assistant.assembly import open_camera
from assistant.benchmarks.video_clips import Clip, Photograph, write_clip
from assistant.interfaces import PictureMemory
from assistant.messages import Frame, Keyframe, View
from assistant.settings import CameraSettings, KeyframeSettings
from assistant.videos.clear_keyframes import clear_keyframes
from assistant.videos.find_moments import Moment, TimedMatch, is_found, rank_moments
from assistant.videos.queries import EMPTY_PICTURE, Query

SCENES = 20
"""Scenes of each clip."""

THINGS = {
    "a dog": "dogs?|pupp(y|ies)",
    "a bicycle": "bi(cycle|ke)s?|cyclists?|bik(er|ing)",
    "snow": "snow\\w*|ski\\w*|sled\\w*",
    "water": "water|sea|ocean|lake|river|pool|beach|surf\\w*|swim\\w*|pond|waves?|fountain|stream|boat|wet|splash\\w*",
    "a ball": "balls?|\\w+ball|soccer|tennis",
    "a car": "cars?|vehicles?|taxi|truck|trucks",
    "a helmet": "helmets?|cyclists?|bik\\w+|motorcycle|skat\\w+|football",
    "a skateboard": "skate\\w*",
    "a boat": "boats?|canoes?|kayak\\w*|ships?|sail\\w*",
    "a horse": "horses?|horseback|rodeo",
    "a guitar": "guitars?|band|musicians?",
    "a cat": "cats?|kittens?",
}
"""A thing, and the words that say that it is or may be there."""


class ClipSearch:
    """Searches a clip that was encoded once, as `assistant find` does it."""

    def __init__(self, memory: PictureMemory, clip: Clip) -> None:
        keyframes = list(keyframes_of_clip(clip, KeyframeSettings()))
        self._memory = memory
        self._end_s = clip.end_s
        self._seen = [memory.see(k.frame.picture) for k in keyframes]
        self._empty = memory.see(EMPTY_PICTURE)
        self.times_s = [k.frame.time_s for k in keyframes]

    def empty_view(self) -> View:
        """Return the view of a picture that shows nothing, which queries are compared with."""
        return self._memory.look_again(self._empty)

    def views(self) -> list[View]:
        """Return a view of each keyframe."""
        return [self._memory.look_again(seen) for seen in self._seen]

    def rank(self, text: str) -> tuple[list[Moment], bool]:
        """Return the likeliest moments, and whether the first is probable enough to be told."""
        query, views = Query(self._memory, text, self.empty_view()), self.views()
        looks = [TimedMatch(time_s, query.match(view)) for time_s, view in zip(self.times_s, views, strict=True)]
        background = query.background()
        moments = rank_moments(looks, self._end_s, background, lambda i: query.thing_log_odds(views[i]))
        return moments, is_found(moments, background)


def scenes_with(thing: str, clip: Clip) -> list[int]:
    """Return the scenes of which a caption says that the thing of THINGS is or may be there."""
    words = re.compile(rf"\b({THINGS[thing]})\b")
    return [scene for scene, p in enumerate(clip.photographs) if words.search(" ".join(p.captions).lower())]


def make_clips(photographs: list[Photograph], data: Path, count: int, folder: Path, seed: int) -> Iterator[tuple[Clip, list[Photograph]]]:
    """Yield clips of SCENES of the photographs of `data`, written to `folder`, each with as many photographs that aren't in it."""
    rng = random.Random(seed)
    for number in range(count):
        chosen = rng.sample(photographs, 2 * SCENES)
        yield write_clip(folder / f"clip{number}.mp4", data, chosen[:SCENES], rng), chosen[SCENES:]


def keyframes_of_clip(clip: Clip, settings: KeyframeSettings) -> Iterator[Keyframe]:
    """Yield the clip's keyframes with something to see."""
    for _, keyframe in settled_keyframes(clip, settings):
        yield keyframe


def settled_keyframes(clip: Clip, settings: KeyframeSettings) -> Iterator[tuple[float, Keyframe]]:
    """Yield (time_s, keyframe): when a keyframe of the clip is settled, before which nobody can be told of it, and the keyframe."""
    camera, now_s = open_camera(str(clip.path), CameraSettings()), 0.0

    def frames() -> Iterator[Frame]:
        nonlocal now_s
        for frame in camera.frames():
            now_s = frame.time_s
            yield frame

    try:
        for keyframe in clear_keyframes(frames(), settings):
            yield now_s, keyframe
    finally:
        camera.close()
