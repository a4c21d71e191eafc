"""Channels that cancel each other, and a voice that goes on from the word it was at."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.devices.mono import to_mono
from assistant.devices.playback import Output, Playback
from assistant.devices.rewinding import BACK_S, samples_to_repeat
from assistant.devices.sound_files import RecordedMicrophone
from assistant.messages import Sound

RATE_HZ = 16000
TONE = np.sin(np.arange(RATE_HZ) * 0.2).astype(np.float32)


def test_two_channels_are_mixed_and_opposite_ones_do_not_cancel() -> None:
    assert to_mono(np.stack([TONE, np.zeros_like(TONE)], axis=1)) == pytest.approx(TONE / 2)
    assert to_mono(np.stack([TONE, -TONE], axis=1)) == pytest.approx(TONE)
    assert not to_mono(np.zeros((100, 2), np.float32)).any()


def test_a_file_whose_channels_are_opposite_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "opposite.wav"
    left = (TONE * 10000).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.stack([left, -left], axis=1).tobytes())
    heard = np.concatenate([chunk.samples for chunk in RecordedMicrophone(path).chunks()])
    assert np.abs(heard).max() == pytest.approx(10000 / 32768, rel=0.05)


def test_a_voice_goes_on_from_the_gap_before_the_word_that_was_cut() -> None:
    word = 0.3 * TONE[: round(0.4 * RATE_HZ)]
    gap = np.zeros(round(0.06 * RATE_HZ), np.float32)
    cut = np.concatenate([word, gap, word[: round(0.2 * RATE_HZ)]])
    repeated_s = samples_to_repeat(cut, RATE_HZ) / RATE_HZ
    assert 0.2 <= repeated_s <= 0.26
    assert samples_to_repeat(cut[:0], RATE_HZ) == 0


class Control:
    """Says what a test says; keeps what was played."""

    def __init__(self) -> None:
        self.loudness = 1.0
        self.told: list[tuple[Sound, float]] = []

    def gain(self) -> float:
        return self.loudness

    def played(self, samples: Sound, time_s: float) -> None:
        self.told.append((samples, time_s))


@pytest.fixture
def playing() -> tuple[Control, Callable[[int], Sound], Playback]:
    control = Control()
    playback, output = Playback(lambda: False, RATE_HZ), Output(control, RATE_HZ)
    output.playback = playback
    for start in range(0, 2 * RATE_HZ // 5, 160):  # 0.4 s of a voice with gaps
        playback.put(TONE[start : start + 160] * (0.0 if start % 1600 < 320 else 1.0))

    def blocks(count: int) -> Sound:
        out = [np.zeros((160, 1), np.float32) for _ in range(count)]
        for block in out:
            output.fill(block)
        return np.concatenate(out)[:, 0]

    return control, blocks, playback


def test_a_lowered_voice_is_softer_and_loses_nothing(playing: tuple[Control, Callable[[int], Sound], Playback]) -> None:
    control, blocks, playback = playing
    loud = np.abs(blocks(10)).max()
    control.loudness = 0.2
    blocks(1)
    assert np.abs(blocks(10)).max() == pytest.approx(0.2 * loud, rel=0.01)
    assert playback.taken_samples == 21 * 160


def test_a_paused_voice_is_silent_and_then_repeats_the_word_it_was_at(
    playing: tuple[Control, Callable[[int], Sound], Playback],
) -> None:
    control, blocks, playback = playing
    blocks(16)  # 0.16 s: within the second word, which began at 0.12 s
    control.loudness = 0.0
    blocks(1)
    assert not blocks(20).any()
    control.loudness = 1.0
    assert np.abs(blocks(8)).max() > 0.9
    assert playback.taken_samples < 25 * 160
    assert playback.taken_samples >= (17 + 8) * 160 - round(BACK_S * RATE_HZ)


def test_what_is_played_is_told_with_its_times_pauses_included(playing: tuple[Control, Callable[[int], Sound], Playback]) -> None:
    control, blocks, _ = playing
    blocks(5)
    control.loudness = 0.0
    blocks(5)
    samples = np.concatenate([samples for samples, _ in control.told])
    times_s = [time_s for _, time_s in control.told]
    assert len(samples) == 10 * 160
    assert np.diff(times_s) == pytest.approx([0.01] * 9, abs=0.005)
    assert not samples[-4 * 160 :].any()
