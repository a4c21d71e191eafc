"""Writes small manifests, wheels and model folders for the tests of the model store."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from assistant import manifests

HEAD = 'job = "test"\nlanguages = ["en"]\nlicence = "CC0"\norigin = "the tests"\n'


def use_manifests(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """The program's manifests are those in folder/models and folder/voices for this test."""
    (folder / "models").mkdir(parents=True, exist_ok=True)
    (folder / "voices").mkdir(exist_ok=True)
    monkeypatch.setattr(manifests, "data_folder", lambda name: folder / name)
    monkeypatch.setattr(manifests, "all_manifests", manifests.all_manifests.__wrapped__)


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
