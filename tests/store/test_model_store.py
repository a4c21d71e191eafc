"""What a user gets from the store: verified models, or one line that says which command mends it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.problems import BadInput, DamagedModel, MissingModel
from assistant.store import model_store
from assistant.store.manifests import all_manifests, find_manifest, read_manifest
from assistant.store.model_store import SAVED_GRAPHS, ModelStore, models_dir, record_new
from tests.support.manifest_files import HEAD, file_table, hub_source, use_manifests

CONTENT = b"weights" * 300


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelStore:
    """A store that holds the model "toy" (one file with a known hash) and "found" (files only its source knew)."""
    use_manifests(monkeypatch, tmp_path / "data")
    (tmp_path / "data/models/toy.toml").write_text(HEAD + file_table("model.bin", CONTENT) + hub_source("a/b"))
    (tmp_path / "data/models/found.toml").write_text(HEAD + 'default = true\n[[sources]]\nkind = "build"\nneeds = ["toy"]\n')
    store = ModelStore(tmp_path / "store")
    for name in ("toy", "found"):
        store.place(name).mkdir(parents=True)
        (store.place(name) / "model.bin").write_bytes(CONTENT)
        record_new(find_manifest(name), store.place(name))
    return store


def count_hashes(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    hashed: list[Path] = []
    real = model_store.sha256_of

    def counting(path: Path) -> str:
        hashed.append(path)
        return real(path)

    monkeypatch.setattr(model_store, "sha256_of", counting)
    return hashed


def test_a_verified_model_loads_without_being_read_again(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = count_hashes(monkeypatch)
    assert store.folder("toy") == store.root / "toy"
    assert hashed == []
    store.verify("toy")
    assert hashed == [store.root / "toy/model.bin"]


@pytest.mark.parametrize("name", ["toy", "found"])
@pytest.mark.parametrize("content", [CONTENT[::-1], CONTENT[:-1], b""])
def test_a_changed_file_is_named_and_refused(store: ModelStore, name: str, content: bytes) -> None:
    (store.root / name / "model.bin").write_bytes(content)
    with pytest.raises(DamagedModel, match=f"model.bin of {name} is damaged"):
        store.folder(name)
    assert store.state(name) == "damaged"


def test_a_file_exchanged_behind_an_unchanged_size_and_time_is_found_by_verify(store: ModelStore) -> None:
    path = store.root / "toy/model.bin"
    before = path.stat()
    path.write_bytes(CONTENT[::-1])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(DamagedModel, match="model.bin"):
        store.verify("toy")


def test_a_copied_model_is_hashed_once_and_then_fast(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    os.utime(store.root / "toy/model.bin", ns=(1, 1))
    hashed = count_hashes(monkeypatch)
    store.folder("toy")
    store.folder("toy")
    assert len(hashed) == 1


def test_a_broken_record_costs_a_hash_and_nothing_else(store: ModelStore) -> None:
    (store.root / "toy/verified.json").write_text('{"version": 1, "files": {"model.bin": 7}}')
    assert store.state("toy") == "installed"


def test_files_nobody_verified_are_not_loaded(store: ModelStore) -> None:
    (store.root / "found/verified.json").unlink()
    with pytest.raises(MissingModel, match="never verified"):
        store.folder("found")


def test_a_missing_model_names_the_command_that_fetches_it(store: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "data/voices/xx_XX-toy-low.toml").write_text(HEAD + file_table("a.onnx", None) + hub_source("a/b"))
    for name in ("toy", "found"):
        assert store.remove(name)
        assert not store.remove(name)
    for name, command in {"toy": "models fetch toy", "found": "setup", "xx_XX-toy-low": "voices fetch xx_XX-toy-low"}.items():
        with pytest.raises(MissingModel) as missing:
            store.folder(name)
        assert missing.value.fix == f"run `assistant {command}`"
        assert missing.value.exit_status == 3


def test_a_missing_file_is_named(store: ModelStore) -> None:
    (store.root / "toy/model.bin").unlink()
    with pytest.raises(MissingModel, match=r"model\.bin of toy is missing"):
        store.folder("toy")


def test_a_newer_manifest_version_asks_for_a_new_fetch(store: ModelStore, tmp_path: Path) -> None:
    manifest = tmp_path / "data/models/found.toml"
    manifest.write_text("version = 2\n" + manifest.read_text())
    with pytest.raises(MissingModel, match="another version"):
        store.folder("found")


def test_an_unknown_name_lists_the_known_ones(store: ModelStore) -> None:
    with pytest.raises(BadInput, match="found, toy"):
        store.folder("../etc")


def test_the_models_folder_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ASSISTANT_MODELS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache/me")
    assert models_dir() == Path("/var/cache/me/scene-assistant")
    monkeypatch.setenv("ASSISTANT_MODELS", "/kiosk/models")
    assert models_dir() == Path("/kiosk/models")
    assert models_dir(tmp_path) == tmp_path


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (('licence = "CC0"\n', ""), "lacks the field licence"),
        (('licence = "CC0"', "licence = 7"), "bad field licence = 7"),
        (("languages", "langauges"), "unknown field 'langauges'. Write languages."),
        (('job = "test"', 'job = "test"\nsice = 1'), "unknown field 'sice'"),
        (('name = "model.bin"', 'name = "../model.bin"'), "bad field name"),
        (("size_bytes = 2100", "size_bytes = -1"), "bad field size_bytes"),
        (('sha256 = "', 'sha256 = "0'), "bad field sha256"),
        (('kind = "hub"', 'kind = "ftp"'), "bad field kind = 'ftp'"),
        (('revision = "main"\n', ""), "lacks the field revision"),
        (("[[sources]]", "[sources]"), "bad field sources"),
        (('sha256 = "', 'md5 = "0"\nsha256 = "'), "bad field md5 = '0'. Use 32 hexadecimal digits"),
        (("[[files]]", "sample_rate_hz = 16000\n[[files]]"), "fields of a voice"),
        (("job =", "job"), "not valid TOML"),
    ],
)
def test_a_bad_manifest_names_its_file_and_field(tmp_path: Path, change: tuple[str, str], complaint: str) -> None:
    good = HEAD + file_table("model.bin", CONTENT) + hub_source("a/b")
    path = tmp_path / "toy.toml"
    path.write_text(good)
    read_manifest(path, "model")
    assert change[0] in good
    path.write_text(good.replace(*change))
    with pytest.raises(BadInput) as bad:
        read_manifest(path, "model")
    assert complaint in str(bad.value)
    assert "toy.toml" in str(bad.value)


def test_a_bad_wheel_is_told_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "toy.toml"
    wheels = "".join(
        f'[[sources.wheels]]\nname = "w"\nversion = "1"\nfile = "w.whl"\nsize_bytes = {size}\nsha256 = "{"0" * 64}"\n' for size in (7, 0)
    )
    path.write_text(HEAD + f'[[sources]]\nkind = "pip"\n{wheels}[sources.members]\n')
    with pytest.raises(
        BadInput,
        match=r"\[\[sources.wheels\]\] 2 of the manifest toy.toml has a bad field size_bytes = 0. Use a whole number of 1 or more.",
    ):
        read_manifest(path, "model")


def test_the_manifests_that_come_with_the_program_are_valid() -> None:
    names = {manifest.name for manifest in all_manifests() if manifest.default}
    made = {f"{name}{end}" for name in ("firefox-en-pt", "yolov4-tiny", "centerface") for end in ("", "-weights")}
    assert (
        names
        == {"whisper-base", "smollm2-135m", "efficientnet-lite2", "starter", "en_US-joe-medium", "ppocr-v6", "scene-translator"} | made
    )
    assert len({manifest.name for manifest in all_manifests()}) == len(all_manifests())


def test_the_store_never_loads_the_network_code() -> None:
    """`run` imports the store; that must not bring in a downloader."""
    script = "import sys, assistant.store.model_store, assistant.commands.models; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {
        "assistant.store.fetch",
        "assistant.store.fetch_hub",
        "assistant.store.fetch_wheels",
        "huggingface_hub",
        "http.client",
        "urllib.request",
    } & set(loaded)


def test_removing_a_model_removes_its_saved_graphs_and_no_others(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    own, other = (tmp_path / SAVED_GRAPHS / f"{name}-{'0a' * 8}" for name in ("starter", "starter-two"))
    for folder in (tmp_path / "starter", own, other):
        folder.mkdir(parents=True)
    assert store.remove("starter")
    assert not own.exists() and other.exists()
