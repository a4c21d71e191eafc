"""Measures how well videos are searched, watched and described, on clips of photographs that the model was not trained on.

python -m assistant.benchmarks.video_accuracy [--data DIR] [--model NAME|DIR] [--clips N] [--json]

The caption of one scene is the query; captions of photographs outside the clip are the absent ones. The development photographs from
FIRST on are measured here; on those before, `python -m models.training.fit_moments` fitted the starter's thresholds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
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

from assistant.assembly import open_smolvlm2
from assistant.benchmarks.clip_search import SCENES, THINGS, ClipSearch, keyframes_of_clip, make_clips, scenes_with, settled_keyframes
from assistant.benchmarks.video_clips import Clip, Photograph, read_photographs, write_clip
from assistant.interfaces import PictureMemory
from assistant.messages import Keyframe
from assistant.settings import AnswerSettings, KeyframeSettings
from assistant.store.model_store import ModelStore, models_dir
from assistant.videos.find_moments import Moment
from assistant.videos.watch_events import EventWatcher, watch_keyframes

FIRST = 500
"""The first of the development photographs that are measured on."""
SEED = 6
IN_TIME_S = 1.0
"""Seconds by which an event's start may be wrong."""
DESCRIBED_SCENES = 10


@dataclass(frozen=True)
class Measurement:
    """One number, and what it should be ("report": whatever it is)."""

    name: str
    value: float
    target: str


def main() -> None:
    """Measure as the command line says, and print the figures as they come."""
    parser = argparse.ArgumentParser(prog="python -m assistant.benchmarks.video_accuracy", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with flickr8k/captions.tsv and images.tar")
    parser.add_argument("--model", default="starter")
    parser.add_argument("--clips", type=int, default=10, help=f"of {SCENES} scenes each")
    parser.add_argument("--threads", type=int, default=0, help="of the model (default: one a core)")
    parser.add_argument("--only", choices=("find", "things", "watch", "describe"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    describer = open_smolvlm2(AnswerSettings(model=options.model, threads=options.threads), ModelStore(models_dir(None)))
    with tempfile.TemporaryDirectory() as folder:
        clips = list(make_clips(read_photographs(options.data)[FIRST:], options.data, options.clips, Path(folder), SEED))
        measured = chain(
            measure_find(describer, clips) if options.only in (None, "find") else (),
            measure_find_things(describer, clips) if options.only in (None, "things") else (),
            measure_watch(describer, clips) if options.only in (None, "watch") else (),
            measure_describe(options.data, options.model, Path(folder)) if options.only in (None, "describe") else (),
        )
        for each in measured:
            line = json.dumps({"name": each.name, "value": round(each.value, 4), "target": each.target})
            print(line if options.json else f"{each.name:<64}{each.value:8.3f}   {each.target}", flush=True)


def measure_find(describer: PictureMemory, clips: list[tuple[Clip, list[Photograph]]]) -> Iterator[Measurement]:
    """Search for one caption of every scene, and for as many of absent photographs."""
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
    yield Measurement("find: recall@1 (told, overlap above one half)", float(np.mean(firsts)), ">= 0.60 (chance 0.05)")
    yield Measurement("find: recall@3", float(np.mean(thirds)), "report")
    yield Measurement("find: recall@1 if nothing were refused", float(np.mean(ranked)), "report")
    yield Measurement("find: mean overlap of those found", float(np.mean(overlaps)), "report")
    yield Measurement('find: absent queries answered "not found"', float(np.mean(refused)), ">= 0.70")
    yield Measurement("find: queries", float(2 * len(firsts)), "")
    yield Measurement("find: processor time of a query on a clip that was looked at, s, median", float(np.median(seconds)), "report")


def measure_find_things(describer: PictureMemory, clips: list[tuple[Clip, list[Photograph]]]) -> Iterator[Measurement]:
    """Search for bare things: in a clip if a caption says so, absent if none of its captions has any of the words."""
    hits, refused = [], []
    for clip, _ in clips:
        search = ClipSearch(describer, clip)
        for thing in THINGS:
            (best, *_), found = search.rank(thing)
            if showing := scenes_with(thing, clip):
                hits.append(found and any(_overlap(best, *clip.span(scene)) > 0 for scene in showing))
            else:
                refused.append(not found)
    yield Measurement("find a thing: the first moment shows it", float(np.mean(hits)), "report")
    yield Measurement('find a thing: absent things answered "not found"', float(np.mean(refused)), ">= 0.70")
    yield Measurement("find a thing: queries", float(len(hits) + len(refused)), "")


def measure_watch(describer: PictureMemory, clips: list[tuple[Clip, list[Photograph]]]) -> Iterator[Measurement]:
    """Await a caption of every fourth scene, and as many that never come; what is told before or after its scene is a false alarm."""
    noticed, in_time, delays, alarms, minutes = [], [], [], 0, 0.0
    for clip, absent in clips:
        keyframes = list(settled_keyframes(clip, watch_keyframes(KeyframeSettings())))
        minutes += clip.end_s / 60
        for scene in range(1, SCENES, 4):
            start_s, end_s = clip.span(scene)
            told = _noticed(describer, clip.photographs[scene], keyframes)
            right = [(told_s, begun_s) for told_s, begun_s in told if start_s - 0.5 <= begun_s < end_s]
            noticed.append(bool(right))
            in_time.append(any(abs(begun_s - start_s) <= IN_TIME_S for _, begun_s in right))
            delays += [told_s - start_s for told_s, _ in right[:1]]
            alarms += len(told) - len(right) + len(_noticed(describer, absent[scene], keyframes))
    watched = 2 * len(noticed) / len(clips) * minutes
    yield Measurement("watch: events told while they last", float(np.mean(noticed)), "report")
    yield Measurement(f"watch: events told with a start within {IN_TIME_S:.0f} s of the true one", float(np.mean(in_time)), "report")
    yield Measurement("watch: false alarms a minute, of one awaited event", alarms / watched, "report")
    yield Measurement("watch: delay from the start until it is told, s, median", float(np.median(delays or [np.nan])), "report")
    yield Measurement("watch: events awaited", float(2 * len(noticed)), "")


def _noticed(describer: PictureMemory, photograph: Photograph, keyframes: list[tuple[float, Keyframe]]) -> list[tuple[float, float]]:
    """When each event was told, and when it began as it was told."""
    watcher = EventWatcher(describer, photograph.one_caption)
    return [(now_s, event.start_s) for now_s, keyframe in keyframes if (event := watcher.process(keyframe))]


def measure_describe(data: Path, model: str, folder: Path) -> Iterator[Measurement]:
    """Describe the same scenes in one minute and in ten, each in a process of its own: processor time, which others hardly change.

    Start and loading, and one look, are those of describing a single picture, and are taken off like the decoding.
    """
    photographs = read_photographs(data)[FIRST : FIRST + DESCRIBED_SCENES]
    work, share, peak = {}, {}, {}
    for minutes in (1, 10):
        clip = write_clip(folder / f"{minutes}.mp4", data, photographs, random.Random(SEED), 60.0 * minutes / DESCRIBED_SCENES)
        picture = folder / "picture.png"
        cv2.imwrite(str(picture), next(iter(keyframes_of_clip(clip, KeyframeSettings()))).frame.picture)
        start_s, _ = _described(picture, model)
        all_s, peak[minutes] = _described(clip.path, model)
        decoding_s = _decoding_s(clip.path)
        work[minutes] = all_s - start_s - decoding_s
        share[minutes] = decoding_s / (all_s - start_s)
    yield Measurement("describe: time of 10 minutes to that of 1, apart from decoding", work[10] / work[1], "<= 1.5")
    yield Measurement("describe: decoding's share of 1 minute", share[1], "report")
    yield Measurement("describe: decoding's share of 10 minutes", share[10], "report")
    yield Measurement("describe: peak memory of 10 minutes to that of 1", peak[10] / peak[1], "0.9 to 1.1")


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
