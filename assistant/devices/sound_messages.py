"""What PortAudio and ALSA write to standard error: each kind is shown once, for a busy machine's hundred lines would bury the rest.

Both write to the file descriptor itself, so it is led through a pipe; all lines that aren't theirs are passed on as they are.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_STDERR = 2
_THEIRS = re.compile(rb"^(ALSA lib |Expression '|PaAlsa|Cannot connect to server|jack server|JackShm|Connection failure: |Stream error: )")
_WHERE = re.compile(rb"\w+\.c:\d+:\(\w+\) |, line: \d+|\d+")
"""What differs between two lines that tell the same."""
MOST_KINDS = 100
"""Kinds of lines that are told apart; more aren't shown."""
ENDS_WITHIN_S = 1.0
"""A child process that outlives us may hold the pipe."""


class SoundMessages:
    """Tells which lines are new. Pure."""

    def __init__(self) -> None:
        self._known: set[bytes] = set()

    @staticmethod
    def is_of_library(line: bytes) -> bool:
        """Tell whether a line is of the sound libraries."""
        return _THEIRS.match(line) is not None

    def passes(self, line: bytes) -> bool:
        """Tell whether a line is to be shown: those of others always, of the sound libraries the first of each kind."""
        if not self.is_of_library(line):
            return True
        kind = _WHERE.sub(b"", line)
        if kind in self._known or len(self._known) >= MOST_KINDS:
            return False
        self._known.add(kind)
        return True


@contextmanager
def sound_messages_once(told: Callable[[str], None]) -> Iterator[None]:
    """Show each kind of message once while the block runs; `told` is told every one, on a thread of its own."""
    try:
        own = os.dup(_STDERR)
    except OSError:  # it is closed: nothing can be written
        yield
        return
    read, write = os.pipe()
    os.dup2(write, _STDERR)
    os.close(write)
    reader = threading.Thread(target=_pass_on, args=(read, os.dup(own), told), name="messages of the sound libraries", daemon=True)
    reader.start()
    try:
        yield
    finally:
        os.dup2(own, _STDERR)
        os.close(own)
        reader.join(ENDS_WITHIN_S)


def _pass_on(read: int, own: int, told: Callable[[str], None]) -> None:
    """Until the last who writes into the pipe has closed it."""
    messages, rest = SoundMessages(), b""
    with open(read, "rb", buffering=0) as pipe, open(own, "wb", buffering=0) as shown:
        while more := pipe.read(65536):
            *lines, rest = (rest + more).split(b"\n")
            for line in lines:
                if messages.is_of_library(line):
                    told(line.decode(errors="replace"))
                if messages.passes(line):
                    shown.write(line + b"\n")
        shown.write(rest)
