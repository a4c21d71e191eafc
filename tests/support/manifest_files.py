"""Small manifests, wheels and fetches for the tests of the model store."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from assistant.store import manifests
from assistant.store.fetch import Builder, ensure
from assistant.store.fetch_common import OnProgress
from assistant.store.model_store import STAGING_FOLDER, ModelStore

WEIGHTS = bytes(range(256)) * 20  # large for the hub: hashed with sha256
CONFIG = b'{"layers": 2}'  # small for the hub: hashed as git does
HEAD = 'job = "test"\nlanguages = ["en"]\nlicence = "CC0"\norigin = "the tests"\n'


def use_manifests(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """The program's manifests are those in folder/models and folder/voices for this test."""
    (folder / "models").mkdir(parents=True, exist_ok=True)
    (folder / "voices").mkdir(exist_ok=True)
    monkeypatch.setattr(manifests, "data_folder", lambda name: folder / name)
    monkeypatch.setattr(manifests, "all_manifests", manifests.all_manifests.__wrapped__)


def write_manifest(store: ModelStore, text: str, name: str = "toy") -> None:
    """A model of the program whose store this is (the fixture's)."""
    (store.root.parent / f"data/models/{name}.toml").write_text(text)


def write_hub_manifest(store: ModelStore) -> None:
    """One file with a known hash and one with an unknown one."""
    write_manifest(store, HEAD + file_table("model.bin", WEIGHTS) + file_table("config.json", None) + hub_source("a/b", "deep"))


def fetch(
    store: ModelStore,
    name: str = "toy",
    build: Builder | None = None,
    timeout_s: float = 5.0,
    variants: Sequence[str] = (),
    also: OnProgress = lambda line: None,
) -> list[str]:
    """The lines a user reads while a model is fetched, [] if it was there; `also` gets them as they come."""
    lines: list[str] = []

    def report(line: str) -> None:
        lines.append(line)
        also(line)

    fetched = ensure(name, store, report, build, timeout_s, variants)
    assert fetched == bool(lines)
    return lines


def assert_nothing_half_done(store: ModelStore, name: str = "toy") -> None:
    assert store.state(name) == "missing"
    assert not store.place(name).exists()
    assert not (store.root / STAGING_FOLDER / name / "files").exists()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def file_table(name: str, content: bytes | None) -> str:
    size, digest = ('"unknown"', "unknown") if content is None else (str(len(content)), sha256(content))
    return f'[[files]]\nname = "{name}"\nsize_bytes = {size}\nsha256 = "{digest}"\n'


def hub_source(repo: str, folder: str = "") -> str:
    return f'[[sources]]\nkind = "hub"\nrepo = "{repo}"\nrevision = "main"\nfolder = "{folder}"\n'


def write_wheel(folder: Path, name: str, members: dict[str, bytes]) -> Path:
    """A wheel without code, such as those that carry weights."""
    stem = name.replace("-", "_")
    wheel = folder / f"{stem}-1.0.0-py3-none-any.whl"
    info = f"{stem}-1.0.0.dist-info"
    metadata = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel, "w") as archive:
        for member, content in (metadata | members).items():
            archive.writestr(member, content)
        archive.writestr(f"{info}/RECORD", "".join(f"{member},,\n" for member in [*metadata, *members, f"{info}/RECORD"]))
    return wheel


def pip_source(wheels: list[Path], members: dict[str, list[str]], sha256_of_wheel: str | None = None) -> str:
    tables = "".join(
        f'[[sources.wheels]]\nname = "{wheel.name.split("-")[0].replace("_", "-")}"\nversion = "1.0.0"\nfile = "{wheel.name}"\n'
        f'size_bytes = {wheel.stat().st_size}\nsha256 = "{sha256_of_wheel or sha256(wheel.read_bytes())}"\n'
        for wheel in wheels
    )
    lines = "".join(f'"{file}" = {parts}\n'.replace("'", '"') for file, parts in members.items())
    return f'[[sources]]\nkind = "pip"\n{tables}[sources.members]\n{lines}'
