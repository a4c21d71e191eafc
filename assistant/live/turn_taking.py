"""Who may speak: the user while they do, the assistant else."""

from __future__ import annotations

import threading
from collections.abc import Callable

_TICK_S = 0.02


class TurnTaking:
    """Holds the assistant's voice back while the user speaks. Threads may share it."""

    def __init__(self) -> None:
        self._user_is_silent = threading.Event()
        self._user_is_silent.set()

    @property
    def user_speaks(self) -> bool:
        """Tell whether the user is speaking now; set it as they begin and end."""
        return not self._user_is_silent.is_set()

    @user_speaks.setter
    def user_speaks(self, speaks: bool) -> None:
        if speaks:
            self._user_is_silent.clear()
        else:
            self._user_is_silent.set()

    def wait_for_turn(self, is_stale: Callable[[], bool]) -> bool:
        """Wait until the user is silent; return False if what waits to be said became stale meanwhile."""
        while not self._user_is_silent.wait(_TICK_S):
            if is_stale():
                return False
        return not is_stale()
