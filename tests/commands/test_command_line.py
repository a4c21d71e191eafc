"""What a person or program gets from the commands for good and bad input, without any model."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant.command_line import COMMANDS, main


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """(exit status, stdout, stderr) of one command."""
    try:
        status = main([str(argument) for argument in arguments])
    except SystemExit as stop:
        status = int(stop.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


def one_line(err: str) -> str:
    assert err.count("\n") == 1 and "Traceback" not in err, err
    return err


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8))
    return path


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str], command: str) -> None:
    status, out, _ = run(capsys, command, "--help")
    assert status == 0 and "--json" in out


@pytest.mark.parametrize("arguments", [[], ["fly"], ["ask"], ["ask", "x.png"], ["keyframes", "x.mp4", "--budget", "many"]])
def test_wrong_usage_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    status, _, err = run(capsys, *arguments)
    assert status == 2 and "--help" in one_line(err)


@pytest.mark.parametrize("name", ["-dash.png", "-hello.jpeg", "--json.pdf"])
def test_a_file_whose_name_begins_with_a_dash_is_told_how_to_be_written(capsys: pytest.CaptureFixture[str], name: str) -> None:
    for command in ("read", "describe"):
        status, out, err = run(capsys, command, name)
        assert (status, out) == (2, "") and f"{name} begins with a dash" in one_line(err) and f"write ./{name}" in err
    status, _, err = run(capsys, "read", "--jsno")
    assert status == 2 and "dash" not in one_line(err)


def test_a_missing_model_is_status_3_and_names_the_command(capsys: pytest.CaptureFixture[str], picture: Path, tmp_path: Path) -> None:
    status, _, err = run(capsys, "ask", picture, "What is this?", "--models-dir", tmp_path / "none")
    assert status == 3 and "assistant setup" in one_line(err)


@pytest.mark.parametrize("question", ["", "  ", "why " * 500])
def test_an_unusable_question_is_status_2(capsys: pytest.CaptureFixture[str], picture: Path, question: str) -> None:
    status, _, err = run(capsys, "ask", picture, question)
    assert status == 2 and "question" in one_line(err)


def test_an_unknown_model_or_language_is_status_2(capsys: pytest.CaptureFixture[str], picture: Path) -> None:
    for wrong in (["--model", "gpt"], ["--model", "m" * 5000], ["--language", "xx"]):
        status, _, err = run(capsys, "ask", picture, "What is this?", *wrong)
        assert status == 2
        assert len(one_line(err)) < 400


@pytest.mark.parametrize("name", ["absent.jpg", "x" * 5000, "."])
def test_a_path_that_is_no_picture_is_status_2(capsys: pytest.CaptureFixture[str], name: str) -> None:
    for command in (["ask", name, "What is this?"], ["describe", name], ["keyframes", name], ["hear", name]):
        status, _, err = run(capsys, *command)
        assert status == 2
        assert len(one_line(err)) < 400


def test_keyframes_of_a_video_with_a_sheet(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Two scenes, two keyframes, and a PNG that shows them."""
    rng = np.random.default_rng(1)
    scenes = [np.kron(rng.integers(0, 255, (12, 16, 3)), np.ones((10, 10, 1))) for _ in range(2)]
    video, sheet = tmp_path / "clip.avi", tmp_path / "sheet.png"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"MJPG"), 10, (160, 120))
    for number in range(40):
        writer.write(np.clip(scenes[number // 20] + rng.normal(0, 2, (120, 160, 3)), 0, 255).astype(np.uint8))
    writer.release()
    status, out, _ = run(capsys, "keyframes", video, "--sheet", sheet, "--json")
    keyframes = json.loads(out)["keyframes"]
    assert status == 0
    assert [k["reason"] for k in keyframes] == ["first", "change"]
    assert 1.9 <= keyframes[1]["time_s"] <= 3.0
    assert np.asarray(cv2.imread(str(sheet))).shape[1] > 320


def test_say_writes_a_file_with_espeak_alone(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out_file = tmp_path / "hello.wav"
    status, out, _ = run(capsys, "say", "Olá. Tudo bem?", "--language", "pt", "--out", out_file, "--models-dir", tmp_path, "--json")
    assert status == 0 and json.loads(out)["sentences"] == ["Olá.", "Tudo bem?"]
    assert out_file.stat().st_size > 20_000


def test_a_wav_is_written_under_the_very_name_that_was_asked_for(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The name's ending was once exchanged for .wav, and the wrong path reported."""
    out_file = tmp_path / "hello.sound"
    status, out, _ = run(capsys, "say", "Hello.", "--out", out_file, "--models-dir", tmp_path, "--json")
    assert status == 0 and json.loads(out)["out"] == str(out_file)
    assert out_file.read_bytes().startswith(b"RIFF")


@pytest.mark.parametrize("arguments", [["say", "..."], ["say", "hi", "--language", "qq", "--out", "x.wav"], ["say", "hi", "--rate", "9"]])
def test_what_cant_be_said_is_status_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    status, _, err = run(capsys, *arguments, "--models-dir", tmp_path)
    assert status == 2 and one_line(err)


def test_bad_settings_are_named(capsys: pytest.CaptureFixture[str], tmp_path: Path, picture: Path) -> None:
    for text, word in (
        ("[ears]\nend_silence_s = 99", "end_silence_s"),
        ("[nose]\n", "nose"),
        ("x = [", "TOML"),
        ("language = 3", "language"),
    ):
        settings = tmp_path / "settings.toml"
        settings.write_text(text)
        status, _, err = run(capsys, "ask", picture, "What is this?", "--settings", settings)
        assert status == 2 and word in one_line(err)


def test_our_own_mistakes_are_one_line_too(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> object:
        raise RuntimeError("oops")

    monkeypatch.setattr("assistant.commands.keyframes.run", broken)
    status, _, err = run(capsys, "keyframes", "x.mp4")
    assert status == 1 and "oops" in one_line(err)
