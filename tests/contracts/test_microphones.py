"""Whatever hears: chunks of the promised form, with times that never go back, of the sound that was really there."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from assistant.devices.reconnecting import ReconnectingMicrophone
from assistant.devices.sound_files import RecordedMicrophone
from assistant.devices.sounddevice_microphone import SounddeviceMicrophone
from assistant.interfaces import Microphone
from assistant.messages import Sound
from assistant.problems import LostDevice, MissingDevice
from tests.support import pulse

RATE_HZ = 16000
TONE_HZ = 440


@pytest.fixture
def tone_file(tmp_path: Path) -> Path:
    """Ten seconds at a rate that is no multiple of 16 kHz."""
    path = tmp_path / "tone.wav"
    samples = 0.5 * np.sin(2 * np.pi * TONE_HZ * np.arange(10 * 44100) / 44100)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture
def microphone(request: pytest.FixtureRequest, tone_file: Path) -> Iterator[Microphone]:
    """One that hears the tone."""
    if request.param == "recorded":
        yield RecordedMicrophone(tone_file)
        return
    system: pulse.SoundSystem = request.getfixturevalue("sound_system")
    with system.playing(tone_file):
        live: Microphone = (
            SounddeviceMicrophone()
            if request.param == "sounddevice"
            else ReconnectingMicrophone(SounddeviceMicrophone, lambda device, is_lost, why: None)
        )
        yield live
        live.close()


@pytest.mark.parametrize(
    "microphone",
    ["recorded", *(pytest.param(name, marks=pytest.mark.sound) for name in ("sounddevice", "reconnecting"))],
    indirect=True,
)
class TestEveryMicrophone:
    def test_chunks_are_512_samples_of_mono_float_at_16_khz(self, microphone: Microphone) -> None:
        for chunk in islice(microphone.chunks(), 50):
            assert chunk.samples.shape == (512,)
            assert chunk.samples.dtype == np.float32
            assert chunk.sample_rate_hz == RATE_HZ

    def test_times_go_forward_at_the_pace_of_the_sound(self, microphone: Microphone) -> None:
        times_s = [chunk.time_s for chunk in islice(microphone.chunks(), 100)]
        assert times_s == sorted(times_s)
        assert times_s[-1] - times_s[0] == pytest.approx(99 * 512 / RATE_HZ, rel=0.1)

    def test_the_tone_that_was_played_is_what_is_heard(self, microphone: Microphone) -> None:
        heard = np.concatenate([chunk.samples for chunk in islice(microphone.chunks(), 100)])
        assert strongest_hz(heard[-RATE_HZ:]) == pytest.approx(TONE_HZ, abs=2)

    def test_closing_ends_the_chunks(self, microphone: Microphone) -> None:
        chunks = microphone.chunks()
        next(chunks)
        microphone.close()
        microphone.close()
        assert list(chunks) == []


@pytest.mark.sound
class TestLiveMicrophone:
    def test_it_can_be_asked_again(self, sound_system: pulse.SoundSystem) -> None:
        """What the first listening left behind once looked like a lost device."""
        microphone = SounddeviceMicrophone()
        for _ in range(2):
            chunks = microphone.chunks()
            assert len(next(chunks).samples) == 512
            del chunks  # stops listening

    def test_a_microphone_that_is_not_there_is_a_problem_that_names_those_that_are(self, sound_system: pulse.SoundSystem) -> None:
        with pytest.raises(MissingDevice, match="no microphone 'no-such'.*Choose one of: .*default"):
            SounddeviceMicrophone("no-such")

    def test_a_microphone_that_goes_away_is_told_of(self, sound_system: pulse.SoundSystem) -> None:
        chunks = SounddeviceMicrophone().chunks()
        next(chunks)
        sound_system.stop()
        with pytest.raises(LostDevice, match="no longer sends sound"):
            list(chunks)


def strongest_hz(samples: Sound) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax()) * RATE_HZ / len(samples)
