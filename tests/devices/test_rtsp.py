"""RTSP from this machine: its video is read over the one connection, wherever its description and answers would lead."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from assistant.commands.media_reader import MediaReader
from assistant.devices.rtsp import open_rtsp
from assistant.devices.sources import open_source
from assistant.devices.stream_camera import _local
from assistant.problems import BadInput, LostDevice, MissingDevice, Problem
from assistant.settings import CameraSettings, Settings
from tests.support.rtsp_server import RtspServer, units_of
from tests.support.video_files import STEADY_S, write_video


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RtspServer]:
    stream = write_video(tmp_path_factory.mktemp("rtsp") / "a.h264", STEADY_S, codec="libx264").read_bytes()
    served = RtspServer(units_of(stream))
    yield served
    served.close()


@pytest.mark.parametrize("path", ["/video", "/here", "/described"])
def test_its_video_is_read_over_one_connection(server: RtspServer, path: str) -> None:
    frames = []
    with pytest.raises(LostDevice, match="ended"):
        for frame in open_source(server.address + path, CameraSettings()).frames():
            frames.append(frame)
    assert len(frames) >= len(STEADY_S) - 1
    left, right = frames[-1].picture[:, :60].mean((0, 1)), frames[-1].picture[:, 100:].mean((0, 1))
    assert left[0] > 150 > left[2] and right[2] > 120 > right[0], "red on the left, blue on the right"


def test_a_look_at_it_is_over_with_its_first_good_picture(server: RtspServer) -> None:
    assert list(MediaReader(server.address + "/video", Settings()).frames())


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        ("/moved", BadInput, "192.0.2.1/video is not on this machine"),
        ("/udp", BadInput, "over TCP"),
        ("/login", BadInput, "a name and a password"),
        ("/jpeg", BadInput, "H.264"),
        ("/nonsense", BadInput, "no RTSP"),
        ("/nothing", MissingDevice, "404"),
    ],
)
def test_what_cant_be_read_is_told_in_one_line(server: RtspServer, path: str, kind: type[Problem], words: str) -> None:
    with pytest.raises(kind, match=words) as told:
        open_source(server.address + path, CameraSettings())
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("address", ["rtsp://192.0.2.1/a", "rtsp://localhost@192.0.2.1/a", "rtsps://localhost/a", "rtsp://localhost:1/a"])
def test_addresses_that_arent_this_machines_or_of_nobody_are_refused(address: str) -> None:
    with pytest.raises(Problem):
        open_source(address, CameraSettings())


def test_a_stream_that_was_closed_ends(server: RtspServer) -> None:
    camera = open_source(server.address + "/video", CameraSettings())
    frames = camera.frames()
    next(frames)
    camera.close()
    assert list(frames) == []


ANSWERS = (
    b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 85\r\n\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n"
    b"a=fmtp:96 sprop-sps=AAAA\r\na=control:x\r\n"
    b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nSession: 1\r\n\r\nRTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n"
    b"$\0\0\x14\x80\x60\0\1\0\0\0\0\0\0\0\1\x62\1\x93aaaaa$\0\0\x12\x80\x60\0\2\0\0\0\0\0\0\0\1\x60\1\0\2ab"
)


def test_whatever_a_server_sends_is_read_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = {"read": 0, "refused": 0}
    for seed in range(600):
        rng, sent = random.Random(seed), bytearray(ANSWERS)
        for _ in range(rng.randint(0, 4)):
            sent[rng.randrange(len(sent))] = rng.choice((0, 9, 13, 36, 57, rng.randrange(256)))
        ours, theirs = socket.socketpair()
        monkeypatch.setattr("assistant.devices.rtsp.socket.create_connection", lambda *_, ours=ours: ours)
        with theirs:
            theirs.sendall(sent)
            theirs.shutdown(socket.SHUT_WR)
            try:
                stream = open_rtsp(urlsplit("rtsp://localhost/x"), "the stream", _local)
                while stream.receive(100):
                    pass
                stream.close()
                ends["read"] += 1
            except (Problem, OSError):
                ends["refused"] += 1
    assert min(ends.values()) > 50
