"""What is played lies beside what is heard by time, whatever a busy machine does to the times."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.hearing.echo import KEPT_S, RATE_HZ, EchoRemover, PlayedSound, SteadyTime
from assistant.messages import AudioChunk, Sound

BLOCK = 160


def ramp(start: int, count: int) -> Sound:
    return np.arange(start, start + count, dtype=np.float32)


def test_played_sound_is_found_by_its_time_and_silence_where_there_was_none() -> None:
    played = PlayedSound()
    played.add(ramp(1, BLOCK), 5.0)
    played.add(ramp(1 + BLOCK, BLOCK), 5.01)
    assert played.at(4.99, BLOCK).tolist() == [0.0] * BLOCK
    assert played.at(5.005, BLOCK).tolist() == ramp(81, BLOCK).tolist()
    assert played.at(5.015, BLOCK).tolist() == [*ramp(241, 80), *[0.0] * 80]


def test_blocks_of_one_sound_stay_together_although_their_times_are_rough() -> None:
    played = PlayedSound()
    for number in range(50):
        played.add(ramp(number * BLOCK, BLOCK), 1.0 + number * 0.01 + 0.004 * (number % 3))
    assert played.at(1.1, 10 * BLOCK).tolist() == ramp(10 * BLOCK, 10 * BLOCK).tolist()


def test_between_two_sounds_is_silence_and_what_was_thrown_away_is_not_kept() -> None:
    played = PlayedSound()
    played.add(ramp(1, 10 * BLOCK), 1.0)
    played.add(ramp(5000, BLOCK), 1.05)  # the first was cut off half-way
    played.add(ramp(7000, BLOCK), 2.0)
    assert played.at(1.04, 2 * BLOCK).tolist() == [*ramp(641, BLOCK), *ramp(5000, BLOCK)]
    assert not played.at(1.5, BLOCK).any()
    assert played.at(2.0, BLOCK).tolist() == ramp(7000, BLOCK).tolist()


def test_only_the_last_seconds_are_kept() -> None:
    played = PlayedSound()
    for number in range(5000):
        played.add(ramp(number * BLOCK, BLOCK), number * 0.01)
    assert KEPT_S * RATE_HZ <= len(played._samples) <= 2 * KEPT_S * RATE_HZ
    last = ramp(5000 * BLOCK - round(KEPT_S * RATE_HZ), round(KEPT_S * RATE_HZ))
    assert played.at(50.0 - KEPT_S, len(last)).tolist() == last.tolist()


def test_chunks_that_come_late_in_bunches_are_dated_by_those_that_do_not() -> None:
    time, late_s = SteadyTime(), [0.0, 0.05, 0.09, 0.06, 0.03, 0.0, 0.0, 0.2, 0.17]
    told = [time.of(AudioChunk(np.zeros(512, np.float32), RATE_HZ, number * 0.032 + late)) for number, late in enumerate(late_s)]
    assert told == pytest.approx([number * 0.032 for number in range(len(late_s))])


def test_a_microphone_that_was_away_is_followed() -> None:
    time = SteadyTime()
    chunk = [AudioChunk(np.zeros(512, np.float32), RATE_HZ, number * 0.032 + (1.0 if number > 40 else 0.0)) for number in range(120)]
    assert [time.of(each) for each in chunk][-1] == pytest.approx(chunk[-1].time_s, abs=0.02)


def test_the_canceller_is_given_what_was_played_when_a_chunk_was_recorded() -> None:
    class Subtracting:
        def clean(self, heard: Sound, played: Sound) -> Sound:
            return heard - played

        def reset(self) -> None: ...

    remover = EchoRemover(Subtracting())
    voice = np.sin(np.arange(4 * 512)).astype(np.float32)
    remover.played(voice, 3.0)
    cleaned = [remover.clean(AudioChunk(voice[at : at + 512], RATE_HZ, 3.0 + at / RATE_HZ)) for at in range(0, len(voice), 512)]
    assert np.abs(np.concatenate([chunk.samples for chunk in cleaned])).max() < 1e-6
