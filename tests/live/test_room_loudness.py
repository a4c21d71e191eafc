"""The voice is kept over the room's noise, up to a limit, and the room's own level is what counts. Levels are of scripted sound."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.live.room_loudness import RoomLoudness, needed_gain
from assistant.live.session import Session
from assistant.messages import AudioChunk
from assistant.settings import KioskSettings
from tests.support.heard_session import HeardSession

RATE_HZ = 16000
ROOM_DB, VOICE_DB = -40.0, -30.0
SETTINGS = KioskSettings(loudest=10.0)


def noise(level_db: float, seed: int = 0, seconds: float = 0.032) -> AudioChunk:
    samples = np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ)) * 10 ** (level_db / 20)
    return AudioChunk(samples.astype(np.float32), RATE_HZ)


def heard_together(room_db: float, voice_db: float, factor: float) -> float:
    return float(10 * np.log10(10 ** (room_db / 10) + factor**2 * 10 ** (voice_db / 10)))


def live_with(loudness: RoomLoudness, room_db: float, voice_db: float, visits: int) -> list[float]:
    """Five seconds of room and three of voice, so many times; by what the voice is multiplied after each."""
    gains = list[float]()
    for visit in range(visits):
        for number in range(160):
            loudness.heard(noise(room_db, number), 0.0)
        factor = loudness.gain
        for number in range(96):
            loudness.heard(noise(heard_together(room_db, voice_db, factor), visit * 1000 + number), factor)
        gains.append(loudness.gain)
    return gains


def test_the_voice_is_twenty_decibels_over_the_room() -> None:
    gains = live_with(RoomLoudness(SETTINGS), ROOM_DB, VOICE_DB, 5)
    over_room_db = [VOICE_DB + 20 * np.log10(gain) - ROOM_DB for gain in gains]
    assert over_room_db == pytest.approx([20] * 5, abs=1.0)


def test_in_a_quiet_room_it_stays_as_it_is_and_in_a_loud_one_the_limit_holds() -> None:
    assert live_with(RoomLoudness(SETTINGS), -60.0, VOICE_DB, 2) == [1.0, 1.0]
    assert live_with(RoomLoudness(KioskSettings()), -25.0, VOICE_DB, 2) == [3.0, 3.0]


def test_it_follows_a_room_that_empties() -> None:
    loudness = RoomLoudness(SETTINGS)
    assert live_with(loudness, ROOM_DB, VOICE_DB, 4)[-1] > 2
    assert live_with(loudness, -60.0, VOICE_DB, 20)[-1] == 1.0


def test_who_speaks_is_not_the_room() -> None:
    loudness = RoomLoudness(SETTINGS)
    for number in range(1600):
        loudness.heard(noise(-15.0 if number % 400 < 150 else ROOM_DB, number), 0.0)
    assert loudness.room_db == pytest.approx(ROOM_DB, abs=1.0)


def test_the_user_may_make_it_louder_still() -> None:
    """A voice that is loud because its user asked for it isn't made softer in return."""
    loudness = RoomLoudness(SETTINGS)
    plain = live_with(loudness, ROOM_DB, VOICE_DB, 4)[-1]
    for number in range(200):
        loudness.heard(noise(heard_together(ROOM_DB, VOICE_DB, 2 * plain), number), 2 * plain)
    assert loudness.gain == pytest.approx(plain, rel=0.1)


def test_a_voice_that_drowns_is_made_as_loud_as_it_may_be() -> None:
    assert live_with(RoomLoudness(SETTINGS), ROOM_DB, -70.0, 2)[-1] == 10.0


def test_silence_and_no_sound_at_all_are_levels_too() -> None:
    loudness = RoomLoudness(SETTINGS)
    for factor in (0.0, 1.0, 0.0):
        for _ in range(200):
            loudness.heard(AudioChunk(np.zeros(512, np.float32), RATE_HZ), factor)
    assert 1.0 <= loudness.gain <= 10.0


def test_the_operator_corrects_for_a_microphone_beside_the_loudspeaker() -> None:
    assert needed_gain(-40.0, -20.0, SETTINGS) == 1.0
    assert needed_gain(-40.0, -20.0, KioskSettings(loudest=10.0, microphone_nearer_db=6.0)) == pytest.approx(1.995, abs=0.01)
    assert needed_gain(-40.0, -40.0, KioskSettings(over_room_db=0.0)) == 1.0


class Audible(HeardSession):
    """Whose loudspeaker can be heard when the test says so."""

    audible = False

    def __init__(self) -> None:
        super().__init__("A wall.", "What is this?", [])
        self.room_loudness = RoomLoudness(SETTINGS)
        self.speaker.is_audible = lambda now_s: self.audible  # type: ignore[method-assign]

    def live(self, seconds: float, level_db: float, *, audible: bool) -> None:
        self.audible = audible
        for number in range(round(seconds / 0.032)):
            Session.follow_room(self, noise(level_db, number))


def test_the_voice_changes_between_sentences_and_headphones_are_never_made_louder() -> None:
    session = Audible()
    session.live(6, ROOM_DB, audible=False)
    session.live(4, VOICE_DB, audible=True)
    assert session.control.gain() == 1.0, "not in the middle of a word"
    session.live(0.1, ROOM_DB, audible=False)
    assert session.control.gain() == pytest.approx(10 ** (10 / 20), rel=0.1)
    session.control.is_private = True
    session.live(1, ROOM_DB, audible=False)
    assert session.control.gain() == 1.0
