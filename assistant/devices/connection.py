"""Whether a device is there: a loss and a return are reported once each, and between tries to open it again the wait grows.

Knows no device. What runs in a driver runs on a thread that may be left behind, for a driver may hang where nothing wakes it.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Protocol

from assistant.problems import Problem
from assistant.workers import Worker

GRACE_S = 0.5
"""Seconds for a device to end after it was closed; one that takes longer hangs and is left behind."""
MAX_HUNG = 3
"""Threads that may hang in a driver at once; while so many do, a device isn't opened again."""


@dataclass(frozen=True)
class Timeouts:
    """Says how long to wait for what, in seconds."""

    start_s: float = 15.0
    """For a device to open and to give its first frame or chunk."""
    stall_s: float = 5.0
    """For every next frame or chunk, or for sound to be taken. Longer than the devices' own limits: they know better what is wrong."""
    first_s: float = 0.5
    """Before a device is opened again; twice as long after each try in vain, up to `longest_s`."""
    longest_s: float = 10.0
    """Before a device is opened again, at most. After a device has worked for so long the wait starts anew at `first_s`."""
    silence_s: float = 3.0
    """For a lost loudspeaker to come back, before what is said meanwhile is dropped."""


class Backoff:
    """Decides when to try again (exponential backoff). Takes the time as an argument."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self._wait_s = timeouts.first_s
        self._working_since_s: float | None = None

    def worked(self, now_s: float) -> None:
        """Note that the device is there and works."""
        if self._working_since_s is None:
            self._working_since_s = now_s

    def failed(self, now_s: float) -> float:
        """Note that the device is lost, or a try was in vain, and return the seconds until the next try.

        The wait doubles each time, and starts anew only once the device has worked for `longest_s`.
        """
        if self._working_since_s is not None and now_s - self._working_since_s >= self._timeouts.longest_s:
            self._wait_s = self._timeouts.first_s
        self._working_since_s = None
        wait_s, self._wait_s = self._wait_s, min(2 * self._wait_s, self._timeouts.longest_s)
        return wait_s


class OnChange(Protocol):
    """Is called once for each loss and each return of a device."""

    def __call__(self, device: str, is_lost: bool, why: Problem | None) -> None:
        """Take note that "camera", "microphone" or "speaker" is lost, and why, or is back.

        Called on the thread that noticed, which may be the one that speaks: it must not wait.
        """
        ...


class Connection:
    """Knows of one device whether it is lost, reports that once, and when to try again."""

    def __init__(self, name: str, on_change: OnChange, timeouts: Timeouts) -> None:
        self.name = name
        self.timeouts = timeouts
        self.closed = threading.Event()
        self.is_lost = False
        self._on_change = on_change
        self._backoff = Backoff(timeouts)
        self._hung: list[Worker] = []

    def worked(self) -> None:
        """Note that the device is there and works; report its return if it was lost."""
        self._backoff.worked(time.monotonic())
        if self.is_lost:
            self.is_lost = False
            self._on_change(self.name, False, None)

    def lost(self, why: Problem) -> None:
        """Note that the device is lost; report it unless that was done, or the connection is closed."""
        if not self.is_lost and not self.closed.is_set():
            self.is_lost = True
            self._on_change(self.name, True, why)

    def wait(self) -> bool:
        """Wait until the device may be opened again; return False once closed."""
        while not self.closed.wait(self._backoff.failed(time.monotonic())):
            self._hung = [worker for worker in self._hung if not worker.done.is_set()]
            if len(self._hung) < MAX_HUNG:
                return True
        return False

    def leave(self, worker: Worker) -> None:
        """Leave behind a worker that may hang in a driver; it ends when the driver lets it go."""
        self._hung.append(worker)
