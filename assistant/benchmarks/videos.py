"""How well videos are searched, watched and described, on clips of photographs that the model was not trained on.

python -m assistant.benchmarks.videos [--data DIR] [--model NAME|DIR] [--clips N] [--json]

The caption of one scene is the query; captions of photographs outside the clip are the absent ones. The development photographs from
FIRST on are measured here; on those before, `python -m models.training.fit_moments` fitted the starter's thresholds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import cv2
import numpy as np

from assistant.assembly import open_camera, open_describer
from assistant.benchmarks.video_clips import Clip, Photograph, read_photographs, write_clip
from assistant.interfaces import PictureMemory
from assistant.messages import Frame, Keyframe, View
from assistant.settings import AnswerSettings, CameraSettings, KeyframeSettings
from assistant.store.model_store import ModelStore, models_dir
from assistant.videos.clear_keyframes import clear_keyframes
from assistant.videos.find_moments import Moment, TimedLook, is_found, rank_moments
from assistant.videos.queries import EMPTY_PICTURE, Query
from assistant.videos.watch_events import EventWatcher, watch_keyframes

SCENES = 20
FIRST = 500
SEED = 6
IN_TIME_S = 1.0
DESCRIBED_SCENES = 10


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


@dataclass(frozen=True)
class Figure:
    name: str
    value: float
    target: str


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m assistant.benchmarks.videos", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with flickr8k/captions.tsv and images.tar")
    parser.add_argument("--model", default="starter")
    parser.add_argument("--clips", type=int, default=10, help=f"of {SCENES} scenes each")
    parser.add_argument("--threads", type=int, default=0, help="of the model (default: one a core)")
    parser.add_argument("--only", choices=("find", "things", "watch", "describe"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    describer = open_describer(AnswerSettings(model=options.model, threads=options.threads), ModelStore(models_dir(None)))
    with tempfile.TemporaryDirectory() as folder:
        clips = list(make_clips(read_photographs(options.data)[FIRST:], options.data, options.clips, Path(folder), SEED))
        measured = chain(
            measure_find(describer, clips) if options.only in (None, "find") else (),
            measure_find_things(describer, clips) if options.only in (None, "things") else (),
            measure_watch(describer, clips) if options.only in (None, "watch") else (),
            measure_describe(options.data, options.model, Path(folder)) if options.only in (None, "describe") else (),
        )
        for figure in measured:
            line = json.dumps({"name": figure.name, "value": round(figure.value, 4), "target": figure.target})
            print(line if options.json else f"{figure.name:<64}{figure.value:8.3f}   {figure.target}", flush=True)


def measure_find(describer: PictureMemory, clips: list[tuple[Clip, list[Photograph]]]) -> Iterator[Figure]:
    """One caption of every scene, and as many of absent photographs."""
    ranked, firsts, thirds, overlaps, refused, seconds = [], [], [], [], [], []
    for clip, absent in clips:
        search = ClipSearch(describer, clip)
        for scene, photograph in enumerate(clip.photographs):
            began = time.process_time()
            moments, found = search.rank(photograph.one_caption)
            seconds.append(time.process_time() - began)
            ious = [_overlap(moment, *clip.span(scene)) for moment in moments]
            ranked.append(ious[0] > 0.5)
            firsts.append(found and ranked[-1])
            thirds.append(found and any(iou > 0.5 for iou in ious[:3]))
            overlaps += ious[:1] if firsts[-1] else []
        refused += [not search.rank(photograph.one_caption)[1] for photograph in absent]
    yield Figure("find: recall@1 (told, overlap above one half)", float(np.mean(firsts)), ">= 0.60 (chance 0.05)")
    yield Figure("find: recall@3", float(np.mean(thirds)), "report")
    yield Figure("find: recall@1 if nothing were refused", float(np.mean(ranked)), "report")
    yield Figure("find: mean overlap of those found", float(np.mean(overlaps)), "report")
    yield Figure('find: absent queries answered "not found"', float(np.mean(refused)), ">= 0.70")
    yield Figure("find: queries", float(2 * len(firsts)), "")
    yield Figure("find: processor time of a query on a clip that was looked at, s, median", float(np.median(seconds)), "report")


def measure_find_things(describer: PictureMemory, clips: list[tuple[Clip, list[Photograph]]]) -> Iterator[Figure]:
    """Bare things: in a clip if a caption says so, absent if none of its captions has any of the words."""
    hits, refused = [], []
    for clip, _ in clips:
        search = ClipSearch(describer, clip)
        for thing in THINGS:
            (best, *_), found = search.rank(thing)
            if showing := scenes_with(thing, clip):
                hits.append(found and any(_overlap(best, *clip.span(scene)) > 0 for scene in showing))
            else:
                refused.append(not found)
    yield Figure("find a thing: the first moment shows it", float(np.mean(hits)), "report")
    yield Figure('find a thing: absent things answered "not found"', float(np.mean(refused)), ">= 0.70")
    yield Figure("find a thing: queries", float(len(hits) + len(refused)), "")


def measure_watch(describer: PictureMemory, clips: list[tuple[Clip, list[Photograph]]]) -> Iterator[Figure]:
    """A caption of every fourth scene is awaited, and as many that never come; what is told before or after its scene is a false alarm."""
    told_at_all, in_time, delays, alarms, minutes = [], [], [], 0, 0.0
    for clip, absent in clips:
        keyframes = list(_settled_keyframes(clip, watch_keyframes(KeyframeSettings())))
        minutes += clip.end_s / 60
        for scene in range(1, SCENES, 4):
            start_s, end_s = clip.span(scene)
            told = _told(describer, clip.photographs[scene], keyframes)
            right = [(told_s, begun_s) for told_s, begun_s in told if start_s - 0.5 <= begun_s < end_s]
            told_at_all.append(bool(right))
            in_time.append(any(abs(begun_s - start_s) <= IN_TIME_S for _, begun_s in right))
            delays += [told_s - start_s for told_s, _ in right[:1]]
            alarms += len(told) - len(right) + len(_told(describer, absent[scene], keyframes))
    watched = 2 * len(told_at_all) / len(clips) * minutes
    yield Figure("watch: events told while they last", float(np.mean(told_at_all)), "report")
    yield Figure(f"watch: events told with a start within {IN_TIME_S:.0f} s of the true one", float(np.mean(in_time)), "report")
    yield Figure("watch: false alarms a minute, of one awaited event", alarms / watched, "report")
    yield Figure("watch: delay from the start until it is told, s, median", float(np.median(delays or [np.nan])), "report")
    yield Figure("watch: events awaited", float(2 * len(told_at_all)), "")


def _told(describer: PictureMemory, photograph: Photograph, keyframes: list[tuple[float, Keyframe]]) -> list[tuple[float, float]]:
    """When each event was told, and when it began as it was told."""
    watcher = EventWatcher(describer, photograph.one_caption)
    return [(now_s, event.start_s) for now_s, keyframe in keyframes if (event := watcher.process(keyframe))]


def measure_describe(data: Path, model: str, folder: Path) -> Iterator[Figure]:
    """The same scenes in one minute and in ten, each in a process of its own: processor time, which other programs hardly change.

    Start and loading, and one look, are those of describing a single picture, and are taken off like the decoding.
    """
    photographs = read_photographs(data)[FIRST : FIRST + DESCRIBED_SCENES]
    work, share, peak = {}, {}, {}
    for minutes in (1, 10):
        clip = write_clip(folder / f"{minutes}.mp4", data, photographs, random.Random(SEED), 60.0 * minutes / DESCRIBED_SCENES)
        picture = folder / "picture.png"
        cv2.imwrite(str(picture), next(iter(_keyframes(clip, KeyframeSettings()))).frame.picture)
        start_s, _ = _described(picture, model)
        all_s, peak[minutes] = _described(clip.path, model)
        decoding_s = _decoding_s(clip.path)
        work[minutes] = all_s - start_s - decoding_s
        share[minutes] = decoding_s / (all_s - start_s)
    yield Figure("describe: time of 10 minutes to that of 1, apart from decoding", work[10] / work[1], "<= 1.5")
    yield Figure("describe: decoding's share of 1 minute", share[1], "report")
    yield Figure("describe: decoding's share of 10 minutes", share[10], "report")
    yield Figure("describe: peak memory of 10 minutes to that of 1", peak[10] / peak[1], "0.9 to 1.1")


class ClipSearch:
    """A clip that was encoded once, as `assistant find` does it."""

    def __init__(self, memory: PictureMemory, clip: Clip) -> None:
        keyframes = list(_keyframes(clip, KeyframeSettings()))
        self._memory = memory
        self._end_s = clip.end_s
        self._seen = [memory.see(k.frame.picture) for k in keyframes]
        self._empty = memory.see(EMPTY_PICTURE)
        self.times_s = [k.frame.time_s for k in keyframes]

    def empty_view(self) -> View:
        return self._memory.look_again(self._empty)

    def views(self) -> list[View]:
        """A look at each keyframe."""
        return [self._memory.look_again(seen) for seen in self._seen]

    def rank(self, text: str) -> tuple[list[Moment], bool]:
        """The likeliest moments, and whether the first would be told."""
        query, views = Query(self._memory, text, self.empty_view()), self.views()
        looks = [TimedLook(time_s, query.look(view)) for time_s, view in zip(self.times_s, views, strict=True)]
        background = query.background()
        moments = rank_moments(looks, self._end_s, background, lambda i: query.thing_log_odds(views[i]))
        return moments, is_found(moments, background)


def scenes_with(thing: str, clip: Clip) -> list[int]:
    """Of which a caption says that the thing of THINGS is or may be there."""
    words = re.compile(rf"\b({THINGS[thing]})\b")
    return [scene for scene, p in enumerate(clip.photographs) if words.search(" ".join(p.captions).lower())]


def make_clips(photographs: list[Photograph], data: Path, count: int, folder: Path, seed: int) -> Iterator[tuple[Clip, list[Photograph]]]:
    """Clips of SCENES of the photographs of `data`, written to `folder`, each with as many photographs that aren't in it."""
    rng = random.Random(seed)
    for number in range(count):
        chosen = rng.sample(photographs, 2 * SCENES)
        yield write_clip(folder / f"clip{number}.mp4", data, chosen[:SCENES], rng), chosen[SCENES:]


def _keyframes(clip: Clip, settings: KeyframeSettings) -> Iterator[Keyframe]:
    for _, keyframe in _settled_keyframes(clip, settings):
        yield keyframe


def _settled_keyframes(clip: Clip, settings: KeyframeSettings) -> Iterator[tuple[float, Keyframe]]:
    """Each with the time at which it is settled, before which nobody can be told of it."""
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


def _overlap(moment: Moment, start_s: float, end_s: float) -> float:
    """Intersection over union in time."""
    both = min(moment.end_s, end_s) - max(moment.start_s, start_s)
    return max(both, 0.0) / (max(moment.end_s, end_s) - min(moment.start_s, start_s))


def _described(path: Path, model: str) -> tuple[float, float]:
    """`assistant describe` in a process of its own: its processor time in seconds and its peak memory in MB."""
    command = [sys.executable, "-m", "assistant", "describe", str(path), "--model", model, "--detail", "brief", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"describe ended with status {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def _decoding_s(path: Path) -> float:
    """Processor time of decoding the whole file, and nothing else done with it."""
    capture, began = cv2.VideoCapture(str(path)), time.process_time()
    while capture.grab():
        pass
    return time.process_time() - began


if __name__ == "__main__":
    main()
