"""What `assistant setup` does for a better eye: fetched where the hub is, one line where it isn't, and never a failure."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from assistant.command_line import main
from assistant.store import manifests
from assistant.store.eye_choice import Machine
from assistant.store.fetch_hub import PROBE_S
from tests.support.folders import PROJECT
from tests.support.hub_server import Hub
from tests.support.manifest_files import use_manifests
from tests.support.tiny_onnx import GRAPHS, write_tiny_model

REPO = "HuggingFaceTB/SmolVLM2-{}-Video-Instruct"
LATER = "the small starter sees until then; run `assistant setup` again when it can"


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Tiny models in the layout of SmolVLM2's."""
    folder = tmp_path_factory.mktemp("tiny") / "model"
    write_tiny_model(folder)
    files = dict[str, bytes]()
    for size in ("256M", "500M"):
        repo = REPO.format(size)
        files |= {f"{repo}/{path.name}": path.read_bytes() for path in folder.iterdir() if path.is_file()}
        files |= {f"{repo}/{name}": b"{}" for name in ("processor_config.json", "tokenizer_config.json", "chat_template.json")}
        for graph, variant in itertools.product(GRAPHS, ("int8", "q4")):
            files[f"{repo}/onnx/{graph}_{variant}.onnx"] = (folder / f"onnx/{graph}.onnx").read_bytes()
    return files


@pytest.fixture(autouse=True)
def _machine(repositories: dict[str, bytes], hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that any eye fits, with nothing else to set up, and the manifests without the hashes of what is published."""
    known = manifests.all_manifests
    known.cache_clear()  # other modules have that function itself
    use_manifests(monkeypatch, tmp_path / "data")
    for size in ("256m", "500m"):
        text = (PROJECT / f"models/smolvlm2-{size}.toml").read_text(encoding="utf-8")
        (tmp_path / f"data/models/smolvlm2-{size}.toml").write_text(
            re.sub("(?m)^sha256 = .*$", 'sha256 = "unknown"', text), encoding="utf-8"
        )
    monkeypatch.setattr("assistant.commands.setup.all_manifests", tuple)
    monkeypatch.setattr("assistant.commands.setup.Machine.this", lambda folder: Machine(16, 100, 300))
    monkeypatch.setattr("assistant.assembly.memory_gb", lambda: 16.0)
    monkeypatch.setattr("assistant.offline.enforce", lambda: None)  # it would last for the tests after this one
    monkeypatch.setenv("ASSISTANT_MODELS", str(tmp_path / "store"))
    hub.files = dict(repositories)
    yield
    known.cache_clear()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def run_command(*arguments: str) -> list[dict[str, Any]]:
        assert main([*arguments, "--json"]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run_command


def eye_of(results: list[dict[str, Any]]) -> str:
    return str(results[-1]["eye"])


def test_the_best_is_fetched_and_used_without_being_named(hub: Hub, run: Any, tmp_path: Path) -> None:
    results = run("setup")
    assert eye_of(results) == "smolvlm2-500m"
    assert results[0]["variants_here"] == ["int8", "q4"]
    assert next(each["variant"] for each in results if "ranking" in each) in ("int8", "q4")
    cv2.imwrite(str(tmp_path / "picture.png"), np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8))
    [answer] = run("ask", str(tmp_path / "picture.png"), "What is this?", "--raw")
    assert answer["token_ids"]
    asked = len(hub.sent)
    assert eye_of(run("setup")) == "smolvlm2-500m"
    assert len(hub.sent) == asked, "what is here isn't fetched again"


def test_small_and_starter_only_are_kept_to(hub: Hub, run: Any) -> None:
    assert eye_of(run("setup", "--starter-only")) == "starter"
    assert not hub.revisions, "nobody was asked"
    assert eye_of(run("setup", "--small")) == "smolvlm2-256m"
    assert not any("500M" in path for path, _ in hub.sent)


def test_a_machine_that_is_too_small_is_told_why(hub: Hub, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.commands.setup.Machine.this", lambda folder: Machine(2, 100, 300))
    results = run("setup")
    assert results[0]["lacks"] == "smolvlm2-500m needs 6 GB of memory, and there are 2.0"
    assert eye_of(results) == "starter"


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        ({"log_in_page": True}, "what answers in the place of the hub is not the hub"),
        ({"failures": [503]}, "the hub is busy or in trouble (HTTP 503)"),
        ({"silent": True}, "the hub"),
    ],
)
def test_a_hub_out_of_reach_is_asked_once_and_costs_one_line(
    trouble: dict[str, Any], why: str, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in trouble.items():
        setattr(hub, name, value)
    began_s = time.monotonic()
    assert main(["setup"]) == 0
    assert time.monotonic() - began_s < PROBE_S + 10
    line, eye = capsys.readouterr().out.splitlines()
    assert line.startswith(f"smolvlm2-500m, a better eye, can't be fetched: {why}")
    assert line.endswith(LATER)
    assert eye == "the eye is starter"


def test_no_network_at_all_is_the_same(hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert main(["setup"]) == 0
    line, _ = capsys.readouterr().out.splitlines()
    assert "the connection to the hub failed" in line


def test_a_fetch_that_breaks_off_keeps_what_came_and_a_later_set_up_upgrades(hub: Hub, run: Any) -> None:
    hub.missing = {"onnx/decoder_model_merged_q4.onnx"}
    results = run("setup")
    assert results[0]["fetched"] is False
    assert eye_of(results) == "starter"
    hub.missing = set()
    assert eye_of(run("setup")) == "smolvlm2-500m"


def test_the_eye_is_asked_about_known_pictures_once_and_uses_what_was_found_out(hub: Hub, run: Any, tmp_path: Path) -> None:
    [found] = [each for each in run("setup") if "presence_right" in each]
    assert found["name"] == "smolvlm2-500m"
    assert 0 <= found["presence_right"] <= 1
    assert set(found["reliability"]) == {"colour", "how_many", "where"}
    assert all(share < 0.8 for share in found["reliability"].values()), "drawn scenes never make an answer plain"
    [again] = [each for each in run("setup") if "presence_right" in each]
    assert again["reliability"] == found["reliability"]
    assert again["times_s"]["ask"] < max(0.5, found["times_s"]["ask"] / 2), "it is remembered"
