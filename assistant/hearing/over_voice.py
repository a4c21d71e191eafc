"""Hears what was said while the assistant spoke: twice where once leaves doubt, and what was only an echo not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from assistant.hearing.echo_fit import is_only_echo, without_echo
from assistant.hearing.own_voice import is_own_voice
from assistant.messages import Transcript, Utterance

NOTHING = Transcript("", "", 0.0, "", 0.0)
NOT_KNOWN = np.zeros(0, np.float32)
"""Of speech probabilities: the recogniser looks for speech itself."""


class OverVoice:
    """Hears utterances over the voice. The judging and the answering thread share it: what one has heard the other needn't hear again."""

    def __init__(
        self, transcribe: Callable[[Utterance], Transcript], is_clear: Callable[[Transcript], bool], speech_threshold: float
    ) -> None:
        """Make one.

        Args:
            transcribe: hears an utterance.
            is_clear: whether a transcript is a command, which needn't be heard twice.
            speech_threshold: probability from which a chunk is speech.
        """
        self._transcribe = transcribe
        self._is_clear = is_clear
        self._threshold = speech_threshold
        self._lock = threading.Lock()
        self._last: tuple[tuple[float, float], Transcript] | None = None
        """When its first and last speech were, and what was heard."""

    def hear(self, utterance: Utterance) -> Transcript:
        """Return what was said in an utterance over the voice."""
        with self._lock:
            span = self._span(utterance)
            if self._last and span and self._last[0] == span:
                return self._last[1]
            heard = self._hear(utterance)
            self._last = (span, heard) if span else None
            return heard

    def _hear(self, utterance: Utterance) -> Transcript:
        """As the canceller left it, which suppresses too much at times, and else what is left of the raw sound, looking back."""
        echoed = utterance.echoed
        if echoed is None:
            return self._transcribe(utterance)
        cleaned = without_echo(echoed.heard, echoed.played)
        if is_only_echo(echoed.heard, cleaned):
            return NOTHING
        heard = self._transcribe(utterance)
        if self._is_clear(heard) or is_own_voice(heard.text, utterance.said):
            return heard
        again = self._transcribe(replace(utterance, samples=cleaned, speech_probabilities=NOT_KNOWN))
        return again if self._is_clear(again) or again.confidence > heard.confidence else heard

    def _span(self, utterance: Utterance) -> tuple[float, float] | None:
        """In hundredths of a second, so that two ways to cut the same speech out of the stream are one."""
        speech = np.flatnonzero(utterance.speech_probabilities >= self._threshold)
        if not len(speech):
            return None
        chunk_s = (utterance.end_s - utterance.start_s) / len(utterance.speech_probabilities)
        first, last = (round(utterance.start_s + chunk_s * number, 1) for number in (speech[0], speech[-1]))
        return first, last
