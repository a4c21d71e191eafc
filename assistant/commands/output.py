"""Small things every command needs: what a result is, a stopwatch and the wording of times."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

Result = tuple[str, dict[str, Any]]
"""One result of a command: text for people, and the object that --json prints."""


class Stopwatch:
    """Counts the seconds spent in each named part, in the order they were taken."""

    def __init__(self) -> None:
        self.times_s: dict[str, float] = {}
        self._began = self._last = time.monotonic()

    def lap(self, name: str) -> None:
        """Book the seconds since the last lap under `name`."""
        now = time.monotonic()
        self.times_s[name] = round(now - self._last, 3)
        self._last = now

    def total(self) -> dict[str, float]:
        """Return the seconds of each part, and "total": those since the beginning."""
        return {**self.times_s, "total": round(time.monotonic() - self._began, 3)}


def format_clock(time_s: float) -> str:
    """Return the time as "1:05" or "1:00:05"."""
    minutes, seconds = divmod(int(time_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def resident_bytes() -> int:
    """Return the memory that this process holds now; 0 where the system doesn't tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
