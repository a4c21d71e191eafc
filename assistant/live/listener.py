"""What the listening thread does: sound -> utterances -> job queue, and a voice that gives way when the user begins to speak.

Knows no microphone by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from assistant.hearing.echo import EchoRemover
from assistant.hearing.utterances import HearingEvent, SpeechLasts, SpeechPaused, SpeechResumed, SpeechStarted, last_part
from assistant.interfaces import EchoCanceller, VoiceDetector
from assistant.live.interruption import Interruption
from assistant.live.job_queue import Prepare, Respond, Speculate
from assistant.live.session import Session
from assistant.messages import AudioChunk, Earcon, Utterance
from assistant.turns import UNBEGUN

TALK_WITHIN_S = 5.0
"""With push-to-talk the microphone closes again when nobody speaks for so long after the key."""

MARGIN_S = 0.2
"""Of sound before a word that is judged on its own."""


class Listener:
    """Owned by the listening thread, but for `open` and `reset`."""

    def __init__(self, session: Session, canceller: EchoCanceller | None = None) -> None:
        """`canceller`: None where the loudspeaker can't be taken out of what is heard."""
        self._session = session
        self._ears = session.settings.ears
        self._open_until_s = float("-inf")
        self._remover = EchoRemover(canceller) if canceller and not self._ears.headphones else None
        self._interruption = Interruption()
        self._is_reset_due = False
        self._turn = UNBEGUN
        """Of what is being said."""
        self._began_s = 0.0
        """When it began, or went on after it had been told."""
        self._interrupted = 0
        """The turn that was current when the last utterance ended."""
        self._is_over_voice = False
        """Whether what is being said began while the assistant spoke."""

    def listen(self, chunks: Iterator[AudioChunk], detector: VoiceDetector) -> None:
        """Queue what the user says, and let the voice give way when they begin, until the chunks end."""
        session, segmenter = self._session, self._session.segmenter
        self._turn = UNBEGUN
        detector.reset()
        try:
            for chunk in self.audible(chunks):
                segmenter.recalls_words = session.has_spoken
                for event in segmenter.process(chunk, detector.speech_probability(chunk)):
                    self._turn = self._heard(event)
                self._give_way()
            for event in segmenter.flush():
                self._turn = self._heard(event)
        finally:
            session.turn_taking.user_speaks = False
            session.control.loudness = 1.0

    def open(self, now_s: float) -> None:
        """Take what is said within TALK_WITHIN_S as meant for the assistant: the push-to-talk key was pressed."""
        self._open_until_s = now_s + TALK_WITHIN_S

    def reset(self) -> None:
        """Drop all sound that is still kept, with the next chunk: its speaker has gone. From any thread."""
        self._is_reset_due = True

    def _forget_sound(self) -> None:
        self._is_reset_due = False
        self._session.segmenter.forget()
        self._turn = UNBEGUN
        if self._remover:
            self._remover.forget()

    def audible(self, chunks: Iterator[AudioChunk]) -> Iterator[AudioChunk]:
        """Yield what isn't the assistant's own voice, and silence in place of what isn't meant for it: all before the talk key.

        Without headphones and an echo canceller also while it speaks.
        """
        session, ears = self._session, self._ears
        for chunk in chunks:
            now_s = session.clock()
            if self._is_reset_due:
                self._forget_sound()
            self._tell_closed(now_s)
            session.follow_room(chunk)
            own_voice = not self._remover and not ears.headphones and session.speaker.is_audible(now_s)
            is_meant = session.segmenter.is_open or session.segmenter.may_go_on or now_s <= self._open_until_s
            no_key = ears.push_to_talk and not is_meant
            cleaned = self._without_echo(chunk)
            yield replace(chunk, samples=np.zeros_like(chunk.samples)) if own_voice or no_key else cleaned

    def _tell_closed(self, now_s: float) -> None:
        """A sound tells that the talk key has to be pressed again: nobody spoke in time."""
        if self._open_until_s != float("-inf") and now_s > self._open_until_s and not self._session.segmenter.is_open:
            self._open_until_s = float("-inf")
            self._session.offer(Earcon("muted", self._session.turns.current))

    def _without_echo(self, chunk: AudioChunk) -> AudioChunk:
        played = self._session.control.take_played()
        if self._remover is None:
            for _ in played:  # nobody wants it
                pass
            return chunk
        for samples, time_s in played:
            self._remover.played(samples, time_s)
        return self._remover.clean(chunk)

    def _give_way(self) -> None:
        """Lower, pause or end the assistant's voice, or let it go on."""
        session, segmenter, interruption = self._session, self._session.segmenter, self._interruption
        for judged in session.judge.take():
            session.report("judged", {"turn": session.turns.current, "verdict": judged.verdict})
            if interruption.judge(judged.sound, judged.verdict):
                self._words_while_speaking()
        if session.turns.current != self._interrupted:
            interruption.settle()
        if self._ears.wake_word:  # most speech isn't meant for the assistant, which needn't wait for its end
            return
        session.turn_taking.user_speaks = segmenter.is_open and not interruption.is_dismissed
        session.control.loudness = interruption.loudness(
            session.clock(), sounds_like_speech=segmenter.sounds_like_speech, is_word=segmenter.is_open
        )

    def _words_while_speaking(self) -> None:
        if not self._session.segmenter.is_open:
            self._session.turns.end(self._interrupted)  # they are queued, and whoever answers begins their turn
        elif self._turn == UNBEGUN:
            self._turn = self._begin_turn()

    def _heard(self, event: HearingEvent) -> int:
        """Act on what the microphone heard in this turn (UNBEGUN: none yet); the turn from now on."""
        session, turn = self._session, self._turn
        if turn == UNBEGUN and self._begins_turn(event):
            turn = self._begin_turn()
        match event:
            case SpeechStarted(began_s):
                self._began_s, self._is_over_voice = began_s, turn == UNBEGUN and not session.has_spoken
                self._interruption.sounds()
                if self._is_over_voice:
                    self._judge_under_way(lasts=False)
            case SpeechResumed():
                session.jobs.cancel_speculation()
                self._interruption.sounds()
                return UNBEGUN if turn == UNBEGUN else session.turns.begin()  # what was answered in the pause is stale
            case SpeechPaused(utterance):
                utterance = self._recalled(utterance, turn)
                session.jobs.put(Speculate(utterance))
                if turn == UNBEGUN and not session.has_spoken:
                    over_voice = self._recalled(last_part(utterance, self._began_s - MARGIN_S), turn)
                    session.judge.put(self._interruption.sound, over_voice)
            case Utterance():
                self._ended(self._recalled(event, turn), turn)
                return UNBEGUN
        return turn

    def _recalled(self, utterance: Utterance, turn: int) -> Utterance:
        """With what the microphone really heard, to look back on."""
        echoed = self._remover.recall(utterance.start_s, utterance.end_s) if self._remover else None
        said = self._session.saying if echoed else ""
        return replace(utterance, turn=turn, is_over_voice=self._is_over_voice, said=said, echoed=echoed)

    def _judge_under_way(self, *, lasts: bool) -> bool:
        """Have the judge tell whether what is being heard is only the voice's echo; return False where it can't be one."""
        echoed = self._remover.recall(self._began_s - MARGIN_S, float("inf")) if self._remover else None
        if echoed:
            self._session.judge.put_under_way(self._interruption.sound, echoed, lasts=lasts)
        return echoed is not None

    def _begin_turn(self) -> int:
        session = self._session
        turn = session.turns.begin()
        session.waiting.answered()
        session.report("speech_began", {"turn": turn})
        session.jobs.put(Prepare())
        return turn

    def _ended(self, utterance: Utterance, turn: int) -> None:
        session = self._session
        self._open_until_s = float("-inf")
        if turn != UNBEGUN:  # before the voice may begin: it tells that nobody waits any more
            session.waiting.asked(turn, session.clock())
        session.turn_taking.user_speaks = False
        self._interrupted = session.turns.current
        self._interruption.ended(session.clock(), is_judged=turn != UNBEGUN or session.has_spoken or self._interruption.is_nothing)
        silence_s = session.clock() - self._last_word_s(utterance)
        session.report("speech_ended", {"turn": turn, "start_s": utterance.start_s, "end_s": utterance.end_s, "silence_s": silence_s})
        if turn != UNBEGUN or not self._interruption.is_nothing:
            session.jobs.put(Respond(utterance))

    def _last_word_s(self, utterance: Utterance) -> float:
        """When the last speech in it ended."""
        probabilities = utterance.speech_probabilities
        speech = np.flatnonzero(probabilities >= self._ears.speech_threshold)
        chunk_s = (utterance.end_s - utterance.start_s) / max(1, len(probabilities))
        return utterance.start_s + chunk_s * (int(speech[-1]) + 1 if len(speech) else len(probabilities))

    def _begins_turn(self, event: HearingEvent) -> bool:
        """Speech ends what the assistant says when it lasts; at once where there is nothing to end; with a wake word only its words do.

        Where it may be an echo the judge tells.
        """
        if self._ears.wake_word:
            return False
        if isinstance(event, SpeechLasts):
            return not (self._is_over_voice and self._judge_under_way(lasts=True))
        return isinstance(event, SpeechStarted) and self._session.has_spoken
