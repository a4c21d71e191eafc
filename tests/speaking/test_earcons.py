"""What a listener gets from the earcons: each can be told from the others, none clicks, blares or passes for a voice."""

from __future__ import annotations

from itertools import combinations, groupby
from typing import get_args

import numpy as np
import pytest

from assistant.engines.vad.silero import CHUNK_SAMPLES, SileroVad
from assistant.messages import AudioChunk, EarconName
from assistant.settings import EarSettings
from assistant.speaking.earcons import earcon

NAMES: tuple[EarconName, ...] = get_args(EarconName)
MINUS_12_DBFS = 10 ** (-12 / 20)
RATES_HZ = (8000, 16000, 22050, 48000)
each = pytest.mark.parametrize("name", NAMES)
at_each_rate = pytest.mark.parametrize("rate_hz", RATES_HZ)


@each
@at_each_rate
def test_it_is_short_soft_and_without_a_click(name: EarconName, rate_hz: int) -> None:
    chunk = earcon(name, rate_hz)
    samples = chunk.samples
    assert samples.dtype == np.float32
    assert chunk.sample_rate_hz == rate_hz
    assert 0.05 <= chunk.duration_s <= (0.5 if name == "thinking" else 0.25)
    assert 0.02 < np.abs(samples).max() < MINUS_12_DBFS
    assert abs(samples.mean()) < 1e-3, "a steady part"
    assert np.abs(samples[[0, -1]]).max() < 1e-3, "a jump from or to silence"
    fastest = 2 * np.pi * 2000 / rate_hz * np.abs(samples).max()  # the steepest that a tone of 2 kHz can be
    assert np.abs(np.diff(samples)).max() < fastest, "a click"


@at_each_rate
def test_any_two_differ_in_the_way_their_notes_go(rate_hz: int) -> None:
    contours = {name: contour(pitches_hz(earcon(name, rate_hz))) for name in NAMES}
    for one, other in combinations(NAMES, 2):
        assert contours[one] != contours[other], f"{one} and {other} sound alike"


@at_each_rate
@pytest.mark.parametrize("name", ["aim", "light"])
def test_the_better_the_camera_is_placed_or_the_brighter_it_is_the_higher_it_sounds(name: EarconName, rate_hz: int) -> None:
    pitches = [pitches_hz(earcon(name, rate_hz, level))[0] for level in (0, 0.25, 0.5, 0.75, 1)]
    assert all(after > 1.15 * before for before, after in zip(pitches, pitches[1:], strict=False))


@pytest.mark.parametrize(
    ("name", "level"), [*((name, 0.0) for name in NAMES), *((name, level) for name in ("aim", "light") for level in (0.5, 1.0))]
)
def test_the_voice_detector_does_not_take_it_for_speech(name: EarconName, level: float) -> None:
    sound = earcon(name, 16000, level).samples
    second = np.zeros(16000 // CHUNK_SAMPLES * CHUNK_SAMPLES, np.float32)
    second[4000 : 4000 + len(sound)] = sound
    detector = SileroVad()
    chunks = [AudioChunk(samples, 16000) for samples in np.tile(second, 3).reshape(-1, CHUNK_SAMPLES)]
    assert max(map(detector.speech_probability, chunks)) < 0.6 * EarSettings().speech_threshold


def pitches_hz(chunk: AudioChunk) -> list[float]:
    """The strongest frequency of each note, where notes are what is louder than a fifth of the loudest."""
    size = chunk.sample_rate_hz // 200
    blocks = chunk.samples[: len(chunk.samples) // size * size].reshape(-1, size)  # of 5 ms
    loud = np.sqrt((blocks**2).mean(axis=1))
    pitches = []
    for sounds, group in groupby(range(len(blocks)), key=lambda block: bool(loud[block] > 0.2 * loud.max())):
        if sounds:
            spectrum = np.abs(np.fft.rfft(blocks[list(group)].ravel(), 1 << 16))
            pitches.append(float(spectrum.argmax()) * chunk.sample_rate_hz / (1 << 16))
    return pitches


def contour(pitches: list[float]) -> tuple[str, ...]:
    """Up, down or level from each note to the next."""
    ratios = [after / before for before, after in zip(pitches, pitches[1:], strict=False)]
    return tuple("up" if ratio > 1.1 else "down" if ratio < 1 / 1.1 else "level" for ratio in ratios)
