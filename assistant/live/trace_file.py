"""The file of `assistant run --trace`: a record a line, as they come. A disk that is full ends no conversation: records wait for room."""

from __future__ import annotations

import errno
import json
import os
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.problems import DiskFull, Problem, shorten
from assistant.written_files import TRACE, WrittenFile, write_problem

MOST_WAITING = 1000
"""Records that wait for room, of a turn each; the oldest go first, and that is told."""


class TraceFile:
    """Writes records. The file has its name once it is closed, and none but whole lines then."""

    def __init__(
        self, path: Path, on_full: Callable[[Problem], None], force: bool = False, pwrite: Callable[[int, bytes, int], int] = os.pwrite
    ) -> None:
        """Open it; BadInput or DiskFull if that can't be. `on_full` is told the first time that there is no room."""
        self._name, self._on_full, self._pwrite = shorten(path), on_full, pwrite
        self._written = WrittenFile(path, TRACE, force)
        self._length = 0
        self._waiting: deque[bytes] = deque()
        self._lost = 0
        self._is_told = False

    def write(self, record: dict[str, Any]) -> None:
        """Write a record, or keep it until there is room. BadInput for whatever else is wrong with the disk."""
        self._waiting.append(json.dumps(record, ensure_ascii=False).encode(errors="backslashreplace") + b"\n")
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self._lost += 1
        self._write_what_waits()
        if self._waiting and not self._is_told:
            self._is_told = True
            self._on_full(write_problem(OSError(errno.ENOSPC, ""), self._name, TRACE.what))

    def close(self) -> None:
        """Put the file in its place; DiskFull, which says how much is missing, if there is still no room."""
        self._write_what_waits()
        self._written.commit()
        if missing := self._lost + len(self._waiting):
            turns = "turn is" if missing == 1 else "turns are"
            what = f"there was no room for all of the trace {self._name}: {missing} {turns} missing"
            raise DiskFull(what, "free some space or choose another folder")

    def _write_what_waits(self) -> None:
        while self._waiting and self._put(self._waiting[0]):
            self._length += len(self._waiting.popleft())

    def _put(self, line: bytes) -> bool:
        """Write one behind the others; of what doesn't fit nothing is left."""
        descriptor = self._written.file.fileno()
        try:
            if self._pwrite(descriptor, line, self._length) == len(line):
                return True
            os.ftruncate(descriptor, self._length)
        except OSError as error:
            problem = write_problem(error, self._name, TRACE.what)
            if not isinstance(problem, DiskFull):
                raise problem from error
        return False
