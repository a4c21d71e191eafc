"""Tells a kiosk that nobody uses how many people stand before it, from the newest frames. Part of the answering thread's work."""

from __future__ import annotations

from assistant.answering.router import PEOPLE
from assistant.live.session import Session
from assistant.messages import Frame
from assistant.seeing.stillness import Stillness

EVERY_S = 1.0
"""People are counted; less often than frames come, for a kiosk that waits should need little."""

LOOKS = 3
"""At a scene that stays as it is: a detector misses somebody in the one picture and not in the next."""


class PassersBy:
    """Called by the answering thread alone."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._stillness = Stillness()
        self._looked_s = float("-inf")
        self._counted: Frame | None = None
        self._looks = 0
        """At the scene as it is."""
        self._count: int | None = None
        """In what the camera shows; None where nothing here can count them."""

    def step(self) -> None:
        """Report how many there are, while the kiosk asks for it; a picture that stays as it is isn't counted again."""
        session, now_s = self._session, self._session.clock()
        if not session.counts_people or now_s - self._looked_s < EVERY_S or (shown := session.shown_now()) is None:
            return
        self._looked_s, newest = now_s, shown.keyframes[-1]
        if newest.problem or newest.frame is self._counted:
            return
        self._counted = newest.frame
        if not self._stillness.is_still(newest.frame.picture):
            self._looks = 0
        if self._looks < LOOKS:
            self._looks += 1
            finding = session.conversation.measured(shown, PEOPLE)
            self._count = finding.value if finding and isinstance(finding.value, int) else None
        if self._count is not None:
            session.report("people", {"count": self._count})
