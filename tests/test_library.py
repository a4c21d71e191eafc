"""`from assistant import Assistant`: what a program gets, and the examples of docs/library.md as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import av
import numpy as np
import pytest

import assistant
from assistant import Assistant, assembly
from assistant.devices.sound_files import RecordedMicrophone
from assistant.languages import phrase
from assistant.messages import PictureProblem, Question, Sentence, Transcript
from assistant.problems import BadInput, MissingDevice, MissingModel
from tests.support.fakes import ScriptedDescriber, ScriptedTranscriber, ToneSynthesizer
from tests.support.folders import PROJECT

DEMO_FILES = PROJECT / "assistant" / "commands" / "demo_files"
CAT = PROJECT / "models" / "starter" / "example.png"
BLACK = np.zeros((48, 64, 3), np.uint8)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Assistant]:
    """An assistant on fakes: it hears a question about colour, then nothing, and answers with two sentences."""
    heard = [Transcript("How does it look?", "en", 0.9, "How does it look?", 0.9), Transcript("", "", 0.0, "")]
    monkeypatch.setattr(assembly, "open_transcriber", lambda *_: ScriptedTranscriber(heard))
    monkeypatch.setattr(assembly, "open_describer", lambda *_: ScriptedDescriber(["It is red. It shines."]))
    monkeypatch.setattr(assembly, "open_synthesizers", lambda *_: [ToneSynthesizer()])
    monkeypatch.setattr(assembly, "open_translators", lambda *_: [])
    with Assistant(offline=False) as opened:
        yield opened


def test_what_was_heard_is_answered_and_spoken_into_a_file(scripted: Assistant, tmp_path: Path) -> None:
    seen, question = scripted.look(CAT), scripted.hear(DEMO_FILES / "question1_en.wav")
    assert isinstance(question, Question) and question.text == "How does it look?"
    heard = scripted.say(scripted.ask(question, seen), tmp_path / "answer.wav")
    assert [(each.sentence.text, each.share) for each in heard] == [("It is red.", 1.0), ("It shines.", 1.0)]
    assert seconds(tmp_path / "answer.wav") == pytest.approx(0.5, abs=0.05)  # five words


def test_silence_is_answered_with_a_request_to_ask_again(scripted: Assistant) -> None:
    seen = scripted.look(CAT)
    scripted.hear(DEMO_FILES / "question1_en.wav")
    silence = scripted.hear(DEMO_FILES / "question1_en.wav")
    assert isinstance(silence, Sentence)
    assert list(scripted.ask(silence, seen)) == [silence] and silence.text == phrase("no_speech", "en")[0]


def test_a_picture_that_shows_nothing_is_named_in_the_language_asked_and_nothing_is_described(scripted: Assistant) -> None:
    problem: PictureProblem = "dark"
    assert scripted.look(BLACK) in (problem, "covered")
    assert [s.text for s in scripted.ask("¿Qué es esto?", problem, "es")] == [phrase("dark", "es")[0]]


def test_a_video_plays_the_camera(scripted: Assistant) -> None:
    seen = scripted.look(DEMO_FILES / "clip.mp4")
    assert not isinstance(seen, str) and all(keyframe.frame.time_s <= assistant.LOOK_S for keyframe in seen.keyframes)


def test_a_microphone_is_heard_until_something_was_said(scripted: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording plays the microphone; the second one has nothing left to say."""
    monkeypatch.setattr(assembly, "open_microphone", lambda _: RecordedMicrophone(DEMO_FILES / "question1_en.wav"))
    assert isinstance(scripted.hear(), Question)


def test_models_that_are_missing_are_named_with_the_command_that_fetches_them(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="Run `assistant (setup|models fetch)"):
        Assistant(models_dir=tmp_path, offline=False)


def test_what_is_wrong_is_told_with_the_way_to_mend_it(scripted: Assistant, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nothing\.jpg"):
        scripted.look("nothing.jpg")
    with pytest.raises(MissingDevice, match="camera 97"):
        scripted.look(97)
    with pytest.raises(BadInput, match="Check"):
        scripted.hear(tmp_path / "nothing.wav")


def test_importing_it_loads_nothing_and_opening_it_shuts_the_network_out() -> None:
    light = "import assistant, sys; print(assistant.__version__, {'numpy', 'onnxruntime', 'assistant.assembly'} & sys.modules.keys())"
    assert run(light).split() == [assistant.__version__, "set()"]
    shut = """
        import socket
        from pathlib import Path
        from assistant import Assistant
        from assistant.problems import Problem
        for action in (lambda: Assistant(models_dir=Path("/none")), lambda: socket.create_connection(("192.0.2.1", 80), 1)):
            try:
                action()
            except Problem as problem:
                print(problem.what)
    """
    assert run(shut).splitlines()[-1] == "a connection to 192.0.2.1 was refused"


@pytest.mark.models
def test_the_examples_of_the_docs_do_what_they_say(models_dir: Path, tmp_path: Path) -> None:
    """All in one program, each going on from the one before; the one for devices asks for a camera that no machine has."""
    shutil.copy(CAT, tmp_path / "kitchen.jpg")
    shutil.copy(DEMO_FILES / "question1_en.wav", tmp_path / "question.wav")
    docs = (PROJECT / "docs" / "library.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```python\n(.*?)^```", docs, re.DOTALL | re.MULTILINE)
    examples.insert(2, "print(assistant.hear('answer.wav').text)\n")
    examples[3] = examples[3].replace("look()", "look(97)")  # or it would wait for somebody to speak
    written, spoken, answer, devices, nothing, portuguese, awaited = run("print('---')\n".join(examples), tmp_path).split("---\n")
    assert "cat" in written
    assert re.fullmatch(r"What is in front of me\?? en\n", spoken)
    assert "cat" in answer.lower()
    assert re.search(r"camera.*\. To mend it: ", devices)
    problem, told = nothing.splitlines()
    assert problem in ("dark", "covered") and told == phrase(problem, "en")[0]
    assert re.search(r"gat.*\|.*cat", portuguese)
    assert "cat" in awaited.lower()


@pytest.mark.models
def test_the_example_of_the_package_itself_runs(models_dir: Path, tmp_path: Path) -> None:
    shutil.copy(CAT, tmp_path / "kitchen.jpg")
    code = "\n".join(line for line in (assistant.__doc__ or "").splitlines() if line.startswith("    "))
    assert "cat" in run(code, tmp_path)


def run(code: str, folder: Path | None = None) -> str:
    """What a program prints, in a process of its own as the network stays shut."""
    command, env = [sys.executable, "-c", cleandoc(f"\n{code}")], {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def seconds(path: Path) -> float:
    with av.open(str(path)) as file:
        return float(file.duration / av.time_base)
