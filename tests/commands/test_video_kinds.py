"""Every command on every kind of video file: it tells what it saw, or says in one line why it can't."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.command_line import main
from tests.support.fakes import ColourDescriber
from tests.support.video_files import STEADY_S, cut, write_header, write_phone_video, write_sound, write_video

COMMANDS = {
    "keyframes": [],
    "describe": [],
    "ask": ["What is it?"],
    "find": ["something red"],
    "watch": ["something red"],
}
TOLD_IN = {"keyframes": "keyframes", "describe": "segments", "ask": "answer", "find": "moments", "watch": "event"}
SHORT_S = STEADY_S[:30]
UNEVEN_S = list(np.cumsum([0.0] + [0.04 if n % 20 < 15 else 0.8 for n in range(39)]))

GOOD: dict[str, Callable[[Path], Path]] = {
    "two hours": lambda folder: write_video(folder / "a.mkv", range(0, 7200, 120), size=(64, 48)),
    "variable frame rate": lambda folder: write_video(folder / "a.mkv", UNEVEN_S),
    "phone held upright": lambda folder: write_phone_video(folder / "a.mp4"),
    "interlaced": lambda folder: write_video(folder / "a.mkv", SHORT_S, options={"flags": "+ildct+ilme"}),
    "4K": lambda folder: write_video(folder / "a.mkv", STEADY_S[:8], size=(3840, 2160)),
    "grey": lambda folder: write_video(folder / "a.mkv", SHORT_S, codec="ffv1", pix_fmt="gray"),
    "one frame": lambda folder: write_video(folder / "a.mp4", [0.0]),
    "corrupt tail": lambda folder: cut(write_video(folder / "a.mkv"), 0.6),
}
BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "no frame": (lambda folder: write_header(folder / "a.mkv"), "frame|neither"),
    "sound only": (lambda folder: write_sound(folder / "a.mp4"), "sound but no picture"),
    "no index": (lambda folder: cut(write_video(folder / "a.mp4"), 0.6), "cut off"),
}


@pytest.fixture(autouse=True)
def describer(monkeypatch: pytest.MonkeyPatch) -> None:
    for command in ("find", "watch", "describe", "ask"):
        monkeypatch.setattr(importlib.import_module(f"assistant.commands.{command}"), "open_describer", lambda *_, **__: ColourDescriber())


@pytest.fixture(scope="module", params=GOOD)
def good(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    return request.param, GOOD[request.param](tmp_path_factory.mktemp("videos"))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_video_of_any_kind_gives_a_result(capsys: pytest.CaptureFixture[str], good: tuple[str, Path], command: str) -> None:
    kind, video = good
    status = main([command, str(video), *COMMANDS[command], "--json"])
    out, err = capsys.readouterr()
    told = [json.loads(line) for line in out.splitlines()]
    assert status == 0 and "Traceback" not in err
    if kind == "grey" and command in ("find", "watch"):
        assert not any(each.get("moments") or each.get("event") for each in told)  # nothing red
    else:
        assert told and told[0][TOLD_IN[command]]
    if kind == "corrupt tail":
        assert "damaged" in (err if command == "watch" else " ".join(told[0]["warnings"]))
    else:
        assert err == "" and not any(each.get("warnings") for each in told)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", BAD)
def test_what_has_no_picture_is_one_clear_line(capsys: pytest.CaptureFixture[str], tmp_path: Path, kind: str, command: str) -> None:
    write, words = BAD[kind]
    status = main([command, str(write(tmp_path)), *COMMANDS[command], "--json"])
    out, err = capsys.readouterr()
    assert (status, out) == (2, "") and err.count("\n") == 1
    assert any(word in err for word in words.split("|"))
