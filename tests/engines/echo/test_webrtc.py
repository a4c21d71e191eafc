"""WebRTC's echo canceller on sound made here: the loudspeaker goes, the user stays."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.messages import Sound

pytest.importorskip("pywebrtc_audio", reason="there is no wheel of it for this processor")

from assistant.engines.echo.webrtc import WebrtcEchoCanceller  # noqa: E402

RATE_HZ, CHUNK = 16000, 512


def babble(seconds: float, seed: int) -> Sound:
    """Noise whose loudness and colour change four times a second, as speech does."""
    rng = np.random.default_rng(seed)
    parts = [
        rng.uniform(0.02, 0.2) * np.convolve(rng.normal(size=4000), np.hanning(rng.integers(3, 20)), "same")
        for _ in range(round(4 * seconds))
    ]
    whole = np.concatenate(parts)
    return np.asarray(0.2 * whole / np.abs(whole).max(), np.float32)


def cleaned(heard: Sound, played: Sound) -> Sound:
    canceller = WebrtcEchoCanceller()
    pieces = range(0, len(heard) // CHUNK * CHUNK, CHUNK)
    return np.concatenate([canceller.clean(heard[at : at + CHUNK], played[at : at + CHUNK]) for at in pieces])


def level_db(samples: Sound) -> float:
    return float(10 * np.log10(np.mean(np.square(samples)) + 1e-12))


@pytest.mark.parametrize("delay_s", [0.03, 0.25])
def test_an_echo_is_gone_whatever_its_delay(delay_s: float) -> None:
    played = babble(6, 0)
    late = round(delay_s * RATE_HZ)
    echo = np.concatenate([np.zeros(late, np.float32), 0.5 * played])[: len(played)]
    rest = cleaned(echo, played)
    assert level_db(rest[3 * RATE_HZ :]) < level_db(echo[3 * RATE_HZ :]) - 20


def test_who_speaks_while_nothing_is_played_is_heard_as_they_are() -> None:
    said = babble(4, 1)
    heard = cleaned(said, np.zeros_like(said))
    assert level_db(heard[RATE_HZ:]) == pytest.approx(level_db(said[RATE_HZ : len(heard)]), abs=1.5)


def test_pieces_of_any_length_come_back_as_long_as_they_were() -> None:
    canceller = WebrtcEchoCanceller()
    for count in (512, 1, 159, 160, 512, 0):
        assert canceller.clean(np.zeros(count, np.float32), np.zeros(count, np.float32)).shape == (count,)
    canceller.reset()
    assert canceller.clean(np.full(160, np.nan, np.float32), np.zeros(160, np.float32)).shape == (160,)
