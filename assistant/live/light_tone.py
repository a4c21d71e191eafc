"""Sounds how bright it is where the camera points, so that a lamp or a window can be found by ear."""

from __future__ import annotations

from assistant.live.session import Session
from assistant.messages import Earcon, Question
from assistant.seeing.light_levels import brightness

LONGEST_S = 60.0
"""Seconds for which it sounds; who wants more asks again."""
EVERY_S = 0.4
"""Seconds from one tone to the next."""


class LightTone:
    """Called by the answering thread alone."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._turn: int | None = None
        self._until_s = self._sounded_s = 0.0

    @property
    def is_active(self) -> bool:
        """Tell whether it sounds: the user has said nothing since they asked for it."""
        return self._turn is not None and self._turn == self._session.turns.current and self._session.clock() < self._until_s

    def begin(self, question: Question) -> None:
        """Say what the tone means, and sound it from now on; or say that there is no picture yet."""
        if self._session.shown_now() is None:
            self._session.say(self._session.phrase("no_picture", question.turn))
            return
        self._session.say(self._session.phrase("light_tone", question.turn))
        self._turn, self._until_s = question.turn, self._session.clock() + LONGEST_S

    def step(self) -> None:
        """Sound the newest picture's brightness, if it is time."""
        session, now_s = self._session, self._session.clock()
        shown = session.shown_now()
        if self._turn is None or shown is None or not session.is_silent or now_s - self._sounded_s < EVERY_S:
            return
        self._sounded_s = now_s
        session.say(Earcon("light", self._turn, brightness(shown.keyframes[-1].frame.picture)))
