"""A Hugging Face hub on 127.0.0.1: enough of its protocol for huggingface_hub and faster-whisper, with switches for trouble."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE_BYTES = 1000
"""From this size a file is kept as "LFS": its ETag is its sha256, not git's blob hash."""


@dataclass
class Hub:
    """What the server gives out, and what goes wrong. Change the fields while it runs."""

    files: dict[str, bytes]
    """"owner/name/path" -> contents."""
    missing: set[str] = field(default_factory=set)
    """Paths answered with 404."""
    wrong: set[str] = field(default_factory=set)
    """Paths whose contents differ from their hash."""
    cut_after_bytes: int | None = None
    """Each download breaks off after so many bytes."""
    silent: bool = False
    """Takes connections and says nothing until the server is closed."""
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    """(method, path, Range header) in order."""
    closing: threading.Event = field(default_factory=threading.Event)
    endpoint: str = ""

    def downloads_of(self, path: str) -> list[str]:
        """The Range headers of the GET requests for a file."""
        return [asked for method, asked_path, asked in self.requests if method == "GET" and asked_path.endswith(path)]


@contextmanager
def serve(files: dict[str, bytes]) -> Iterator[Hub]:
    hub = Hub(files)

    class Handler(_Handler):
        state = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        hub.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: Hub

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, *arguments: object) -> None:
        """Tests are quiet."""

    def _answer(self, with_body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.state.requests.append((self.command, path, self.headers.get("Range", "")))
        if self.state.silent:
            self.state.closing.wait()
            self.close_connection = True
        elif tree := re.fullmatch("/api/models/(.+)/tree/[^/]+", path):
            self._send_json([_tree_entry(name, content) for name, content in self._below(tree[1]).items()])
        elif (file := re.fullmatch("/([^/]+/[^/]+)/resolve/[^/]+/(.+)", path)) and file[2] in self._below(file[1]):
            self._send_file(file[2], self._below(file[1])[file[2]], with_body)
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _below(self, repo: str) -> dict[str, bytes]:
        start = f"{repo}/"
        names = {path.removeprefix(start): content for path, content in self.state.files.items() if path.startswith(start)}
        return {name: content for name, content in names.items() if name not in self.state.missing}

    def _send_json(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send_file(self, name: str, content: bytes, with_body: bool) -> None:
        etag = content_hash(content)
        body = content[::-1] if name in self.state.wrong else content
        start = int(match[1]) if (match := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))) else 0
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("ETag", f'"{etag}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        if not with_body:
            return
        cut = self.state.cut_after_bytes
        self.wfile.write(body[start:] if cut is None else body[start : start + cut])
        self.close_connection = cut is not None


def content_hash(content: bytes) -> str:
    """The hub's ETag: sha256 of large files, git's blob hash of small ones."""
    if len(content) >= LARGE_BYTES:
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _tree_entry(name: str, content: bytes) -> dict[str, object]:
    entry: dict[str, object] = {"type": "file", "path": name, "size": len(content), "oid": content_hash(content)[:40]}
    if len(content) >= LARGE_BYTES:
        entry["lfs"] = {"oid": content_hash(content), "size": len(content), "pointerSize": 130}
    return entry
