"""A vision server on this machine that speaks the OpenAI-compatible chat API, well or badly, as a test wants it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support.http_server import listening

PAGE = b"<html>Welcome! Log in to use this network.</html>"


@dataclass
class VisionServer:
    """What the server answers, and what goes wrong. Change the fields while it runs."""

    answer: str = "A red cup on a table."
    reply: Callable[[dict[str, Any]], str] | None = None
    """Answers each request in place of `answer`."""
    models: list[str] | None = field(default_factory=lambda: ["tiny-vlm", "other-vlm"])
    failure: tuple[int, object] | None = None
    """(status, JSON) that answers every question."""
    moved_to: str = ""
    """Where every request is sent on to."""
    page: bool = False
    """Answers everything with a web page."""
    silent: bool = False
    """Takes questions and says nothing until the server is closed."""
    body: bytes | None = None
    """Sent as the stream in place of the answer."""
    cut_after: int | None = None
    """The stream breaks off after so many words."""
    endless: bool = False
    """Says its answer again and again, whatever was asked for."""
    closes: bool = False
    """Ends the stream by closing the connection, as servers of HTTP/1.0 do, in place of chunks."""
    go_on: threading.Event = field(default_factory=threading.Event)
    """Clear it, and the server waits after its first word."""
    requests: list[dict[str, Any]] = field(default_factory=list)
    """The questions, in order."""
    paths: list[str] = field(default_factory=list)
    """Of all requests, in order."""
    left: threading.Event = field(default_factory=threading.Event)
    """Set when somebody left in the middle of an answer."""
    closing: threading.Event = field(default_factory=threading.Event)
    address: str = ""


@contextmanager
def serve() -> Iterator[VisionServer]:
    """Run one."""
    told = VisionServer()
    told.go_on.set()

    class Handler(_Handler):
        state = told

    with listening(Handler) as told.address:
        try:
            yield told
        finally:
            told.closing.set()
            told.go_on.set()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: VisionServer

    def do_GET(self) -> None:
        self.state.paths.append(self.path)
        if self._misbehaves():
            return
        if self.path != "/v1/models":
            self._send(404, "application/json", b'{"error": "not found"}')
            return
        models = [{"id": name, "object": "model"} for name in self.state.models] if self.state.models is not None else None
        self._send(200, "application/json", json.dumps({"object": "list", "data": models}).encode())

    def do_POST(self) -> None:
        self.state.paths.append(self.path)
        self.state.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        if self._misbehaves():
            return
        if self.state.silent:
            self.state.closing.wait()
            self.close_connection = True
        elif self.state.failure:
            status, reply = self.state.failure
            self._send(status, "application/json", json.dumps(reply).encode())
        elif self.path != "/v1/chat/completions":
            self._send(404, "application/json", b"{}")
        else:
            self._stream()

    def log_message(self, *arguments: object) -> None:
        """Tests are quiet."""

    def _misbehaves(self) -> bool:
        if self.state.moved_to:
            self.send_response(307)
            self.send_header("Location", self.state.moved_to + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.state.page:
            self._send(200, "text/html; charset=utf-8", PAGE)
        return bool(self.state.moved_to or self.state.page)

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        if self.state.closes:
            self.send_header("Connection", "close")
        else:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for number, event in enumerate(self._events()):
                if number == 2:
                    self.state.go_on.wait()
                self.wfile.write(event if self.state.closes else b"%x\r\n%s\r\n" % (len(event), event))
            if self.state.cut_after is None and not self.state.closes:
                self.wfile.write(b"0\r\n\r\n")
        except ConnectionError:
            self.state.left.set()
        self.close_connection = True

    def _events(self) -> Iterator[bytes]:
        """The role, as all servers begin, then a word each, what else there is to tell, and the end."""
        if self.state.body is not None:
            yield self.state.body
            return
        yield _event({"role": "assistant", "content": None})
        asked = self.state.requests[-1]
        answer = self.state.reply(asked) if self.state.reply else self.state.answer
        words = re.findall(r"\S+\s*", answer)[: asked["max_tokens"]]
        for word in words[: self.state.cut_after]:
            yield _event({"content": word})
        while self.state.endless:
            yield _event({"content": self.state.answer})
        if self.state.cut_after is None:
            yield b": still here\n\n" + _event({}) + b'data: {"choices": [], "usage": {"total_tokens": 9}}\n\ndata: [DONE]\n\n'


def _event(delta: dict[str, object]) -> bytes:
    return f"data: {json.dumps({'choices': [{'index': 0, 'delta': delta}]})}\n\n".encode()
