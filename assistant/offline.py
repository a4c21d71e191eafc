"""Makes sure that nothing reaches a network: hub switches off, and sockets refused but to this very machine, in Python and below it."""

from __future__ import annotations

import ipaddress
import os
import socket
from typing import Any

from assistant import socket_filter
from assistant.problems import NetworkTrouble, shorten

_SWITCHES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "ORT_DISABLE_TELEMETRY")


class RefusedConnection(NetworkTrouble, OSError):
    """Says that something tried to reach the network while the program is offline by its own promise."""

    exit_status = 2


def enforce() -> None:
    """Hold this process to loopback addresses and local sockets from now on. Only setup and fetch never call it."""
    for name in _SWITCHES:
        os.environ[name] = "1"
    if getattr(socket.socket, "assistant_guard", False):
        return

    class GuardedSocket(socket.socket):
        assistant_guard = True

        def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> None:  # noqa: A002
            if fileno is None and family in (-1, socket.AF_INET, socket.AF_INET6):
                family = socket.AF_INET if family == -1 else family
                type = socket.SOCK_STREAM if type == -1 else type  # noqa: A001
                fileno = socket_filter.open_socket(family, type, max(proto, 0))
            super().__init__(family, type, proto, fileno)

        def connect(self, address: Any) -> None:
            _refuse_remote(self.family, address)
            super().connect(address)

        def connect_ex(self, address: Any) -> int:
            _refuse_remote(self.family, address)
            return super().connect_ex(address)

        def sendto(self, *arguments: Any) -> int:
            _refuse_remote(self.family, arguments[-1])
            return super().sendto(*arguments)

    look_up = socket.getaddrinfo

    def guarded_look_up(host: Any, *arguments: Any, **options: Any) -> Any:
        if host is not None:
            _refuse_host(host.decode() if isinstance(host, bytes) else str(host))  # even the question for an address leaves the machine
        return look_up(host, *arguments, **options)

    socket.socket = GuardedSocket  # type: ignore[misc]
    socket.getaddrinfo = guarded_look_up


def enforce_below_python() -> bool:
    """Take the network from libraries in C too, for all threads and children; return whether the system can. For programs of ours only.

    Sockets of Python pass, as far as `enforce` lets them: it must have been called before.
    """
    return socket_filter.install()


def _refuse_remote(family: int, address: Any) -> None:
    if family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
        _refuse_host(str(address[0]))


def _refuse_host(host: str) -> None:
    try:
        local = ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        local = host in ("localhost", "")
    if not local:
        raise RefusedConnection(
            f"a connection to {shorten(host)} was refused", "the assistant works without a network; fetch models with `assistant setup`"
        )
