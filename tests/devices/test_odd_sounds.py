"""Voice memos and messages of phones, old and new, are heard; what is missing is said to be missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.assembly import is_sound_file, open_microphone
from assistant.devices.sound_files import RecordedMicrophone
from assistant.problems import BadInput, MissingDevice
from tests.support.odd_sounds import riff, sound_file, sounds

SOUNDS = list(sounds())


@pytest.mark.parametrize(("name", "make"), SOUNDS, ids=[ascii(name) for name, _ in SOUNDS])
def test_a_memo_is_heard_and_known_for_a_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, make: Callable[[], bytes]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(make())
    samples = np.concatenate([chunk.samples for chunk in RecordedMicrophone(Path(name)).chunks()])
    loudest_hz = float(np.argmax(np.abs(np.fft.rfft(samples))) * 16000 / len(samples))
    assert len(samples) / 16000 == pytest.approx(1.0, abs=0.15)
    assert loudest_hz == pytest.approx(440, abs=5)
    assert is_sound_file(name)


def test_a_wav_that_lacks_more_than_its_header_may_be_wrong_by_is_cut_short(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(riff(9))
    with pytest.raises(BadInput, match="cut short"):
        RecordedMicrophone(tmp_path / "a.wav")


@pytest.mark.parametrize("name", ["question.m4a", "my question.caf", "no/such/a.opus"])
def test_a_missing_recording_is_said_to_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Its name was asked once; as a microphone, the user was told to plug one in."""
    monkeypatch.chdir(tmp_path)
    assert is_sound_file(name)
    with pytest.raises(BadInput, match="there is no sound file"):
        open_microphone(name)


@pytest.mark.parametrize("text", ["What is this?", "Is there a cat.", "", "x" * 5000, "a\0b", "What\nis a.wav", "caf\udce9"])
def test_a_question_is_no_sound(text: str) -> None:
    assert not is_sound_file(text)


def test_a_file_without_sound_is_no_question_that_is_heard(tmp_path: Path) -> None:
    (tmp_path / "note").write_text("What is this?\n" * 50)
    assert not is_sound_file(str(tmp_path / "note"))
    with pytest.raises((MissingDevice, BadInput)):
        open_microphone(str(tmp_path / "note"))


def test_a_sound_that_nothing_here_decodes_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.mka").write_bytes(sound_file("a.mka", "pcm_s16le").replace(b"A_PCM/INT/LIT", b"A_QQQ/INT/LIT"))
    with pytest.raises(BadInput, match="can decode"):
        RecordedMicrophone(tmp_path / "a.mka")
