"""Where verified models and voices lie. Knows no network and no engine: `fetch` brings the files, engines load them.

A model is a folder named after its manifest. After fetching every file is hashed once; `verified.json` beside the files keeps
hash, size and time of change, and the hub's commit that they came from. Later only size and time are compared, and a file is
hashed again when they differ, so loading stays fast and a damaged or exchanged file is never loaded. `verify` always hashes.

Of a model with variants any number may be here, at least one; those in `verified.json` are.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

from assistant.problems import BadInput, DamagedModel, MissingModel, shorten
from assistant.store.manifests import Manifest, find_manifest
from assistant.translatable import Translatable, in_english

RECORD_FILE = "verified.json"
STAGING_FOLDER = ".fetching"
SAVED_GRAPHS = ".optimised"
KINDS = {"model": Translatable("the model"), "voice": Translatable("the voice")}
"""Where graphs are saved in the form that loads soonest, in folders MODEL-HASH; it may be deleted at any time."""

State = Literal["installed", "missing", "damaged"]


@dataclass(frozen=True)
class Verified:
    """What a file was like when its hash was last taken."""

    sha256: str
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True)
class Record:
    """What `verified.json` says."""

    version: int | None = None
    """The manifest's; None without a readable record, so that everything is hashed anew."""
    revision: str | None = None
    """The hub's commit, None if the files didn't come from there."""
    files: dict[str, Verified] = field(default_factory=dict)


def models_dir(override: Path | None = None) -> Path:
    """Choose the store's folder: `override`, else ASSISTANT_MODELS, else `scene-assistant` in the user's cache."""
    chosen = override or os.environ.get("ASSISTANT_MODELS")
    if chosen:
        return with_utf8_name(Path(chosen).expanduser().absolute())
    return with_utf8_name(Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scene-assistant")


def with_utf8_name(folder: Path) -> Path:
    """Return a folder of models; BadInput if its name isn't UTF-8: libraries in C open what is in it, and some can't, or crash."""
    try:
        str(folder).encode()
    except UnicodeEncodeError as error:
        raise BadInput(
            in_english(f"the name of the folder {shorten(folder)} is not UTF-8"), in_english("rename it, or keep the models in another")
        ) from error
    return folder


def data_dir() -> Path:
    """Return the folder of what a user has asked to be kept: `scene-assistant` in the user's data."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "scene-assistant"


class ModelStore:
    """The models and voices below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def place(self, name: str) -> Path:
        """Say where the model belongs, whether it is there or not."""
        return self.root / find_manifest(name).name

    def folder(self, name: str) -> Path:
        """Return the folder of a model whose files are all there and verified; else raise MissingModel or DamagedModel."""
        return self._check(find_manifest(name), always_hash=False)

    def verify(self, name: str) -> Path:
        """Read and hash every file of a model and return its folder; MissingModel or DamagedModel if one isn't as it was published."""
        return self._check(find_manifest(name), always_hash=True)

    def state(self, name: str) -> State:
        """Tell whether a model can be loaded, must be fetched, or must be fetched again."""
        try:
            self.folder(name)
        except DamagedModel:
            return "damaged"
        except MissingModel:
            return "missing"
        return "installed"

    def variants(self, name: str) -> tuple[str, ...]:
        """List the variants that were fetched, whole or not; () for a model without any."""
        return _variants(find_manifest(name), _read_record(self.place(name)))

    def whole_files(self, name: str) -> Record:
        """Cut the record down to the files that are still as they were verified, whatever became of the others."""
        manifest, folder = find_manifest(name), self.place(name)
        record = _read_record(folder)
        if record.version != manifest.version:
            return Record()
        whole = {}
        for file, sha256 in _expected(manifest, record).items():
            with contextlib.suppress(MissingModel):
                whole[file] = _check_file(manifest, folder / file, sha256, record.files.get(file), always_hash=False)
        return replace(record, files=whole)

    def remove(self, name: str) -> bool:
        """Delete a model and what is left of unfinished fetches of it; False if there was nothing."""
        folders = [folder for folder in (self.place(name), self.root / STAGING_FOLDER / name) if folder.exists()]
        for folder in (*folders, *(self.root / SAVED_GRAPHS).glob(f"{name}-{'[0-9a-f]' * 16}")):
            shutil.rmtree(folder)
        return bool(folders)

    def _check(self, manifest: Manifest, always_hash: bool) -> Path:
        folder, fix = self.root / manifest.name, Translatable("run `{command}`", command=manifest.fetch_command)
        kind = KINDS[manifest.kind]
        if not folder.is_dir():
            raise MissingModel("{kind} {name} is not on this machine", fix, kind=kind, name=manifest.name)
        record = _read_record(folder)
        if record.version not in (None, manifest.version):
            raise MissingModel("{kind} {name} here is of another version", fix, kind=kind, name=manifest.name)
        expected = _expected(manifest, record)
        if not expected or (manifest.variants and not _variants(manifest, record)):
            raise MissingModel("{kind} {name} was never verified", fix, kind=kind, name=manifest.name)
        files = {
            name: _check_file(manifest, folder / name, sha256, record.files.get(name), always_hash) for name, sha256 in expected.items()
        }
        if files != record.files:
            # A store that can't be written, such as a kiosk's, still serves: the file is just hashed again next time.
            with contextlib.suppress(OSError):
                _write_record(folder, Record(manifest.version, record.revision, files))
        return folder


def record_new(manifest: Manifest, folder: Path, revision: str | None = None) -> None:
    """Hash freshly fetched or built files and write `verified.json`; DamagedModel if one isn't what the manifest says."""
    for file in manifest.files:
        path = folder / file.name
        if file.md5 is not None and path.is_file() and _hash_of(path, "md5") != file.md5:
            raise DamagedModel(
                "the file {name} of {model} isn't the one that was published",
                "run `{command}`",
                name=path.name,
                model=manifest.name,
                command=manifest.fetch_command,
            )
    expected = _files_below(folder) | {file.name: file.sha256 for file in manifest.files}
    files = {name: _check_file(manifest, folder / name, sha256, None, True, trust=True) for name, sha256 in expected.items()}
    _write_record(folder, Record(manifest.version, revision, files))


def sha256_of(path: Path) -> str:
    """Hash a file; hexadecimal. OSError if it can't be read."""
    return _hash_of(path, "sha256")


def _hash_of(path: Path, kind: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()


def format_size(size_bytes: int | None) -> str:
    """Write a size for people: "145.2 MB"."""
    return "size unknown" if size_bytes is None else f"{size_bytes / 1e6:.1f} MB"


def _files_below(folder: Path) -> dict[str, str | None]:
    return {path.relative_to(folder).as_posix(): None for path in sorted(folder.rglob("*")) if path.is_file()}


def _check_file(
    manifest: Manifest, path: Path, sha256: str | None, last: Verified | None, always_hash: bool, trust: bool = False
) -> Verified:
    """Tell the file's hash, size and time of change; hashed anew unless `last` still fits. `trust` takes an unknown hash as it is."""
    fix = Translatable("run `{command}`", command=manifest.fetch_command)
    try:
        status = path.stat()
        wanted = sha256 or (last.sha256 if last else None)
        unchanged = last is not None and (last.size_bytes, last.mtime_ns, last.sha256) == (status.st_size, status.st_mtime_ns, wanted)
        if last is not None and unchanged and not always_hash:
            return last
        found = sha256_of(path)
    except FileNotFoundError as error:
        raise MissingModel("the file {name} of {model} is missing", fix, name=path.name, model=manifest.name) from error
    except OSError as error:
        raise MissingModel(
            "the file {path} can't be read ({reason})", "check its permissions and the disk", path=shorten(path), reason=error.strerror
        ) from error
    if wanted is None and not trust:
        raise MissingModel("the file {name} of {model} was never verified", fix, name=path.name, model=manifest.name)
    if wanted is not None and found != wanted:
        raise DamagedModel("the file {name} of {model} is damaged", "{fix} to replace it", name=path.name, model=manifest.name, fix=fix)
    return Verified(found, status.st_size, status.st_mtime_ns)


def _expected(manifest: Manifest, record: Record) -> dict[str, str | None]:
    """File -> its hash as far as the manifest knows it: what was recorded, and what every variant needs."""
    known = {file.name: file.sha256 for file in manifest.files if file.variant is None or file.name in record.files}
    return dict.fromkeys(record.files) | known


def _variants(manifest: Manifest, record: Record) -> tuple[str, ...]:
    files = {variant: [file.name for file in manifest.files if file.variant == variant] for variant in manifest.variants}
    return tuple(variant for variant, names in files.items() if set(names) <= set(record.files))


def _read_record(folder: Path) -> Record:
    """An empty one if it is absent or unreadable."""
    try:
        content = json.loads((folder / RECORD_FILE).read_text(encoding="utf-8"))
        revision, files = content.get("revision"), {str(name): Verified(**fields) for name, fields in content["files"].items()}
        return Record(int(content["version"]), revision if isinstance(revision, str) else None, files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Record()


def _write_record(folder: Path, record: Record) -> None:
    temporary = folder / f"{RECORD_FILE}.{os.getpid()}"
    temporary.write_text(json.dumps(asdict(record), indent=1), encoding="utf-8")
    temporary.replace(folder / RECORD_FILE)
