"""Sounds that tell a user who waits that they were heard and that an answer is being made. Pure: time is told."""

from __future__ import annotations

from assistant.messages import Earcon, EarconName

HEARD_AFTER_S = 0.15
"""An answer that comes sooner needs no sound before it."""
THINKING_EVERY_S = 2.0
MOST_SOUNDS = 15
"""Half a minute of them; whatever takes longer is stuck and the watchdog speaks."""


class WaitingSounds:
    """Knows who waits for an answer, and since when."""

    def __init__(self) -> None:
        self._turn: int | None = None
        self._next_s = 0.0
        self._count = 0

    @property
    def is_waiting(self) -> bool:
        """Tell whether somebody waits for an answer."""
        return self._turn is not None

    def asked(self, turn: int, now_s: float) -> None:
        """Note that a question of this turn has ended."""
        self._turn, self._next_s, self._count = turn, now_s + HEARD_AFTER_S, 0

    def answered(self) -> None:
        """Note that the answer can be heard, or that there is none to come."""
        self._turn = None

    def due(self, now_s: float) -> Earcon | None:
        """Return the sound to play now, if any; each is given once."""
        if self._turn is None or now_s < self._next_s or self._count >= MOST_SOUNDS:
            return None
        name: EarconName = "thinking" if self._count else "heard"
        self._next_s, self._count = now_s + THINKING_EVERY_S, self._count + 1
        return Earcon(name, self._turn)
