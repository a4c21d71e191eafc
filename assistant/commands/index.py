"""`assistant index`: looks through every video of a folder once, so that `assistant find` searches them all in a moment."""

from __future__ import annotations

import argparse
import os
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from assistant.commands.cluster import spread_over_cluster
from assistant.commands.find import INDEX_ENDING, look, memory_of
from assistant.commands.media_reader import MediaReader, Stop, progress
from assistant.commands.options import add_model_argument, add_settings_argument, settings_of, store_of
from assistant.commands.output import Result
from assistant.commands.spread import spread
from assistant.interfaces import PictureMemory
from assistant.problems import BadInput, Problem
from assistant.settings import Settings
from assistant.store.fingerprint import fingerprint
from assistant.store.model_store import ModelStore
from assistant.videos.index_file import IndexKey, load_index, save_index

VIDEO_ENDINGS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".3gp", ".wmv", ".flv", ".ogv")
CORES_A_JOB = 2
"""A model uses some cores itself, and each process holds one."""
LOST = "its process was lost, twice: memory may be short. Use fewer --jobs."
_one_at_a_time = threading.Lock()
"""In a process, whose model isn't for several threads: a cluster's worker may have more."""
_opened: dict[str, PictureMemory] = {}
"""The model of this process, by its settings: it is loaded once for many videos."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `assistant index` takes."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a folder of videos; those in folders below it too")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the indexes go (default: beside each video)")
    parser.add_argument("--jobs", type=int, metavar="N", help=f"processes (default: one for {CORES_A_JOB} cores)")
    parser.add_argument(
        "--cluster", metavar="ADDRESS", help="spread it over the workers of a Dask scheduler on this machine: tcp://127.0.0.1:8786"
    )
    add_model_argument(parser)
    add_settings_argument(parser)


def run(options: argparse.Namespace) -> Iterator[Result]:
    """Make the indexes that aren't there yet; yield a result a video, and one for all."""
    jobs = max(1, (os.cpu_count() or 1) // CORES_A_JOB) if options.jobs is None else options.jobs
    if not 1 <= jobs <= 256:
        raise BadInput(f"--jobs {jobs} is out of range", "use 1 to 256")
    if options.cluster:  # its workers have folders of their own to be in
        options.folder, options.out = options.folder.absolute(), options.out and options.out.absolute()
    videos = _videos(options.folder)
    if options.out:
        _make(options.out)
    settings, began_s = settings_of(options), time.monotonic()
    threads = settings.answers.threads or max(1, (os.cpu_count() or 1) // jobs)
    settings = replace(settings, answers=replace(settings.answers, threads=threads))
    work = partial(index_video, folder=options.folder, out=options.out, settings=settings, root=store_of(options).root)
    counts, seconds = {"made": 0, "there": 0, "failed": 0}, 0.0
    with progress("Indexing", len(videos), "videos", options.json) as bar:
        doing = spread_over_cluster(videos, work, options.cluster) if options.cluster else spread(videos, work, jobs)
        for video, done in doing:
            done = done or {"video": str(video), "is": "failed", "what": LOST}
            counts[done["is"]] += 1
            seconds += done.get("duration_s", 0.0)
            bar.update()
            if options.json or done["is"] == "failed":
                yield f"{done['video']}: {done.get('what', '')}", done
    took_s = round(time.monotonic() - began_s, 1)
    length = f"{seconds / 3600:.2f} hours of video in {took_s} s"
    told = f"{counts['made']} indexed ({length}), {counts['there']} were there, {counts['failed']} failed."
    yield told, {**counts, "hours": round(seconds / 3600, 4), "took_s": took_s, "jobs": jobs}


def index_video(video: Path, *, folder: Path, out: Path | None, settings: Settings, root: Path) -> dict[str, Any]:
    """Make one index unless a good one is there; return what was done. Whatever is wrong with the video is told, not raised."""
    with _one_at_a_time:
        return _index_video(video, index_of(video, folder, out), settings, root)


def _index_video(video: Path, place: Path, settings: Settings, root: Path) -> dict[str, Any]:
    began_s = time.monotonic()
    told: dict[str, Any] = {"video": str(video), "index": str(place)}
    try:
        memory = _memory(settings, root)
        key = IndexKey(fingerprint(video), memory.encoder_id, repr(settings.keyframes))
        if place.exists() and _is_good(place, key):
            return told | {"is": "there"}
        place.parent.mkdir(parents=True, exist_ok=True)
        index = look(MediaReader(str(video), settings, Stop(), quiet=True), memory, key)
        save_index(place, index, force=True)
    except (Problem, OSError) as problem:
        return told | {"is": "failed", "what": str(problem)}
    took_s = round(time.monotonic() - began_s, 2)
    return told | {"is": "made", "duration_s": round(index.duration_s, 2), "keyframes": len(index.keyframes), "took_s": took_s}


def index_of(video: Path, folder: Path, out: Path | None) -> Path:
    """Return where the index of a video goes: "film.mp4.index", in the folder of the same name below `out` if that is given."""
    place = video if out is None else out / video.relative_to(folder)
    return place.with_name(place.name + INDEX_ENDING)


def _memory(settings: Settings, root: Path) -> PictureMemory:
    key = f"{root} {settings.answers}"
    if key not in _opened:
        _opened[key] = memory_of(settings, ModelStore(root))
    return _opened[key]


def _is_good(place: Path, key: IndexKey) -> bool:
    try:
        load_index(place, key)
    except BadInput:
        return False
    return True


def _videos(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise BadInput(f"there is no folder {folder}", "name a folder with videos")
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in VIDEO_ENDINGS and path.is_file())
    if not found:
        raise BadInput(f"there is no video in {folder}", f"their names end in {', '.join(VIDEO_ENDINGS)}")
    return found


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{folder} can't be made ({error.strerror})", "name another place with --out") from error
