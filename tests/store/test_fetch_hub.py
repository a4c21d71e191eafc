"""What a user gets from the Hugging Face hub: whole and verified files, or one line and a store from which the next run goes on."""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.command_line import main
from assistant.commands import voices
from assistant.problems import DamagedModel, DiskFull, MissingModel, NetworkTrouble, Problem
from assistant.store import fetch_hub, manifests
from assistant.store.model_store import STAGING_FOLDER, ModelStore
from tests.support.folders import PROJECT
from tests.support.hub_server import COMMIT, Hub
from tests.support.manifest_files import (
    CONFIG,
    HEAD,
    WEIGHTS,
    assert_nothing_half_done,
    fetch,
    file_table,
    hub_source,
    write_hub_manifest,
    write_manifest,
)


def failing(store: ModelStore, kind: type[Problem], words: str, **options: object) -> str:
    """The one line of a fetch that fails, after which nothing is installed."""
    with pytest.raises(kind, match=words) as trouble:
        fetch(store, **options)  # type: ignore[arg-type]
    assert "\n" not in str(trouble.value)
    assert_nothing_half_done(store)
    return str(trouble.value)


def assert_whole(store: ModelStore) -> None:
    folder = store.verify("toy")
    assert (folder / "model.bin").read_bytes() == WEIGHTS
    assert (folder / "config.json").read_bytes() == CONFIG
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.bin", "verified.json"]
    assert [path.name for path in (store.root / STAGING_FOLDER).iterdir()] == ["lock"]


def write_voice(store: ModelStore, hub: Hub, md5_of: bytes) -> None:
    """A voice whose sizes and md5 are known, as Piper's are."""
    card = b"# Model card\n\n* Language: es_ES\n\n## Dataset\n\n* License: CC0 (public domain)\n"
    name = "es_ES-toy-low"
    hub.files |= {f"a/b/es/{name}.onnx": WEIGHTS, f"a/b/es/{name}.onnx.json": CONFIG, "a/b/es/MODEL_CARD": card}
    contents = {f"{name}.onnx": md5_of, f"{name}.onnx.json": CONFIG, "MODEL_CARD": card}
    tables = "".join(file_table(file, None) + f'md5 = "{hashlib.md5(content).hexdigest()}"\n' for file, content in contents.items())
    manifest = HEAD.replace("CC0", "that of its card") + "sample_rate_hz = 16_000\nspeakers = 2\n" + tables + hub_source("a/b", "es")
    (store.root.parent / f"data/voices/{name}.toml").write_text(manifest)


def test_a_voice_is_fetched_by_its_language_and_tells_the_licence_on_its_card(
    store: ModelStore, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_voice(store, hub, WEIGHTS)
    monkeypatch.setattr(voices, "all_manifests", manifests.all_manifests)
    options = argparse.Namespace(action="fetch", name="en", models_dir=store.root)
    [(line, data)] = voices.run(options)
    assert "licence CC0 (public domain) (its MODEL_CARD)" in line
    assert (data["sample_rate_hz"], data["speakers"]) == (16_000, 2)
    assert (store.folder("es_ES-toy-low") / "es_ES-toy-low.onnx").read_bytes() == WEIGHTS


def test_a_voice_with_another_md5_than_published_is_not_installed(store: ModelStore, hub: Hub) -> None:
    write_voice(store, hub, b"what Piper published")
    with pytest.raises(DamagedModel, match="es_ES-toy-low.onnx of es_ES-toy-low isn't the one that was published"):
        fetch(store, "es_ES-toy-low")
    assert_nothing_half_done(store, "es_ES-toy-low")


def test_hub_files_are_checked_against_the_hubs_own_hashes(store: ModelStore, hub: Hub) -> None:
    """The large one is on another host, whose ETag is not its hash."""
    write_hub_manifest(store)
    fetch(store)
    assert_whole(store)
    assert f'"revision": "{COMMIT}"' in (store.place("toy") / "verified.json").read_text()
    assert fetch(store) == []
    assert len(hub.sent) == 2


# --- the contents


@pytest.mark.parametrize("name", ["deep/model.bin", "deep/config.json"])
def test_wrong_contents_from_the_hub_are_refused_and_fetched_again_later(store: ModelStore, hub: Hub, name: str) -> None:
    write_hub_manifest(store)
    hub.wrong.add(name)
    failing(store, DamagedModel, f"the downloaded {Path(name).name} has the wrong contents")
    hub.wrong.clear()
    fetch(store)
    assert_whole(store)


def test_a_file_other_than_the_manifest_says_is_not_even_fetched(store: ModelStore, hub: Hub) -> None:
    write_manifest(store, HEAD + file_table("model.bin", WEIGHTS[::-1]) + hub_source("a/b", "deep"))
    failing(store, DamagedModel, "another model.bin than this version")
    assert hub.sent == []


def test_a_damaged_file_alone_is_replaced_by_the_next_set_up(store: ModelStore, hub: Hub) -> None:
    write_hub_manifest(store)
    fetch(store)
    (store.place("toy") / "model.bin").write_bytes(b"garbage")
    with pytest.raises(DamagedModel, match="model.bin of toy is damaged"):
        store.folder("toy")
    assert fetch(store)[0] == "toy is damaged and is fetched again"
    assert_whole(store)
    assert len(hub.downloads_of("config.json")) == 1


def test_a_deleted_file_alone_is_fetched_again(store: ModelStore, hub: Hub) -> None:
    write_hub_manifest(store)
    fetch(store)
    (store.place("toy") / "config.json").unlink()
    fetch(store)
    assert_whole(store)
    assert len(hub.downloads_of("model.bin")) == 1


# --- connections that break


def test_a_cut_download_goes_on_where_it_broke_off(store: ModelStore, hub: Hub) -> None:
    write_hub_manifest(store)
    hub.cut_after_bytes = 3000
    lines = fetch(store)
    assert "trying again" in lines[1]
    assert hub.downloads_of("model.bin") == ["", "bytes=3000-"]
    assert_whole(store)


def test_the_next_run_goes_on_where_the_last_one_broke_off(store: ModelStore, hub: Hub) -> None:
    write_hub_manifest(store)
    hub.cut_after_bytes = 3000

    def lose_the_hub(line: str) -> None:
        if "trying again" in line:
            hub.failures = [503] * 9

    failing(store, NetworkTrouble, r"\(HTTP 503\)", also=lose_the_hub)
    hub.cut_after_bytes, hub.failures = None, []
    assert f"fetching {(len(WEIGHTS) - 3000 + len(CONFIG)) / 1e6:.1f} MB" in fetch(store)[0]
    assert hub.downloads_of("model.bin") == ["", "bytes=3000-"]
    assert_whole(store)


def test_a_file_that_changed_on_the_hub_in_between_is_begun_anew(store: ModelStore, hub: Hub) -> None:
    write_manifest(store, HEAD + file_table("model.bin", None) + hub_source("a/b", "deep"))
    hub.cut_after_bytes = 3000
    with pytest.raises(NetworkTrouble):
        fetch(store, also=lambda line: hub.failures.extend([503] * 9 if "trying again" in line else []))
    hub.cut_after_bytes, hub.failures, hub.files["a/b/deep/model.bin"] = None, [], WEIGHTS[::-1]
    fetch(store)
    assert hub.downloads_of("model.bin") == ["", ""]
    assert (store.folder("toy") / "model.bin").read_bytes() == WEIGHTS[::-1]


def test_a_server_that_sends_the_whole_file_when_asked_for_the_rest_is_understood(store: ModelStore, hub: Hub) -> None:
    write_hub_manifest(store)
    hub.cut_after_bytes, hub.deaf_to_ranges = 3000, True
    fetch(store, also=lambda line: setattr(hub, "cut_after_bytes", None if "trying again" in line else hub.cut_after_bytes))
    assert hub.downloads_of("model.bin") == ["", "bytes=3000-"]
    assert_whole(store)


def test_a_silent_hub_is_given_up_after_a_bounded_wait(store: ModelStore, hub: Hub) -> None:
    write_hub_manifest(store)
    hub.silent = True
    began = time.monotonic()
    failing(store, NetworkTrouble, "silent .* a/b", timeout_s=0.3)
    assert time.monotonic() - began < 0.3 * fetch_hub.TRIES + 3


def test_a_hub_that_falls_silent_in_the_middle_is_asked_for_the_rest(store: ModelStore, hub: Hub) -> None:
    write_hub_manifest(store)
    hub.stall_after_bytes = 3000
    lines = fetch(store, timeout_s=0.5)
    assert lines[1].startswith("the hub is silent; trying again")
    assert hub.downloads_of("model.bin")[-1] == "bytes=3000-"  # on a busy machine the first request may be silent too
    assert_whole(store)


FETCHING = """
import sys
from pathlib import Path
from assistant.store import manifests
from assistant.store.fetch import ensure
from assistant.store.model_store import ModelStore

root = Path(sys.argv[1])
manifests.data_folder = lambda name: root / "data" / name
ensure("toy", ModelStore(root / "store"), print)
"""


def test_a_fetch_killed_in_the_middle_of_a_file_is_gone_on_with(store: ModelStore, hub: Hub) -> None:
    write_hub_manifest(store)
    hub.stall_after_bytes = 3000
    command = [sys.executable, "-c", FETCHING, str(store.root.parent)]
    environment = os.environ | {"HF_ENDPOINT": hub.endpoint, "HF_HUB_OFFLINE": "0"}  # other tests' commands switch the network off
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, env=environment) as first:
        wait_for(lambda: any(path.stat().st_size == 3000 for path in store.root.rglob("*.part")))
        os.kill(first.pid, signal.SIGKILL)
    assert store.state("toy") == "missing"
    assert not store.place("toy").exists()
    hub.stall_after_bytes = None
    fetch(store)
    assert hub.downloads_of("model.bin") == ["", "bytes=3000-"]
    assert_whole(store)


def wait_for(condition: Callable[[], bool], longest_s: float = 30.0) -> None:
    ends = time.monotonic() + longest_s
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_a_fetch_killed_while_everything_is_verified_asks_for_nothing_again(
    store: ModelStore, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_hub_manifest(store)

    def die(*_: object) -> None:
        raise KeyboardInterrupt  # nothing of ours catches it, as nothing catches a kill

    with monkeypatch.context() as patch:
        patch.setattr("assistant.store.fetch.record_new", die)
        with pytest.raises(KeyboardInterrupt):
            fetch(store)
    fetch(store)
    assert len(hub.sent) == 2
    assert_whole(store)


def test_a_replacement_killed_between_its_two_renames_is_undone(store: ModelStore, hub: Hub) -> None:
    write_hub_manifest(store)
    fetch(store)
    staging = store.root / STAGING_FOLDER / "toy"
    staging.mkdir()
    store.place("toy").rename(staging / "replaced")
    assert fetch(store) == []
    assert store.verify("toy")
    assert len(hub.sent) == 2


# --- refusals


@pytest.mark.parametrize(("status", "code"), [(401, "GatedRepo"), (403, "GatedRepo"), (401, "RepoNotFound")])
def test_a_repository_behind_an_account_is_told_with_a_way_round(store: ModelStore, hub: Hub, status: int, code: str) -> None:
    write_hub_manifest(store)
    hub.refusal = (status, code)
    assert "--model" in failing(store, NetworkTrouble, rf"a/b to nobody without an account.*\(HTTP {status}\)")
    assert len(hub.revisions) == 1  # there is no use in asking again


def test_one_missing_file_on_the_hub_installs_nothing(store: ModelStore, hub: Hub) -> None:
    write_hub_manifest(store)
    hub.missing.add("deep/config.json")
    failing(store, NetworkTrouble, r"the hub has no deep/config.json in a/b \(HTTP 404\)")
    hub.missing.clear()
    fetch(store)
    assert_whole(store)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_hub_is_asked_again(store: ModelStore, hub: Hub, status: int) -> None:
    write_hub_manifest(store)
    hub.failures = [status] * (fetch_hub.TRIES - 1)
    lines = fetch(store)
    assert sum(f"HTTP {status}" in line for line in lines) == fetch_hub.TRIES - 1
    assert_whole(store)


@pytest.mark.parametrize(("retry_after", "asked"), [("", fetch_hub.TRIES), ("3600", 1)])
def test_a_hub_that_stays_busy_is_given_up(store: ModelStore, hub: Hub, retry_after: str, asked: int) -> None:
    write_hub_manifest(store)
    hub.failures, hub.retry_after = [429] * 99, retry_after
    assert "again later" in failing(store, NetworkTrouble, r"busy or in trouble \(HTTP 429\)")
    assert len(hub.failures) == 99 - asked


def test_a_log_in_page_in_the_place_of_the_hub_is_recognised(store: ModelStore, hub: Hub) -> None:
    write_hub_manifest(store)
    hub.log_in_page = True
    assert "log-in page" in failing(store, NetworkTrouble, "is not the hub")


def test_a_web_page_in_the_place_of_the_rest_does_not_spoil_what_has_come(store: ModelStore, hub: Hub) -> None:
    write_hub_manifest(store)
    hub.cut_after_bytes = 3000
    failing(
        store,
        NetworkTrouble,
        "another file in the place of deep/model.bin",
        also=lambda line: setattr(hub, "page_for_contents", "again" in line),
    )
    hub.cut_after_bytes, hub.page_for_contents = None, False
    fetch(store)
    assert hub.downloads_of("model.bin")[-1] == "bytes=3000-"
    assert_whole(store)


def test_a_hub_that_is_away_is_told_in_one_line(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    write_hub_manifest(store)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(fetch_hub, "PAUSE_S", 0.01)
    failing(store, NetworkTrouble, "fetching a/b failed .*ConnectError")


# --- the disk


def test_a_disk_too_small_for_a_hub_model_is_said_before_anything_is_fetched(store: ModelStore, hub: Hub, small_disk: Path) -> None:
    write_hub_manifest(store)
    hub.files["a/b/deep/config.json"] = bytes(2_000_000)
    on_small_disk = ModelStore(small_disk / "store")
    failing(on_small_disk, DiskFull, "2.0 MB are needed")
    assert hub.sent == []


def test_a_disk_that_has_become_too_small_keeps_what_had_come(store: ModelStore, hub: Hub, small_disk: Path) -> None:
    write_hub_manifest(store)
    hub.cut_after_bytes = 3000
    on_small_disk = ModelStore(small_disk / "store")
    failing(on_small_disk, NetworkTrouble, "503", also=lambda line: hub.failures.extend([503] * 9 if "trying again" in line else []))
    hub.cut_after_bytes, hub.failures = None, []
    hub.files["a/b/deep/config.json"] = bytes(2_000_000)
    failing(on_small_disk, DiskFull, "2.0 MB are needed")
    hub.files["a/b/deep/config.json"] = CONFIG
    fetch(on_small_disk)
    assert hub.downloads_of("model.bin") == ["", "bytes=3000-"]


def test_a_disk_filled_by_others_on_the_way_gets_its_space_back_and_the_next_run_goes_on(
    store: ModelStore, hub: Hub, small_disk: Path
) -> None:
    big = os.urandom(400_000)
    hub.files |= {"a/b/one.bin": big, "a/b/two.bin": big[::-1]}
    write_manifest(store, HEAD + file_table("one.bin", big) + file_table("two.bin", None) + hub_source("a/b"))
    on_small_disk, filler = ModelStore(small_disk / "store"), small_disk / "filler"

    def fill(line: str) -> None:
        if line.startswith("fetching"):
            filler.write_bytes(bytes(300_000))

    message = failing(on_small_disk, DiskFull, "the disk of .* is full", also=fill)
    assert "--models-dir" in message
    assert sum(path.stat().st_size for path in on_small_disk.root.rglob("*") if path.is_file()) == len(big)  # the one that is whole
    filler.unlink()
    fetch(on_small_disk)
    assert (on_small_disk.verify("toy") / "two.bin").read_bytes() == big[::-1]
    assert len(hub.downloads_of("one.bin")) == 1


# --- the command


@pytest.mark.parametrize(
    ("trouble", "status", "words"),
    [
        ({}, 0, ""),
        ({"missing": {"deep/config.json"}}, 3, "HTTP 404"),
        ({"wrong": {"deep/model.bin"}}, 3, "wrong contents"),
        ({"refusal": (401, "GatedRepo")}, 3, "without an account"),
        ({"failures": [503] * 9}, 3, "HTTP 503"),
        ({"log_in_page": True}, 3, "not the hub"),
    ],
)
def test_the_command_says_it_in_one_line_with_the_status_of_a_missing_model(
    store: ModelStore, hub: Hub, capsys: pytest.CaptureFixture[str], trouble: dict[str, object], status: int, words: str
) -> None:
    write_hub_manifest(store)
    for name, value in trouble.items():
        setattr(hub, name, value)
    assert main(["models", "fetch", "toy", "--models-dir", str(store.root)]) == status
    last = capsys.readouterr().err.splitlines()[-1]
    assert words in last
    assert last.startswith("assistant models: " if status else "fetching")


def test_the_command_says_a_full_disk_in_one_line_with_status_2(
    store: ModelStore, hub: Hub, small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_hub_manifest(store)
    hub.files["a/b/deep/config.json"] = bytes(2_000_000)
    assert main(["models", "fetch", "toy", "--models-dir", str(small_disk)]) == 2
    assert "are free in" in capsys.readouterr().err


# --- the other downloader


def test_faster_whispers_own_downloader_brings_what_it_needs_verified(store: ModelStore, hub: Hub) -> None:
    hub.files |= {"x/whisper/model.bin": WEIGHTS, "x/whisper/config.json": CONFIG, "x/whisper/vocabulary.txt": b"a\nb\n"}
    hub.files["x/whisper/README.md"] = b"not needed"
    source = '[[sources]]\nkind = "faster-whisper"\nrepo = "x/whisper"\nrevision = "main"\n'
    write_manifest(store, HEAD + file_table("model.bin", None) + source)
    hub.wrong.add("vocabulary.txt")
    failing(store, DamagedModel, "vocabulary.txt")
    hub.wrong.clear()
    fetch(store)
    assert sorted(path.name for path in store.folder("toy").iterdir()) == ["config.json", "model.bin", "verified.json", "vocabulary.txt"]
    (store.place("toy") / "vocabulary.txt").unlink()
    with pytest.raises(MissingModel, match="vocabulary.txt"):
        store.folder("toy")
