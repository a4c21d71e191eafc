"""What models and voices there are: reads and checks the manifests in `models/` and `voices/`. Touches no weights and no network.

A manifest is a TOML file named after what it describes:

    job = "hear"                  # one line for people
    languages = ["en"]            # codes; ["*"] = many
    licence = "MIT"
    origin = "https://..."        # who made it
    default = true                # part of `assistant setup`; false if absent
    version = 1                   # raised when the files change under the same names; 1 if absent
    sample_rate_hz = 22050        # of a voice
    speakers = 1                  # of a voice
    export = true                 # PyTorch weights: `assistant models export` must make graphs of them; false if absent
    variants = ["q4", "fp32"]     # kinds of weights that can be fetched singly; none if absent
    default_variants = ["q4"]     # fetched together unless others are asked for
    [[files]]                     # none where only the source knows them; all it gives is kept then
    name = "model.bin"
    size_bytes = 145217607        # for people. It and sha256 may be "unknown": the hub's own hash is checked while fetching then
    sha256 = "905e..."
    md5 = "dc51..."               # where the publisher gives only that; compared as well
    [[files]]
    name = "graph{suffix}.onnx"   # one file a variant: graph_q4.onnx, graph.onnx (fp32 has no suffix)
    size_bytes = "unknown"
    sha256 = { q4 = "ce40..." }   # of those variants where it is known; likewise size_bytes
    [[sources]]                   # tried in this order; kind = "pip", "hub", "faster-whisper" or "build"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Literal

from assistant.problems import BadInput, shorten
from assistant.store.manifest_table import Table
from assistant.store.package_data import data_folder

FULL_PRECISION = "fp32"
"""The variant whose files carry no suffix, as the hub names them: decoder.onnx, but decoder_q4.onnx."""
EVERY_VARIANT = "all"
_SUFFIX = "{suffix}"


@dataclass(frozen=True)
class ManifestFile:
    """One file of a model, below the model's own folder."""

    name: str
    size_bytes: int | None
    """None = unknown here."""
    sha256: str | None
    """None = unknown here."""
    md5: str | None = None
    variant: str | None = None
    """None = belongs to every variant."""


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
    export: bool
    """Whether its files are PyTorch weights, of which `assistant models export` must make graphs first."""
    variants: tuple[str, ...]
    default_variants: tuple[str, ...]
    files: tuple[ManifestFile, ...]
    """Of all variants."""
    sources: tuple[Source, ...]
    sample_rate_hz: int | None = None
    """Of a voice."""
    speakers: int | None = None
    """Of a voice; the first one is used."""

    @property
    def fetch_command(self) -> str:
        return "assistant setup" if self.default else f"assistant {self.kind}s fetch {self.name}"

    @property
    def size_bytes(self) -> int | None:
        """Bytes of what is fetched by default, None while a file's size is unknown."""
        sizes = [file.size_bytes for file in self.files_of(self.default_variants)]
        return None if not sizes or None in sizes else sum(size or 0 for size in sizes)

    def files_of(self, variants: Collection[str]) -> tuple[ManifestFile, ...]:
        """The files that these variants need."""
        return tuple(file for file in self.files if file.variant is None or file.variant in variants)

    def check_variants(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """`wanted` with "all" spelt out; BadInput if there is no such variant."""
        if EVERY_VARIANT in wanted and self.variants:
            return self.variants
        for variant in wanted:
            if variant not in self.variants:
                fix = f"choose among {', '.join(self.variants)} or all" if self.variants else "leave --variant out"
                raise BadInput(f"{self.name} has no variant {shorten(variant)!r}", fix)
        return tuple(wanted)


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
        table = Table(tomllib.loads(path.read_text(encoding="utf-8")), f"the manifest {path.name}")
    except OSError as error:
        raise BadInput(f"the manifest {shorten(path)} can't be read ({error.strerror})", "install the program again") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"the manifest {path.name} is not valid TOML ({error})", "mend that line") from error
    variants = table.texts("variants", [])
    manifest = Manifest(
        name=_checked_name(path.stem, table.where),
        kind=kind,
        job=table.text("job"),
        languages=table.texts("languages"),
        licence=table.text("licence"),
        origin=table.text("origin"),
        default=table.take("default", bool, False),
        version=table.take("version", int, 1),
        export=table.take("export", bool, False),
        variants=variants,
        default_variants=table.texts("default_variants", list(variants)),
        files=tuple(file for each in table.tables("files", []) for file in _read_files(each, variants)),
        sources=tuple(_read_source(source) for source in table.tables("sources")),
        sample_rate_hz=table.optional(Table.size, "sample_rate_hz") if kind == "voice" else None,
        speakers=table.optional(Table.size, "speakers") if kind == "voice" else None,
    )
    table.expect_empty()
    _check_variants(manifest, table.where)
    _check_sources(manifest, table.where)
    return manifest


def _read_files(table: Table, variants: tuple[str, ...]) -> list[ManifestFile]:
    """One file, or one a variant."""
    name = table.text("name")
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\\" in name:
        raise table.bad("name", name, "a file must lie inside the model's folder")
    if _SUFFIX in name:
        sizes, hashes = table.known_of(variants, Table.size, "size_bytes"), table.known_of(variants, Table.sha256, "sha256")
        suffixes = {variant: "" if variant == FULL_PRECISION else f"_{variant}" for variant in variants}
        files = [ManifestFile(name.replace(_SUFFIX, suffixes[each]), sizes.get(each), hashes.get(each), variant=each) for each in variants]
    else:
        sizes_and_hashes = table.or_unknown(Table.size, "size_bytes"), table.or_unknown(Table.sha256, "sha256")
        files = [ManifestFile(name, *sizes_and_hashes, md5=table.optional(Table.md5, "md5"))]
    table.expect_empty()
    return files


def _read_source(table: Table) -> Source:
    kind = table.text("kind")
    source: Source
    if kind == "pip":
        source = PipSource(tuple(_read_wheel(wheel) for wheel in table.tables("wheels")), table.table("members").lists())
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


def _read_wheel(table: Table) -> Wheel:
    wheel = Wheel(
        name=table.text("name"),
        version=table.text("version"),
        file=_checked_name(table.text("file"), table.where),
        size_bytes=table.size("size_bytes"),
        sha256=table.sha256("sha256"),
    )
    table.expect_empty()
    return wheel


def _checked_name(name: str, where: str) -> str:
    if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9_.+-]*", name):
        raise BadInput(f"{where} has a bad name {shorten(name)!r}", "use letters, digits, dots, dashes and underscores")
    return name


def _check_variants(manifest: Manifest, where: str) -> None:
    for variant in (*manifest.variants, *manifest.default_variants):
        if variant not in manifest.variants or not any(file.variant == variant for file in manifest.files):
            raise BadInput(f"{where} has no files of the variant {variant!r}", f"name it in variants, and a file with {_SUFFIX}")


def _check_sources(manifest: Manifest, where: str) -> None:
    names = {file.name for file in manifest.files}
    if not manifest.sources:
        raise BadInput(f"{where} names no source", "add [[sources]]")
    for source in manifest.sources:
        if isinstance(source, PipSource) and set(source.members) != names:
            raise BadInput(f"{where} has other files under members than under files", "name each file in both")
        if isinstance(source, HubSource) and not names:
            raise BadInput(f"{where} names no files", "add [[files]]")
