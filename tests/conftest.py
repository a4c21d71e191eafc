"""What several tests share."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import onnxruntime
import pytest

from assistant import offline
from assistant.languages import FALLBACK
from assistant.languages.catalogues import set_terminal_language
from assistant.store import fetch_hub, model_store
from assistant.store.manifests import all_manifests
from assistant.store.model_store import ModelStore
from tests.support.hub_server import Hub, serve
from tests.support.manifest_files import CONFIG, WEIGHTS, use_manifests

offline.enforce_below_python = lambda: False  # it can't be undone, and tests start programs that need a network: see test_offline.py
os.environ.setdefault("OMP_NUM_THREADS", "1")  # for torch: tiny models take several times as long on several threads
onnxruntime.set_seed(0)  # or Piper would say each sentence a little differently every time, and Whisper now and then hear another


def pytest_configure() -> None:
    """Give each process of a parallel run, and what it starts, one core: models on several threads would wait for those of others."""
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[int(worker.removeprefix("gw")) % len(cores)]})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let files with real models, which take the longest, begin first, and some of their tests fail on other processors.

    What real models say word by word is tried where nobody has seen yet what they say, and isn't counted.
    """
    items.sort(key=lambda item: item.get_closest_marker("models") is None)
    if platform.machine() in ("x86_64", "AMD64"):
        return
    for item in items:
        if item.get_closest_marker("exact_cpu"):
            item.add_marker(pytest.mark.xfail(reason=f"real models' words are not known on {platform.machine()}", strict=False))


@pytest.fixture(autouse=True)
def english_terminal() -> Iterator[None]:
    """A test that speaks to a terminal in another language leaves English to the next."""
    yield
    set_terminal_language(FALLBACK)


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The folder of fetched models. Tests that ask for it fail without them, and say how to get them."""
    folder = model_store.models_dir()
    if not folder.is_dir():
        pytest.fail(f"no models in {folder}: run `assistant setup`")
    return folder


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelStore]:
    """An empty one, in a program that has no manifests but those that the test writes."""
    use_manifests(monkeypatch, tmp_path / "data")
    yield ModelStore(tmp_path / "store")
    all_manifests.cache_clear()  # a module that had it before the test may have read the test's


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with the repository a/b; the libraries go there instead of huggingface.co, and lose no time between tries."""
    with serve({"a/b/deep/model.bin": WEIGHTS, "a/b/deep/config.json": CONFIG}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub.endpoint)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
        template = hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(fetch_hub, "PAUSE_S", 0.01)
        yield hub


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True).returncode:
        pytest.skip("mounting a tmpfs isn't permitted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
