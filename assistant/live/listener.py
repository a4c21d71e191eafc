"""What the listening thread does: sound -> utterances -> job queue, and turns that end when the user begins to speak.

Knows no microphone by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from assistant.hearing.listen import listen
from assistant.hearing.utterances import HearingEvent, SpeechLasts, SpeechPaused, SpeechResumed, SpeechStarted
from assistant.interfaces import VoiceDetector
from assistant.live.job_queue import Prepare, Respond, Speculate
from assistant.live.session import Session
from assistant.messages import AudioChunk, Utterance
from assistant.turns import UNBEGUN

TALK_WITHIN_S = 5.0
"""With push-to-talk the microphone closes again when nobody speaks for so long after the key."""


class Listener:
    """Owned by the listening thread, but for `open`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._ears = session.settings.ears
        self._open_until_s = float("-inf")

    def listen(self, chunks: Iterator[AudioChunk], detector: VoiceDetector) -> None:
        """Queue what the user says, and end the turn when they begin, until the chunks end."""
        turn = UNBEGUN
        try:
            for event in listen(self.audible(chunks), detector, self._session.segmenter):
                turn = self._heard(event, turn)
        finally:
            self._session.turn_taking.user_speaks = False

    def open(self, now_s: float) -> None:
        """Take what is said within TALK_WITHIN_S as meant for the assistant: the push-to-talk key was pressed."""
        self._open_until_s = now_s + TALK_WITHIN_S

    def audible(self, chunks: Iterator[AudioChunk]) -> Iterator[AudioChunk]:
        """Yield silence in place of what isn't meant for the assistant: without headphones its own voice, and all before the talk key."""
        session, ears = self._session, self._ears
        for chunk in chunks:
            # Where a wake word is needed most speech isn't meant for the assistant, which needn't wait for its end.
            session.turn_taking.user_speaks = session.segmenter.is_open and not ears.wake_word
            now_s = session.clock()
            own_voice = not ears.headphones and session.speaker.is_audible(now_s)
            is_meant = session.segmenter.is_open or session.segmenter.may_go_on or now_s <= self._open_until_s
            no_key = ears.push_to_talk and not is_meant
            yield replace(chunk, samples=np.zeros_like(chunk.samples)) if own_voice or no_key else chunk

    def _heard(self, event: HearingEvent, turn: int) -> int:
        """Act on what the microphone heard in this turn (UNBEGUN: none yet); the turn from now on."""
        session = self._session
        if turn == UNBEGUN and self._begins_turn(event):
            turn = session.turns.begin()
            session.waiting.answered()
            session.report("speech_began", {"turn": turn})
            session.jobs.put(Prepare())
        match event:
            case SpeechResumed():
                session.jobs.cancel_speculation()
                return UNBEGUN if turn == UNBEGUN else session.turns.begin()  # what was answered in the pause is stale
            case SpeechPaused(utterance):
                session.jobs.put(Speculate(replace(utterance, turn=turn)))
            case Utterance():
                self._open_until_s = float("-inf")
                session.turn_taking.user_speaks = False
                if turn != UNBEGUN:
                    session.waiting.asked(turn, session.clock())
                session.report("speech_ended", {"turn": turn, "start_s": event.start_s, "end_s": event.end_s})
                session.jobs.put(Respond(replace(event, turn=turn)))
                return UNBEGUN
        return turn

    def _begins_turn(self, event: HearingEvent) -> bool:
        """Speech silences the assistant when it lasts; at once where there is nothing to silence; with a wake word only once understood."""
        if self._ears.wake_word:
            return False
        return isinstance(event, SpeechLasts) or (isinstance(event, SpeechStarted) and self._session.has_spoken)
