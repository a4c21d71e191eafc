"""A Hugging Face hub on 127.0.0.1: enough of its protocol for huggingface_hub and faster-whisper, with switches for trouble.

As the real one does, it answers for a small file itself and sends one who asks for a large file ("LFS") on to another host, whose own
ETag means nothing; the file's hash, size and commit stand in the headers of that redirect.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote, urlsplit

from tests.support.http_server import listening

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE_BYTES = 1000
"""From this size a file is kept as "LFS": its ETag is its sha256, not git's blob hash."""
LOG_IN_PAGE = b"<html>Welcome! Log in to use this network.</html>"


@dataclass
class Hub:
    """What the server gives out, and what goes wrong. Change the fields while it runs."""

    files: dict[str, bytes]
    """"owner/name/path" -> contents."""
    commit: str = COMMIT
    missing: set[str] = field(default_factory=set)
    """Paths answered with 404."""
    wrong: set[str] = field(default_factory=set)
    """Paths whose contents differ from their hash."""
    refusal: tuple[int, str] | None = None
    """(status, X-Error-Code) that answers every question about a repository, such as (401, "GatedRepo")."""
    failures: list[int] = field(default_factory=list)
    """Statuses of the next answers, such as 503; one is taken away by each request."""
    retry_after: str = ""
    """Sent along with a failure."""
    cut_after_bytes: int | None = None
    """Each download breaks off after so many bytes."""
    stall_after_bytes: int | None = None
    """Each download stops after so many bytes and hangs until the server is closed."""
    silent: bool = False
    """Takes connections and says nothing until the server is closed."""
    log_in_page: bool = False
    """Answers everything with a web page, as a hotel's network does."""
    page_for_contents: bool = False
    """Answers questions about files well, but gives out a web page for each large one."""
    deaf_to_ranges: bool = False
    """Always sends the whole file."""
    sent: list[tuple[str, str]] = field(default_factory=list)
    """(file, Range header) of each download, in order."""
    revisions: list[str] = field(default_factory=list)
    """The revision of each question about a file, in order."""
    closing: threading.Event = field(default_factory=threading.Event)
    endpoint: str = ""

    def downloads_of(self, name: str) -> list[str]:
        """The Range headers of the downloads of a file."""
        return [asked for path, asked in self.sent if path.endswith(name)]


@contextmanager
def serve(files: dict[str, bytes]) -> Iterator[Hub]:
    hub = Hub(files)

    class Handler(_Handler):
        state = hub

    with listening(Handler) as hub.endpoint:
        try:
            yield hub
        finally:
            hub.closing.set()


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
        if self.state.silent:
            self.state.closing.wait()
            self.close_connection = True
        elif self.state.log_in_page:
            self._send(200, {"Content-Type": "text/html; charset=utf-8", "ETag": '"page"'}, LOG_IN_PAGE, with_body)
        elif self.state.failures:
            waits = {"Retry-After": self.state.retry_after} if self.state.retry_after else {}
            self._send(self.state.failures.pop(0), waits, b"", with_body)
        elif tree := re.fullmatch("/api/models/(.+)/tree/[^/]+", path):
            entries = [_tree_entry(name, content) for name, content in self._below(tree[1]).items()]
            self._send(200, {"Content-Type": "application/json"}, json.dumps(entries).encode(), with_body)
        elif stored := re.fullmatch("/cdn/(.+)", path):
            self._send_contents(stored[1], self.state.files[stored[1]], {"ETag": '"of-the-store"'}, with_body)
        elif file := re.fullmatch("/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._resolve(file[1], file[2], file[3], with_body)
        else:
            self._send(404, {}, b"", with_body)

    def _resolve(self, repo: str, revision: str, name: str, with_body: bool) -> None:
        self.state.revisions.append(revision)
        content = self._below(repo).get(name)
        about = {"X-Repo-Commit": self.state.commit}
        if self.state.refusal is not None:
            status, code = self.state.refusal
            self._send(status, {"X-Error-Code": code, "X-Error-Message": "Access to model is restricted."}, b"", with_body)
        elif content is None:
            self._send(404, about | {"X-Error-Code": "EntryNotFound"}, b"", with_body)
        elif len(content) >= LARGE_BYTES:
            about |= {"X-Linked-ETag": f'"{content_hash(content)}"', "X-Linked-Size": str(len(content))}
            store = self.state.endpoint.replace("127.0.0.1", "localhost")  # another host, as far as names go
            self._send(302, about | {"Location": f"{store}/cdn/{repo}/{name}?signature=x"}, b"", with_body)
        else:
            self._send_contents(f"{repo}/{name}", content, about | {"ETag": f'"{content_hash(content)}"'}, with_body)

    def _below(self, repo: str) -> dict[str, bytes]:
        start = f"{repo}/"
        names = {path.removeprefix(start): content for path, content in self.state.files.items() if path.startswith(start)}
        return {name: content for name, content in names.items() if name not in self.state.missing}

    def _send_contents(self, path: str, content: bytes, headers: dict[str, str], with_body: bool) -> None:
        asked = self.headers.get("Range", "")
        if with_body:
            self.state.sent.append((path, asked))
        if self.state.page_for_contents and len(content) >= LARGE_BYTES:
            self._send(200, {"Content-Type": "text/html"}, LOG_IN_PAGE, with_body)
            return
        body = content[::-1] if any(path.endswith(name) for name in self.state.wrong) else content
        match = None if self.state.deaf_to_ranges else re.fullmatch(r"bytes=(\d+)-", asked)
        start = int(match[1]) if match else 0
        if start:
            headers = headers | {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}
        self._send(206 if start else 200, headers | {"Accept-Ranges": "bytes"}, body[start:], with_body)

    def _send(self, status: int, headers: dict[str, str], body: bytes, with_body: bool) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        if not with_body:
            return
        stops = [stop for stop in (self.state.cut_after_bytes, self.state.stall_after_bytes) if stop is not None]
        self.wfile.write(body[: min(stops)] if stops else body)
        if stops:
            self.wfile.flush()
            self.close_connection = True
        if self.state.stall_after_bytes is not None and len(body) > self.state.stall_after_bytes:
            self.state.closing.wait()


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
