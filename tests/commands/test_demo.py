"""The demo: real models in every stage answer what the clip shows, and refuse what it doesn't."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from assistant.command_line import main
from assistant.languages import phrase
from tests.support.running_assistant import NO_NETWORK, can_lose_network

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def printed(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("demo")
    with contextlib.redirect_stdout(io.StringIO()) as output:
        assert main(["demo", "--out", str(folder), "--models-dir", str(models_dir)]) == 0
    return folder, output.getvalue()


@pytest.fixture(scope="module")
def demo(printed: tuple[Path, str]) -> tuple[Path, list[dict[str, Any]]]:
    folder, _ = printed
    lines = (folder / "transcript.jsonl").read_text(encoding="utf-8").splitlines()
    return folder, [json.loads(line) for line in lines]


@pytest.mark.exact_cpu
def test_every_question_is_heard_word_for_word(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    heard = [(re.sub(r"\W+", " ", asked["question"]).strip().lower(), asked["language"]) for asked in demo[1]]
    assert heard[1][0] in ("where is the cup", "where s the cup")
    assert [heard[0], *heard[2:]] == [
        ("what is in front of me", "en"), ("que es esto", "es"), ("what does it say", "en"), ("was für eine farbe hat das denn", "de"),
        ("how many people are there", "en"), ("can i cross now", "en"), ("what is in front of me", "en"),
    ]  # fmt: skip


@pytest.mark.exact_cpu
def test_every_answer_is_true_and_in_the_language_of_its_question(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    """Of a cat, a cup of coffee, a tin, a striped shirt, an astronaut, a man behind a camera on a tripod, and a hand over the lens."""
    cat, cup, coffee, tin, shirt, people, street, _ = (asked["answer"] for asked in demo[1])
    assert "cat" in cat or "tabby" in cat
    assert cup.startswith("A cup: straight ahead")
    assert coffee.startswith("Un ") and "café" in coffee
    assert tin == "TOMATO SOUP 400 g Best before 12 May 2027"
    assert "Blau" in shirt and shirt.endswith("Gestreift.")
    assert people == "One person."
    assert street.startswith(phrase("cant_judge_safety", "en")[0])
    assert "a person." in street


def test_a_hand_over_the_lens_is_named_and_nothing_described(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    covered = demo[1][-1]
    assert covered["picture_problem"] in ("covered", "dark")
    assert covered["answer"] == phrase(covered["picture_problem"], "en")[0]
    assert covered["keyframes_s"] == []


def test_every_answer_is_spoken_and_the_time_line_drawn(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, asked = demo
    assert all(Path(a["wav"]).stat().st_size > 20_000 for a in asked)
    assert np.asarray(cv2.imread(str(folder / "timeline.png"))).shape[1] > 1000


@pytest.mark.exact_cpu
def test_the_spoken_answers_are_heard_again(
    demo: tuple[Path, list[dict[str, Any]]], models_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The loop closes: what the voice says, the recogniser understands."""
    asked = demo[1][5]
    assert main(["hear", asked["wav"], "--json", "--models-dir", str(models_dir)]) == 0
    text = json.loads(capsys.readouterr().out)["text"].lower()
    words = [word.strip(".,").lower() for word in asked["answer"].split()]
    assert sum(word in text for word in words) >= 0.8 * len(words)


def test_the_same_answers_are_given_with_no_network_at_all(printed: tuple[Path, str], models_dir: Path, tmp_path: Path) -> None:
    if not can_lose_network():
        pytest.skip("this machine lets nobody take its network away (unshare -n)")
    command = [*NO_NETWORK, sys.executable, "-m", "assistant", "demo", "--out", str(tmp_path), "--models-dir", str(models_dir)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "HOME": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    folder, with_network = printed
    told, told_without = (
        [line for line in output.splitlines() if str(where) not in line]
        for where, output in ((folder, with_network), (tmp_path, done.stdout))
    )
    assert sum("said:" in line for line in told) == 8
    assert told_without == told
