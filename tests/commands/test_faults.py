""" "This is our mistake" is said only of ours: not of a full disk, a terminal without our letters, or odd names."""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from assistant.command_line import main
from tests.support.folders import PROJECT
from tests.support.odd_media import landmark
from tests.support.video_files import STEADY_S, write_video

ODD = b"caf\xe9".decode("utf-8", "surrogateescape")
WITH_NAMES = {"imread", "imreadmulti", "imreadanimation", "imwrite", "haveImageReader", "imcount"}
"""Functions of OpenCV that end the whole program when they are given a name that isn't UTF-8: std::string from a null pointer."""


def assistant(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "assistant", *arguments], stderr=subprocess.PIPE, check=False, **options)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("videos") / "a.mp4", STEADY_S[:20])


def test_a_full_disk_at_standard_output_is_told(video: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = assistant("keyframes", str(video), stdout=full)
    assert done.returncode == 2
    assert done.stderr.decode().count("\n") == 1
    assert "no room left" in done.stderr.decode() and "our mistake" not in done.stderr.decode()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_a_terminal_without_our_letters_gets_the_nearest(encoding: str) -> None:
    program = "from assistant.commands.output import print_result as p; p(('Café – 猫', {'a': 'Café – 猫 caf\\udce9'}), "
    env = {**os.environ, "PYTHONIOENCODING": encoding}

    def printed(as_json: bool) -> str:
        return subprocess.run([sys.executable, "-c", f"{program}{as_json})"], capture_output=True, check=True, env=env).stdout.decode(
            encoding
        )

    assert printed(False).startswith("Cafe" if encoding == "ascii" else "Café")
    assert json.loads(printed(True))["a"].startswith("Café – 猫 caf")


@pytest.mark.parametrize("option", [["keyframes", "{}", "--sheet"], ["describe", "{}", "--srt"], ["find", "{}", "x", "--index"]])
@pytest.mark.parametrize("where", ["", ".", "/dev/null", "no/folder/x"])
def test_a_place_that_cannot_be_written_is_told_before_the_work(
    capsys: pytest.CaptureFixture[str], video: Path, option: list[str], where: str
) -> None:
    assert main([each.format(video) for each in option] + [where]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "our mistake" not in err


@pytest.mark.parametrize("where", ["", ".", "/dev/null"])
def test_what_is_said_is_never_written_over_a_device_or_folder(capsys: pytest.CaptureFixture[str], where: str) -> None:
    assert main(["say", "Hello.", "--out", where]) in (2, 3)
    assert "our mistake" not in capsys.readouterr().err


def test_a_name_that_is_not_utf8_is_as_good_as_any(capsys: pytest.CaptureFixture[str], video: Path, tmp_path: Path) -> None:
    odd = tmp_path / f"{ODD}.mp4"
    odd.write_bytes(video.read_bytes())
    assert main(["keyframes", str(odd), "--sheet", str(tmp_path / f"{ODD}.png"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["keyframes"]
    assert (tmp_path / f"{ODD}.png").stat().st_size > 1000


@pytest.mark.parametrize(
    "arguments",
    [
        ["hear", f"{ODD}.wav"],
        ["read", f"{ODD}.pdf"],
        ["keyframes", f"{ODD}.jpg"],
        ["keyframes", "x", "--settings", ODD],
        ["say", "x", "--voice", ODD],
        ["ask", f"{ODD}.jpg", "x"],
        ["ask", "{}", "x", "--model", ODD],
        ["models", "list", "--models-dir", ODD],
        ["models", "fetch", ODD],
        ["voices", "fetch", ODD],
        ["run", "--camera", f"{ODD}.mp4"],
        ["watch", f"{ODD}.mp4", "x"],
        ["find", f"{ODD}.mp4", "x"],
    ],
    ids=lambda arguments: " ".join(arguments).encode("ascii", "replace").decode(),
)
def test_a_missing_file_of_such_a_name_is_one_line_in_every_command(
    capsys: pytest.CaptureFixture[str], video: Path, arguments: list[str]
) -> None:
    assert main([each.format(video) for each in arguments]) in (2, 3)
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "our mistake" not in err and "caf" in err


def test_no_library_in_c_is_told_the_name_of_a_users_file() -> None:
    """OpenCV ended the program for a name that isn't UTF-8, in whichever function got it. What it may open has a name of our own."""
    told: list[str] = []
    for path in (PROJECT / "assistant").rglob("*.py"):
        if "benchmarks" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            argument = ast.unparse(node.args[0]) if node.args else ""
            if node.func.attr in WITH_NAMES or (node.func.attr == "VideoCapture" and argument not in ("name", "number")):
                told.append(f"{path.name}: {ast.unparse(node)}")
            if ast.unparse(node.func) == "av.open" and argument not in ("name", "plain", "self._bytes", "BytesIO(content)"):
                told.append(f"{path.name}: {ast.unparse(node)}")
    assert told == []


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP])
def test_a_closed_terminal_cleans_up_as_termination_does(tmp_path: Path, sent: signal.Signals) -> None:
    """It waits for a stream that never comes, and leaves nothing behind beside the sheet."""
    os.mkfifo(tmp_path / "stream")
    arguments = [sys.executable, "-m", "assistant", "keyframes", str(tmp_path / "stream"), "--sheet", str(tmp_path / "sheet.png")]
    reset = partial(signal.signal, sent, signal.SIG_DFL)  # below `nohup` it is ignored, and stays so
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=reset)
    writer = os.open(tmp_path / "stream", os.O_WRONLY)  # returns once it reads
    process.send_signal(sent)
    _, err = process.communicate(timeout=30)
    os.close(writer)
    assert process.returncode == 130 and err.decode().count("\n") == 1 and "stopped" in err.decode()
    assert [path.name for path in tmp_path.iterdir()] == ["stream"]


def test_a_picture_is_a_picture_whatever_it_is_called(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names of protocols, and of options of other programs."""
    import cv2

    monkeypatch.chdir(tmp_path)
    picture = cv2.imencode(".jpg", landmark()[..., ::-1])[1].tobytes()
    for name in ("10:30.jpg", "data:x.jpg", "file:a.jpg", "pipe:0", "a%d.jpg", " .jpg", "ß.JPG", "concat:a|b", "x" * 250):
        Path(name).write_bytes(picture)
        assert main(["keyframes", name, "--json"]) == 0, capsys.readouterr().err
        assert len(json.loads(capsys.readouterr().out)["keyframes"]) == 1
