"""Quiet speech is brought to the level of a close voice, whatever else is heard."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.engines.asr.level import SPEECH_LEVEL, to_speech_level
from assistant.messages import Sound

RATE_HZ = 16000


def voice(level_db: float, seconds: float = 1.0) -> Sound:
    return np.asarray(np.sin(np.arange(round(seconds * RATE_HZ)) * 0.3) * np.sqrt(2) * 10 ** (level_db / 20), np.float32)


def level(samples: Sound) -> float:
    return float(np.sqrt(np.square(samples).mean()))


@pytest.mark.parametrize("level_db", [-20, -30, -40, -50, -70])
def test_a_voice_at_any_level_is_as_loud_afterwards(level_db: float) -> None:
    assert level(to_speech_level(voice(level_db), RATE_HZ)) == pytest.approx(SPEECH_LEVEL, rel=0.01)


def test_a_loud_voice_stays_as_it_is() -> None:
    assert (to_speech_level(voice(-10), RATE_HZ) == voice(-10)).all()


def test_a_short_word_between_silences_and_a_click_are_told_apart() -> None:
    word = np.concatenate([np.zeros(4800, np.float32), voice(-40, 0.3), np.zeros(4800, np.float32)])
    click = word.copy()
    click[100:140] = 0.9
    for heard in (word, click):
        assert level(to_speech_level(heard, RATE_HZ)[4800:9600]) == pytest.approx(SPEECH_LEVEL, rel=0.1)
        assert np.abs(to_speech_level(heard, RATE_HZ)).max() <= 1.0


def test_silence_and_nothing_stay_so() -> None:
    assert not to_speech_level(np.zeros(1000, np.float32), RATE_HZ).any()
    assert len(to_speech_level(np.zeros(0, np.float32), RATE_HZ)) == 0
