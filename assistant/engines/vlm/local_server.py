"""HTTP to a model server on this machine and to no other. Knows nothing of pictures or questions.

`http.client` asks no proxy and follows no redirect, so nothing but the address given is ever connected to.
"""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote, urlsplit

from assistant.problems import BadInput, ServerTrouble, shorten

CONNECT_S = 5.0
LIST_S = 15.0
"""Until the list of models is there."""
FIRST_S = 180.0
"""Until the first piece of a reply: a large model reads pictures for long on a slow processor."""
NEXT_S = 30.0
"""Between one piece of a reply and the next."""
REPLY_S = 600.0
"""For a whole reply, whatever keeps it alive."""
MOST_BYTES = 1 << 20
"""Of a list of models, of one event of a stream, or of what is read of an error."""

_USE_THIS_MACHINE = "use the address of a server on this machine, such as http://127.0.0.1:8080"
_PATH = re.compile(r"[\w./~-]*", re.ASCII)


@dataclass(frozen=True)
class ServerAddress:
    """Where on this machine a server listens."""

    hosts: tuple[str, ...]
    """Loopback addresses, to be tried in order."""
    port: int
    path: str
    """That the API's paths begin with, such as "/v1"."""
    model: str
    """The model asked for; "" = the server's first."""

    def __str__(self) -> str:
        host = f"[{self.hosts[0]}]" if ":" in self.hosts[0] else self.hosts[0]
        return f"http://{host}:{self.port}{self.path}"


def parse_address(address: str) -> ServerAddress:
    """Read "http://127.0.0.1:PORT", with "/v1" behind it or not, and "#NAME" for one of the server's models.

    Raises BadInput for anything that isn't surely this machine.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or 80
    except ValueError as error:
        raise BadInput(f"{shorten(address)} is no address ({error})", _USE_THIS_MACHINE) from error
    if parts.scheme != "http" or parts.query or "@" in parts.netloc or not _PATH.fullmatch(parts.path):
        raise BadInput(f"{shorten(address)} is no plain http:// address", _USE_THIS_MACHINE)
    if not is_loopback(host):
        raise BadInput(f"the model server {shorten(address)} isn't on this machine, which no picture leaves", _USE_THIS_MACHINE)
    hosts = ("127.0.0.1", "::1") if host == "localhost" else (host,)  # a name server has no say in it
    return ServerAddress(hosts, port, parts.path.rstrip("/") or "/v1", unquote(parts.fragment))


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine by its very name or number."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class LocalServer:
    """Asks one server. Every request has a connection of its own, so threads may share it."""

    def __init__(self, address: ServerAddress) -> None:
        self._address = address

    def get(self, path: str) -> Any:
        """Return the JSON found there. Raises ServerTrouble."""
        with self._reply("GET", path, None, LIST_S) as (_, response):
            content = response.read(MOST_BYTES + 1)
            if len(content) > MOST_BYTES:
                raise self._too_large()
            return self._parse(content)

    def stream(self, path: str, request: Mapping[str, Any]) -> Generator[Any, None, None]:
        """Yield the JSON of each event of a reply, until the server says that it is done; to leave early closes the connection.

        Raises ServerTrouble, also when the reply breaks off, and BadInput where the server refuses what was asked.
        """
        ends = time.monotonic() + REPLY_S
        with self._reply("POST", path, json.dumps(request).encode(), FIRST_S) as (connected, response):
            if "event-stream" not in response.headers.get("Content-Type", ""):
                raise self._no_api(f"sent {_kind(response)} in place of a stream")
            while line := response.readline(MOST_BYTES + 1):
                if len(line) > MOST_BYTES:
                    raise self._too_large()
                if time.monotonic() > ends:
                    raise TimeoutError
                connected.settimeout(NEXT_S)
                name, _, data = line.partition(b":")
                if name != b"data":
                    continue  # a comment, the event's name, or the end of one
                if data.strip() == b"[DONE]":
                    return
                event = self._parse(data)
                if isinstance(event, dict) and event.get("error"):
                    raise self._refusal(None, _told(event))
                yield event
        raise self._broke_off("before its end")

    def _connect(self) -> HTTPConnection:
        trouble = ""
        for host in self._address.hosts:
            connection = HTTPConnection(host, self._address.port, timeout=CONNECT_S)
            try:
                connection.connect()
            except OSError as error:
                trouble = error.strerror or "no reply"
            else:
                return connection
        raise ServerTrouble(
            f"no model server answers at {self._address} ({trouble})", "start it (llama-server, `ollama serve`, vLLM), or correct the port"
        )

    @contextmanager
    def _reply(self, method: str, path: str, body: bytes | None, timeout_s: float) -> Iterator[tuple[socket.socket, HTTPResponse]]:
        """A good reply, of which the head was read. Words what goes wrong, until the end of the `with`."""
        with closing(self._connect()) as connection:
            connected = connection.sock  # which the connection lets go of where the reply ends with it
            connected.settimeout(timeout_s)
            try:
                with suppress(BrokenPipeError, ConnectionResetError):  # it may have refused before it had read all, and said why
                    connection.request(method, self._address.path + path, body, {"Content-Type": "application/json"})
                with closing(connection.getresponse()) as response:
                    self._check(response)
                    yield connected, response
            except TimeoutError as error:
                fix = "try again, or use a smaller model or fewer pictures"
                raise ServerTrouble(f"the model server at {self._address} took too long", fix) from error
            except (OSError, HTTPException) as error:
                raise self._broke_off(shorten(str(error) or type(error).__name__)) from error

    def _check(self, response: HTTPResponse) -> None:
        if 300 <= response.status < 400:
            where = shorten(response.headers.get("Location", "elsewhere"))
            raise ServerTrouble(
                f"the model server at {self._address} sends its visitors on to {where}, where nothing is sent", _USE_THIS_MACHINE
            )
        if response.status != 200:
            try:
                told = _told(json.loads(response.read(MOST_BYTES)))
            except (ValueError, RecursionError):
                told = ""
            raise self._refusal(response.status, told)

    def _refusal(self, status: int | None, told: str) -> ServerTrouble | BadInput:
        """By the status of HTTP (None in the middle of a reply) and what else the server tells."""
        why = ", ".join(filter(None, (f"status {status}" if status else "", shorten(told))))
        what = f"the model server at {self._address} answered with an error ({why or 'it tells no more'})"
        match status:
            case 401 | 403:
                return ServerTrouble(what, "start it without an API key: it is asked from this machine alone")
            case 404 | 405:
                return ServerTrouble(what, "give the address of its OpenAI-compatible API, such as http://127.0.0.1:8080/v1")
            case 400 | 413 | 422:
                return BadInput(what, "use a model that takes pictures, and fewer of them (max_keyframes in the settings)")
            case 429 | 503:
                return ServerTrouble(what, "it is loading or busy: try again in a moment")
        return ServerTrouble(what, "see whether its model takes pictures, and what the server itself tells")

    def _parse(self, content: bytes) -> Any:
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise self._no_api("sent something else than JSON") from error

    def _no_api(self, what: str) -> ServerTrouble:
        return ServerTrouble(
            f"the server at {self._address} {what}, so it is no OpenAI-compatible model server", "correct the address of --model"
        )

    def _broke_off(self, why: str) -> ServerTrouble:
        what = f"the model server at {self._address} broke off its reply ({why})"
        return ServerTrouble(what, "ask again, or see what the server itself tells")

    def _too_large(self) -> ServerTrouble:
        return ServerTrouble(f"the server at {self._address} sends more than a model server would", "correct the address of --model")


def _kind(response: HTTPResponse) -> str:
    return shorten(response.headers.get("Content-Type", "something of no known kind"), 40)


def _told(reply: Any) -> str:
    """The message in an error: {"error": {"message": "..."}} or, of some servers, {"error": "..."} and {"message": "..."}."""
    error = reply.get("error", reply) if isinstance(reply, dict) else ""
    message = error.get("message", "") if isinstance(error, dict) else error
    return message if isinstance(message, str) else ""
