"""What every VoiceDetector owes its callers, whatever its engine."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.engines.vad.silero import SileroVad
from assistant.interfaces import VoiceDetector
from assistant.messages import AudioChunk
from tests.support.fakes import ScriptedVoiceDetector


@pytest.fixture(params=["scripted", "silero"])
def detector(request: pytest.FixtureRequest) -> VoiceDetector:
    return SileroVad() if request.param == "silero" else ScriptedVoiceDetector([0.0, 0.1, 0.2, 0.1] * 8)


def buzz() -> list[AudioChunk]:
    """A second of a harmonic sound in syllables, as a voice makes."""
    times_s = np.arange(31 * 512) / 16000
    sound = sum(np.sin(2 * np.pi * 120 * n * times_s) / n for n in range(1, 20)) * (np.sin(2 * np.pi * 4 * times_s) > 0) * 0.2
    return [AudioChunk(block.astype(np.float32), 16000) for block in np.reshape(sound, (-1, 512))]


def test_a_probability_is_one(detector: VoiceDetector) -> None:
    assert all(0.0 <= detector.speech_probability(chunk) <= 1.0 for chunk in buzz())


def test_after_a_reset_the_same_sound_gives_the_same_probabilities(detector: VoiceDetector) -> None:
    first = [detector.speech_probability(chunk) for chunk in buzz()]
    detector.reset()
    assert [detector.speech_probability(chunk) for chunk in buzz()] == first


def test_silence_is_no_speech(detector: VoiceDetector) -> None:
    assert detector.speech_probability(AudioChunk(np.zeros(512, np.float32), 16000)) < 0.1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 50.0])
def test_broken_samples_do_no_harm(detector: VoiceDetector, value: float) -> None:
    assert 0.0 <= detector.speech_probability(AudioChunk(np.full(512, value, np.float32), 16000)) <= 1.0
    assert 0.0 <= detector.speech_probability(buzz()[0]) <= 1.0
