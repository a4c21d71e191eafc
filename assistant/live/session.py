"""What the threads of the live loop share: where they meet, and the few things that each may ask of the rest.

Knows no device or engine by name. Every part may be used from any thread, unless it says whose it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from assistant.answering.narration import Narrator
from assistant.conversation import Conversation
from assistant.hearing.utterances import UtteranceSegmenter
from assistant.interfaces import Speaker, SpeechSynthesizer
from assistant.languages import phrase
from assistant.live.dialogue_history import DialogueHistory
from assistant.live.job_queue import JobQueue
from assistant.live.judge import Judge
from assistant.live.monitored_speaker import MonitoredSpeaker
from assistant.live.room_loudness import RoomLoudness
from assistant.live.turn_taking import TurnTaking
from assistant.live.voice_control import VoiceControl
from assistant.live.waiting_sounds import WaitingSounds
from assistant.messages import AudioChunk, Detail, Earcon, Glance, Keyframe, PictureProblem, Question, Sentence, View
from assistant.problems import Problem
from assistant.seeing.frame_quality import picture_problem
from assistant.seeing.scene_memory import SceneMemory
from assistant.settings import Settings
from assistant.speaking.speech_queue import SpeechQueue, Spoken
from assistant.speaking.synthesis_buffer import SynthesisBuffer
from assistant.turns import UNBEGUN, Turns

LEAST_CHANGE = 0.1
"""Of loudness that is worth one: a decibel."""
EventSink = Callable[[str, dict[str, Any]], None]
"""Takes an event's name and what is to be known of it; never waits."""


class Session:
    """One run of the live loop, from the first greeting to the last sound."""

    def __init__(
        self,
        conversation: Conversation,
        settings: Settings,
        speaker: Speaker,
        synthesizers: Sequence[SpeechSynthesizer],
        report: EventSink,
        clock: Callable[[], float] = time.monotonic,
        control: VoiceControl | None = None,
    ) -> None:
        """`report` is told what happens, for the trace; `clock` gives seconds that never go back; `control` is what the speaker asks."""
        self.conversation = conversation
        self.settings = settings
        self.synthesizers = synthesizers
        self.report = report
        self.clock = clock
        self.turns = Turns()
        self.memory = SceneMemory()
        self.segmenter = UtteranceSegmenter(settings.ears, joins=True)
        """Of the listening thread; `end_early` may be called from any."""
        self.turn_taking = TurnTaking()
        self.control = control or VoiceControl()
        self.control.is_paused = lambda: self.is_paused
        self.paused_turn = UNBEGUN
        """In which the user has paused the voice; whatever begins another turn ends the pause."""
        self.room_loudness: RoomLoudness | None = None
        """What keeps the voice over the room's noise, where that is wanted."""
        self.wants_keyframe = False
        """Whether what the camera shows must be kept anew, for what was kept is forgotten; the watching thread takes it back."""
        self.counts_people = False
        """Whether a kiosk that nobody uses wants to know who comes by."""
        self.judge = Judge(conversation)
        self.jobs = JobQueue()
        self.history = DialogueHistory()
        self.narrator = Narrator(settings.narration)
        """Of the answering thread, and so is `detail`."""
        self.detail: Detail = settings.answers.detail
        self.is_allowed: Callable[[Question], bool] = lambda question: True
        """Whether a question may be answered here; a kiosk's operator decides."""
        self.sentences = SpeechQueue(self.turns)
        self.sounds = SynthesisBuffer(synthesizers, self.turns, self._unspeakable)
        self.speaker = MonitoredSpeaker(speaker)
        self.eye_is_small = False
        """Whether only the small model sees, which is told with what it can do."""
        self.waiting = WaitingSounds()
        self.saying = ""
        """What is heard now and was before, "" where it can't come back as an echo; written by the thread that speaks."""
        self._says_now = ""

    def look_ahead(self) -> None:
        """Have the describer look at what the camera shows now: it keeps that, so that an answer begins sooner."""
        self._report_look(self.conversation.look(self._in_view()))

    def glance(self, question: Question | None = None) -> Glance | PictureProblem | None:
        """Return what the camera shows now; what is wrong with it where it can't be described, None before any picture.

        `question`: what is asked of it, which may be answered from a picture that can't be described.
        """
        seen = self.conversation.glance(self._in_view(), question=question)
        self._report_look(seen)
        return seen

    def shown_now(self) -> Glance | None:
        """Return the very newest frame, whether it was kept or not, to follow what moves; None before there is any."""
        frame = self.memory.newest_frame
        return Glance((Keyframe(frame, "only", problem=picture_problem(frame.picture)),)) if frame else None

    def say(self, spoken: Spoken) -> bool:
        """Queue something to be spoken, waiting for room; return False if it is stale and was dropped."""
        return self._queued(spoken, self.sentences.put(spoken))

    def offer(self, spoken: Spoken) -> bool:
        """Queue something to be spoken unless there is no room, for a thread that must not wait; return whether it was queued."""
        return self._queued(spoken, self.sentences.offer(spoken))

    def phrase(self, key: str, turn: int | None = None, **values: object) -> Sentence:
        """Return a fixed phrase in the conversation's language, of the current turn if none is given."""
        text, language = phrase(key, self.conversation.language, **values)
        return Sentence(text, language, self.turns.current if turn is None else turn)

    def says(self, text: str) -> None:
        """Note that a sentence is about to be heard; called by the thread that speaks."""
        before, self._says_now = self._says_now, "" if self.settings.ears.headphones else text
        self.saying = f"{before} {self._says_now}".strip()

    def forget_user(self) -> None:
        """Be as on the first day: nothing of what was seen, asked, answered or set is left. The answering thread's."""
        settings = self.settings
        self.turns.interrupt()
        self.memory.forget()
        self.wants_keyframe = True
        self.history.forget()
        self.narrator = Narrator(settings.narration)
        self.detail = settings.answers.detail
        self.waiting = WaitingSounds()
        self.saying = self._says_now = ""
        self.sounds.forget()
        self.conversation.reset(settings.language)
        for voice in self.synthesizers:
            voice.settings = settings.voice
        for _ in self.control.take_played():
            pass

    @property
    def is_paused(self) -> bool:
        """Tell whether the voice waits for the user to let it go on."""
        return self.paused_turn == self.turns.current

    def follow_room(self, chunk: AudioChunk) -> None:
        """Make the voice as loud as the room asks for, while it is silent. The listening thread's.

        `chunk`: what the microphone hears, own voice and all.
        """
        if self.room_loudness is None:
            return
        is_audible, control = self.speaker.is_audible(self.clock()), self.control
        loudness = control.loudness * control.room_gain * (self.synthesizers[0].settings.volume if self.synthesizers else 1.0)
        if not control.is_private and not (is_audible and not control.gain()):  # a pause says nothing of the room
            self.room_loudness.heard(chunk, loudness if is_audible else 0.0)
        if not is_audible:
            wanted = 1.0 if control.is_private else self.room_loudness.gain
            if abs(wanted - control.room_gain) > LEAST_CHANGE * control.room_gain:
                control.room_gain = wanted
                self.report("loudness", {"gain": round(wanted, 2), "room_db": self.room_loudness.room_db})

    @property
    def has_spoken(self) -> bool:
        """Tell whether nothing is being spoken or waits to be."""
        return not (len(self.sentences) or len(self.sounds) or self.speaker.is_playing)

    @property
    def is_silent(self) -> bool:
        """Tell whether nobody speaks, neither the assistant nor the user."""
        return self.has_spoken and not self.turn_taking.user_speaks

    def _report_look(self, seen: View | PictureProblem | None) -> None:
        if isinstance(seen, View):
            self.report("look", {"turn": self.turns.current, "keyframes_s": [k.frame.time_s for k in seen.keyframes]})

    def _in_view(self) -> list[Keyframe]:
        return self.memory.in_view(self.settings.answers.max_keyframes)

    def _queued(self, spoken: Spoken, queued: bool) -> bool:
        if isinstance(spoken, Sentence):
            event = "sentence" if queued else "dropped"
            self.report(event, {"turn": spoken.turn, "text": spoken.text, "language": spoken.language})
        return queued

    def _unspeakable(self, problem: Problem) -> None:
        self.report("trouble", {"what": problem.text})
        self.sentences.offer(Earcon("error", self.turns.current))
