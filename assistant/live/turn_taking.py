"""Who may speak: the user while they do, the assistant else."""

from __future__ import annotations

import threading
from collections.abc import Callable

_TICK_S = 0.02


class Floor:
    """Taken while the user speaks; what the assistant has to say waits until it is free, or is stale by then."""

    def __init__(self) -> None:
        self._free = threading.Event()
        self._free.set()

    @property
    def is_taken(self) -> bool:
        return not self._free.is_set()

    def set_taken(self, taken: bool) -> None:
        if taken:
            self._free.clear()
        else:
            self._free.set()

    def wait_until_free(self, is_stale: Callable[[], bool]) -> bool:
        """False if what waits became stale meanwhile."""
        while not self._free.wait(_TICK_S):
            if is_stale():
                return False
        return not is_stale()
