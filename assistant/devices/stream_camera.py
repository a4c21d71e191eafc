"""Streams on this machine as cameras: over HTTP (MJPEG, snapshots, any video), RTSP, TCP, UDP, or through a named pipe.

The bytes are fetched by Python, so that the guard of `offline` sees every connection, and are handed to FFmpeg, which opens nothing by
itself: a redirect, a proxy of the environment or a play list can't lead into the network.
"""

from __future__ import annotations

import http.client
import os
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit

import av
import numpy as np

from assistant.devices.av_capture import READABLE_FORMATS
from assistant.devices.picture_file import shrink
from assistant.devices.rtsp import open_rtsp
from assistant.messages import Frame
from assistant.problems import BadInput, LostDevice, MissingDevice, shorten
from assistant.settings import CameraSettings

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
CONNECT_S, FIRST_S, NEXT_S = 3.0, 8.0, 5.0
"""Seconds to wait for an answer, from then on for the first picture, and after a picture for the next."""
POLL_S = 0.2
"""Seconds after which a closed stream stops waiting for data."""
MOST_REDIRECTS = 3
_FORMATS = READABLE_FORMATS + ",image2pipe,jpeg_pipe,png_pipe,bmp_pipe,webp_pipe"
_OPTIONS = {
    "protocol_whitelist": "none",
    "format_whitelist": _FORMATS,
    "probesize": "1000000",
    "analyzeduration": "500000",
    "fpsprobesize": "0",
}
_PORTS = {"http": 80, "https": 443}
_OTHERWISE = "have its program send MPEG-TS to a port of this machine, and give tcp://localhost:PORT or udp://localhost:PORT"


class StreamCamera:
    """Implements `interfaces.Camera` on a stream. Times are those of the monotonic clock at arrival."""

    def __init__(self, source: str, settings: CameraSettings) -> None:
        """Open an address or a pipe. BadInput if it isn't on this machine or of no kind that is read; MissingDevice if nobody answers."""
        self._name = f"the stream {shorten(source)}"
        self._settings = settings
        self._closed = threading.Event()
        self._bytes = _Bytes(self._name, self._closed, _opened(source, self._name))

    def frames(self) -> Iterator[Frame]:
        """Yield frames until `close`. LostDevice when the stream ends, hangs or sends no video."""
        seen = False
        try:
            with av.open(self._bytes, format=self._bytes.form, options=_OPTIONS, metadata_errors="ignore", buffer_size=8192) as container:
                for frame in container.decode(video=0) if container.streams.video else ():
                    if self._closed.is_set():
                        return
                    seen = True
                    yield Frame(shrink(np.asarray(frame.to_ndarray(format="rgb24")), self._settings.largest_edge), time.monotonic())
                    self._bytes.until_s = time.monotonic() + NEXT_S
        except (av.FFmpegError, ValueError) as error:
            if not self._closed.is_set() and not seen and not self._bytes.is_interrupted:
                raise LostDevice(f"{self._name} sends nothing that can be read as a video", "check its address") from error
        finally:
            self._bytes.close()
        if self._bytes.is_interrupted:
            raise KeyboardInterrupt
        if not self._closed.is_set():
            raise LostDevice(f"{self._name} has ended", "check what sends it, then start again")

    def close(self) -> None:
        """End `frames`."""
        self._closed.set()
        self._bytes.wake()


@dataclass(frozen=True)
class _Opened:
    receive: Callable[[int], bytes | None]
    """Returns so many bytes at most, None when nothing has come within POLL_S, b"" at the end; TimeoutError after NEXT_S."""
    end: Callable[[], None]
    form: str | None = None
    """FFmpeg's name of the format, if it is known."""
    wake: Callable[[], None] = lambda: None
    """Ends a `receive` that waits for longer than POLL_S, from another thread."""


class _Bytes:
    """What av.open reads from: bytes as they come, never waiting longer than `until_s` of the monotonic clock."""

    def __init__(self, name: str, closed: threading.Event, opened: _Opened) -> None:
        self.form = opened.form
        self.until_s = time.monotonic() + FIRST_S
        self.close, self.wake = opened.end, opened.wake
        self._name, self._closed, self._receive = name, closed, opened.receive
        self.is_interrupted = False
        """Whether the user has pressed Ctrl-C while FFmpeg was reading."""

    def read(self, size: int) -> bytes:
        try:
            return b"" if self.is_interrupted else self._read(size)
        except KeyboardInterrupt:  # FFmpeg, which is called between, prints what passes through it and calls it an error of its own
            self.is_interrupted = True
            return b""

    def _read(self, size: int) -> bytes:
        while not self._closed.is_set():
            try:
                data = self._receive(size)
            except TimeoutError:
                data, self.until_s = None, 0.0
            except (OSError, http.client.HTTPException, AttributeError) as error:  # the last from a connection that was just closed
                if self._closed.is_set():
                    break
                raise LostDevice(
                    f"{self._name} broke off ({getattr(error, 'strerror', None) or error})", "check what sends it, then start again"
                ) from error
            if data is not None and (time.monotonic() < self.until_s or not data):
                return data
            if time.monotonic() >= self.until_s:
                raise LostDevice(f"{self._name} sends no pictures", "check what sends it, then start again")
        return b""


def _opened(source: str, name: str) -> _Opened:
    if "://" not in source or Path(source).exists():
        return _pipe(source, name)
    address = _local(source)
    try:
        match address.scheme:
            case "http" | "https":
                return _http(address, name)
            case "tcp" | "udp":
                return _socket(address)
            case "rtsp":
                stream = open_rtsp(address, name, _local)
                return _Opened(stream.receive, stream.close, stream.form)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or error
        raise MissingDevice(f"{name} can't be opened ({reason})", "start what sends it, and check its address") from error
    raise BadInput(f"streams of the kind {address.scheme} aren't read, for they may lead off this machine", _OTHERWISE)


def _local(source: str) -> SplitResult:
    try:
        address = urlsplit(source)
        host = address.hostname or ("localhost" if address.scheme == "udp" else "")
        port = address.port
    except ValueError as error:
        raise BadInput(f"{shorten(source)} is no address", "give one such as http://localhost:8080/video") from error
    if host not in LOCAL_HOSTS:
        raise BadInput(f"{shorten(source)} is not on this machine", "only streams from localhost are read; the assistant stays offline")
    if port is None and address.scheme not in _PORTS:
        port_example = f"{address.scheme}://localhost:9000"
        if address.scheme in ("tcp", "udp"):
            raise BadInput(f"the address {shorten(source)} has no port", f"give one such as {port_example}")
    return address


def _http(address: SplitResult, name: str) -> _Opened:
    """Python's client knows no proxies; where an answer leads elsewhere on this machine it is followed."""
    for _ in range(MOST_REDIRECTS):
        port = address.port or _PORTS[address.scheme]
        connection: http.client.HTTPConnection
        if address.scheme == "https":  # a program on this machine has no certificate that anybody signed
            context = ssl._create_unverified_context()
            connection = http.client.HTTPSConnection(address.hostname or "", port, timeout=CONNECT_S, context=context)
        else:
            connection = http.client.HTTPConnection(address.hostname or "", port, timeout=CONNECT_S)
        connection.request("GET", (address.path or "/") + (f"?{address.query}" if address.query else ""))
        connected = connection.sock
        answer = connection.getresponse()
        if answer.status in (301, 302, 303, 307, 308):
            connection.close()
            address = _local(urljoin(address.geturl(), answer.getheader("Location", "")))
            if address.scheme not in _PORTS:
                break
            continue
        if answer.status != 200:
            connection.close()
            raise MissingDevice(f"{name} answers {answer.status} {answer.reason}", "check its address")
        connected.settimeout(NEXT_S)
        form = "mpjpeg" if "multipart/" in answer.getheader("Content-Type", "") else None
        return _Opened(answer.read1, answer.close, form, partial(_shut, connected))
    raise BadInput(f"{name} leads on and on", "give the address of the video itself")


def _socket(address: SplitResult) -> _Opened:
    host, port = address.hostname or "127.0.0.1", address.port or 0
    if address.scheme == "tcp":
        connected = socket.create_connection((host, port), CONNECT_S)
    else:
        connected = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        connected.bind((host, port))
    connected.settimeout(POLL_S)
    held = bytearray()

    def receive(size: int) -> bytes | None:
        if not held:
            try:
                held.extend(connected.recv(65536))
            except TimeoutError:
                return None
        data = bytes(held[:size])
        del held[:size]
        return data

    return _Opened(receive, connected.close)


def _pipe(source: str, name: str) -> _Opened:
    try:
        pipe = os.open(source, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise BadInput(f"{name} can't be read ({error.strerror})", "check the path and the right to read it") from error
    poll, has_writer = select.poll(), False
    poll.register(pipe, select.POLLIN)

    def receive(size: int) -> bytes | None:
        nonlocal has_writer
        if not poll.poll(POLL_S * 1000):
            return None
        data = os.read(pipe, size)
        if not data and not has_writer:  # nobody has opened it for writing yet
            time.sleep(POLL_S)
            return None
        has_writer = True
        return data

    return _Opened(receive, lambda: os.close(pipe))


def _shut(connected: socket.socket) -> None:
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)
