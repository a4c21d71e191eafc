"""What is said without being asked, as the camera's picture changes: narration, and the event that the user waits for.

Part of the answering thread's work.
"""

from __future__ import annotations

from assistant.answering.answer_checks import SCENE_QUESTION
from assistant.answering.confirming import is_confirmed
from assistant.languages.nouns import nouns, nouns_by_label
from assistant.live.people_watch import PeopleWatch
from assistant.live.session import Session
from assistant.messages import Ask, Finding, Frame, Keyframe, Question, Sentence, View
from assistant.seeing.stillness import Stillness
from assistant.videos.watch_events import EventWatcher
from assistant.videos.watch_things import ThingWatcher

_SCENE = Ask("scene", english=SCENE_QUESTION)
_SIGN = Ask("sign")
_THINGS = Ask("things")
NARRATED = {
    "brief": (_SCENE, _SIGN),
    "normal": (Ask("free", english="Where is this?"), Ask("free", english="Who is there?"), _SCENE, _SIGN),
}
"""What a narration asks: the place first, then people, then what else there is, and what large letters say."""


class UnaskedSpeech:
    """Called by the answering thread alone."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._people = PeopleWatch(session)
        self._stillness = Stillness()
        self._followed: Frame | None = None
        self._watcher: EventWatcher | ThingWatcher | None = None
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
        self.idle()

    def idle(self) -> None:
        """Tell of what has come, gone or appeared by now."""
        is_quiet = self._session.narrator.mode == "quiet"
        if is_quiet:
            self._people.rest()
        if not is_quiet or self._is_quick:
            self._follow(is_quiet)
        if not self._people.is_unsure:  # who comes or goes is told before the scene, which takes longer
            self.narrate()

    def _follow(self, is_quiet: bool) -> None:
        """Look at the very newest frame, unless it shows what the last one did."""
        if (shown := self._session.shown_now()) is None:
            return
        newest = shown.keyframes[-1]
        if newest.problem or newest.frame is self._followed:
            return
        self._followed = newest.frame
        is_still = self._stillness.is_still(newest.frame.picture)
        if self._is_quick and not is_still:
            self._watch(newest)
        if not is_quiet:
            self._people.step(shown, is_still=is_still)

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
        things, said = session.conversation.measured(seen, _THINGS), False
        for ask in NARRATED["brief" if session.detail == "brief" else "normal"]:
            asked = Question(ask.english, session.conversation.language, ask.english, turn, asks=(ask,))
            for sentence in session.conversation.answer(seen, asked, "brief"):
                english = sentence.english or sentence.text
                if not _is_worth_saying(sentence) or not _is_borne_out(sentence, things):
                    continue
                said = True
                if narrator.is_news(english, now_s) and not session.say(sentence):
                    return
        if things and things.value and not said:
            asked = Question("", session.conversation.language, "", turn)
            for sentence in session.conversation.told([things], asked):
                if narrator.is_news(sentence.english or sentence.text, now_s):
                    session.say(sentence)

    def _watch(self, newest: Keyframe | None = None) -> None:
        """Tell what the user waits for when the newest picture shows it."""
        newest = newest or self._session.memory.newest
        watcher = self._watcher
        if watcher and newest and newest.problem is None and watcher.process(newest):
            self._watcher = None
            phrase, awaited = self._session.phrase, self._awaited
            self._session.say(phrase("event_happened", event=awaited) if watcher.is_measured else phrase("likely_seen", thing=awaited))

    @property
    def _is_quick(self) -> bool:
        """Whether what is waited for is a detector's, which can look at every picture."""
        return isinstance(self._watcher, ThingWatcher) and self._watcher.is_measured


def _is_borne_out(sentence: Sentence, things: Finding | None) -> bool:
    """Whether a model's own words are confirmed by what was found, where anything can find things."""
    if things is None or sentence.finding is None or sentence.finding.kind != "text" or not isinstance(things.value, tuple):
        return True
    seen = [nouns()[synset] for synset in things.value if isinstance(synset, str)]
    return is_confirmed(sentence.english or sentence.text, seen, nouns_by_label("coco").values())


def _is_worth_saying(sentence: Sentence) -> bool:
    """Unasked: what is seen, but not what isn't or can't be told."""
    return sentence.finding is not None and sentence.finding.kind in ("name", "text", "label")
