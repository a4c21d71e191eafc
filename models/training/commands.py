"""What `finetune` and `distil` share as commands: options, the folder they write, and one clear line for whatever goes wrong.

Imports no torch, so that a mistake in the options is told at once.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import hashlib
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from assistant.problems import BadInput, DiskFull, Problem, shorten

LIBRARIES = ("torch", "transformers", "peft")
WORK = "training"
"""The subfolder of --out with checkpoints and whatever else a resumed run needs; may be deleted after the last run."""
NAMED = 3
"""Skipped files that are named for each reason; of the rest only the number is told."""
_INTERRUPTED = 130


def run_command(name: str, run: Callable[[], None]) -> int:
    """Run it; returns the exit status and prints a Problem as one line on stderr."""
    try:
        run()
    except Problem as problem:
        print(f"{name}: {problem}", file=sys.stderr)
        return problem.exit_status
    except KeyboardInterrupt:
        print(f"{name}: stopped. Run the same command again to go on from the last checkpoint.", file=sys.stderr)
        return _INTERRUPTED
    except ModuleNotFoundError as error:
        if error.name not in LIBRARIES:
            raise
        print(f"{name}: the library {error.name} is not installed. Run: pip install '.[train]'", file=sys.stderr)
        return Problem.exit_status
    return 0


def add_training_arguments(parser: argparse.ArgumentParser, steps: int) -> None:
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder to make; run again with it to go on")
    parser.add_argument("--steps", type=int, default=steps, metavar="N", help=f"batches to learn from (default {steps})")
    parser.add_argument("--rank", type=int, default=16, metavar="N", help="of the LoRA pairs (default 16)")
    parser.add_argument("--rate", type=float, metavar="X", help="peak learning rate (default 2e-4; 2e-5 where every weight learns)")
    parser.add_argument("--batch", type=int, default=4, metavar="N", help="answers a step (default 4)")
    parser.add_argument("--save-every", type=int, default=25, metavar="N", help="steps between checkpoints (default 25)")
    parser.add_argument("--keep-gb", type=float, default=8.0, metavar="X", help="disk space for encoded pictures in --out (default 8)")
    parser.add_argument("--split", action="store_true", help="cut pictures into tiles: reads finer print, some 13 times slower")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")


def check_training_arguments(options: argparse.Namespace) -> None:
    """BadInput for a number out of range."""
    for name, low, high in (("steps", 1, 10**7), ("rank", 1, 1024), ("batch", 1, 4096), ("save_every", 1, 10**7)):
        if not low <= getattr(options, name) <= high:
            raise BadInput(f"--{name.replace('_', '-')} {getattr(options, name)} is out of range", f"use {low} to {high}")
    if not options.keep_gb >= 0:
        raise BadInput(f"--keep-gb {options.keep_gb} is out of range", "use 0 or more")
    if options.rate is not None and not 0 < options.rate < 1:
        raise BadInput(f"--rate {options.rate} is out of range", "use a number between 0 and 1, such as 2e-4")


def prepare_out(out: Path, *sources: Path) -> Path:
    """Make the folder and see that it can be written and is ours; returns its subfolder WORK."""
    if any(out.resolve() == source.resolve() for source in sources):
        raise BadInput(f"--out {shorten(out)} is the model that is to be trained", "give --out a new folder")
    work = out / WORK
    with writing(out):
        if out.exists() and not out.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "it is not a folder")
        if out.exists() and not work.is_dir() and any(out.iterdir()):
            raise BadInput(f"{shorten(out)} holds something else", "give --out a new folder, or that of a run to go on with")
        work.mkdir(parents=True, exist_ok=True)
        for folder in (out, work):
            with tempfile.TemporaryFile(dir=folder):
                pass
    return work


def digest(parts: Iterable[object]) -> str:
    """Changes with any of them; 16 hex digits."""
    return hashlib.sha256("\n".join(map(repr, parts)).encode()).hexdigest()[:16]


def tell_skipped(reasons: Mapping[Path, str | None], what: str) -> list[str]:
    """A sentence for each reason for which files were skipped (None: used): "2 of 9 pictures skipped, missing: a.jpg, b.jpg"."""
    told = []
    for reason, count in Counter(reason for reason in reasons.values() if reason).items():
        names = [shorten(path.name, 40) for path, why in reasons.items() if why == reason]
        more = f" and {count - NAMED} more" if count > NAMED else ""
        told.append(f"{count} of {len(reasons)} {what} skipped, {reason}: {', '.join(names[:NAMED])}{more}")
    return told


@contextlib.contextmanager
def writing(out: Path) -> Iterator[None]:
    """Whatever fails while writing there becomes one clear line."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(f"the disk of {shorten(out)} is full", "free some space, then run the same command again") from error
        raise BadInput(f"{shorten(out)} can't be written ({error.strerror or error})", "give --out another folder") from error
