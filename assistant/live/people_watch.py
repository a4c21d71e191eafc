"""Tells who narrates for themselves when people come and when they go, from how many are counted in the newest frames."""

from __future__ import annotations

from statistics import median_high

from assistant.answering.router import PEOPLE
from assistant.languages import counted_phrase
from assistant.live.session import Session
from assistant.messages import Sentence, View
from assistant.seeing.arrivals import Arrivals

LOOKS = 5
"""Pictures of a scene in which people are counted: a detector misses somebody in the one and not in the next."""


class PeopleWatch:
    """Called by the answering thread alone."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._arrivals = Arrivals()
        self._counts: list[int] = []
        """How many the pictures showed that were looked at since the scene last changed."""

    def rest(self) -> None:
        """Forget who was there: nobody wants to hear of people for now."""
        self._arrivals, self._counts = Arrivals(), []

    @property
    def is_unsure(self) -> bool:
        """Tell whether somebody may just have come or gone: a moment more and it can be told."""
        return self._arrivals.is_unsure

    def step(self, shown: View, *, is_still: bool) -> None:
        """Count the people in a clear picture, and say when somebody has come or gone.

        `is_still`: it shows what the one before did; after LOOKS of them the middle count holds until something moves.
        """
        if not is_still:
            self._counts = []
        if len(self._counts) < LOOKS:
            finding = self._session.conversation.measured(shown, PEOPLE)
            if finding is None or not isinstance(finding.value, int):
                return
            self._counts.append(finding.value)
        counted = median_high(self._counts) if len(self._counts) == LOOKS else self._counts[-1]
        if change := self._arrivals.process(counted, self._session.clock()):
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
