"""Tells who narrates for themselves when people come and when they go, from how many are counted in the newest frames."""

from __future__ import annotations

from assistant.answering.router import PEOPLE
from assistant.languages import counted_phrase
from assistant.live.session import Session
from assistant.messages import Frame, Glance, Keyframe, Sentence
from assistant.seeing.arrivals import Arrivals
from assistant.seeing.frame_quality import picture_problem
from assistant.seeing.stillness import Stillness


class PeopleWatch:
    """Called by the answering thread alone."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._arrivals = Arrivals()
        self._stillness = Stillness()
        self._counted = 0
        self._frame: Frame | None = None

    def step(self) -> None:
        """Count the people in the newest frame, and say when somebody has come or gone. What shows nothing new isn't counted again."""
        session, frame = self._session, self._session.memory.newest_frame
        if session.narrator.mode == "quiet":
            self._arrivals = Arrivals()
            return
        if frame is None or frame is self._frame or picture_problem(frame.picture):
            return
        self._frame = frame
        if not self._stillness.is_still(frame.picture):
            finding = session.conversation.measured(Glance((Keyframe(frame, "only"),)), PEOPLE)
            if finding is None or not isinstance(finding.value, int):
                return
            self._counted = finding.value
        if change := self._arrivals.process(self._counted, session.clock()):
            self._tell(change)

    def _tell(self, change: int) -> None:
        session, left = self._session, self._arrivals.count or 0
        if left == 0:
            session.offer(session.phrase("nobody_now"))
            return
        session.offer(session.phrase("somebody_came" if change > 0 else "somebody_left"))
        if left != 1 or change < 0:
            text, language = counted_phrase("people", session.conversation.language, left)
            session.offer(Sentence(text, language, session.turns.current))
