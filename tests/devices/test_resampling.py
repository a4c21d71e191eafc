"""Sound of any rate becomes sound of the rate that is needed, without a click where its pieces meet."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.devices.resampling import Resampler
from assistant.messages import Sound

RATES = [(48000, 16000), (44100, 16000), (22050, 48000), (8000, 16000), (16000, 16000)]


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_a_tone_stays_the_same_tone(from_hz: int, to_hz: int) -> None:
    resampled = change_rate(tone(440, from_hz), from_hz, to_hz, piece=10_000)
    assert len(resampled) == pytest.approx(to_hz, abs=2)
    middle = slice(to_hz // 10, -to_hz // 10)  # the filter needs sound on both sides
    assert resampled[middle] == pytest.approx(tone(440, to_hz)[: len(resampled)][middle], abs=0.01)


@pytest.mark.parametrize("piece", [1, 7, 441, 100_000])
def test_it_does_not_matter_where_the_sound_is_cut(piece: int) -> None:
    sound = tone(440, 44100)[:5000]
    assert change_rate(sound, 44100, 16000, piece) == pytest.approx(change_rate(sound, 44100, 16000, 999), abs=1e-6)


def test_what_the_new_rate_cannot_hold_is_left_out_and_not_folded_into_a_false_tone() -> None:
    assert np.abs(change_rate(tone(12_000, 48000), 48000, 16000, 480)[100:-100]).max() < 0.01


def test_where_the_voice_and_its_rate_change_nothing_is_lost_and_nothing_clicks() -> None:
    resampler = Resampler(48000)
    pieces = [resampler.feed(tone(440, rate_hz), rate_hz) for rate_hz in (22050, 48000, 16000)]
    sound = np.concatenate([*pieces, resampler.flush()])
    assert len(sound) == pytest.approx(3 * 48000, abs=3)
    assert np.abs(np.diff(sound)).max() < 0.1  # the tone itself has steps of 0.03


def test_a_piece_without_a_sample_gives_none() -> None:
    assert len(Resampler(16000).feed(tone(440, 48000)[:0], 48000)) == 0


def tone(frequency_hz: float, rate_hz: int) -> Sound:
    return (0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(rate_hz) / rate_hz)).astype(np.float32)


def change_rate(sound: Sound, from_hz: int, to_hz: int, piece: int) -> Sound:
    resampler = Resampler(to_hz)
    pieces = [resampler.feed(sound[start : start + piece], from_hz) for start in range(0, len(sound), piece)]
    return np.concatenate([*pieces, resampler.flush()])
