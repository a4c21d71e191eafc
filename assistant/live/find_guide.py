"""Guides the hand that holds the camera towards what was asked for: "where is my cup?", "find the door"."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.live.session import Session
from assistant.messages import Ask, Earcon, Finding, Question, Sentence
from assistant.seeing.guidance import Guide
from assistant.seeing.places import yaw_degrees

SOURCE = "objects"
"""Whose findings have regions that can be followed."""
TONE_EVERY_S = 0.7
"""Seconds from one tone to the next."""
BY_TONE = frozenset(("find_left", "find_right", "find_ahead"))
"""What a tone tells as well: it is the higher the straighter ahead the thing is."""


class FindGuide:
    """Called by the answering thread alone."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._question: Question | None = None
        self._ask = Ask("where")
        self._guide = Guide(0.0, is_seen=False)
        self._toned_s = 0.0

    @property
    def is_active(self) -> bool:
        """Tell whether it guides: the user has asked nothing else since."""
        if self._question is not None and (self._guide.is_over or self._session.turns.current != self._question.turn):
            self._question = None
        return self._question is not None

    def begin(self, question: Question, said: Sequence[Sentence]) -> None:
        """Guide if `said` answers where one thing is that can be followed; also where it isn't seen yet."""
        findings = [sentence.finding for sentence in said if sentence.finding and sentence.finding.source == SOURCE]
        wheres = [ask for ask in question.asks if ask.intent == "where"]
        self._question = question if len(wheres) == 1 and findings else None
        if self._question:
            self._ask = wheres[0]
            self._guide = Guide(self._session.clock(), is_seen=any(finding.kind == "place" for finding in findings))

    def step(self) -> None:
        """Look at the newest frame, and say how to turn, if that is news."""
        session, question = self._session, self._question
        if question is None or not session.is_silent or (shown := session.shown_now()) is None:
            return
        yaw, now_s = self._yaw(session.conversation.measured(shown, self._ask)), session.clock()
        key, sound = self._guide.next(yaw, now_s), session.settings.reading.aiming
        if key and (sound != "tones" or key not in BY_TONE):
            session.say(session.phrase(key, question.turn, thing=self._ask.thing))
        elif yaw is not None and sound != "words" and now_s - self._toned_s >= TONE_EVERY_S:
            self._toned_s = now_s
            session.say(Earcon("aim", question.turn, max(0.0, 1 - 2 * abs(yaw) / session.settings.camera.opening_degrees)))

    def _yaw(self, place: Finding | None) -> float | None:
        if place is None or place.region is None:
            return None
        return yaw_degrees(place.region, self._session.settings.camera.opening_degrees)
