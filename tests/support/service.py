"""A service of fakes on a port of this machine, and a plain client of it."""

from __future__ import annotations

import base64
import http.client
import json
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from assistant.interfaces import Camera
from assistant.messages import Transcript
from assistant.serving.captions import Captions
from assistant.serving.desk import Desk
from assistant.serving.engines import Engines
from assistant.serving.limits import ServingLimits
from assistant.serving.service import make_service
from assistant.serving.watched_source import WatchedSource
from assistant.serving.web_server import WebServer, bound_socket, together
from assistant.serving.wyoming_service import wyoming_service
from assistant.settings import Settings
from tests.support.fakes import ScriptedDescriber, ScriptedTranscriber, ScriptedVoiceDetector, ToneSynthesizer
from tests.support.folders import PROJECT

CAT = (PROJECT / "models" / "starter" / "example.png").read_bytes()
CAT_URI = "data:image/png;base64," + base64.b64encode(CAT).decode()
QUESTION_WAV = PROJECT / "assistant" / "commands" / "demo_files" / "question1_en.wav"


@dataclass
class Answered:
    """A response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    """Asks a service, with whatever headers a test wants."""

    port: int
    timeout_s: float = 60.0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | Sequence[tuple[str, str]] = ()
    ) -> Answered:
        """Send exactly these headers, with a Host unless there is one, and the length of the body."""
        given = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout_s)
        connection.putrequest(method, path, skip_host=any(name.lower() == "host" for name, _ in given), skip_accept_encoding=True)
        for name, value in given:
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        told = Answered(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
        connection.close()
        return told

    def post(self, path: str, data: Any, **headers: str) -> Answered:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", path, json.dumps(data).encode(), {"Content-Type": "application/json"} | named)

    def get(self, path: str, **headers: str) -> Answered:
        return self.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def fake_engines(describer: ScriptedDescriber | None = None) -> Engines:
    """It sees a cat, hears a question about colour, and speaks in tones."""
    return Engines(
        Settings(),
        describer or ScriptedDescriber(["A cat on a sofa. It sleeps."]),
        lambda _: [],
        ScriptedTranscriber([Transcript("What is this?", "en", 0.9, "What is this?", 0.9)]),
        ScriptedVoiceDetector(([0.9] * 30 + [0.0] * 40) * 2),
        [ToneSynthesizer(("en", "pt"))],
        new_detector=lambda: ScriptedVoiceDetector(([0.9] * 30 + [0.0] * 40) * 20),
    )


@contextmanager
def served(
    engines: Engines | None = None,
    limits: ServingLimits | None = None,
    *,
    token: str = "",
    captions: Captions | None = None,
    names: frozenset[str] = frozenset(),
    wyoming: socket.socket | None = None,
    camera: Camera | None = None,
) -> Iterator[Client]:
    """Serve on a free port for one block."""
    sock, limits = bound_socket("127.0.0.1", 0), limits or ServingLimits(per_minute=100_000)
    desk = Desk(engines, limits) if engines else None
    captions = captions or Captions(limits.streams)
    source = WatchedSource(desk, captions, camera) if desk and camera else None
    app = make_service(desk, limits, token=token, captions=captions, names=names, source=source)
    beside = together(wyoming_service(desk, wyoming) if desk and wyoming else None, source.run if source else None)
    server = WebServer(app, sock, beside=beside, most_message_bytes=limits.live_message_bytes, on_stop=captions.close)
    server.start()
    try:
        yield Client(sock.getsockname()[1])
    finally:
        server.stop()
        if desk:
            desk.close()
