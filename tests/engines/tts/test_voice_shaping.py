"""Faster, slower, louder, quieter: how long it takes and how loud it is changes, nothing else does."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from assistant.engines.tts.voice_shaping import amplify, time_stretch, without_lead
from assistant.settings import FASTEST, LOUDEST, SLOWEST, VoiceSettings
from assistant.speaking.voice_steps import AT_LIMIT, QUIETEST, VoiceStep, step_voice

RATE_HZ = 22050


def hum(seconds: float = 2.0, pitch_hz: float = 150.0) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """A voice-like sound: ten harmonics, swelling three times a second."""
    times_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    sound = sum(np.sin(2 * np.pi * pitch_hz * n * times_s) / n for n in range(1, 11)) * (1 - np.cos(2 * np.pi * 3 * times_s)) / 5
    return np.asarray(sound, np.float32)


def pitch_of(samples: np.ndarray[tuple[int], np.dtype[np.float32]]) -> float:
    """Hertz, by the highest peak of the autocorrelation between 75 and 400 Hz."""
    spectrum = np.abs(np.fft.rfft(samples, 2 * len(samples))) ** 2
    correlation = np.fft.irfft(spectrum)[: RATE_HZ // 75]
    return RATE_HZ / (RATE_HZ // 400 + int(correlation[RATE_HZ // 400 :].argmax()))


@pytest.mark.parametrize("rate", [SLOWEST, 0.8, 1.25, 2.0, 3.0, 4.5, FASTEST])
def test_a_rate_changes_the_duration_and_neither_pitch_nor_loudness(rate: float) -> None:
    before, after = hum(), time_stretch(hum(), RATE_HZ, rate)
    assert len(after) / len(before) == pytest.approx(1 / rate, rel=0.04)
    assert pitch_of(after) == pytest.approx(150.0, rel=0.02)
    assert np.sqrt((after**2).mean()) == pytest.approx(np.sqrt((before**2).mean()), rel=0.1)
    assert after.dtype == np.float32


@pytest.mark.parametrize("samples", [0, 1, 10, 500])
@pytest.mark.parametrize("rate", [SLOWEST, FASTEST])
def test_a_sound_too_short_to_stretch_is_no_trouble(samples: int, rate: float) -> None:
    assert len(time_stretch(np.zeros(samples, np.float32), RATE_HZ, rate)) <= 2 * samples + 1


def test_the_voices_own_pace_and_loudness_leave_it_as_it_is() -> None:
    np.testing.assert_array_equal(time_stretch(hum(), RATE_HZ, 1.0), hum())
    np.testing.assert_array_equal(amplify(hum(), 1.0), hum())


def test_more_volume_is_louder_and_never_out_of_range() -> None:
    full = hum() / np.abs(hum()).max()
    loudness = [float(np.sqrt((amplify(full, volume) ** 2).mean())) for volume in (0.0, 0.5, 1.0, 1.5, LOUDEST)]
    assert loudness[0] == 0
    assert all(louder > 1.2 * quieter for quieter, louder in zip(loudness, loudness[1:], strict=False))
    assert np.abs(amplify(full, LOUDEST)).max() <= 1.0


def test_nobody_waits_for_the_silence_before_a_sound() -> None:
    silence = np.full(RATE_HZ // 10, 0.001, np.float32)
    begun = without_lead(np.concatenate([silence, hum(0.5), silence]), RATE_HZ)
    assert len(begun) == pytest.approx(len(hum(0.5)) + len(silence), abs=0.03 * RATE_HZ)
    np.testing.assert_array_equal(begun[-len(silence) :], silence)
    assert abs(begun[0]) < 0.003  # no click


@pytest.mark.parametrize("samples", [0, 1, 1000])
def test_a_sound_that_is_all_silence_stays_as_long_as_it_is(samples: int) -> None:
    assert len(without_lead(np.zeros(samples, np.float32), RATE_HZ)) == samples


@pytest.mark.parametrize("step", get_args(VoiceStep))
def test_each_step_is_noticed_until_the_limit_where_nothing_changes(step: VoiceStep) -> None:
    settings, steps = VoiceSettings(), 0
    while (after := step_voice(settings, step)) != settings:
        changed = (settings.rate / after.rate) * (settings.volume / after.volume)
        assert max(changed, 1 / changed) <= 1.2501
        settings, steps = after, steps + 1
        assert steps < 20
    assert steps >= 3
    assert {"slower": settings.rate == SLOWEST, "faster": settings.rate == FASTEST}.get(step, settings.volume in (QUIETEST, LOUDEST))
    assert AT_LIMIT[step]


def test_up_and_down_again_is_where_it_began() -> None:
    assert step_voice(step_voice(VoiceSettings(), "faster"), "slower").rate == pytest.approx(1.0)
    assert step_voice(step_voice(VoiceSettings(), "louder"), "quieter").volume == pytest.approx(1.0)


def test_a_voice_set_to_silence_can_be_made_louder_no_further_down() -> None:
    silent = VoiceSettings(volume=0.0)
    assert step_voice(silent, "quieter") == silent
