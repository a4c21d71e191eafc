"""Guides the hand that holds the camera until a text can be read: "move left", "closer", "hold still", and then it is read by itself."""

from __future__ import annotations

from dataclasses import replace

from assistant.live.session import Session
from assistant.messages import Ask, Earcon, Question, Sentence

LONGEST_S = 30.0
"""Seconds for which it guides; who has found nothing by then asks again."""
AGAIN_S = 4.0
"""Seconds after which the same advice is given again."""
TONE_EVERY_S = 0.7
"""Seconds from one tone to the next."""
LEVELS = {"no_text": 0.0, "aim_no_text": 0.0, "aim_closer": 0.5, "aim_blurred": 0.75, "aim_hold_still": 0.75, "": 1.0}
"""How well text is placed, by the advice: none; cut off or beside; all of it, but small; large enough, but moving; as it should be."""
CUT = 0.25
WANTS_AIM = frozenset(("read", "read_all"))
"""Intents for which the camera is guided."""


class AimingGuide:
    """Called by the answering thread alone."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._question: Question | None = None
        self._until_s = self._told_s = self._toned_s = 0.0
        self._told = ""

    @property
    def is_active(self) -> bool:
        """Tell whether it guides: the user has asked nothing else since."""
        if self._question is not None and self._session.turns.current != self._question.turn:
            self._question = None
        return self._question is not None

    def begin(self, question: Question, said: Sentence | None) -> None:
        """Guide if `said`, the last of the answer to `question`, is advice how to move the camera."""
        key = advice(said)
        wants = any(ask.intent in WANTS_AIM for ask in question.asks)
        self._question = question if wants and key else None
        self._told, self._told_s = key, self._session.clock()
        self._until_s = self._told_s + LONGEST_S

    def step(self) -> Question | None:
        """Look at the newest frame and say how to move; return the question once it can be answered."""
        session, question = self._session, self._question
        shown, now_s = session.shown_now(), session.clock()
        if question is None or shown is None or not session.is_silent:
            return None
        if now_s > self._until_s:
            self._question = None
            return None
        asked = replace(question, asks=(Ask("aim"),))
        sentence = next(iter(session.conversation.answer(shown, asked)), None)
        key = advice(sentence)
        if key == "aim_now":
            self._question = None
            return question
        sound = session.settings.reading.aiming
        if sound != "tones" and sentence and key and (key != self._told or now_s - self._told_s >= AGAIN_S):
            self._told, self._told_s = key, now_s
            session.say(sentence)
        elif sound != "words" and now_s - self._toned_s >= TONE_EVERY_S:
            self._toned_s = now_s
            session.say(Earcon("aim", question.turn, LEVELS.get(key, CUT)))
        return None


def advice(sentence: Sentence | None) -> str:
    """Return the key of the advice that a sentence gives; "" where it gives none."""
    finding = sentence.finding if sentence else None
    key = finding.value[0] if finding and finding.kind == "label" and isinstance(finding.value, tuple) else ""
    return key if isinstance(key, str) and key.startswith(("aim_", "no_text")) else ""
