"""A small RTSP server: H.264 over its one connection, cut up as cameras do it, and descriptions and answers that lead elsewhere."""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress

PAYLOAD, MOST_BYTES = 96, 900
"""RTP's number of the video, and the bytes of a packet above which a unit is cut up."""


class RtspServer:
    """Serves until `close`.

    /video: plays the units. /moved: leads to `elsewhere`. /here: leads to /video. /described: the same video, whose description names
    `elsewhere`. /udp, /login, /jpeg, /nonsense: what a client can't read.
    """

    def __init__(self, units: Sequence[bytes], elsewhere: str = "192.0.2.1") -> None:
        """`units`: of H.264, without start codes. `elsewhere`: an address, or HOST:PORT."""
        self.asked: list[str] = []
        self._units, self._elsewhere = units, elsewhere
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"rtsp://localhost:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Accept nobody any more."""
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connected, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(connected,), daemon=True).start()

    def _serve(self, connected: socket.socket) -> None:
        with suppress(OSError), connected, connected.makefile("rb") as lines:
            for line in lines:
                asked = line.decode().strip()
                headers = dict(each.decode().strip().split(": ", 1) for each in iter(lines.readline, b"\r\n"))
                self.asked.append(asked)
                connected.sendall(self._answer(asked, headers))
                if asked.startswith("PLAY"):
                    for number, packet in enumerate(self._packets()):
                        connected.sendall(b"$\0" + struct.pack(">H", len(packet)) + packet)
                        if number == 3:  # what a server asks or reports in between
                            connected.sendall(b"$\1\0\4\x80\xc8\0\0" + b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
                    return

    def _answer(self, asked: str, headers: dict[str, str]) -> bytes:
        method, path = asked.split()[0], re.sub(r"^rtsp://[^/]+", "", asked.split()[1])
        status, more, body = "200 OK", "", ""
        if method == "DESCRIBE":
            match path:
                case "/moved":
                    status, more = "302 Found", f"Location: rtsp://{self._elsewhere}/video\r\n"
                case "/here":
                    status, more = "302 Found", f"Location: {self.address}/video\r\n"
                case "/login":
                    status, more = "401 Unauthorized", 'WWW-Authenticate: Digest realm="x", nonce="y"\r\n'
                case "/nothing":
                    status = "404 Not Found"
                case "/nonsense":
                    return b"HTTP/1.1 400 Bad Request\r\n\r\n"
                case _:
                    body = self._description(path)
        elif method == "SETUP":
            where = f"source={self._elsewhere.split(':')[0]};server_port={(self._elsewhere.split(':') + ['9'])[1]}"
            if "udp" in path:
                status = "461 Unsupported Transport"
            more = f"Transport: {headers['Transport']};{where}\r\nSession: 12;timeout=60\r\n"
        return f"RTSP/1.0 {status}\r\nCSeq: {headers['CSeq']}\r\n{more}Content-Length: {len(body)}\r\n\r\n{body}".encode()

    def _description(self, path: str) -> str:
        host = self._elsewhere.split(":")[0] if path == "/described" else "0.0.0.0"
        control = f"rtsp://{self._elsewhere}/track" if path == "/described" else f"track{path[1:]}"
        video = "26\r\n" if path == "/jpeg" else f"{PAYLOAD}\r\na=rtpmap:{PAYLOAD} H264/90000\r\na=fmtp:{PAYLOAD} packetization-mode=1\r\n"
        sound = "m=audio 0 RTP/AVP 0\r\na=control:sound\r\n"
        return f"v=0\r\no=- 0 0 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n{sound}m=video 0 RTP/AVP {video}a=control:{control}\r\n"

    def _packets(self) -> Iterator[bytes]:
        """Small units two in a packet, large ones in pieces."""
        for number, data in enumerate(self._payloads()):
            yield struct.pack(">BBHII", 0x80, PAYLOAD, number % 65536, number * 300, 1) + data

    def _payloads(self) -> Iterator[bytes]:
        small: list[bytes] = []
        for unit in self._units:
            if len(unit) < 100 and len(small) < 2:
                small.append(unit)
                continue
            if small:
                yield b"\x18" + b"".join(struct.pack(">H", len(each)) + each for each in small)
                small = []
            if len(unit) <= MOST_BYTES:
                yield unit
                continue
            pieces = [unit[start : start + MOST_BYTES] for start in range(1, len(unit), MOST_BYTES)]
            for at, piece in enumerate(pieces):
                flags = 0x80 * (at == 0) | 0x40 * (at == len(pieces) - 1)
                yield bytes([unit[0] & 0xE0 | 28, flags | unit[0] & 31]) + piece


def units_of(stream: bytes) -> list[bytes]:
    """Return the units of a raw H.264 stream."""
    return [unit.rstrip(b"\0") for unit in stream.split(b"\0\0\1")[1:]]
