"""RTSP from this machine: its video is read over the one connection, wherever its description and answers would lead."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant.commands.media_reader import MediaReader
from assistant.devices.sources import open_source
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
