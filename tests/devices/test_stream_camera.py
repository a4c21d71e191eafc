"""Streams on this machine: a look at them is short, one that ends keeps what it showed, and none leads off the machine."""

from __future__ import annotations

import http.server
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant.commands.media_reader import MediaReader
from assistant.devices.sources import is_live, open_source
from assistant.problems import BadInput, LostDevice, MissingDevice
from assistant.settings import CameraSettings, Settings
from tests.support.odd_media import landmark
from tests.support.video_files import STEADY_S, write_video

SETTINGS = CameraSettings()
GOOD = bytes(cv2.imencode(".jpg", landmark()[..., ::-1])[1].tobytes())
DARK = bytes(cv2.imencode(".jpg", np.zeros((100, 150, 3), np.uint8))[1].tobytes())


class _Answers(http.server.BaseHTTPRequestHandler):
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        match self.path:
            case "/snapshot":
                self._start("image/jpeg")
                self.wfile.write(GOOD)
            case "/mjpeg" | "/dark" | "/ends" | "/hangs":
                self._start("multipart/x-mixed-replace; boundary=--next")
                for number in range({"/ends": 6}.get(self.path, 10_000)):
                    picture = DARK if self.path == "/dark" or number == 0 else GOOD
                    part = b"--next\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture)
                    try:
                        self.wfile.write(part + picture + b"\r\n")
                    except OSError:
                        return
                    time.sleep(30 if self.path == "/hangs" and number > 5 else 0.02)
            case "/elsewhere":
                self._redirect("http://192.0.2.1/video")
            case "/other-protocol":
                self._redirect("rtsp://192.0.2.1/video")
            case "/here":
                self._redirect("/snapshot")
            case "/list":
                self._start("application/x-mpegURL")
                self.wfile.write(b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://%b/secret\n" % self.headers["Host"].encode())
            case _:
                self.send_error(404)

    def _start(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()

    def _redirect(self, where: str) -> None:
        self.send_response(302)
        self.send_header("Location", where)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as served:
        served.daemon_threads = True
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://localhost:{served.server_address[1]}"
        served.shutdown()


@contextmanager
def faster_than(seconds: float) -> Iterator[None]:
    began_s = time.monotonic()
    yield
    assert time.monotonic() - began_s < seconds


@pytest.mark.parametrize("path", ["/snapshot", "/mjpeg", "/here"])
def test_a_look_at_a_stream_is_over_with_its_first_good_picture(server: str, path: str) -> None:
    reader = MediaReader(server + path, Settings())
    with faster_than(3):
        frames = list(reader.frames())
    assert frames[0].time_s == 0
    assert np.abs(frames[-1].picture.astype(int) - landmark()).mean() < 12
    assert reader.lost is None


def test_a_dark_stream_that_never_ends_is_looked_at_for_three_seconds(server: str) -> None:
    with faster_than(6):
        frames = list(MediaReader(server + "/dark", Settings()).frames())
    assert len(frames) > 20


def test_a_stream_that_ends_keeps_what_it_showed(server: str) -> None:
    reader = MediaReader(server + "/ends", Settings(), endless=True)
    assert len(list(reader.frames())) >= 5
    assert reader.lost is not None and "ended" in reader.warnings[0]


def test_a_stream_that_hangs_is_lost(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.devices.stream_camera.NEXT_S", 0.5)
    with faster_than(5), pytest.raises(LostDevice, match="sends no pictures"):
        list(open_source(server + "/hangs", SETTINGS).frames())


def test_a_closed_stream_ends_though_it_hangs(server: str) -> None:
    camera = open_source(server + "/hangs", SETTINGS)
    frames = camera.frames()
    next(frames)
    camera.close()
    with faster_than(3):
        assert list(frames) == []


@pytest.mark.parametrize(("path", "words"), [("/elsewhere", "192.0.2.1/video is not on this machine"), ("/other-protocol", "not on this")])
def test_a_redirect_off_this_machine_is_refused(server: str, path: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        open_source(server + path, SETTINGS)


def test_a_play_list_is_not_followed_not_even_on_this_machine(server: str) -> None:
    with pytest.raises(LostDevice):
        list(open_source(server + "/list", SETTINGS).frames())
    assert "/secret" not in _Answers.asked


def test_a_proxy_of_the_environment_is_not_asked(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://192.0.2.1:3128")
    assert list(MediaReader(server + "/snapshot", Settings()).frames())


@pytest.mark.parametrize(
    "source",
    ["http://example.com/a", "http://localhost.example.com/a", "http://localhost@192.0.2.1/a", "http://[::1", "tcp://localhost", "rtsp://192.0.2.1/a",
     "concat://localhost/a", "udp://239.1.1.1:9"],
)  # fmt: skip
def test_what_may_lead_off_this_machine_is_refused_before_anything_is_opened(source: str) -> None:
    assert is_live(source)
    with pytest.raises(BadInput) as told:
        open_source(source, SETTINGS)
    assert "\n" not in str(told.value)


def test_a_stream_nobody_sends_is_a_missing_device(server: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(MissingDevice, match="refused"):
            open_source(f"http://localhost:{unused.getsockname()[1]}/", SETTINGS)
    with pytest.raises(MissingDevice, match="404"):
        open_source(server + "/nothing", SETTINGS)


def test_a_named_pipe_is_a_stream(tmp_path: Path) -> None:
    pipe, content = tmp_path / "pipe", write_video(tmp_path / "a.ts", STEADY_S, codec="libx264").read_bytes()
    os.mkfifo(pipe)
    camera = open_source(str(pipe), SETTINGS)
    threading.Thread(target=pipe.write_bytes, args=(content,), daemon=True).start()
    frames = []
    with pytest.raises(LostDevice, match="ended"), faster_than(10):
        for frame in camera.frames():
            frames.append(frame)
    assert len(frames) > 40


def test_a_pipe_that_nobody_fills_does_not_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.devices.stream_camera.FIRST_S", 0.5)
    os.mkfifo(tmp_path / "pipe")
    with faster_than(4), pytest.raises(LostDevice, match="sends no pictures"):
        list(open_source(str(tmp_path / "pipe"), SETTINGS).frames())


def test_video_over_tcp_is_read(tmp_path: Path) -> None:
    content = write_video(tmp_path / "a.ts", STEADY_S, codec="libx264").read_bytes()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def send() -> None:
            connected, _ = server.accept()
            with connected:
                connected.sendall(content)

        threading.Thread(target=send, daemon=True).start()
        reader = MediaReader(f"tcp://127.0.0.1:{server.getsockname()[1]}", Settings())
        assert list(reader.frames())
