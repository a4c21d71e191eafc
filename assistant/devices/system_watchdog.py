"""Tells systemd that the service is ready and alive (https://www.freedesktop.org/software/systemd/man/sd_notify.html)."""

from __future__ import annotations

import os
import socket
import time


class SystemWatchdog:
    """A socket to the system, where it has given one; else nothing happens."""

    def __init__(self) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET", "")
        self._every_s = int(os.environ.get("WATCHDOG_USEC") or 0) / 2e6
        self._last_s = float("-inf")

    def ready(self, status: str) -> None:
        """Tell that the service can be used, and in one line how it is."""
        self._tell(f"READY=1\nSTATUS={status}")

    def beat(self) -> None:
        """Tell that it lives, twice as often as the system wants to hear it; call this more often."""
        now_s = time.monotonic()
        if self._every_s and now_s - self._last_s >= self._every_s:
            self._last_s = now_s
            self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """Tell that it is about to end."""
        self._tell("STOPPING=1")

    def _tell(self, message: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.connect(address)
                sock.sendall(message.encode())
        except OSError:
            self._address = ""  # the system doesn't listen, and will start us anew if it minds
