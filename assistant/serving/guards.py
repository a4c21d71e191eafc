"""Who may ask: the checks that every request passes before anything is read of it.

A web page in this machine's browser is no friend: it may send requests here (Origin, Sec-Fetch-Site) and have its own name lead
here (DNS rebinding: Host).
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.serving.limits import RateLimit, ServingLimits
from assistant.serving.metrics import Metrics
from assistant.serving.problem_json import Refused, told

TOKEN_PROTOCOL = "bearer."
SWITCHED = 101
OPEN_PATHS = ("/health", "/", "/ar", "/page/", "/page-words/")
"""Need no token: whether the service lives, and the page itself, which asks for one."""


class Guard:
    """An ASGI application around another."""

    def __init__(
        self,
        app: ASGIApp,
        limits: ServingLimits,
        names: frozenset[str],
        token: str = "",
        metrics: Metrics | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Guard an application.

        Args:
            app: what is guarded.
            limits: of size, time and rate.
            names: host names by which it may be asked, beside the loopback's; addresses always may where there is a token.
            token: what clients must know; "" = nothing.
            metrics: told of each response.
            clock: seconds that never go back.
        """
        self._app, self._limits, self._names, self._token = app, limits, names | {"localhost"}, token
        self._metrics, self._clock = metrics or Metrics(), clock
        self._rate = RateLimit(limits.per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, then pass on; a request that is refused is answered and nothing of its body is kept."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        began_s, status, is_socket = self._clock(), [0], scope["type"] == "websocket"

        async def counted(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                status[0] = message["status"]
            elif message["type"] == "websocket.accept":
                status[0] = SWITCHED
            await send(message)

        try:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            self._check(scope, headers, began_s)
            await self._app(scope, receive if is_socket else self._bounded(receive, began_s), counted)
        except Refused as refused:
            if not status[0]:
                await told(refused)(scope, receive, counted)
        finally:
            self._metrics.request(scope["path"], status[0], self._clock() - began_s)

    def _check(self, scope: Scope, headers: dict[str, str], now_s: float) -> None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or not self._is_ours(host := hosts[0].decode("latin-1")):
            raise Refused(421, "this service isn't known by that host name. Use http://127.0.0.1, or start it with --name.")
        if not self._is_same_site(headers, host):
            raise Refused(403, "web pages of other sites may not use this service. Open its own page, or ask from a program.")
        if self._token and not _is_open(scope["path"]) and not self._knows_token(headers, scope):
            raise Refused(401, "the token is missing or wrong. Send the header Authorization: Bearer TOKEN.")
        client = scope["client"][0] if scope.get("client") else ""
        if wait_s := self._rate.retry_after_s(client, now_s):
            raise Refused(429, f"more than {self._limits.per_minute} requests a minute. Try again in a moment.", wait_s)
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._limits.body_bytes:
            raise _too_large(self._limits)

    def _is_ours(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        try:
            return ipaddress.ip_address(name).is_loopback or bool(self._token)
        except ValueError:
            return name in self._names

    def _is_same_site(self, headers: dict[str, str], host: str) -> bool:
        """Whether a browser that asks does so for our own page; programs send neither header."""
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return False
        origin = headers.get("origin")
        return origin is None or urlsplit_or_none(origin) == host.lower()

    def _knows_token(self, headers: dict[str, str], scope: Scope) -> bool:
        """By the header or, where a web page opens a socket and can send none, by a subprotocol "bearer.TOKEN"."""
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            offered = scope.get("subprotocols") or []
            given = next((each.removeprefix(TOKEN_PROTOCOL) for each in offered if each.startswith(TOKEN_PROTOCOL)), "")
        return hmac.compare_digest(given.strip().encode(), self._token.encode())

    def _bounded(self, receive: Receive, began_s: float) -> Receive:
        """The body, of so many bytes and in so much time; then the wait for the client to leave, which may last."""
        seen, is_whole = [0], [False]

        async def bounded() -> Message:
            if is_whole[0]:
                return await receive()
            left_s = began_s + self._limits.body_s - self._clock()
            try:
                message = await asyncio.wait_for(receive(), max(0.0, left_s))
            except TimeoutError as error:
                raise Refused(408, f"the request didn't arrive within {self._limits.body_s:g} seconds. Send it faster.") from error
            seen[0] += len(message.get("body", b""))
            is_whole[0] = not message.get("more_body", False)
            if seen[0] > self._limits.body_bytes:
                raise _too_large(self._limits)
            return message

        return bounded


def _is_open(path: str) -> bool:
    return any(path.startswith(start) if start.endswith("/") and start != "/" else path == start for start in OPEN_PATHS)


def urlsplit_or_none(origin: str) -> str | None:
    """Return the host and port of an origin, in small letters; None where it has none, such as "null"."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


def _too_large(limits: ServingLimits) -> Refused:
    return Refused(413, f"the request is larger than {limits.body_bytes >> 20} MB. Send a smaller picture or recording.")
