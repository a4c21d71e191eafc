"""The delay of an echo is found, and followed when it changes."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.hearing.echo import LEAD_S, RATE_HZ, EchoRemover
from assistant.hearing.echo_delay import EchoDelay
from assistant.messages import AudioChunk, Sound

CHUNK = 512


def syllables(seconds: float, seed: int) -> Sound:
    """Noise in bursts of 0.1 to 0.3 s, each of its own loudness, with gaps."""
    rng, parts = np.random.default_rng(seed), list[Sound]()
    while sum(map(len, parts)) < seconds * RATE_HZ:
        length = rng.integers(1600, 4800)
        parts += [(rng.uniform(0.02, 0.3) * rng.normal(size=length)).astype(np.float32), np.zeros(rng.integers(400, 3000), np.float32)]
    return np.concatenate(parts)[: round(seconds * RATE_HZ)]


def followed(heard: Sound, played: Sound) -> EchoDelay:
    delay = EchoDelay()
    for at in range(0, len(heard) - CHUNK, CHUNK):
        delay.add(heard[at : at + CHUNK], played[at : at + CHUNK])
    return delay


def late(samples: Sound, seconds: float) -> Sound:
    return np.concatenate([np.zeros(round(seconds * RATE_HZ), np.float32), samples])[: len(samples)]


@pytest.mark.parametrize("delay_s", [0.02, 0.3, 0.9])
@pytest.mark.parametrize("level", [0.5, 0.05])
def test_the_delay_of_an_echo_is_found(delay_s: float, level: float) -> None:
    played = syllables(5, 0)
    room = np.random.default_rng(1).normal(size=len(played)).astype(np.float32) * 0.0005
    assert followed(level * late(played, delay_s) + room, played).delay_s == pytest.approx(delay_s, abs=0.001)


def test_it_is_found_under_a_voice_and_followed_within_a_second() -> None:
    played, user = syllables(6, 0), syllables(6, 7)
    sudden = round(4.5 * RATE_HZ)
    echo = np.concatenate([late(played, 0.1)[:sudden], late(played, 0.25)[sudden:]])
    assert followed(0.5 * echo + 0.25 * user, played).delay_s == pytest.approx(0.25, abs=0.001)


def test_somebody_else_who_speaks_is_no_echo() -> None:
    for seed in range(1, 6):
        assert followed(syllables(12, seed), syllables(12, seed + 100)).delay_s is None
    assert followed(syllables(8, 1), np.zeros(8 * RATE_HZ, np.float32)).delay_s is None


@pytest.mark.parametrize("delay_s", [0.0, 0.15, 0.9])
def test_whatever_the_delay_the_canceller_is_told_of_the_sound_just_before_its_echo(delay_s: float) -> None:
    class Keeping:
        def __init__(self) -> None:
            self.pairs: list[tuple[Sound, Sound]] = []

        def clean(self, heard: Sound, played: Sound) -> Sound:
            self.pairs.append((heard, played))
            return heard

        def reset(self) -> None: ...

    played, canceller = syllables(8, 0), Keeping()
    remover, heard = EchoRemover(canceller), 0.3 * late(played, delay_s)
    for at in range(0, len(heard) - CHUNK, CHUNK):
        remover.played(played[at : at + CHUNK], 5.0 + at / RATE_HZ)
        remover.clean(AudioChunk(heard[at : at + CHUNK], RATE_HZ, 5.0 + at / RATE_HZ))
    told = followed(*(np.concatenate(each) for each in zip(*canceller.pairs[-120:], strict=True)))
    assert told.delay_s == pytest.approx(min(LEAD_S, delay_s), abs=0.006)
