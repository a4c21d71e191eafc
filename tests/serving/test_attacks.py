"""What others may try on the service: each is refused in one line, and the service goes on."""

from __future__ import annotations

import io
import json
import random
import socket
import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from assistant.command_line import build_parser, main
from assistant.commands.serve import checked_token, run
from assistant.problems import BadInput
from assistant.serving import web_server
from assistant.serving.limits import ServingLimits
from tests.support.folders import PROJECT
from tests.support.service import CAT, CAT_URI, Client, fake_engines, served

TOKEN = "correct-horse-battery-staple"
PATHS = (
    *(
        "/look",
        "/ask",
        "/find",
        "/read",
        "/say",
        "/control",
        "/watch",
        "/live",
        "/ar",
        "/v1/chat/completions",
        "/v1/audio/transcriptions",
        "/v1/audio/speech",
    ),
    *("/", "/health", "/metrics", "/openapi.json", "/v1/models", "/v1/models/assistant", "/events", "/picture.jpg", "/page/captions.js"),
)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with served(fake_engines()) as client:
        yield client
        assert client.get("/health").status == 200  # after all that was tried


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8710", "192.0.2.7", "127.0.0.1.evil.example", "", "[::1", "localhost@evil.example"]
)
def test_a_name_that_was_made_to_lead_here_isnt_answered(client: Client, host: str) -> None:
    """DNS rebinding: the browser believes that it asks the page's own site."""
    assert client.get("/v1/models", Host=host).status in (400, 421)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8710", "LOCALHOST:1", "[::1]:8710"])
def test_this_machines_own_names_are_answered(client: Client, host: str) -> None:
    assert client.get("/v1/models", Host=host).status == 200


def test_two_host_headers_are_none(client: Client) -> None:
    assert client.ask("GET", "/v1/models", headers=[("Host", "localhost"), ("Host", "evil.example")]).status in (400, 421)


def test_web_pages_of_other_sites_may_not_ask(client: Client) -> None:
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": f"http://127.0.0.1:{client.port + 1}"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        told = client.ask("POST", "/look", CAT, {"Content-Type": "image/png", **headers})
        assert told.status == 403 and not any(name.startswith("access-control") for name in told.headers)
    own = f"http://127.0.0.1:{client.port}"
    assert client.ask("POST", "/look", CAT, {"Content-Type": "image/png", "Origin": own, "Sec-Fetch-Site": "same-origin"}).status == 200


def test_a_form_of_a_web_page_cant_ask(client: Client) -> None:
    """Browsers send such kinds of bodies anywhere without asking first."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        assert client.ask("POST", "/ask", json.dumps({"picture": CAT_URI, "question": "?"}).encode(), {"Content-Type": kind}).status == 415


def test_with_a_token_only_who_knows_it_is_answered() -> None:
    with served(fake_engines(), token=TOKEN) as client:
        assert client.get("/health").status == 200
        for header in ("", "Bearer", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer \xff\xfe"):
            told = client.get("/v1/models", Authorization=header)
            assert told.status == 401 and told.headers["www-authenticate"] == "Bearer" and TOKEN not in told.body.decode()
        assert client.get("/v1/models", Authorization=f"Bearer {TOKEN}").status == 200


def test_other_machines_are_let_in_only_with_a_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ASSISTANT_TOKEN", raising=False)
    with pytest.raises(BadInput, match="--token-file"):
        checked_token(build_parser().parse_args(["serve", "--host", "0.0.0.0"]))
    file = tmp_path / "token"
    token = checked_token(build_parser().parse_args(["serve", "--host", "0.0.0.0", "--token-file", str(file)]))
    assert len(token) >= 32 and file.stat().st_mode & 0o077 == 0
    assert "without TLS" in capsys.readouterr().err
    file.write_text("short")
    with pytest.raises(BadInput, match="16 or more"):
        checked_token(build_parser().parse_args(["serve", "--token-file", str(file)]))


@pytest.mark.parametrize("command", ["serve", "kiosk"])
def test_without_the_web_servers_libraries_one_line_says_what_to_install(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "starlette", None)
    assert main([command]) == 3
    error = capsys.readouterr().err
    assert "pip install 'scene-assistant[serve]'" in error and error.count("\n") == 1


def test_a_port_that_is_taken_is_told_before_models_load() -> None:
    with web_server.bound_socket("127.0.0.1", 0) as taken, pytest.raises(BadInput, match="can't be had"):
        next(run(build_parser().parse_args(["serve", "--port", str(taken.getsockname()[1])])))


@pytest.mark.parametrize(
    "place",
    [
        "file:///etc/passwd",
        "/etc/passwd",
        "http://127.0.0.1:1/x.png",
        "ftp://a/b",
        "//a/b",
        "data:image/png,raw",
        "../../x",
        "javascript:1",
    ],
)
def test_nothing_is_fetched_or_opened_by_name(client: Client, place: str) -> None:
    parts = [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": place}}]
    assert client.post("/v1/chat/completions", {"messages": [{"role": "user", "content": parts}]}).status == 422
    assert client.post("/look", {"picture": place}).status == 422
    assert client.post("/ask", {"picture": CAT_URI, "question": place}).status == 200  # words, like any other


@pytest.mark.parametrize(
    "path", ["/page/../../setup.cfg", "/page/..%2f..%2fsetup.cfg", "/page/%2e%2e/engines.py", "/page-words/../en", "/page/captions.js%00"]
)
def test_no_file_but_the_pages_own_can_be_had(client: Client, path: str) -> None:
    assert client.get(path).status in (400, 404)


def png(width: int, height: int, data: bytes) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_pictures_that_would_fill_the_memory_are_refused(client: Client) -> None:
    bomb = png(60_000, 60_000, zlib.compress(bytes(1 << 20)))
    told = client.ask("POST", "/look", bomb, {"Content-Type": "image/png"})
    assert told.status == 422 and "too large" in told.json["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"picture":' + b'"' + b"\\ud800" * 10,
        b"\xff\xfe\x00",
        b"1e999999",
        b'{"messages":[' + b"[" * 9000,
    ],
)
def test_json_that_is_none_is_told_so(client: Client, body: bytes) -> None:
    for path in ("/look", "/v1/chat/completions", "/v1/audio/speech"):
        assert client.ask("POST", path, body, {"Content-Type": "application/json"}).status in (400, 422)


def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not() -> None:
    with served(fake_engines(), ServingLimits(body_bytes=10_000)) as client:
        assert client.ask("POST", "/look", bytes(20_000), {"Content-Type": "image/png"}).status == 413
        with socket.create_connection(("127.0.0.1", client.port)) as sock:
            sock.sendall(b"POST /look HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n")
            sock.sendall(b"4e20\r\n" + bytes(20_000) + b"\r\n0\r\n\r\n")
            assert sock.recv(4096).startswith(b"HTTP/1.1 413")


def test_who_sends_too_slowly_is_sent_away() -> None:
    with served(fake_engines(), ServingLimits(body_s=0.2)) as client, socket.create_connection(("127.0.0.1", client.port)) as sock:
        sock.sendall(b"POST /look HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\nx")
        assert sock.recv(4096).startswith(b"HTTP/1.1 408")
        assert client.get("/health").status == 200


def test_who_never_says_what_they_want_loses_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "HEAD_S", 0.2)
    with served(fake_engines()) as client, socket.create_connection(("127.0.0.1", client.port), timeout=30) as sock:
        sock.sendall(b"GET /health HTTP/1.1\r\nX-Slow: ")
        assert sock.recv(100) == b""


def test_a_play_list_in_place_of_a_sound_leads_nowhere(client: Client) -> None:
    for content in (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", b"ffconcat version 1.0\nfile /etc/passwd\n", b"", CAT, bytes(5000)):
        told = client.ask("POST", "/v1/audio/transcriptions", form(content), {"Content-Type": "multipart/form-data; boundary=b"})
        assert told.status == 422 and "root:" not in told.body.decode()


def silence(seconds: int) -> bytes:
    """An MP4 of a few kilobytes a minute that unpacks to so much sound."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        track = out.add_stream("aac", rate=8000, layout="mono")
        for number in range(seconds):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 8000, 8000 * number
            out.mux(track.encode(frame))
        out.mux(track.encode())
    return file.getvalue()


def test_a_small_recording_that_lasts_for_hours_is_refused_and_a_film_is_no_picture() -> None:
    with served(fake_engines(), ServingLimits(sound_s=60.0)) as client:
        told = client.ask("POST", "/v1/audio/transcriptions", form(silence(200)), {"Content-Type": "multipart/form-data; boundary=b"})
        assert told.status == 422 and "longer than 60 seconds" in told.json["detail"]
        film = (PROJECT / "assistant" / "commands" / "demo_files" / "clip.mp4").read_bytes()
        assert client.ask("POST", "/look", film, {"Content-Type": "image/jpeg"}).status == 422
        assert client.get("/health").status == 200


def form(content: bytes, name: str = "../../etc/x.wav") -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    return head + content + b"\r\n--b--\r\n"


def test_whatever_is_sent_to_whatever_path_is_never_our_mistake(client: Client) -> None:
    """Bodies that are nearly right, changed at random."""
    rng = random.Random(25)
    parts = [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": CAT_URI}}]
    looks = {"picture": CAT_URI, "question": "What is this?", "thing": "cat", "language": "en", "detail": "brief"}
    speaks = {"input": "A word.", "model": "x", "voice": "y", "speed": 1.0, "response_format": "wav"}
    good = {**looks, **speaks, "messages": [{"role": "user", "content": parts}], "stream": True, "text": "What?", "command": "stop", "n": 1}
    odd: list[Any] = [
        None,
        0,
        -1,
        1e308,
        True,
        "",
        "\x00",
        "\ud83d\ude00" * 50,
        [],
        {},
        [[]],
        {"url": 1},
        "data:;base64,",
        "data:image/png;base64,%",
        "x" * 5000,
        CAT_URI[:300],
    ]
    for _ in range(300):
        path, data = rng.choice(PATHS), dict(good)
        for _ in range(rng.randint(0, 3)):
            data[rng.choice(list(data))] = rng.choice(odd)
        body = json.dumps(data).encode()
        if rng.random() < 0.3:
            at = rng.randrange(len(body))
            body = body[:at] + rng.randbytes(rng.randint(0, 4)) + body[at + rng.randint(0, 3) :]
        kind = rng.choice(
            ["application/json", "application/json", "image/png", "multipart/form-data; boundary=b", "multipart/form-data", "\x7f"]
        )
        query = rng.choice(["", "", "?language=pt&detail=full", "?detail=%ff&question=%00", "?" + "a=1&" * 200])
        told = client.ask(rng.choice(["POST", "POST", "GET", "PUT", "DELETE", "OPTIONS"]), path + query, body, {"Content-Type": kind})
        assert told.status < 500 or told.status in (501, 503), (path, kind, told.body)
