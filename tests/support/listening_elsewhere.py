"""Run in a network of its own (`unshare -Urn`): a listener on an address that isn't loopback, and every way we know to reach it.

Prints a line of JSON: what reached it before the promise was kept, what did after, and what Python may still do on this machine.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support.rtsp_server import RtspServer

ELSEWHERE = "192.0.2.1"
_SIOCSIFADDR, _SIOCSIFFLAGS, _UP = 0x8916, 0x8914, 0x1 | 0x40


def add_addresses() -> None:
    """Bring up loopback and a second address on it, which to everybody is one of another machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _UP))
        address = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(ELSEWHERE))
        fcntl.ioctl(control, _SIOCSIFADDR, struct.pack("16s16s", b"lo:1", address))


class _Redirects(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", f"http://{ELSEWHERE}:{elsewhere}/video.mp4")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


def reached(try_it: Callable[[], object]) -> bool:
    """Whether the listener heard of it."""
    before = len(heard)
    with contextlib.suppress(Exception):
        try_it()
    threading.Event().wait(0.05)
    return len(heard) > before


def by_libc() -> None:
    system = ctypes.CDLL(None)
    opened = system.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    address = struct.pack("=H", socket.AF_INET) + struct.pack("!H", elsewhere) + socket.inet_aton(ELSEWHERE) + bytes(8)
    system.connect(opened, address, len(address))


def by_io_uring() -> None:
    assert ctypes.CDLL(None).syscall(425, 8, bytes(120)) < 0
    raise OSError


def by_av(address: str) -> Callable[[], object]:
    def opened() -> None:
        import av

        av.open(address, timeout=1)

    return opened


def by_opencv(address: str) -> Callable[[], object]:
    def opened() -> None:
        import cv2

        os.environ.pop("OPENCV_FFMPEG_CAPTURE_OPTIONS", None)  # what the assistant tells it, too
        cv2.VideoCapture(address, cv2.CAP_FFMPEG, [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 1000]).isOpened()

    return opened


def by_source(address: str) -> Callable[[], object]:
    def opened() -> None:
        from assistant.devices.sources import open_source
        from assistant.settings import CameraSettings

        list(open_source(address, CameraSettings()).frames())

    return opened


def by_proxy() -> None:
    os.environ["http_proxy"] = f"http://{ELSEWHERE}:{elsewhere}"
    try:
        by_source("http://localhost:9/video")()
    finally:
        del os.environ["http_proxy"]


def ways(folder: Path) -> dict[str, Callable[[], object]]:
    there = f"{ELSEWHERE}:{elsewhere}"
    play_list = folder / "list.m3u8"
    play_list.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://{there}/a.ts\n#EXT-X-ENDLIST\n")
    concat = folder / "list.ffconcat"
    concat.write_text(f"ffconcat version 1.0\nfile http://{there}/a.ts\n")
    redirect = f"http://127.0.0.1:{redirecting}/"
    program = f"import socket; socket.create_connection(('{ELSEWHERE}', {elsewhere}), 1)"
    return {
        "socket() of the C library": by_libc,
        "io_uring": by_io_uring,
        "Python": lambda: urllib.request.urlopen(f"http://{there}/", timeout=1),
        "another program": lambda: subprocess.run([sys.executable, "-c", program], stderr=subprocess.DEVNULL, check=True),
        "FFmpeg http": by_av(f"http://{there}/a.mp4"),
        "FFmpeg tcp": by_av(f"tcp://{there}"),
        "FFmpeg rtsp": by_av(f"rtsp://{there}/a"),
        "FFmpeg concat": by_av(f"concat:http://{there}/a.ts|http://{there}/b.ts"),
        "FFmpeg subfile": by_av(f"subfile,,start,0,end,9,,:http://{there}/a.ts"),
        "FFmpeg redirect": by_av(redirect),
        "FFmpeg play list": by_av(str(play_list)),
        "OpenCV http": by_opencv(f"http://{there}/a.mp4"),
        "OpenCV redirect": by_opencv(redirect),
        "FFmpeg RTSP redirect": by_av(f"{rtsp.address}/moved"),
        "FFmpeg RTSP description": by_av(f"{rtsp.address}/described"),
        "a stream as SOURCE": by_source(f"http://{there}/a"),
        "a redirect as SOURCE": by_source(redirect),
        "a play list as SOURCE": by_source(str(play_list)),
        "a list of parts as SOURCE": by_source(str(concat)),
        "concat as SOURCE": by_source(f"concat:http://{there}/a.ts"),
        "a proxy of the environment": by_proxy,
        "RTSP as SOURCE": by_source(f"rtsp://{there}/video"),
        "an RTSP redirect as SOURCE": by_source(f"{rtsp.address}/moved"),
        "an RTSP description as SOURCE": by_source(f"{rtsp.address}/described"),
    }


def main() -> None:
    from assistant import offline

    with tempfile.TemporaryDirectory() as folder:
        before = [name for name, way in ways(Path(folder)).items() if reached(way)]
        offline.enforce()
        is_filtered = offline.enforce_below_python()
        after = [name for name, way in ways(Path(folder)).items() if reached(way)]
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        server.accept()[0].sendall(b"here")
        here = client.recv(4) == b"here"
    print(json.dumps({"before": before, "after": after, "is_filtered": is_filtered, "loopback": here}), flush=True)
    os._exit(0)


add_addresses()
heard: list[object] = []
listener = socket.create_server((ELSEWHERE, 0))
elsewhere = listener.getsockname()[1]


def _accept() -> None:
    while True:
        connection, _ = listener.accept()
        heard.append(connection.getpeername())
        connection.close()


def _receive() -> None:
    while True:
        heard.append(datagrams.recvfrom(65536))


threading.Thread(target=_accept, daemon=True).start()
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.bind((ELSEWHERE, elsewhere))
threading.Thread(target=_receive, daemon=True).start()
rtsp = RtspServer([b"\x67\0", b"\x65" + bytes(99)] * 20, f"{ELSEWHERE}:{elsewhere}")
_server = ThreadingHTTPServer(("127.0.0.1", 0), _Redirects)
redirecting = _server.server_address[1]
threading.Thread(target=_server.serve_forever, daemon=True).start()
main()
