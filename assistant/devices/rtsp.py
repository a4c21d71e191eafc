"""RTSP (RFC 2326) from a program on this machine, such as a camera's driver: one TCP connection carries commands and pictures alike.

Nothing else is ever opened: other addresses that a stream's description (SDP, RFC 8866) may name aren't asked.
"""

from __future__ import annotations

import base64
import re
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote

from assistant.problems import BadInput, MissingDevice

PORT = 554
CONNECT_S, ANSWER_S, POLL_S, ALIVE_EVERY_S = 3.0, 8.0, 0.2, 20.0
"""Seconds to wait for a connection, for an answer (its camera may have to begin) and for pictures at a time, and between signs of life."""
MOST_REDIRECTS = 3
MOST_BYTES = 1 << 17
"""Of one message."""
START = b"\0\0\0\1"
"""Before each unit of H.264 and H.265 where they stand one after the other."""
_FORMS = {"H264": "h264", "H265": "hevc", "MP2T": "mpegts"}
"""RTP's name of what is sent -> FFmpeg's."""
_SETS = re.compile(r"sprop-(?:parameter-sets|vps|sps|pps)=([^;\s]+)")


@dataclass(frozen=True)
class Track:
    """The video that a description tells of."""

    payload: int
    """RTP's number of its kind."""
    form: str
    """FFmpeg's name of its format."""
    control: str
    """Its address, or a part of one."""
    parameters: bytes = b""
    """What a decoder must know before the first picture."""


@dataclass(frozen=True)
class _Message:
    first: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class _Packet:
    channel: int
    data: bytes


def open_rtsp(address: SplitResult, name: str, local: Callable[[str], SplitResult]) -> RtspStream:
    """Connect and have the video sent; where an answer leads elsewhere on this machine it is followed.

    Args:
        address: of the stream, on this machine.
        name: for people.
        local: gives the parts of an address, BadInput for one that isn't on this machine.

    Raises OSError, BadInput or MissingDevice.
    """
    for _ in range(MOST_REDIRECTS):
        stream = RtspStream(address, name)
        try:
            moved = stream.begin(local)
        except (OSError, BadInput, MissingDevice):
            stream.close()
            raise
        if not moved:
            return stream
        stream.close()
        address = local(moved)
        if address.scheme != "rtsp":
            break
    raise BadInput(f"{name} leads on and on", "give the address of the video itself")


class RtspStream:
    """One connection. `receive` gives what is sent, as bytes of the format `form`."""

    def __init__(self, address: SplitResult, name: str) -> None:
        self.form = ""
        self._name = name
        host = f"[{address.hostname}]" if ":" in (address.hostname or "") else address.hostname
        self._url = f"rtsp://{host}:{address.port or PORT}{address.path or '/'}" + (f"?{address.query}" if address.query else "")
        self._login = f"{unquote(address.username)}:{unquote(address.password or '')}" if address.username else ""
        self._connected = socket.create_connection((address.hostname or "", address.port or PORT), CONNECT_S)
        self._connected.settimeout(ANSWER_S)
        self._came, self._out = bytearray(), bytearray()
        self._number, self._session, self._alive_s = 0, "", time.monotonic()
        self._units: Callable[[bytes], Iterator[bytes]] = lambda packet: iter(())

    def begin(self, local: Callable[[str], SplitResult]) -> str:
        """Have the video sent, or return the address at which it is."""
        described = self._ask("DESCRIBE", self._url, Accept="application/sdp")
        if "location" in described.headers:
            return described.headers["location"]
        track = video_track(described.body.decode("utf-8", "replace"))
        if track is None:
            raise BadInput(f"{self._name} sends no H.264, H.265 or MPEG-TS", "have its program send one of them")
        base = described.headers.get("content-base", self._url)
        setting_up = self._ask("SETUP", _address_of(track.control, base), Transport="RTP/AVP/TCP;unicast;interleaved=0-1")
        self._session = setting_up.headers.get("session", "").split(";")[0]
        self.form, self._units = track.form, _Units(track).of
        self._out += track.parameters
        self._ask("PLAY", base, Range="npt=0.000-")
        self._connected.settimeout(POLL_S)
        return ""

    def receive(self, size: int) -> bytes | None:
        """Return so many bytes at most, None when nothing has come for a while, b"" at the end. Raises OSError."""
        while not self._out:
            if (come := self._next()) is None:
                self._stay_alive()
                try:
                    if not self._fill():
                        return b""
                except TimeoutError:
                    return None
            elif isinstance(come, _Packet) and come.channel == 0:
                self._out += b"".join(self._units(come.data))
            elif isinstance(come, _Message) and come.first.startswith("REDIRECT"):
                return b""
        data = bytes(self._out[:size])
        del self._out[:size]
        return data

    def close(self) -> None:
        """End the connection."""
        self._connected.close()

    def _ask(self, method: str, url: str, **headers: str) -> _Message:
        self._send(method, url, **headers)
        while not isinstance(come := self._next(), _Message) or not come.first.startswith("RTSP/"):
            if come is None and not self._fill():
                raise ConnectionError("it hung up")
        status = come.first.split(" ", 1)[-1]
        if status.startswith("401"):
            fix = "switch that off in its program, or give them as in rtsp://NAME:PASSWORD@localhost (of the kind Basic)"
            raise BadInput(f"{self._name} asks for a name and a password", fix)
        if status.startswith("461"):
            raise BadInput(f"{self._name} doesn't send over TCP", "allow TCP (interleaved) in its program")
        if not status.startswith("200") and not (status.startswith("3") and "location" in come.headers):
            raise MissingDevice(f"{self._name} answers {status}", "check its address")
        return come

    def _send(self, method: str, url: str, **headers: str) -> None:
        self._number += 1
        headers = {"CSeq": str(self._number), "User-Agent": "scene-assistant", **headers}
        if self._session:
            headers["Session"] = self._session
        if self._login:
            headers["Authorization"] = f"Basic {base64.b64encode(self._login.encode()).decode()}"
        lines = [f"{method} {url} RTSP/1.0", *(f"{key}: {value}" for key, value in headers.items()), "", ""]
        self._connected.sendall("\r\n".join(lines).encode())

    def _stay_alive(self) -> None:
        if time.monotonic() - self._alive_s > ALIVE_EVERY_S:
            self._alive_s = time.monotonic()
            self._send("OPTIONS", self._url)

    def _fill(self) -> bool:
        data = self._connected.recv(65536)
        self._came += data
        return bool(data)

    def _next(self) -> _Message | _Packet | None:
        """Take what has come whole; None if that is nothing."""
        if self._came[:1] == b"$":
            end = 4 + int.from_bytes(self._came[2:4], "big")
            if len(self._came) < max(4, end):
                return None
            packet = _Packet(self._came[1], bytes(self._came[4:end]))
            del self._came[:end]
            return packet
        end = self._came.find(b"\r\n\r\n")
        if end < 0 and len(self._came) > MOST_BYTES:
            raise BadInput(f"{self._name} speaks no RTSP", "check its address")
        if end < 0:
            return None
        first, *lines = self._came[:end].decode("utf-8", "replace").lstrip().split("\r\n")
        headers = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
        length = headers.get("content-length", "0")
        whole = end + 4 + (int(length[:9]) if length.isascii() and length.isdigit() else 0)
        if not first.startswith("RTSP/") and " RTSP/" not in first or whole > MOST_BYTES:
            raise BadInput(f"{self._name} speaks no RTSP", "check its address")
        if len(self._came) < whole:
            return None
        message = _Message(first, headers, bytes(self._came[end + 4 : whole]))
        del self._came[:whole]
        return message


def video_track(description: str) -> Track | None:
    """Return the first video in an SDP of a kind that is read here."""
    for part in re.split(r"^m=", description, flags=re.MULTILINE)[1:]:
        head = re.match(r"video \S+ \S+ (\d+)", part)
        if head is None:
            continue
        payload = int(head[1])
        kind = re.search(rf"^a=rtpmap:{payload} ([\w-]+)/", part, re.MULTILINE)
        form = _FORMS.get(kind[1].upper() if kind else {33: "MP2T"}.get(payload, ""))
        control = re.search(r"^a=control:(\S+)", part, re.MULTILINE)
        if form:
            return Track(payload, form, control[1] if control else "*", b"".join(START + each for each in _parameter_sets(part)))
    return None


def _parameter_sets(part: str) -> Iterator[bytes]:
    for found in _SETS.findall(part):
        for each in found.split(","):
            try:
                yield base64.b64decode(each, validate=True)
            except ValueError:
                continue  # they come with the pictures, too


def _address_of(control: str, base: str) -> str:
    if control == "*":
        return base
    return control if control.startswith("rtsp://") else f"{base.rstrip('/')}/{control}"


class _Units:
    """Puts together what was cut up for RTP (RFC 6184 for H.264, RFC 7798 for H.265)."""

    def __init__(self, track: Track) -> None:
        self._track = track
        self._part = bytearray()
        """Of a unit that came in pieces."""
        self._last = -1

    def of(self, packet: bytes) -> Iterator[bytes]:
        """Yield what is whole with this packet."""
        if len(packet) < 13 or packet[0] >> 6 != 2 or packet[1] & 0x7F != self._track.payload:
            return
        number = int.from_bytes(packet[2:4], "big")
        if self._last >= 0 and number != (self._last + 1) % 65536:
            self._part.clear()  # some were left out
        self._last = number
        start = 12 + 4 * (packet[0] & 15)
        if packet[0] & 0x10:
            start += 4 + 4 * int.from_bytes(packet[start + 2 : start + 4], "big")
        data = packet[start : len(packet) - (packet[-1] if packet[0] & 0x20 else 0)]
        if self._track.form == "mpegts":
            yield data
        elif len(data) > 3:
            yield from self._h264(data) if self._track.form == "h264" else self._hevc(data)

    def _h264(self, data: bytes) -> Iterator[bytes]:
        kind = data[0] & 31
        if kind == 24:
            yield from _several(data[1:])
        elif kind == 28:
            yield from self._piece(bytes([data[0] & 0xE0 | data[1] & 31]), data[1], data[2:])
        elif 0 < kind < 24:
            yield START + data

    def _hevc(self, data: bytes) -> Iterator[bytes]:
        kind = data[0] >> 1 & 63
        if kind == 48:
            yield from _several(data[2:])
        elif kind == 49:
            yield from self._piece(bytes([data[0] & 0x81 | (data[2] & 63) << 1, data[1]]), data[2], data[3:])
        elif kind < 48:
            yield START + data

    def _piece(self, head: bytes, flags: int, data: bytes) -> Iterator[bytes]:
        if flags & 0x80:
            self._part[:] = START + head
        if self._part:
            self._part += data
            if flags & 0x40:
                yield bytes(self._part)
                self._part.clear()


def _several(data: bytes) -> Iterator[bytes]:
    at = 0
    while at + 2 < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        yield START + data[at + 2 : at + 2 + length]
        at += 2 + length
