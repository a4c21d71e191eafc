"""The current turn's number: one question and all that follows from it. Knows nothing of threads' work.

Whoever starts work for a turn keeps its number; whoever holds a piece of an old turn drops it at the stage's door.
Only `begin` and `interrupt` write; reading an int needs no lock in Python.
"""

from __future__ import annotations

import threading

UNBEGUN = -1
"""The turn of an utterance that hasn't silenced the assistant: too short, or without a wake word so far. Only words make it a turn."""


class Turns:
    """Counts turns. Starts at 0: nothing was asked yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current = 0

    @property
    def current(self) -> int:
        """Return the current turn's number."""
        return self._current

    def begin(self) -> int:
        """Begin the turn of a new question, and return its number: everything older is stale from now on."""
        with self._lock:
            self._current += 1
            return self._current

    def interrupt(self) -> int:
        """Make everything stale because the user wants silence, and return the number of the turn that nobody has filled yet."""
        return self.begin()

    def end(self, turn: int) -> None:
        """Make a turn stale, unless it is already: then a newer one goes on."""
        with self._lock:
            if turn == self._current:
                self._current += 1

    def is_stale(self, turn: int) -> bool:
        """Tell whether a turn is no longer the current one."""
        return turn != self._current
