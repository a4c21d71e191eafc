"""What the ways to fetch share: how long to wait, whether there is room, how much has come."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from assistant.problems import DiskFull, shorten
from assistant.store.model_store import format_size
from assistant.translatable import Translatable

TIMEOUT_S = 20.0
"""How long a server may be silent."""

TRY_AGAIN = Translatable("check the network and run the same command again; what has come is kept")
MAKE_ROOM = Translatable("free some space or choose another folder with --models-dir")

OnProgress = Callable[[str], None]
"""Takes a line of text that tells a user how far a fetch has come."""

_LOOK_EVERY_S = 0.2


def require_space(folder: Path, needed_bytes: int) -> None:
    """Raise DiskFull unless `needed_bytes` are free where `folder` is."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise DiskFull(
            "{needed} are needed and {free} are free in {folder}",
            MAKE_ROOM,
            needed=format_size(needed_bytes),
            free=format_size(free),
            folder=shorten(folder),
        )


def put(download: Path, target: Path) -> None:
    """Make a download appear as `target`, and stay where the next run looks for it if this one is killed before it is done."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.hardlink_to(download)
    except OSError:  # a file system without links
        download.replace(target)


@contextmanager
def growth_shown(folder: Path, label: str, total_bytes: int) -> Iterator[None]:
    """Show a bar of the bytes below `folder` on stderr, if that is a terminal. Read from outside, so that it suits every downloader."""
    done = threading.Event()

    def watch() -> None:
        with tqdm(total=total_bytes, desc=label, unit="B", unit_scale=True, file=sys.stderr) as bar:
            while not done.is_set():
                done.wait(_LOOK_EVERY_S)
                bar.update(min(_bytes_below(folder), total_bytes) - bar.n)

    if not sys.stderr.isatty():
        yield
        return
    watcher = threading.Thread(target=watch, name="progress bar")
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _bytes_below(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:  # pip moves its files while we look
            continue
    return total
