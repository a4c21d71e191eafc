"""How loud the voice must be for the room: so many decibels over it, as the microphone hears both. Pure: sound is told.

No loudspeaker has to be measured for this: voice and room reach the same microphone, so what it is out by is out for both. How loud the
two are in decibels of sound pressure isn't known.
"""

from __future__ import annotations

import math
from collections import deque
from statistics import median

import numpy as np

from assistant.messages import AudioChunk
from assistant.settings import KioskSettings

BLOCK_S = 0.5
"""Of sound make one level, which is what half a second of the room or of the voice has on the average."""
ROOM_BLOCKS = 120
"""A minute. The middle one counts, so that it is the room's as long as somebody speaks less than half of it."""
LEAST_ROOM_BLOCKS = 6
VOICE_BLOCKS = 20
LEAST_VOICE_BLOCKS = 3
SOFTEST_DB = -100.0
"""Digital silence, so that a level is always a number."""
NOT_HEARD_DB = 3.0
"""A voice less than so much over the room can't be told from it."""


def needed_gain(room_db: float, voice_db: float, settings: KioskSettings) -> float:
    """Return by how much the voice is multiplied: never softer than it is, and never more than the operator's limit.

    Args:
        room_db: level of the room without the voice, in decibels of any one reference.
        voice_db: level of the voice as it is, of the same reference.
        settings: how far the voice is to be over the room, and how loud it may get.
    """
    lacking_db = room_db + settings.over_room_db - (voice_db - settings.microphone_nearer_db)
    return min(max(1.0, 10 ** (lacking_db / 20)), settings.loudest)


class RoomLoudness:
    """Follows the levels of room and voice, and says how loud the voice must be. Of the listening thread; `gain` may be asked from any."""

    def __init__(self, settings: KioskSettings) -> None:
        self._settings = settings
        self._room_db = deque[float](maxlen=ROOM_BLOCKS)
        self._voice_db = deque[float](maxlen=VOICE_BLOCKS)
        """As if it were multiplied by 1."""
        self._energy, self._seconds = 0.0, 0.0
        self._factor = 0.0
        """By which the voice was multiplied in this block; 0: it was silent."""
        self.gain = 1.0

    def heard(self, chunk: AudioChunk, factor: float) -> None:
        """Take what the microphone hears, own voice and all.

        Args:
            chunk: the sound.
            factor: by which the voice is multiplied that the loudspeaker plays meanwhile, 0 while it plays none.
        """
        if factor != self._factor:
            self._energy = self._seconds = 0.0
            self._factor = factor
        self._energy += float(np.square(chunk.samples, dtype=np.float64).sum()) / chunk.sample_rate_hz
        self._seconds += chunk.duration_s
        if self._seconds >= BLOCK_S:
            self._note(self._energy / self._seconds)
            self._energy = self._seconds = 0.0

    def _note(self, power: float) -> None:
        if not self._factor:
            self._room_db.append(_db(power))
        elif self.room_db is not None:
            # Of a voice that drowns the least that may be is taken: it is as soft as the room hides.
            own = max(power - 10 ** (self.room_db / 10), power * (1 - 10 ** (-NOT_HEARD_DB / 10)))
            self._voice_db.append(_db(own) - 20 * math.log10(self._factor))
        if self.room_db is not None and len(self._voice_db) >= LEAST_VOICE_BLOCKS:
            self.gain = needed_gain(self.room_db, median(self._voice_db), self._settings)

    @property
    def room_db(self) -> float | None:
        """Return the room's level in decibels of full scale; None before enough of it was heard."""
        return median(self._room_db) if len(self._room_db) >= LEAST_ROOM_BLOCKS else None


def _db(power: float) -> float:
    return max(SOFTEST_DB, 10 * math.log10(power)) if power > 0 else SOFTEST_DB
