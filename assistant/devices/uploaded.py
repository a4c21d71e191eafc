"""Pictures and sounds that came as bytes, from another program: decoded by the same readers as files, and never on a disk."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.devices.picture_file import open_picture
from assistant.devices.sound_files import RecordedMicrophone
from assistant.messages import Picture
from assistant.problems import BadInput


def decode_picture(content: bytes, largest_edge: int) -> Picture:
    """Return uint8 [H, W, 3] RGB with no edge longer than that. BadInput for what is no picture, not whole or too large."""
    missing: list[str] = []
    with _held(content, "the picture") as path:
        picture = open_picture(path, largest_edge, missing).picture
        if missing:  # a program can send it again; who asks with a file gets what there is of it
            raise BadInput(missing[0], "send all of it")
    return picture


@contextmanager
def uploaded_sound(content: bytes) -> Iterator[RecordedMicrophone]:
    """Open a recording; what it yields ends with this block. BadInput for what is no sound, or damaged, there as from its chunks."""
    with _held(content, "the sound") as path:
        yield RecordedMicrophone(path)


@contextmanager
def _held(content: bytes, what: str) -> Iterator[Path]:
    """A file that is only in memory, under a name by which libraries may open it; its number isn't told to anybody."""
    descriptor = os.memfd_create("upload", os.MFD_CLOEXEC)
    try:
        with open(descriptor, "wb", closefd=False) as file:  # noqa: PTH123 - it has no path
            file.write(content)
        yield Path(f"/proc/self/fd/{descriptor}")
    except BadInput as problem:
        named = re.compile(rf"\S*/fd/{descriptor}\b|\b{descriptor}\b")  # the first that is named is the file
        raise BadInput(named.sub(what, problem.what, count=1), problem.fix) from problem
    finally:
        os.close(descriptor)
