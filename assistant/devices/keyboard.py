"""A key of the keyboard as the button to talk. Reads the terminal; where standard input is none, no key is ever pressed."""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Callable

ANY_KEY = "any"
_TICK_S = 0.1


class Keyboard:
    """Implements `interfaces.Button` on a key. Watched, the terminal gives each key at once and shows none; Ctrl-C goes on working."""

    def __init__(self, key: str = ANY_KEY, file_number: int | None = None) -> None:
        """Take `key`, one character or ANY_KEY, from the terminal with this `file_number`, standard input if None."""
        self._key = key
        self._file_number = file_number
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, on_press: Callable[[], None]) -> None:
        """Call `on_press` at every press, on a thread of its own, until `close`; never if the input is no terminal."""
        terminal = sys.stdin.fileno() if self._file_number is None else self._file_number
        if os.isatty(terminal):
            self._thread = threading.Thread(target=self._read, args=(terminal, on_press), name="keyboard", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread and leave the terminal as it was."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def _read(self, terminal: int, on_press: Callable[[], None]) -> None:
        import termios
        import tty

        before = termios.tcgetattr(terminal)
        tty.setcbreak(terminal, termios.TCSANOW)
        try:
            while not self._closed.is_set():
                if not select.select([terminal], [], [], _TICK_S)[0]:
                    continue
                typed = os.read(terminal, 64).decode("utf-8", "replace")
                if not typed:
                    return  # the terminal is gone
                if self._key == ANY_KEY or self._key in typed:
                    on_press()
        except OSError:
            return  # the terminal is gone
        finally:
            termios.tcsetattr(terminal, termios.TCSANOW, before)
