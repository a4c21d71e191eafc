"""What the sound server does behind PortAudio's back: a stream whose device goes is moved to another, and none is told.

Without a microphone it offers what its loudspeaker plays in its place, and without a loudspeaker a dummy that plays nothing. Asked through
`pactl`, which PulseAudio and PipeWire have; where it is missing, nothing is known.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Literal

Direction = Literal["input", "output"]
ANSWER_WITHIN_S = 2.0
CHECKED_EVERY_S = 2.0
_LABELS = {"input": "Default Source:", "output": "Default Sink:"}
DUMMIES = ("auto_null", "auto_null.monitor")
_our_choices: set[str] = set()
"""Devices that the program itself has chosen."""


def default_device(direction: Direction) -> str:
    """Return the name of the server's own choice; "" where there is no server, or nobody to ask it."""
    try:
        done = subprocess.run(
            ["pactl", "info"], env={**os.environ, "LC_ALL": "C"}, capture_output=True, text=True, timeout=ANSWER_WITHIN_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    label = _LABELS[direction]
    return next((line.removeprefix(label).strip() for line in done.stdout.splitlines() if line.startswith(label)), "")


def is_makeshift(name: str) -> bool:
    """Tell whether a device only stands in for one that isn't there: a loudspeaker's monitor for a microphone, or a dummy."""
    return name.endswith(".monitor") or name in DUMMIES


def choose_default_sink(name: str) -> None:
    """Have the server play on this device from now on. To be moved there is no loss, of which nobody is told."""
    _our_choices.add(name)
    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run(["pactl", "set-default-sink", name], capture_output=True, timeout=ANSWER_WITHIN_S, check=True)


@contextmanager
def watched_default(direction: Direction, on_change: Callable[[], None]) -> Iterator[None]:
    """Notice, while the block runs, when the server chooses another device, to which it moves streams; tell it on a thread of its own."""
    began, ended = default_device(direction), threading.Event()

    def watch() -> None:
        while not ended.wait(CHECKED_EVERY_S):
            if (now := default_device(direction)) and began and now not in (began, *_our_choices):
                on_change()
                return

    watcher = threading.Thread(target=watch, name=f"watch the {direction} device", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
