"""Where verified models and voices lie. Knows no network and no engine: `model_fetch` brings the files, runtimes load them.

A model is a folder named after its manifest. After fetching every file is hashed once; `verified.json` beside the files keeps
hash, size and time of change. Later only size and time are compared, and a file is hashed again when they differ, so loading
stays fast and a damaged or exchanged file is never loaded. `verify` always hashes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from assistant.manifests import Manifest, find_manifest
from assistant.problems import DamagedModel, MissingModel, shorten

RECORD_FILE = "verified.json"
STAGING_FOLDER = ".fetching"

State = Literal["installed", "missing", "damaged"]


@dataclass(frozen=True)
class _Verified:
    """What a file was like when its hash was last taken."""

    sha256: str
    size_bytes: int
    mtime_ns: int


def models_dir(override: Path | None = None) -> Path:
    """The store's folder: `override`, else ASSISTANT_MODELS, else `scene-assistant` in the user's cache."""
    chosen = override or os.environ.get("ASSISTANT_MODELS")
    if chosen:
        return Path(chosen).expanduser().absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scene-assistant"


class ModelStore:
    """The models and voices below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def place(self, name: str) -> Path:
        """Where the model belongs, whether it is there or not."""
        return self.root / find_manifest(name).name

    def folder(self, name: str) -> Path:
        """The folder of a model whose files are all there and verified; else MissingModel or DamagedModel."""
        return self._check(find_manifest(name), always_hash=False)

    def verify(self, name: str) -> Path:
        """As `folder`, but reads and hashes every file."""
        return self._check(find_manifest(name), always_hash=True)

    def state(self, name: str) -> State:
        try:
            self.folder(name)
        except DamagedModel:
            return "damaged"
        except MissingModel:
            return "missing"
        return "installed"

    def remove(self, name: str) -> bool:
        """Delete a model and what is left of unfinished fetches of it; False if there was nothing."""
        folders = [folder for folder in (self.place(name), self.root / STAGING_FOLDER / name) if folder.exists()]
        for folder in folders:
            shutil.rmtree(folder)
        return bool(folders)

    def _check(self, manifest: Manifest, always_hash: bool) -> Path:
        folder = self.root / manifest.name
        if not folder.is_dir():
            raise MissingModel(f"the {manifest.kind} {manifest.name} is not on this machine", f"run `{manifest.fetch_command}`")
        version, record = _read_record(folder)
        if version not in (None, manifest.version):
            raise MissingModel(f"the {manifest.kind} {manifest.name} here is of another version", f"run `{manifest.fetch_command}`")
        expected: dict[str, str | None] = dict.fromkeys(record) | {file.name: file.sha256 for file in manifest.files}
        if not expected:
            raise MissingModel(f"the {manifest.kind} {manifest.name} was never verified", f"run `{manifest.fetch_command}`")
        verified = {name: _check_file(manifest, folder / name, sha256, record.get(name), always_hash) for name, sha256 in expected.items()}
        if verified != record:
            # A store that can't be written, such as a kiosk's, still serves: the file is just hashed again next time.
            with contextlib.suppress(OSError):
                _write_record(folder, manifest.version, verified)
        return folder


def record_new(manifest: Manifest, folder: Path) -> None:
    """Hash freshly fetched or built files and write `verified.json`; DamagedModel if one isn't what the manifest says."""
    expected = _files_below(folder) | {file.name: file.sha256 for file in manifest.files}
    unseen = {name: _check_file(manifest, folder / name, sha256, None, True, trust=True) for name, sha256 in expected.items()}
    _write_record(folder, manifest.version, unseen)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def format_size(size_bytes: int | None) -> str:
    return "size unknown" if size_bytes is None else f"{size_bytes / 1e6:.1f} MB"


def _files_below(folder: Path) -> dict[str, str | None]:
    return {path.relative_to(folder).as_posix(): None for path in sorted(folder.rglob("*")) if path.is_file()}


def _check_file(
    manifest: Manifest, path: Path, sha256: str | None, last: _Verified | None, always_hash: bool, trust: bool = False
) -> _Verified:
    """The file's hash, size and time of change; hashed anew unless `last` still fits. `trust` takes an unknown hash as it is."""
    fix = f"run `{manifest.fetch_command}`"
    try:
        status = path.stat()
        wanted = sha256 or (last.sha256 if last else None)
        unchanged = last is not None and (last.size_bytes, last.mtime_ns, last.sha256) == (status.st_size, status.st_mtime_ns, wanted)
        if last is not None and unchanged and not always_hash:
            return last
        found = sha256_of(path)
    except FileNotFoundError as error:
        raise MissingModel(f"the file {path.name} of {manifest.name} is missing", fix) from error
    except OSError as error:
        raise MissingModel(f"the file {shorten(path)} can't be read ({error.strerror})", "check its permissions and the disk") from error
    if wanted is None and not trust:
        raise MissingModel(f"the file {path.name} of {manifest.name} was never verified", fix)
    if wanted is not None and found != wanted:
        raise DamagedModel(f"the file {path.name} of {manifest.name} is damaged", f"{fix} to replace it")
    return _Verified(found, status.st_size, status.st_mtime_ns)


def _read_record(folder: Path) -> tuple[int | None, dict[str, _Verified]]:
    """Version and files of `verified.json`; (None, {}) if it is absent or unreadable, so that everything is hashed anew."""
    try:
        content = json.loads((folder / RECORD_FILE).read_text(encoding="utf-8"))
        return int(content["version"]), {str(name): _Verified(**fields) for name, fields in content["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None, {}


def _write_record(folder: Path, version: int, files: dict[str, _Verified]) -> None:
    content = {"version": version, "files": {name: asdict(verified) for name, verified in files.items()}}
    temporary = folder / f"{RECORD_FILE}.{os.getpid()}"
    temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")
    temporary.replace(folder / RECORD_FILE)
