"""Runs an application on a socket, with uvicorn: the thin adapter between HTTP and everything else."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from assistant.problems import BadInput

HEAD_S = 10.0
"""In which a client must have said what it wants; who sends a byte a minute holds a connection no longer."""
MOST_CONNECTIONS = 256
"""At a time; more are answered with 503."""
STOP_S = 3.0
PING_S = 20.0
"""Between two signs of life of a WebSocket, and in which the other side must answer one."""


class _Impatient(H11Protocol):
    """Closes connections whose request doesn't begin within HEAD_S."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._head_timer = asyncio.get_running_loop().call_later(HEAD_S, self._check_head)

    def handle_websocket_upgrade(self, event: Any) -> None:
        self._head_timer.cancel()  # it has said what it wants
        super().handle_websocket_upgrade(event)

    def _check_head(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()


class _Server(uvicorn.Server):
    """Tells who streams without an end that there is one, before it waits for them."""

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_stop()
        await super().shutdown(sockets)


class WebServer:
    """An application on a socket. `run` blocks; `start` and `stop` do it on a thread of its own."""

    def __init__(
        self,
        app: ASGIApp,
        sock: socket.socket,
        certificate: Path | None = None,
        key: Path | None = None,
        beside: Callable[[], Awaitable[None]] | None = None,
        most_message_bytes: int = 1 << 24,
        on_stop: Callable[[], None] = lambda: None,
    ) -> None:
        """Serve an application.

        Args:
            app: what answers.
            sock: bound already.
            certificate: of TLS, in PEM; None = plain HTTP.
            key: of the certificate.
            beside: runs in the same event loop, for as long.
            most_message_bytes: of a WebSocket's message; who sends more loses the connection.
            on_stop: ends what would go on for ever.
        """
        config = uvicorn.Config(
            app,
            http=_Impatient,
            ws="websockets-sansio",
            ws_max_size=most_message_bytes,
            ws_ping_interval=PING_S,
            ws_ping_timeout=PING_S,
            ws_per_message_deflate=False,  # or a small message could unpack to a large one
            lifespan="off",
            access_log=False,
            log_level="error",
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=int(STOP_S),
            proxy_headers=False,
            ssl_certfile=certificate,
            ssl_keyfile=key,
        )
        self._server, self._socket, self._beside = _Server(config, on_stop), sock, beside
        self._thread: threading.Thread | None = None

    def run(self) -> None:
        """Serve until a signal comes."""
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        beside = asyncio.ensure_future(self._beside()) if self._beside else None
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            if beside:
                beside.cancel()

    def start(self) -> None:
        """Serve on a thread until `stop`."""
        self._thread = threading.Thread(target=self.run, name="serve", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End a server that was started."""
        self._server.should_exit = True
        if self._thread:
            self._thread.join(STOP_S + 1)
        self._socket.close()


def together(*services: Callable[[], Awaitable[None]] | None) -> Callable[[], Awaitable[None]] | None:
    """Return what runs several services beside a web server, each until it ends; None where there are none."""
    wanted = [each for each in services if each]

    async def run() -> None:
        await asyncio.gather(*(each() for each in wanted))

    return run if wanted else None


def bound_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens for this address, given in digits. BadInput where it can't be had."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError as error:
        raise BadInput(f"--host {host!r} is no address", "give it in digits, such as 127.0.0.1 or 0.0.0.0") from error
    sock = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((str(address), port))
        sock.listen(128)
    except (OSError, OverflowError) as error:
        sock.close()
        reason = error.strerror if isinstance(error, OSError) else "there are ports from 0 to 65535"
        raise BadInput(f"port {port} of {address} can't be had ({reason})", "give another one with --port") from error
    return sock


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
