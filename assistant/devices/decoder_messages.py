"""Keeps from the user what image decoders write to standard error of damaged pictures: they get one line, and it is ours."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_DECODERS = re.compile(
    rb"libpng (?:warning|error): |Corrupt JPEG data|Premature end of JPEG|Invalid SOS parameters|Inconsistent progression sequence"
    rb"|Unknown Adobe color|Warning: unknown JFIF|TIFF\w*: "
)
"""How lines of libpng, libjpeg (its warnings, in jerror.h) and libtiff begin."""
_STDERR = 2
_lock = threading.Lock()
"""The descriptor is the whole process's: one at a time takes it away."""


@contextmanager
def without_decoder_messages() -> Iterator[None]:
    """Hold back what the process writes to standard error meanwhile; give back all of it that isn't a decoder's, in order."""
    with _lock, tempfile.TemporaryFile() as held:
        try:
            own = os.dup(_STDERR)
        except OSError:  # it is closed: nothing can be written
            yield
            return
        _flush()
        os.dup2(held.fileno(), _STDERR)
        try:
            yield
        finally:
            _flush()
            os.dup2(own, _STDERR)
            os.close(own)
            held.seek(0)
            for line in held:
                if not _DECODERS.match(line):
                    os.write(_STDERR, line)


def _flush() -> None:
    if sys.stderr is not None and not sys.stderr.closed:
        sys.stderr.flush()
