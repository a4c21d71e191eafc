"""Between the threads that listen and the loudspeaker's own: how loud the voice may be now, and what it has played."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from assistant.messages import Sound

MOST_BLOCKS = 500
"""Blocks of played sound that wait to be taken, five seconds. When full the oldest is dropped: nobody listens."""


class VoiceControl:
    """Implements `interfaces.SpeakerControl` and `interfaces.SpeakerRoute`. No lock: each deque and float is written by one thread."""

    def __init__(self) -> None:
        self.loudness = 1.0
        """Set by the thread that listens; 0 pauses the voice."""
        self.is_held = False
        """Set by the thread that watches; while it is, the voice waits too."""
        self.is_paused: Callable[[], bool] = lambda: False
        """Whether the user has paused the voice; asked for each block."""
        self.room_gain = 1.0
        """How loud the voice must be for the room; set by the thread that listens."""
        self.is_private = False
        """Whether the user listens through headphones that were plugged in, and for a moment after they were pulled out."""
        self._played: deque[tuple[Sound, float]] = deque(maxlen=MOST_BLOCKS)

    def gain(self) -> float:
        """Return how loud the voice is, 0 while it is held or paused."""
        return 0.0 if self.is_held or self.is_paused() else self.loudness * self.room_gain

    def played(self, samples: Sound, time_s: float) -> None:
        """Keep it until it is taken."""
        self._played.append((samples, time_s))

    def take_played(self) -> Iterator[tuple[Sound, float]]:
        """Yield what was played since the last call: float32 [n] at 16 kHz, and when it was handed to the device."""
        while self._played:
            yield self._played.popleft()
