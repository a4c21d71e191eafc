"""What find, watch, describe and ask tell of a video of plain colours, with a describer that sees nothing but colours."""

from __future__ import annotations

import base64
import importlib
import io
import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest

from assistant.command_line import main
from assistant.commands import media_reader
from assistant.commands import watch as watch_module
from assistant.interfaces import Instrument
from assistant.messages import Ask, Detail, Finding, Frame, Keyframe, View
from assistant.problems import LostDevice
from tests.support.fakes import ColourDescriber, ScriptedCamera
from tests.support.vision_server import serve

SCENE_S, FPS = 3, 10
RED, GREEN, BLUE = (200, 40, 40), (40, 200, 40), (40, 40, 200)


def write_clip(path: Path, colours: list[tuple[int, int, int]]) -> Path:
    """A scene of SCENE_S for each, with a texture of its own so that it isn't taken for a covered lens."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (160, 120))
    for number, colour in enumerate(colours):
        texture = np.kron(np.random.default_rng(number).integers(-40, 40, (12, 16, 1)), np.ones((10, 10, 1)))
        for _ in range(SCENE_S * FPS):
            writer.write(np.clip(np.array(colour) + texture, 0, 255).astype(np.uint8)[..., ::-1].copy())
    writer.release()
    return path


def keyframe_at(time_s: float) -> Keyframe:
    return Keyframe(Frame(np.zeros((4, 4, 3), np.uint8), time_s), "change")


@pytest.fixture
def describer(monkeypatch: pytest.MonkeyPatch) -> ColourDescriber:
    """In place of the model, in every command."""
    describer = ColourDescriber()
    for command in ("find", "watch", "describe", "ask"):
        monkeypatch.setattr(importlib.import_module(f"assistant.commands.{command}"), "open_describer", lambda *_, **__: describer)
    return describer


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.avi", [RED, GREEN, RED, BLUE, GREEN, RED])


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, list[dict[str, Any]], str]:
    status = main([*map(str, arguments), "--json"])
    out, err = capsys.readouterr()
    return status, [json.loads(line) for line in out.splitlines()], err


def test_find_tells_the_moment_that_fits(capsys: pytest.CaptureFixture[str], describer: ColourDescriber, clip: Path) -> None:
    status, (found,), _ = run(capsys, "find", clip, "something blue", "--top", "1")
    (moment,) = found["moments"]
    assert status == 0
    assert moment["start_s"] == pytest.approx(3 * SCENE_S, abs=0.6) and moment["end_s"] == pytest.approx(4 * SCENE_S, abs=0.6)
    assert 0.5 < moment["score"] <= 1


def test_find_says_times_for_listening(capsys: pytest.CaptureFixture[str], describer: ColourDescriber, clip: Path) -> None:
    assert main(["find", str(clip), "something blue", "--top", "1"]) == 0
    assert "from 9 seconds to 12 seconds." in capsys.readouterr().out.lower()


def test_find_refuses_what_is_not_there(capsys: pytest.CaptureFixture[str], describer: ColourDescriber, clip: Path) -> None:
    status, (found,), _ = run(capsys, "find", clip, "something purple")
    assert status == 0 and found["moments"] == [] and found["found"] is False


def sees_blue(request: dict[str, Any]) -> str:
    """As a model behind a server says it: yes to "Does the picture show this" of a blue picture, no to "Is this missing"."""
    picture, text = request["messages"][0]["content"]
    encoded = np.frombuffer(base64.b64decode(picture["image_url"]["url"].partition(",")[2]), np.uint8)
    is_blue = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR)).mean((0, 1)).argmax() == 0
    return "Yes." if is_blue != ("missing" in text["text"]) else "No, it is not."


def test_a_model_server_finds_and_watches_by_yes_and_no_told_as_unmeasured(
    capsys: pytest.CaptureFixture[str], clip: Path, tmp_path: Path
) -> None:
    """Before, `find` refused it, and so did `watch` all but what a detector knows."""
    with serve() as server:
        server.reply = sees_blue
        with_it = ("--model", server.address, "--models-dir", tmp_path)
        _, (found,), _ = run(capsys, "find", clip, "something blue", *with_it)
        (moment,) = found["moments"]
        assert moment["start_s"] == pytest.approx(3 * SCENE_S, abs=0.6) and moment["end_s"] == pytest.approx(4 * SCENE_S, abs=0.6)
        assert moment["score"] is None and found["found"] is True
        assert main(["find", str(clip), "something blue", *map(str, with_it)]) == 0
        assert capsys.readouterr().out == "Perhaps from 9 seconds to 12 seconds.\n"
        _, (event,), _ = run(capsys, "watch", clip, "something blue", *with_it)
        assert event["start_s"] == pytest.approx(3 * SCENE_S, abs=1.0) and event["score"] is None
        assert main(["watch", str(clip), "something blue", *map(str, with_it)]) == 0
        assert capsys.readouterr().out == "Perhaps at 9 seconds: something blue.\n"


@pytest.mark.parametrize("answer", ["Yes.", "No.", "I can't tell."])
def test_a_server_that_says_the_same_to_all_finds_nothing(
    capsys: pytest.CaptureFixture[str], clip: Path, tmp_path: Path, answer: str
) -> None:
    with serve() as server:
        server.answer = answer
        _, (found,), _ = run(capsys, "find", clip, "something blue", "--model", server.address, "--models-dir", tmp_path)
        assert found["moments"] == [] and found["found"] is False


def test_what_a_detector_finds_is_found_for_whatever_the_model_can(
    capsys: pytest.CaptureFixture[str], describer: ColourDescriber, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.commands.find.open_instruments", lambda *_, **__: [Finder()])
    describer.scorer = None  # as a model server: it tells no likelihoods
    _, (found,), _ = run(capsys, "find", clip, "a bus")
    (moment,) = found["moments"]
    assert moment["start_s"] == pytest.approx(3 * SCENE_S, abs=0.6) and 0.5 < moment["score"] < 0.95  # of several pictures
    assert describer.questions == []


def test_a_model_that_cant_tell_likelihoods_keeps_no_index(
    capsys: pytest.CaptureFixture[str], describer: ColourDescriber, clip: Path, tmp_path: Path
) -> None:
    describer.scorer = None
    status, found, err = run(capsys, "find", clip, "something blue", "--index", tmp_path / "clip.index")
    assert (status, found, err.count("\n")) == (2, [], 1)
    assert "can't keep what it has seen" in err and "SmolVLM2" in err


def test_find_says_when_there_is_nothing_to_see(capsys: pytest.CaptureFixture[str], describer: ColourDescriber, tmp_path: Path) -> None:
    clip = tmp_path / "dark.avi"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (160, 120))
    for _ in range(20):
        writer.write(np.zeros((120, 160, 3), np.uint8))
    writer.release()
    status, (found,), _ = run(capsys, "find", clip, "something blue")
    assert status == 0 and not found["found"] and "nothing can be seen" in found["warnings"][0]


def test_an_index_spares_the_next_query_all_encoding(
    capsys: pytest.CaptureFixture[str], describer: ColourDescriber, clip: Path, tmp_path: Path
) -> None:
    index = tmp_path / "clip.index"
    _, (first,), _ = run(capsys, "find", clip, "something blue", "--index", index)
    encoded = describer.encoded
    _, (second,), _ = run(capsys, "find", clip, "something blue", "--index", index)
    assert encoded > 0 and describer.encoded == encoded
    assert second["moments"] == first["moments"]
    other = write_clip(tmp_path / "other.avi", [GREEN, BLUE])
    status, found, err = run(capsys, "find", other, "something blue", "--index", index)
    assert (status, found) == (2, []) and "another video" in err and err.count("\n") == 1


def test_watch_tells_an_event_once_at_its_start(capsys: pytest.CaptureFixture[str], describer: ColourDescriber, clip: Path) -> None:
    status, events, _ = run(capsys, "watch", clip, "something blue")
    (event,) = events
    assert status == 0 and event["event"] == "something blue"
    assert event["start_s"] == pytest.approx(3 * SCENE_S, abs=1.0)


def test_watch_tells_what_comes_back(capsys: pytest.CaptureFixture[str], describer: ColourDescriber, clip: Path) -> None:
    _, events, _ = run(capsys, "watch", clip, "something green")
    assert [event["start_s"] for event in events] == pytest.approx([SCENE_S, 4 * SCENE_S], abs=1.0)


def test_watch_says_when_nothing_came(capsys: pytest.CaptureFixture[str], describer: ColourDescriber, clip: Path) -> None:
    assert run(capsys, "watch", clip, "something purple")[1] == []
    assert main(["watch", str(clip), "something purple"]) == 0
    assert "did not notice" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", " ?", "why " * 200])
@pytest.mark.parametrize("command", ["find", "watch"])
def test_a_description_of_nothing_is_status_2(capsys: pytest.CaptureFixture[str], clip: Path, command: str, text: str) -> None:
    status, out, err = run(capsys, command, clip, text)
    assert (status, out) == (2, []) and err.count("\n") == 1


def test_describe_tells_each_scene_once_and_writes_subtitles(
    capsys: pytest.CaptureFixture[str], describer: ColourDescriber, tmp_path: Path
) -> None:
    clip, subtitles = write_clip(tmp_path / "clip.avi", [RED, RED, GREEN]), tmp_path / "clip.srt"
    status, (told,), _ = run(capsys, "describe", clip, "--srt", subtitles)
    assert status == 0
    assert [s["text"] for s in told["segments"]] == ["Something red.", "Something green."]
    assert told["segments"][0]["end_s"] == told["segments"][1]["start_s"] == pytest.approx(2 * SCENE_S, abs=0.6)
    assert told["segments"][-1]["end_s"] == pytest.approx(3 * SCENE_S, abs=0.2)
    assert told["description"] == "At 0 seconds: Something red. At 6 seconds: Something green."
    assert subtitles.read_text().startswith("1\n00:00:00,000 --> 00:00:06,")


def test_ask_tells_what_its_answer_rests_on(capsys: pytest.CaptureFixture[str], describer: ColourDescriber, clip: Path) -> None:
    _, (told,), _ = run(capsys, "ask", clip, "What is it?")
    assert len(told["keyframes_s"]) == 1 and told["answer"].startswith("Something")
    assert main(["ask", str(clip), "What is it?"]) == 0
    assert "(Seen at " in capsys.readouterr().out


@pytest.mark.parametrize(
    "command", [["keyframes"], ["find", "something green"], ["describe"], ["watch", "something green"], ["ask", "What is it?"]]
)
def test_ctrl_c_leaves_what_was_found_so_far(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, describer: ColourDescriber, clip: Path, command: list[str]
) -> None:
    frames = media_reader.MediaReader.frames

    def interrupted(reader: media_reader.MediaReader) -> Iterator[Frame]:
        for frame in frames(reader):
            if frame.time_s > 2 * SCENE_S - 1:
                os.kill(os.getpid(), signal.SIGINT)
            yield frame

    monkeypatch.setattr(media_reader.MediaReader, "frames", interrupted)
    before = signal.getsignal(signal.SIGINT)
    status, told, err = run(capsys, command[0], clip, *command[1:])
    assert status == 130 and "stopped" in err
    assert len(told) == 1
    if command[0] == "keyframes":
        assert [k["time_s"] // SCENE_S for k in told[0]["keyframes"]] == [0, 1]
    if command[0] == "describe":
        assert [s["text"] for s in told[0]["segments"]] == ["Something red.", "Something green."]
    if command[0] == "find":
        assert told[0]["moments"][0]["start_s"] == pytest.approx(SCENE_S, abs=0.6)
    if command[0] == "watch":
        assert told[0]["start_s"] == pytest.approx(SCENE_S, abs=1.0)
    else:
        assert any("stopped" in warning for warning in told[0]["warnings"])
    assert signal.getsignal(signal.SIGINT) is before


def test_a_live_source_goes_on_while_the_model_looks_and_only_the_newest_waits() -> None:
    looked, shown = threading.Event(), threading.Event()

    class Live:
        def keyframes(self) -> Iterator[Keyframe]:
            yield keyframe_at(0.0)
            looked.wait(10)
            yield from map(keyframe_at, (1.0, 2.0, 3.0))
            shown.set()

        def close(self) -> None:
            looked.set()

    times_s = []
    for keyframe in watch_module._newest(cast(Any, Live())):
        times_s.append(keyframe.frame.time_s)
        looked.set()
        assert shown.wait(10)
    assert times_s == [0.0, 3.0]


def test_a_camera_that_is_unplugged_is_told() -> None:
    class Unplugged:
        def keyframes(self) -> Iterator[Keyframe]:
            yield keyframe_at(0.0)
            raise LostDevice("camera 0 has stopped giving pictures", "check its cable")

        def close(self) -> None: ...

    with pytest.raises(LostDevice):
        list(watch_module._newest(cast(Any, Unplugged())))


def test_a_live_event_is_told_in_seconds_since_the_start(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, describer: ColourDescriber
) -> None:
    """A camera's clock may begin anywhere."""
    texture = np.kron(np.random.default_rng(0).integers(-40, 40, (12, 16, 1)), np.ones((10, 10, 1)))
    frames = [
        Frame(np.clip(np.array(BLUE if number >= 30 else RED) + texture, 0, 255).astype(np.uint8), 1000 + number / FPS)
        for number in range(80)
    ]
    monkeypatch.setattr(media_reader, "open_camera", lambda *_: ScriptedCamera(frames))
    monkeypatch.setattr(watch_module, "_newest", lambda reader: reader.keyframes())  # all of them, however slow this machine
    status, (event,), _ = run(capsys, "watch", "0", "something blue")
    assert status == 0 and event["start_s"] == pytest.approx(3.0, abs=0.6)


def test_find_needs_a_file(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, describer: ColourDescriber) -> None:
    monkeypatch.setattr(media_reader, "open_camera", lambda *_: ScriptedCamera([]))
    status, _, err = run(capsys, "find", "0", "something blue")
    assert status == 2 and "no file" in err and err.count("\n") == 1


@pytest.mark.parametrize("command", ["find", "watch"])
def test_who_gives_the_words_first_is_told_that_they_are_no_file(
    command: str, capsys: pytest.CaptureFixture[str], describer: ColourDescriber
) -> None:
    status, _, err = run(capsys, command, "un chien", "clip.mp4", "--language", "fr")
    assert status == 2 and "un chien" in err and "clip.mp4" not in err and err.count("\n") == 1


def test_two_hours_cost_bounded_looks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, describer: ColourDescriber, tmp_path: Path
) -> None:
    """A frame every eight seconds and a scene every 24, 300 in all; with smaller bounds than usual, to be soon."""
    monkeypatch.setattr("assistant.commands.find.MOST_LOOKS", 100)
    monkeypatch.setattr("assistant.commands.describe.MOST_SCENES", 2)
    clip = tmp_path / "long.avi"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), 0.125, (64, 48))
    textures = np.random.default_rng(0).integers(-40, 40, (7, 48, 64, 1))
    for second in range(0, 7200, 8):
        colour = BLUE if 5000 <= second < 5200 else (RED, GREEN)[second // 24 % 2]
        writer.write(np.clip(np.array(colour) + textures[second // 24 % 7], 0, 255).astype(np.uint8)[..., ::-1].copy())
    writer.release()
    _, (found,), _ = run(capsys, "find", clip, "something blue", "--top", "1")
    assert found["keyframes"] <= 120 and describer.encoded <= 121
    assert found["moments"][0]["start_s"] == pytest.approx(5000, abs=80)
    _, (told,), _ = run(capsys, "describe", clip)
    assert len(told["segments"]) == 2 and told["segments"][-1]["end_s"] == pytest.approx(7200, abs=5)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_long_work_shows_the_time_left_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_reader, "BAR_AFTER_S", 0.0)
    for screen, quiet, shown in ((Terminal(), False, True), (Terminal(), True, False), (io.StringIO(), False, False)):
        monkeypatch.setattr("sys.stderr", screen)
        with media_reader.progress("Reading", 60.0, "s", quiet) as bar:
            for _ in range(60):
                bar.update(1)
                bar.refresh()
        assert ("left" in screen.getvalue()) == shown


def test_describe_writes_subtitles_in_several_languages(
    capsys: pytest.CaptureFixture[str], describer: ColourDescriber, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Shouting:
        pairs = frozenset({("en", "fr")})

        def translate(self, sentence: str, source: str, target: str) -> str:
            return sentence.upper()

    monkeypatch.setattr("assistant.commands.describe.open_translators", lambda *_: [Shouting()])
    clip, subtitles = write_clip(tmp_path / "clip.avi", [RED, GREEN]), tmp_path / "clip.srt"
    status, (told,), _ = run(capsys, "describe", clip, "--srt", subtitles, "--language", "fr-FR", "de")
    assert status == 0
    english = [segment["text"] for segment in told["languages"]["de"]]
    assert [segment["text"] for segment in told["languages"]["fr"]] == [text.upper() for text in english]
    assert told["segments"] == told["languages"]["fr"]
    assert english[0].upper() in (tmp_path / "clip.fr.srt").read_text().replace("\n", " ")
    assert english[0] in (tmp_path / "clip.de.srt").read_text().replace("\n", " ")
    assert not subtitles.exists()


class Finder(Instrument):
    """Finds a bus where a picture is mostly blue."""

    def reliability(self, ask: Ask) -> float:
        return 0.9 if ask.intent == "is_there" and "bus" in ask.thing else 0.0

    def examine(self, view: View, ask: Ask, detail: Detail = "brief") -> Iterator[Finding]:
        is_blue = view.keyframes[-1].frame.picture.mean((0, 1)).argmax() == 2
        yield Finding("presence", True, 0.95 if is_blue else 0.02, "detector", ask.thing)

    def forget(self) -> None:
        pass


def test_what_a_detector_finds_is_watched_for_whatever_the_model_can(
    capsys: pytest.CaptureFixture[str], describer: ColourDescriber, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_module, "open_instruments", lambda *_, **__: [Finder()])
    describer.scorer = None  # as a model server: it tells no likelihoods
    _, (event,), _ = run(capsys, "watch", clip, "a bus")
    assert event["start_s"] == pytest.approx(3 * SCENE_S, abs=0.6)
    assert event["score"] == 0.95
