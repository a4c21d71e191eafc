"""Whether a device is there: a loss and a return are told once each, and between tries to open it again is waited longer and longer.

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
"""For a device to end after it was closed; one that takes longer hangs and is left behind."""
MAX_HUNG = 3
"""Threads that may hang in a driver at once; while so many do, a device isn't opened again."""


@dataclass(frozen=True)
class Timeouts:
    """How long is waited for what, in seconds."""

    start_s: float = 15.0
    """For a device to open and to give its first frame or chunk."""
    stall_s: float = 5.0
    """For every next one, or for a loudspeaker to take sound. Longer than the devices' own limits: they know better what is wrong."""
    first_s: float = 0.5
    """Before a device is opened again; twice as long after each try in vain ..."""
    longest_s: float = 10.0
    """... up to this. A device that has worked for so long starts anew."""
    silence_s: float = 3.0
    """For a lost loudspeaker to come back, before what is said meanwhile is dropped."""


class Backoff:
    """When to try again. Told the time, it knows no clock."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self._wait_s = timeouts.first_s
        self._working_since_s: float | None = None

    def worked(self, now_s: float) -> None:
        """The device is there and works."""
        if self._working_since_s is None:
            self._working_since_s = now_s

    def failed(self, now_s: float) -> float:
        """It is lost, or a try was in vain: the seconds until the next one. One that is lost again soon after waits longer and longer."""
        if self._working_since_s is not None and now_s - self._working_since_s >= self._timeouts.longest_s:
            self._wait_s = self._timeouts.first_s
        self._working_since_s = None
        wait_s, self._wait_s = self._wait_s, min(2 * self._wait_s, self._timeouts.longest_s)
        return wait_s


class OnChange(Protocol):
    def __call__(self, device: str, is_lost: bool, why: Problem | None) -> None:
        """Told once of each loss (and why) and each return of "camera", "microphone" or "speaker".

        Called on the thread that noticed, which may be the one that speaks: it must not wait.
        """
        ...


class Connection:
    """What is known of one device: whether it is lost, told once, and when to try again."""

    def __init__(self, name: str, on_change: OnChange, timeouts: Timeouts) -> None:
        self.name = name
        self.timeouts = timeouts
        self.closed = threading.Event()
        self.is_lost = False
        self._on_change = on_change
        self._backoff = Backoff(timeouts)
        self._hung: list[Worker] = []

    def worked(self) -> None:
        self._backoff.worked(time.monotonic())
        if self.is_lost:
            self.is_lost = False
            self._on_change(self.name, False, None)

    def lost(self, why: Problem) -> None:
        if not self.is_lost and not self.closed.is_set():
            self.is_lost = True
            self._on_change(self.name, True, why)

    def wait(self) -> bool:
        """Until the device may be opened again; False once closed."""
        while not self.closed.wait(self._backoff.failed(time.monotonic())):
            self._hung = [worker for worker in self._hung if not worker.done.is_set()]
            if len(self._hung) < MAX_HUNG:
                return True
        return False

    def leave(self, worker: Worker) -> None:
        """It may hang in a driver; it ends when the driver lets it go."""
        self._hung.append(worker)
