"""Small things every command needs: what a result is, a stopwatch and the wording of times."""

from __future__ import annotations

import json
import os
import sys
import time
import unicodedata
from pathlib import Path
from typing import Any

from assistant.languages.catalogues import for_terminal
from assistant.written_files import write_problem

Result = tuple[str, dict[str, Any]]
"""One result of a command: text for people, and the object that --json prints."""


def print_result(result: Result, as_json: bool) -> None:
    """Print one, for people in their language and in the letters that standard output has.

    DiskFull or BadInput if it can't be, BrokenPipeError if nobody reads.
    """
    text, data = for_terminal(result[0]), result[1]
    if as_json:
        text = json.dumps(data, ensure_ascii=False)
        text = text if _can_be_written(text) else json.dumps(data)
    elif not _can_be_written(text):
        text = in_letters_of(text, sys.stdout.encoding)
    try:
        print(text, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains once more at its end
        raise write_problem(error, "at standard output", "the result") from error


def in_letters_of(text: str, encoding: str) -> str:
    """Return the text as a terminal without some of its letters can show it: "cafe" for "café" where there is no more than ASCII."""
    shown = ""
    for letter in text:
        bare = unicodedata.normalize("NFKD", letter)[:1]
        shown += letter if _is_in(letter, encoding) else bare if _is_in(bare, encoding) else "?"
    return shown


def _can_be_written(text: str) -> bool:
    return sys.stdout is None or _is_in(text, sys.stdout.encoding or "utf-8")


def _is_in(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


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
