"""What is said without being asked, as the camera's picture changes: narration, and the event that the user waits for.

Part of the answering thread's work.
"""

from __future__ import annotations

from assistant.answering.answer_checks import SCENE_QUESTION
from assistant.live.session import Session
from assistant.messages import Ask, Question, Sentence, View
from assistant.videos.watch_events import EventWatcher

_SCENE = Ask("scene", english=SCENE_QUESTION)
_SIGN = Ask("sign")
NARRATED = {
    "brief": (_SCENE, _SIGN),
    "normal": (Ask("free", english="Where is this?"), Ask("free", english="Who is there?"), _SCENE, _SIGN),
}
"""What a narration asks: the place first, then people, then what else there is, and what large letters say."""


class UnaskedSpeech:
    """Called by the answering thread alone."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._watcher: EventWatcher | None = None
        self._awaited = ""
        """What the user wants to be told of, in their words."""

    def watch_for(self, event: str, question: Question) -> None:
        """Tell the user once, when `event` is seen; `question` is how they asked for it."""
        self._watcher, self._awaited = self._session.conversation.watcher(event, question.language), event
        self._session.say(self._session.phrase("tell_when", question.turn, event=event))
        self._watch()

    def scene_changed(self) -> None:
        """Look at the newest keyframe before anybody asks, and say what is worth it."""
        if newest := self._session.memory.newest:
            self._session.narrator.seen(newest)
        self._session.look_ahead()
        self._watch()
        self.narrate()

    def narrate(self) -> None:
        """Describe the newest picture if that is news. Only in silence, so that nothing waits long enough to be out of date."""
        session, now_s = self._session, self._session.clock()
        narrator = session.narrator
        if not session.is_silent:
            narrator.spoke(now_s)
            return
        if not narrator.is_due(now_s):
            return
        narrator.taken_up(now_s)
        turn, seen = session.turns.current, session.glance()
        if not isinstance(seen, View):
            if seen is not None and narrator.is_news(seen, now_s):
                session.say(session.phrase(seen))
            return
        for ask in NARRATED["brief" if session.detail == "brief" else "normal"]:
            asked = Question(ask.english, session.conversation.language, ask.english, turn, asks=(ask,))
            for sentence in session.conversation.answer(seen, asked, "brief"):
                english = sentence.english or sentence.text
                if _is_worth_saying(sentence) and narrator.is_news(english, now_s) and not session.say(sentence):
                    return

    def _watch(self) -> None:
        """Tell what the user waits for when the newest picture shows it."""
        newest = self._session.memory.newest
        if self._watcher and newest and newest.problem is None and self._watcher.process(newest):
            self._watcher = None
            self._session.say(self._session.phrase("event_happened", event=self._awaited))


def _is_worth_saying(sentence: Sentence) -> bool:
    """Unasked: what is seen, but not what isn't or can't be told."""
    return sentence.finding is not None and sentence.finding.kind in ("name", "text", "label")
