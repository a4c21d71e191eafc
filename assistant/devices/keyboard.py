"""A key of the keyboard as the button to talk. Reads the terminal; where standard input is none, no key is ever pressed."""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Callable

ANY_KEY = "any"
_TICK_S = 0.1


class OtherKey:
    """Implements `interfaces.Button` on a second key, which the first one's thread reads."""

    def __init__(self, key: str, keys: dict[str, Callable[[], None]]) -> None:
        self._key, self._keys = key, keys

    def watch(self, on_press: Callable[[], None]) -> None:
        """Call `on_press` at every press, on the thread of the first key."""
        self._keys[self._key] = on_press

    def close(self) -> None:
        """Watch it no longer."""
        self._keys.pop(self._key, None)


class Keyboard:
    """Implements `interfaces.Button` on a key. Watched, the terminal gives each key at once and shows none; Ctrl-C goes on working."""

    def __init__(self, key: str = ANY_KEY, file_number: int | None = None) -> None:
        """Take `key`, one character or ANY_KEY, from the terminal with this `file_number`, standard input if None."""
        self._key = key
        self._others: dict[str, Callable[[], None]] = {}
        self._file_number = file_number
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, on_press: Callable[[], None]) -> None:
        """Call `on_press` at every press, on a thread of its own, until `close`; never if the input is no terminal."""
        terminal = sys.stdin.fileno() if self._file_number is None else self._file_number
        if os.isatty(terminal):
            self._thread = threading.Thread(target=self._read, args=(terminal, on_press), name="keyboard", daemon=True)
            self._thread.start()

    def other(self, key: str) -> OtherKey:
        """Return another key of the same terminal as a button; it is watched before this one, and no longer a press of this one."""
        return OtherKey(key, self._others)

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
                for key in set(typed) & self._others.keys():
                    self._others[key]()
                typed = "".join(letter for letter in typed if letter not in self._others)
                if typed and (self._key == ANY_KEY or self._key in typed):
                    on_press()
        except OSError:
            return  # the terminal is gone
        finally:
            termios.tcsetattr(terminal, termios.TCSANOW, before)
