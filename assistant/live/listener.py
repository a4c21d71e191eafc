"""What the listening thread does: sound -> utterances -> agenda, and turns that end when the user begins to speak.

Knows no microphone by name. The answering thread tells it with `end_early` that what was said until a pause is whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from assistant.hearing.listen import listen
from assistant.hearing.utterances import HearingEvent, SpeechLasts, SpeechPaused, SpeechResumed, SpeechStarted, UtteranceSegmenter
from assistant.interfaces import VoiceDetector
from assistant.live.answer_worker import UNBEGUN, Report
from assistant.live.job_queue import Agenda, Prepare, Reply
from assistant.live.monitored_speaker import NoticedSpeaker
from assistant.live.turn_taking import Floor
from assistant.live.waiting_sounds import WaitingSounds
from assistant.messages import AudioChunk, Utterance
from assistant.settings import EarSettings
from assistant.turns import Turns

TALK_WITHIN_S = 5.0
"""With push-to-talk the microphone closes again when nobody speaks for so long after the key."""


@dataclass(frozen=True)
class Surroundings:
    """What the listener acts on in the rest of the loop."""

    turns: Turns
    agenda: Agenda
    floor: Floor
    waiting: WaitingSounds
    speaker: NoticedSpeaker
    has_spoken: Callable[[], bool]
    """Nothing waits to be spoken or is being spoken."""
    report: Report


class Listener:
    def __init__(self, settings: EarSettings, around: Surroundings) -> None:
        self._settings = settings
        self._around = around
        self._segmenter = UtteranceSegmenter(settings)
        self._open_until_s = float("-inf")

    def listen(self, chunks: Iterator[AudioChunk], detector: VoiceDetector) -> None:
        """Until the chunks end."""
        turn = UNBEGUN
        try:
            for event in listen(self.audible(chunks), detector, self._segmenter):
                turn = self._heard(event, turn)
        finally:
            self._around.floor.set_taken(False)

    def end_early(self) -> None:
        """See `UtteranceSegmenter.end_early`."""
        self._segmenter.end_early()

    def open(self, now_s: float) -> None:
        """The push-to-talk key was pressed: what is said next is meant for the assistant."""
        self._open_until_s = now_s + TALK_WITHIN_S

    def audible(self, chunks: Iterator[AudioChunk]) -> Iterator[AudioChunk]:
        """Silence in place of what isn't meant for the assistant: its own voice without headphones, and all before the push-to-talk key."""
        ears = self._settings
        for chunk in chunks:
            # Where a wake word is needed most speech isn't meant for the assistant, which needn't wait for its end.
            self._around.floor.set_taken(self._segmenter.is_open and not ears.wake_word)
            own_voice = not ears.headphones and self._around.speaker.sounds(time.monotonic())
            is_meant = self._segmenter.is_open or self._segmenter.may_go_on or time.monotonic() <= self._open_until_s
            no_key = ears.push_to_talk and not is_meant
            yield replace(chunk, samples=np.zeros_like(chunk.samples)) if own_voice or no_key else chunk

    def _heard(self, event: HearingEvent, turn: int) -> int:
        """Act on what the microphone heard in this turn (UNBEGUN: none yet); the turn from now on."""
        around = self._around
        if turn == UNBEGUN and self._begins_turn(event):
            turn = around.turns.begin()
            around.waiting.answered()
            around.report("speech_began", {"turn": turn})
        match event:
            case SpeechResumed():
                around.agenda.cancel_prepare()
                return UNBEGUN if turn == UNBEGUN else around.turns.begin()  # what was prepared for the pause is stale
            case SpeechPaused(utterance):
                around.agenda.put(Prepare(replace(utterance, turn=turn)))
            case Utterance():
                self._open_until_s = float("-inf")
                around.floor.set_taken(False)
                if turn != UNBEGUN:
                    around.waiting.asked(turn, time.monotonic())
                around.report("speech_ended", {"turn": turn, "start_s": event.start_s, "end_s": event.end_s})
                around.agenda.put(Reply(replace(event, turn=turn)))
                return UNBEGUN
        return turn

    def _begins_turn(self, event: HearingEvent) -> bool:
        """Speech silences the assistant when it lasts; at once where there is nothing to silence; with a wake word only once understood."""
        if self._settings.wake_word:
            return False
        return isinstance(event, SpeechLasts) or (isinstance(event, SpeechStarted) and self._around.has_spoken())
