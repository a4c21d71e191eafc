"""The live loop: four threads round the conversation. Knows no concrete device or engine; decisions are in the stages it joins.

watch     camera -> keyframes -> memory
listen    microphone -> utterances -> inbox (newest only); when speech begins the turn is over and the speaker stops
converse  inbox -> question -> look -> answer -> sentences -> queue
speak     queue -> voice -> loudspeaker
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from assistant.conversation import Conversation
from assistant.hearing.listen import listen
from assistant.hearing.utterances import SpeechStarted
from assistant.interfaces import Camera, Microphone, Speaker, SpeechSynthesizer, VoiceDetector
from assistant.languages import phrase
from assistant.messages import AudioChunk, Frame, Keyframe, Question, Sentence, Utterance, View
from assistant.problems import Problem
from assistant.seeing.frame_quality import FreezeDetector
from assistant.seeing.keyframes import KeyframeSelector
from assistant.seeing.scene_memory import SceneMemory
from assistant.settings import Settings
from assistant.speaking.speak import speak
from assistant.speaking.speech_queue import SpeechQueue
from assistant.turns import Turns
from assistant.workers import Inbox, Worker

WAITING_UTTERANCES = 1
"""Only the newest question counts: whoever asks again doesn't want the first answer any more."""
STOP_WITHIN_S = 2.0
_TICK_S = 0.05

Report = Callable[[str, dict[str, Any]], None]
"""Told (what happened, its details) as it happens, from any thread."""


@dataclass(frozen=True)
class Devices:
    """What the loop runs on; the loop closes the first three."""

    camera: Camera
    microphone: Microphone
    speaker: Speaker
    detector: VoiceDetector
    synthesizers: Sequence[SpeechSynthesizer]
    camera_is_live: bool = False
    """A sensor never gives the same picture twice, so one that does is frozen; a recording may."""


class LiveLoop:
    """Runs until told to stop, until its time is over, or until a recorded microphone has been heard and answered."""

    def __init__(self, devices: Devices, conversation: Conversation, settings: Settings, report: Report) -> None:
        self._devices = devices
        self._conversation = conversation
        self._settings = settings
        self._report = report
        self._turns = Turns()
        self._memory = SceneMemory()
        self._inbox: Inbox[Utterance] = Inbox(WAITING_UTTERANCES)
        self._queue = SpeechQueue(self._turns)
        self._speaker = _NoticedSpeaker(devices.speaker)
        self._stopping = threading.Event()

    def run(self, duration_s: float | None = None) -> None:
        """Start the threads, wait, stop them all; raises what a thread died of."""
        workers = [
            Worker("watch", self._watch, self._devices.camera.close),
            Worker("listen", self._listen, self._devices.microphone.close),
            Worker("converse", self._converse, self._inbox.close),
            Worker("speak", self._speak, self._queue.close),
        ]
        self._say("ready")
        for worker in workers:
            worker.start()
        try:
            self._wait(workers, None if duration_s is None else time.monotonic() + duration_s)
        finally:
            self._stop(workers)

    def stop(self) -> None:
        """Ask `run` to come to an end; from any thread."""
        self._stopping.set()

    def _wait(self, workers: list[Worker], until_s: float | None) -> None:
        converse = workers[2]
        while not (self._stopping.is_set() or any(w.failed for w in workers) or (until_s is not None and time.monotonic() >= until_s)):
            if converse.done.is_set() and not len(self._queue) and not self._speaker.is_playing:
                return
            self._stopping.wait(_TICK_S)

    def _stop(self, workers: list[Worker]) -> None:
        self._turns.interrupt()
        errors: list[Exception] = []
        for worker in workers:
            try:
                if not worker.stop(STOP_WITHIN_S):
                    self._report("stuck", {"thread": worker.name})
            except Exception as error:
                errors.append(error)
        self._speaker.close()
        if errors:
            raise errors[0]

    def _watch(self) -> None:
        try:
            for keyframe in self._keyframes(self._devices.camera.frames()):
                self._memory.add(keyframe)
                self._report("keyframe", {"time_s": keyframe.frame.time_s, "reason": keyframe.reason, "problem": keyframe.problem})
        except Problem as problem:
            # Without a camera there is nothing to answer from, but the user must hear it, and may still be told so on asking.
            self._memory.forget()
            self._report("trouble", {"what": str(problem)})
            self._say("camera_lost")

    def _keyframes(self, frames: Iterator[Frame]) -> Iterator[Keyframe]:
        """What the selector keeps, and a frozen camera: told once when it freezes, and a first keyframe anew when it is over."""
        selector, freezing, frozen = KeyframeSelector(self._settings.keyframes), FreezeDetector(), False
        for frame in frames:
            was_frozen, frozen = frozen, self._devices.camera_is_live and freezing.is_frozen(frame.picture, frame.time_s)
            if frozen and not was_frozen:
                yield Keyframe(frame, "change", problem="frozen")
                selector = KeyframeSelector(self._settings.keyframes)
            keyframe = None if frozen else selector.process(frame)
            if keyframe is not None:
                yield keyframe

    def _listen(self) -> None:
        chunks = self._without_own_voice(self._devices.microphone.chunks())
        try:
            for event in listen(chunks, self._devices.detector, self._settings.ears):
                if isinstance(event, SpeechStarted):
                    self._turns.begin()
                    self._report("speech_began", {"turn": self._turns.current})
                else:
                    self._inbox.put(replace(event, turn=self._turns.current))
        except Problem as problem:
            self._report("trouble", {"what": str(problem)})
            self._say("microphone_lost")
        self._inbox.close()

    def _without_own_voice(self, chunks: Iterator[AudioChunk]) -> Iterator[AudioChunk]:
        """Half duplex: while the loudspeaker speaks the microphone hears silence, unless the user wears headphones."""
        for chunk in chunks:
            deaf = self._speaker.is_playing and not self._settings.ears.headphones
            yield replace(chunk, samples=np.zeros_like(chunk.samples)) if deaf else chunk

    def _converse(self) -> None:
        while (utterance := self._inbox.get()) is not None:
            try:
                self._reply(utterance)
            except Problem as problem:
                self._report("trouble", {"what": str(problem)})
                self._say("trouble", what=problem.what, fix=problem.fix)

    def _reply(self, utterance: Utterance) -> None:
        asked = self._conversation.understand(utterance)
        if isinstance(asked, Sentence):
            self._put(asked)
            return
        self._report("question", {"turn": asked.turn, "text": asked.text, "language": asked.language, "english": asked.english_text})
        self._answer(asked)

    def _answer(self, asked: Question) -> None:
        seen = self._memory.problem or self._conversation.look(self._memory.latest(self._settings.answers.max_keyframes))
        if isinstance(seen, View):
            self._report("look", {"turn": asked.turn, "keyframes_s": [k.frame.time_s for k in seen.keyframes]})
        for sentence in self._conversation.answer(seen, asked, self._settings.answers.detail):
            if not self._put(sentence):
                return  # the user speaks again: to stop the model is to stop asking it

    def _speak(self) -> None:
        for heard in speak(self._queue, self._devices.synthesizers, self._speaker, self._turns):
            self._report("heard", {"turn": heard.sentence.turn, "text": heard.sentence.text, "share": round(heard.share, 2)})

    def _say(self, key: str, **values: object) -> None:
        text, language = phrase(key, self._conversation.language, **values)
        self._put(Sentence(text, language, self._turns.current))

    def _put(self, sentence: Sentence) -> bool:
        queued = self._queue.put(sentence)
        if queued:
            self._report("sentence", {"turn": sentence.turn, "text": sentence.text, "language": sentence.language})
        return queued


class _NoticedSpeaker:
    """A speaker of which others can tell whether it is playing."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self.is_playing = False

    def play(self, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool]) -> float:
        self.is_playing = True
        try:
            return self._speaker.play(chunks, is_stale)
        finally:
            self.is_playing = False

    def close(self) -> None:
        self._speaker.close()
