"""Listens to a stream of sound for a word at the beginning of what is said: as soon as somebody pauses after it, or has done."""

from __future__ import annotations

import math
from dataclasses import replace

from assistant.answering.wake_word import after_wake_word
from assistant.hearing.utterances import SpeechPaused, SpeechStarted
from assistant.messages import Utterance
from assistant.serving.desk import Desk
from assistant.serving.heard_stream import CHUNK_SAMPLES, HeardStream

WAKE_WORD = "computer"
"""Where the settings have none."""
BEGINNING_S = 3.0
"""Of what is said are looked through for the word."""


def wake_word(desk: Desk) -> str:
    """Return the word that the settings name, or the usual one."""
    return desk.engines.settings.ears.wake_word or WAKE_WORD


class WakeStream:
    """One microphone, until its word was heard. Of the event loop."""

    def __init__(self, desk: Desk, rate_hz: int) -> None:
        self._desk, engines = desk, desk.engines
        self._stream = HeardStream(engines.new_detector(), engines.settings.ears, engines.new_resampler(), rate_hz)
        self._is_judged = False
        """Whether the beginning of what is being said was looked through."""

    async def detect(self, sound: bytes) -> float | None:
        """Return when the word was said that ends in these 16-bit samples, in seconds since the first; None for none so far."""
        self._stream.check(sound, math.inf)
        for event in await self._desk.lanes["listening"].do(lambda: self._stream.feed(sound)):
            if isinstance(event, SpeechStarted):
                self._is_judged = False
            said = event.utterance if isinstance(event, SpeechPaused) else event
            if not isinstance(said, Utterance) or self._is_judged:
                continue
            self._is_judged = True
            if await self._begins_with_it(said):
                return said.start_s
        return None

    async def _begins_with_it(self, said: Utterance) -> bool:
        count = round(BEGINNING_S * said.sample_rate_hz)
        beginning = replace(
            said,
            samples=said.samples[:count],
            end_s=min(said.end_s, said.start_s + BEGINNING_S),
            speech_probabilities=said.speech_probabilities[: count // CHUNK_SAMPLES],
        )
        engines, language = self._desk.engines, self._desk.language
        heard = await self._desk.lanes["ears"].do(lambda: engines.hear(beginning, language))
        return after_wake_word(heard.text, wake_word(self._desk)) is not None
