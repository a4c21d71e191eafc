"""A speaker of which others can tell whether it is busy, and whether it can be heard."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from assistant.interfaces import Speaker
from assistant.messages import AudioChunk

ECHO_S = 0.2
"""After the loudspeaker has ended the room still sounds; the microphone stays deaf for so long."""


class MonitoredSpeaker:
    """A Speaker around another that tells when it plays. `play` is the speaking thread's; the rest may be asked from any."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._sounds = False
        self._ended_s = float("-inf")
        self.is_playing = False

    def play(self, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool]) -> float:
        """Play until the chunks end or `is_stale()`; return the seconds that were really heard."""
        self.is_playing = True
        try:
            return self._speaker.play(self._monitored(chunks), is_stale)
        finally:
            if self._sounds:
                self._ended_s = time.monotonic()
            self.is_playing = self._sounds = False

    def is_audible(self, now_s: float) -> bool:
        """Tell whether it can be heard, the room's echo included; not yet while its first sound is still being made."""
        return self._sounds or now_s - self._ended_s < ECHO_S

    def close(self) -> None:
        """Close the speaker inside."""
        self._speaker.close()

    def _monitored(self, chunks: Iterator[AudioChunk]) -> Iterator[AudioChunk]:
        for chunk in chunks:
            self._sounds = True
            yield chunk
