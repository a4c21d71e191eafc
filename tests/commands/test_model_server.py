"""Commands that are given the address of a model server on this machine: they answer by it, or say in a line what can't be."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant import assembly
from assistant.command_line import main
from assistant.commands.variants import choose_variants
from assistant.settings import AnswerSettings
from assistant.store.model_store import ModelStore
from tests.support.running_assistant import NO_NETWORK, can_lose_network
from tests.support.vision_server import VisionServer, serve

QUESTION = "What is this?"


@pytest.fixture
def server() -> Iterator[VisionServer]:
    with serve() as running:
        yield running


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8))
    return path


def test_ask_answers_by_a_server(server: VisionServer, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["ask", str(picture), QUESTION, "--model", server.address, "--json", "--models-dir", str(tmp_path / "none")]
    assert main(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert "red cup on a table" in told["answer"] and told["picture_problem"] is None
    assert len(server.requests[0]["messages"][0]["content"]) == 2


def test_the_settings_may_name_a_server(server: VisionServer, tmp_path: Path) -> None:
    describer = assembly.open_describer(AnswerSettings(model=server.address, max_keyframes=7), ModelStore(tmp_path))
    assert (describer.max_pictures, describer.scorer, describer.classifier) == (7, None, None)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["ask", "PICTURE", QUESTION, "--model", "http://192.0.2.1:8080"], 2, "isn't on this machine"),
        (["ask", "PICTURE", QUESTION, "--model", "http://127.0.0.1:9"], 3, "no model server answers"),
        (["ask", "PICTURE", QUESTION, "--model", "SERVER", "--raw"], 2, "is a server"),
        (["ask", "PICTURE", QUESTION, "--model", "127.0.0.1:8080"], 2, "the address of a vision server"),
    ],
)
def test_what_cant_be_is_refused_in_a_line(
    server: VisionServer, picture: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, words: str
) -> None:
    names = {"PICTURE": str(picture), "SERVER": server.address}
    assert main([names.get(each, each) for each in arguments]) == status
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and words in err
    assert server.requests == []


def test_a_server_has_no_variants_to_choose_from(server: VisionServer, tmp_path: Path) -> None:
    assert list(choose_variants([server.address], ModelStore(tmp_path))) == []


WITHOUT_NETWORK = """
import subprocess, sys
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
from assistant.command_line import main
from tests.support.vision_server import serve
with serve() as server:
    sys.exit(main(["ask", sys.argv[1], "What is this?", "--model", server.address, "--json"]))
"""


def test_it_works_on_a_machine_with_nothing_but_itself(picture: Path) -> None:
    if not can_lose_network() or not shutil.which("ip"):
        pytest.skip("this machine lets nobody take its network away (unshare -n), or has no `ip`")
    command = [*NO_NETWORK, sys.executable, "-c", WITHOUT_NETWORK, str(picture)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert done.returncode == 0, done.stderr
    assert "red cup" in json.loads(done.stdout)["answer"]
