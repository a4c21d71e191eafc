"""Looking back, the assistant's own voice is told from what is said over it."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.hearing.echo_fit import BEFORE, RATE_HZ, is_only_echo, without_echo
from assistant.messages import Sound
from tests.hearing.test_echo_delay import syllables

SECONDS = 2
ROOM = np.random.default_rng(0).normal(size=480) * np.exp(-np.arange(480) / 100)


def echoed(delay_s: float, level: float = 0.5) -> tuple[Sound, Sound]:
    """What the microphone hears of a voice in a room, and what was played."""
    played = np.concatenate([np.zeros(BEFORE, np.float32), syllables(SECONDS, 1)])
    late = round(delay_s * RATE_HZ)
    echo = np.convolve(played, level * ROOM / np.linalg.norm(ROOM))[BEFORE - late :][: SECONDS * RATE_HZ]
    noise = np.random.default_rng(2).normal(size=len(echo)) * 1e-4
    return (echo + noise).astype(np.float32), played


@pytest.mark.parametrize("delay_s", [0.0, 0.11, 0.9])
def test_of_its_own_voice_nothing_is_left_however_late_it_comes(delay_s: float) -> None:
    heard, played = echoed(delay_s)
    cleaned = without_echo(heard, played)
    assert is_only_echo(heard, cleaned)
    assert np.square(cleaned).sum() < np.square(heard).sum() / 100


def test_a_word_over_it_is_left_as_it_was_said() -> None:
    heard, played = echoed(0.11)
    word = 0.5 * syllables(1, 7)[: RATE_HZ // 3]
    begins = round(0.9 * RATE_HZ)
    heard[begins : begins + len(word)] += word
    cleaned = without_echo(heard, played)
    assert not is_only_echo(heard, cleaned)
    left = cleaned[begins : begins + len(word)]
    assert np.corrcoef(left, word)[0, 1] > 0.95


def test_where_nothing_was_played_all_is_left() -> None:
    heard, played = syllables(1, 3), np.zeros(BEFORE + RATE_HZ, np.float32)
    cleaned = without_echo(heard, played)
    assert np.corrcoef(cleaned, heard)[0, 1] > 0.99
    assert not is_only_echo(heard, cleaned)


def test_a_sound_shorter_than_a_window_is_fitted_too() -> None:
    heard, played = echoed(0.11)
    few = RATE_HZ // 2
    assert is_only_echo(heard[:few], without_echo(heard[:few], played[: BEFORE + few]))
    assert len(without_echo(heard[:100], played[: BEFORE + 100])) == 100
