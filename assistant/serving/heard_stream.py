"""What comes over a connection as 16-bit sound, cut into utterances: no more of it than a microphone could have recorded meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from assistant.hearing.utterances import HearingEvent, UtteranceSegmenter
from assistant.interfaces import VoiceDetector
from assistant.messages import AudioChunk, Sound
from assistant.serving.problem_json import Refused
from assistant.settings import EarSettings

RATE_HZ = 16_000
CHUNK_SAMPLES = 512
SLOWEST_HZ, FASTEST_HZ = 8_000, 48_000
AHEAD_S = 30.0
"""Sound may come faster than it is spoken, as of a recording, but never be further ahead than this."""


class HeardStream:
    """One microphone at the other end. Not for several threads at once."""

    def __init__(self, detector: VoiceDetector, settings: EarSettings, resample: Callable[[Sound, int], Sound], rate_hz: int) -> None:
        """Take sound of a rate.

        Args:
            detector: of this stream alone.
            settings: when speech begins and ends.
            resample: brings float32 [n] of a rate to RATE_HZ, piece by piece.
            rate_hz: of what will come. Refused if it is none of a microphone.
        """
        if not SLOWEST_HZ <= rate_hz <= FASTEST_HZ:
            raise Refused(422, f"a microphone has {SLOWEST_HZ} to {FASTEST_HZ} samples a second. Give `rate` in the address.")
        self._detector, self._resample, self._rate_hz = detector, resample, rate_hz
        self._segmenter = UtteranceSegmenter(settings)
        self._pending: Sound = np.zeros(0, np.float32)
        self._heard_s = 0.0
        detector.reset()

    def check(self, content: bytes, since_s: float) -> None:
        """Refuse what is no sound, or more than can have been recorded `since_s` seconds after the first of it."""
        if len(content) % 2:
            raise Refused(422, "sound comes as 16-bit samples, little-endian, mono: an even number of bytes.")
        if self._heard_s + len(content) / 2 / self._rate_hz > since_s + AHEAD_S:
            raise Refused(429, f"the sound is more than {AHEAD_S:g} seconds ahead. Send it as it is recorded.")
        self._heard_s += len(content) / 2 / self._rate_hz

    def feed(self, content: bytes) -> list[HearingEvent]:
        """Return what begins or ends with these samples, which `check` has passed."""
        samples = np.frombuffer(content, "<i2").astype(np.float32) / np.float32(32768)
        self._pending = np.concatenate([self._pending, self._resample(samples, self._rate_hz)])
        events: list[HearingEvent] = []
        ends_s = self._heard_s - len(self._pending) / RATE_HZ
        while len(self._pending) >= CHUNK_SAMPLES:
            chunk = AudioChunk(self._pending[:CHUNK_SAMPLES], RATE_HZ, max(0.0, ends_s))
            self._pending, ends_s = self._pending[CHUNK_SAMPLES:], ends_s + CHUNK_SAMPLES / RATE_HZ
            events += self._segmenter.process(chunk, self._detector.speech_probability(chunk))
        return events
