"""Files of a repository on the Hugging Face hub, each checked against the hub's own hash.

The hub's own library tells a file's size, hash and commit, and lends its HTTP client (proxies, certificates). The bytes are read here:
huggingface_hub 2.4 goes on from whole blocks of 10 MB within one call only, so a line that breaks more often never brings a file, a
second run begins anew, and what came is not hashed. Here the next try or run asks for the rest only.
"""

from __future__ import annotations

import hashlib
import os
import queue
import re
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from assistant.problems import DamagedModel, DiskFull, NetworkTrouble, Problem, shorten
from assistant.store.fetch_common import MAKE_ROOM, TRY_AGAIN, OnProgress, growth_shown, put, require_space
from assistant.store.manifests import FasterWhisperSource, HubSource, ManifestFile
from assistant.store.model_store import format_size, sha256_of
from assistant.translatable import Translatable, in_english

PROBE_S = 3.0
"""Seconds in which the hub must answer to count as within reach."""
TRIES = 3
"""How often in a row something is asked for without a single new byte; so a silent server is given up after TRIES * TIMEOUT_S."""
PAUSE_S = 1.0
"""Before the second try; twice as long before the third."""
LONGEST_PAUSE_S = 60.0
"""A server that asks for more patience than this is given up."""

_PASSING = frozenset((408, 416, 429, 500, 502, 503, 504))
"""HTTP statuses that may be gone at the next try."""
_PART = ".part"
T = TypeVar("T")


@dataclass(frozen=True)
class _HubFile:
    """What the hub says of a file."""

    path: str
    """Below the repository."""
    url: str
    """At one commit, so that it never changes."""
    size_bytes: int | None
    etag: str
    """sha256 of large files, git's blob hash of small ones."""
    commit: str


class _BrokenOff(Exception):
    """A download that ended before its end."""


def fetch_from_hub(
    source: HubSource, files: Sequence[ManifestFile], destination: Path, downloads: Path, report: OnProgress, timeout_s: float
) -> str | None:
    """Put `files` below `destination`; return the commit that they are of (None for no files).

    The hub is HF_ENDPOINT, or huggingface.co. No account is needed and no token is sent. What has come stays in `downloads`
    when this fails: whole files, and parts whose names hold the hash that they are to have.
    """
    with _hub_troubles(source.repo, timeout_s):
        found: dict[str, _HubFile] = {}
        for file in files:
            found[file.name] = _look_up(source, file, report, timeout_s)
            source = replace(source, revision=found[file.name].commit)  # the others of the same, even if somebody commits just now
        total = sum(hub_file.size_bytes or 0 for hub_file in found.values())
        here = sum(_size(downloads / hub_file.path) + _size(_part(downloads, hub_file)) for hub_file in found.values())
        require_space(downloads, total - min(here, total))
        report(f"fetching {format_size(total - min(here, total))} from {source.repo} on the Hugging Face hub")
        with growth_shown(downloads, source.repo, total):
            for hub_file in found.values():
                _download(hub_file, downloads, report, timeout_s)
    for name, hub_file in found.items():
        put(downloads / hub_file.path, destination / name)
    return next((hub_file.commit for hub_file in found.values()), None)


def fetch_with_faster_whisper(
    source: FasterWhisperSource, destination: Path, downloads: Path, report: OnProgress, timeout_s: float
) -> None:
    """Let faster-whisper fetch a model by its size; it knows which files that size needs. Then check the hub's hashes.

    A file that breaks off is begun anew: the hub's library, which does the work inside, keeps whole files only.
    """
    from faster_whisper.utils import download_model

    with _hub_troubles(source.repo, timeout_s):
        # Asked first because the calls inside download_model wait for a silent server without end.
        model = _ask(source.repo, "model.bin", source.revision, report, timeout_s)
        require_space(downloads, model.size_bytes or 0)
        report(f"fetching {format_size(model.size_bytes)} from {source.repo} with faster-whisper's own downloader")
        with growth_shown(downloads, source.repo, model.size_bytes or 0), warnings.catch_warnings(action="ignore", category=UserWarning):
            download_model(source.repo, output_dir=str(downloads), revision=model.commit)
        fetched = [path for path in sorted(downloads.iterdir()) if path.is_file()]
        for path in fetched:
            _check_hash(path, _ask(source.repo, path.name, model.commit, report, timeout_s).etag)
    for path in fetched:
        put(path, destination / path.name)


def why_no_answer(repo: str, path: str) -> str:
    """Ask the hub for one file's hash, once and for PROBE_S at most; return why it doesn't answer, "" if it does."""
    answer: queue.SimpleQueue[str] = queue.SimpleQueue()

    def ask() -> None:
        try:
            _metadata(repo, path, "main", PROBE_S)
        except Exception as error:  # whatever it is, it can be told only here
            answer.put(error.parts[0] if isinstance(error, Problem) else _reason(error))
        else:
            answer.put("")

    threading.Thread(target=ask, daemon=True).start()  # looking up a name may take longer than any time limit of a connection
    try:
        return answer.get(timeout=PROBE_S)
    except queue.Empty:
        return Translatable("the hub gave no answer within {seconds:.0f} s", seconds=PROBE_S)


def drop_parts(downloads: Path) -> None:
    """Delete what hasn't come whole, to give its space back."""
    for pattern in (f"*{_PART}", "*.incomplete"):  # ours, the hub library's
        for path in downloads.rglob(pattern):
            path.unlink(missing_ok=True)


def _look_up(source: HubSource, file: ManifestFile, report: OnProgress, timeout_s: float) -> _HubFile:
    found = _ask(source.repo, source.path_of(file.name), source.revision, report, timeout_s)
    if file.sha256 is not None and len(found.etag) == len(file.sha256) and found.etag != file.sha256:
        what = in_english(f"{source.repo} on the hub has another {file.name} than this version of the assistant knows")
        raise DamagedModel(what, "install a newer version of the assistant")
    return found


def _ask(repo: str, path: str, revision: str, report: OnProgress, timeout_s: float) -> _HubFile:
    """Size, hash and commit of a file as the hub tells them."""
    try:
        return _persist(lambda: _metadata(repo, path, revision, timeout_s), lambda: 0, report)
    except Exception as error:
        if _status(error) == 404:
            what = in_english(f"the hub has no {path} in {repo} (HTTP 404)")
            raise NetworkTrouble(what, "install a newer version of the assistant") from error
        raise


def _metadata(repo: str, path: str, revision: str, timeout_s: float) -> _HubFile:
    """The same, asked for once."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    endpoint = os.environ.get("HF_ENDPOINT") or None
    url = hf_hub_url(repo, path, revision=revision, endpoint=endpoint)
    found = get_hf_file_metadata(url, timeout=timeout_s, token=False, endpoint=endpoint)
    etag = found.etag or ""
    if not found.commit_hash or not re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", etag):
        what = in_english(f"what answers in the place of the hub is not the hub ({repo}: no commit or no hash)")
        raise NetworkTrouble(what, "if this network has a log-in page, open it in a browser first; then run the same command again")
    pinned = hf_hub_url(repo, path, revision=found.commit_hash, endpoint=endpoint)
    return _HubFile(path, pinned, found.size, etag, found.commit_hash)


def _download(file: _HubFile, downloads: Path, report: OnProgress, timeout_s: float) -> None:
    """Bring one file to `downloads`, checked."""
    whole, part = downloads / file.path, _part(downloads, file)
    if whole.exists() and _hash(whole, file.etag) == file.etag:
        return
    part.parent.mkdir(parents=True, exist_ok=True)
    for other in part.parent.glob(f"{whole.name}.*{_PART}"):
        if other != part:
            other.unlink()  # of an older commit
    _persist(lambda: _read_on(file, part, timeout_s), lambda: _size(part), report)
    _check_hash(part, file.etag)
    part.replace(whole)


def _read_on(file: _HubFile, part: Path, timeout_s: float) -> None:
    """Ask for what `part` lacks and append it."""
    from huggingface_hub import get_session

    had = _size(part)
    if part.exists() and had == file.size_bytes:
        return
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={had}-"} if had else {})
    with get_session().stream("GET", file.url, headers=headers, timeout=timeout_s, follow_redirects=True) as response:
        if response.status_code == 416:
            part.unlink(missing_ok=True)
        response.raise_for_status()
        start = had if response.headers.get("Content-Range", "").startswith(f"bytes {had}-") else 0
        length = response.headers.get("Content-Length")
        other = length is not None and file.size_bytes is not None and start + int(length) != file.size_bytes
        if other or response.headers.get("Content-Type", "").startswith("text/html"):
            raise _foreign(file)  # before what is here of the file is overwritten
        with part.open("r+b" if start else "wb") as output:
            output.seek(start)
            for chunk in response.iter_raw():
                output.write(chunk)
                output.flush()  # a killed run keeps it
                if file.size_bytes is not None and output.tell() > file.size_bytes:
                    break
    if file.size_bytes is not None and _size(part) < file.size_bytes:
        raise _BrokenOff("the connection ended")


def _persist(attempt: Callable[[], T], bytes_here: Callable[[], int], report: OnProgress) -> T:
    """`attempt()`, again after troubles that may pass, until TRIES of them in a row brought no new byte."""
    failures = 0
    while True:
        had = bytes_here()
        try:
            return attempt()
        except Exception as error:
            failures = 1 if bytes_here() > had else failures + 1
            pause_s = _pause_s(error, failures)
            if failures >= TRIES or pause_s is None:
                raise
            report(Translatable("{reason}; trying again in {seconds:.0f} s", reason=_reason(error), seconds=pause_s))
        time.sleep(pause_s)


def _pause_s(error: Exception, failures: int) -> float | None:
    """How long to wait before the next try; None if there is no use in one."""
    if _status(error) not in _PASSING and not isinstance(error, _BrokenOff) and not _in_transport(error):
        return None
    asked = getattr(getattr(error, "response", None), "headers", {}).get("Retry-After", "")
    pause_s = max(PAUSE_S * 2 ** (failures - 1), float(asked) if asked.isdecimal() else 0.0)
    return pause_s if pause_s <= LONGEST_PAUSE_S else None


def _status(error: BaseException) -> int | None:
    """The HTTP status that the error tells of."""
    return getattr(getattr(error, "response", None), "status_code", None)


def _in_transport(error: BaseException) -> bool:
    """Whether connecting or reading failed. By name, for the hub's library has changed its HTTP library."""
    return any(kind.__name__ == "TransportError" for kind in type(error).__mro__)


def _reason(error: BaseException) -> Translatable:
    """In a few words."""
    if _status(error) is not None:
        return Translatable("the hub is busy or in trouble (HTTP {status})", status=_status(error))
    if "Timeout" in type(error).__name__:
        return Translatable("the hub is silent")
    return Translatable("the connection to the hub failed ({error})", error=shorten(error, 60) or type(error).__name__)


def _part(downloads: Path, file: _HubFile) -> Path:
    whole = downloads / file.path
    return whole.with_name(f"{whole.name}.{file.etag[:16]}{_PART}")


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _hash(path: Path, etag: str) -> str:
    """Of the kind that the etag is of."""
    if len(etag) == 64:
        return sha256_of(path)
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _check_hash(path: Path, etag: str) -> None:
    """DamagedModel, and the file is deleted, unless its hash is the hub's."""
    if _hash(path, etag) != etag:
        path.unlink()
        name = path.name.removesuffix(_PART).removesuffix(f".{etag[:16]}")
        raise DamagedModel("the downloaded {name} has the wrong contents and was thrown away", TRY_AGAIN, name=name)


def _foreign(file: _HubFile) -> NetworkTrouble:
    what = in_english(f"something between here and the hub gives out another file in the place of {file.path}")
    return NetworkTrouble(what, "if this network has a log-in page, open it in a browser first; then run the same command again")


@contextmanager
def _hub_troubles(repo: str, timeout_s: float) -> Iterator[None]:
    """Turn what the hub's library and its HTTP library raise, which differs between their versions, into Problems."""
    from huggingface_hub.errors import OfflineModeIsEnabled

    try:
        yield
    except Problem:
        raise
    except OfflineModeIsEnabled as error:
        what = in_english("HF_HUB_OFFLINE is set, so nothing can be fetched from the hub")
        raise NetworkTrouble(what, in_english("unset it and try again")) from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None and not isinstance(error, ConnectionError):
            raise  # of this machine's disk: the caller knows where
        if _status(error) is not None:
            raise _refused(repo, error) from error
        if "No space left" in str(error):
            raise DiskFull("the disk is full", MAKE_ROOM) from error
        if "Timeout" in type(error).__name__:
            raise NetworkTrouble(
                "the hub was silent for {seconds:.0f} s while {repo} was fetched", TRY_AGAIN, seconds=timeout_s, repo=repo
            ) from error
        raise NetworkTrouble(
            "fetching {repo} failed ({error})", TRY_AGAIN, repo=repo, error=shorten(f"{type(error).__name__}: {error}")
        ) from error


def _refused(repo: str, error: BaseException) -> NetworkTrouble:
    """What an HTTP status means for the user."""
    status = _status(error)
    if status in (401, 403):
        what = in_english(f"the hub gives {repo} to nobody without an account, or has no such repository (HTTP {status})")
        return NetworkTrouble(what, in_english("fetch it with your own account and give its folder to --model"))
    if status in _PASSING:
        return NetworkTrouble(
            "the hub is busy or in trouble (HTTP {status})", "run the same command again later; what has come is kept", status=status
        )
    return NetworkTrouble("the hub does not give out {repo} (HTTP {status})", TRY_AGAIN, repo=repo, status=status)
