"""Files that a user asked for: written beside their place, and put there only once they are whole.

Only a regular file is ever replaced, or what a symbolic link leads to if it is one; never a device, a pipe or a folder, and a file of
another kind only when the user insists.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from assistant.problems import BadInput, DiskFull, Problem, shorten
from assistant.translatable import Translatable

HEAD_BYTES = 64
"""At the start of a file, which tell its kind."""


@dataclass(frozen=True)
class Output:
    """A kind of file that is written."""

    what: str
    """For people: "the picture"."""
    begins: bytes
    """A pattern of how files of this kind begin."""
    ending: str
    """What its name should end in, as an example."""


WAV = Output(Translatable("the sound"), rb"RIFF....WAVE", "answer.wav")
PNG = Output(Translatable("the picture"), rb"\x89PNG", "sheet.png")
SUBTITLES = Output(Translatable("the subtitles"), rb"(?:\xef\xbb\xbf)?\s*(?:\d+\s*\r?\n\d\d+:\d\d|\Z)", "film.srt")
INDEX = Output(Translatable("the index"), rb"PK\x03\x04", "film.index")
TRACE = Output(Translatable("the trace"), rb"\{", "turns.jsonl")
OWN_THINGS = Output(Translatable("the file of your things"), rb"PK\x03\x04", "my_things.npz")
UNIT = Output("the unit", rb"\[Unit\]", "assistant-kiosk.service")
TRANSCRIPT = Output(Translatable("the transcript"), rb"\{", "transcript.jsonl")


class WrittenFile:
    """A file while it is written; it appears in its place with `commit`, or not at all."""

    def __init__(self, path: Path, output: Output, force: bool = False) -> None:
        """Open it beside its place. Raises BadInput or DiskFull, as `check_place` and the methods do."""
        self._path, self._output = path, output
        self._target = check_place(path, output, force)
        self._part = self._target.with_name(f".{self._target.name[:40]}.{secrets.token_hex(4)}.part")
        with told_of_write_errors(path, output):
            self.file: IO[bytes] = os.fdopen(os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666), "wb")
            with suppress(OSError):  # who may read it stays as it was
                self._part.chmod(stat.S_IMODE(self._target.stat().st_mode))

    def write(self, data: bytes) -> None:
        """Append to it."""
        with self._discarded_on_error():
            self.file.write(data)

    def flush(self) -> None:
        """Hand what was written to the system."""
        with self._discarded_on_error():
            self.file.flush()

    def rewrite_start(self, data: bytes) -> None:
        """Write over its first bytes."""
        with self._discarded_on_error():
            self.file.seek(0)
            self.file.write(data)
            self.file.seek(0, os.SEEK_END)

    def commit(self) -> None:
        """Put it in its place; nothing if that was done, or it was discarded."""
        if self.file.closed:
            return
        with self._discarded_on_error():
            self.file.close()
            self._part.replace(self._target)

    def discard(self) -> None:
        """Leave nothing behind; nothing if it is in its place. Safe to call twice."""
        with suppress(OSError):  # closing writes what is still in memory, which fails again on a full disk
            self.file.close()
        self._part.unlink(missing_ok=True)

    @contextmanager
    def _discarded_on_error(self) -> Iterator[None]:
        with told_of_write_errors(self._path, self._output):
            try:
                yield
            except OSError:
                self.discard()
                raise


def write_file(path: Path, data: bytes, output: Output, force: bool = False) -> None:
    """Write a whole file. Raises BadInput or DiskFull."""
    written = WrittenFile(path, output, force)
    try:
        written.write(data)
        written.commit()
    finally:
        written.discard()


def check_place(path: Path, output: Output, force: bool = False) -> Path:
    """Return where the file will be, symbolic links followed. BadInput, which says why, where it may not be written.

    With `force` a file of another kind may be replaced, but nothing that isn't a file.
    """
    name = shorten(path)
    with told_of_write_errors(path, output):
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            target = path.resolve()
            if not target.parent.is_dir():
                raise BadInput(
                    "there is no folder {folder} for {what}",
                    "make it, or give another name",
                    folder=shorten(target.parent),
                    what=output.what,
                ) from None
            return target
        if not stat.S_ISREG(mode):
            fix = Translatable("give {what} a file's name, such as {ending}", what=output.what, ending=output.ending)
            raise BadInput("{name} is {kind}, which is never replaced", fix, name=name, kind=_kind(mode))
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    if head and not force and not re.match(output.begins, head, re.DOTALL):
        raise BadInput(
            "{name} is there already and holds something else than {what}", "give another name, or add --force", name=name, what=output.what
        )
    return path.resolve()


@contextmanager
def told_of_write_errors(path: Path, output: Output) -> Iterator[None]:
    """Turn what the system says about a file that is written into a Problem."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: links that go round; ValueError: a zero in the name
        raise write_problem(error, shorten(path), output.what) from error


def write_problem(error: Exception, name: str, what: str) -> Problem:
    """Return what to tell the user of an error in writing."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull("there is no room left for {what} {name}", "free some space or choose another folder", what=what, name=name)
    reason = error.strerror if isinstance(error, OSError) else error
    return BadInput(
        "{what} {name} can't be written ({reason})", "choose a file name in a folder you may write to", what=what, name=name, reason=reason
    )


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return Translatable("a folder")
    return Translatable("a pipe or socket") if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else Translatable("a device")
