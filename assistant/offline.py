"""Makes sure that nothing reaches a network: hub switches off, and sockets refused but to this very machine."""

from __future__ import annotations

import ipaddress
import os
import socket
from typing import Any

from assistant.problems import NetworkTrouble

_SWITCHES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY")


class RefusedConnection(NetworkTrouble, OSError):
    """Something tried to reach the network while the program is offline by its own promise."""


def enforce() -> None:
    """From now on this process talks to loopback addresses and local sockets only. Only setup and fetch never call it."""
    for name in _SWITCHES:
        os.environ[name] = "1"
    if getattr(socket.socket, "assistant_guard", False):
        return

    class GuardedSocket(socket.socket):
        assistant_guard = True

        def connect(self, address: Any) -> None:
            _refuse_remote(self.family, address)
            super().connect(address)

        def connect_ex(self, address: Any) -> int:
            _refuse_remote(self.family, address)
            return super().connect_ex(address)

        def sendto(self, *arguments: Any) -> int:
            _refuse_remote(self.family, arguments[-1])
            return super().sendto(*arguments)

    socket.socket = GuardedSocket  # type: ignore[misc]


def _refuse_remote(family: int, address: Any) -> None:
    if family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
        return
    host = str(address[0])
    try:
        local = ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        local = host == "localhost"
    if not local:
        raise RefusedConnection(
            f"a connection to {host} was refused", "the assistant works without a network; fetch models with `assistant setup`"
        )
