"""The live loop: five threads, where they meet, and how they end. Knows no concrete device or engine.

watch       camera -> keyframes -> memory
listen      microphone -> utterances -> agenda; when speech begins the turn is over and the speaker stops
converse    agenda -> understand, look, answer -> sentences -> queue (converser.py)
synthesise  queue -> voice -> sound, ahead of what is played
speak       sound -> loudspeaker, unless the user has the floor
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from assistant.answering.narration import Narrator
from assistant.conversation import Conversation
from assistant.hearing.listen import listen
from assistant.hearing.utterances import HearingEvent, SpeechLasts, SpeechPaused, SpeechResumed, SpeechStarted, UtteranceSegmenter
from assistant.interfaces import Camera, Microphone, Speaker, SpeechSynthesizer, VoiceDetector
from assistant.languages import phrase
from assistant.live.agenda import Agenda, Describe, LookAhead, Prepare, Reply
from assistant.live.converser import UNBEGUN, Converser, Report, Stage
from assistant.live.floor import Floor
from assistant.live.orders import Orders
from assistant.live.talk import Talk
from assistant.live.waiting_sounds import WaitingSounds
from assistant.messages import AudioChunk, Earcon, Frame, Keyframe, Sentence, Utterance
from assistant.problems import Problem
from assistant.seeing.frame_quality import FreezeDetector
from assistant.seeing.keyframes import KeyframeSelector
from assistant.seeing.scene_memory import SceneMemory
from assistant.settings import Settings
from assistant.speaking.sound_ahead import SoundAhead
from assistant.speaking.speech_queue import SpeechQueue, Spoken
from assistant.turns import Turns
from assistant.workers import RestartLimit, Watchdog, Worker

STOP_WITHIN_S = 2.0
ECHO_S = 0.2
"""After the loudspeaker has ended the room still sounds; the microphone stays deaf for so long."""
PRESS_GAP_S = 0.3
"""Presses closer than this are one: nobody means more by hammering on a key."""
TALK_WITHIN_S = 5.0
"""With push-to-talk the microphone closes again when nobody speaks for so long after the key."""
HUNG_S = 20.0
"""An answer that isn't begun within this is told to take longer."""
IDLE_S = 0.25
_TICK_S = 0.05


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
        self._talk = Talk()
        self._agenda = Agenda()
        self._floor = Floor()
        self._queue = SpeechQueue(self._turns)
        self._sound = SoundAhead(devices.synthesizers, self._turns, self._unspeakable)
        self._speaker = _NoticedSpeaker(devices.speaker)
        self._segmenter = UtteranceSegmenter(settings.ears)
        self._waiting = WaitingSounds()
        self._presses = Presses()
        self._talking_until_s = float("-inf")
        self._watchdog = Watchdog({"converse": HUNG_S})
        self._stopping = threading.Event()
        narrator = Narrator(settings.narration)
        stage = Stage(self._put, self._segmenter.end_early, self._is_silent, report, time.monotonic)
        orders = Orders(conversation, self._memory, self._talk, narrator, devices.synthesizers, self._set_detail, conversation.unload)
        self._converser = Converser(conversation, self._memory, self._talk, narrator, self._turns, settings, stage, orders.obey)

    def run(self, duration_s: float | None = None) -> None:
        """Start the threads, wait, stop them all; raises what a thread died of."""
        workers = [
            self._worker("watch", self._watch, self._devices.camera.close),
            self._worker("listen", self._listen, self._devices.microphone.close),
            self._worker("converse", self._converse, self._agenda.close),
            self._worker("synthesise", self._synthesise, self._queue.close),
            self._worker("speak", self._speak, self._sound.close),
        ]
        self._put(Earcon("ready", self._turns.current))
        self._notify("ready")
        for worker in workers:
            worker.start()
        try:
            self._wait(workers, None if duration_s is None else time.monotonic() + duration_s)
        finally:
            self._stop(workers)

    def stop(self) -> None:
        """Ask `run` to come to an end; from any thread."""
        self._stopping.set()

    def press(self) -> None:
        """The user's key: silences the assistant; in silence asks for a description or, with push-to-talk, to be heard. From any thread."""
        now_s = time.monotonic()
        if not self._presses.counts(now_s):
            return
        was_silent = self._is_silent() and not self._waiting.is_waiting
        turn = self._turns.interrupt()
        self._waiting.answered()
        self._report("pressed", {"turn": turn})
        if self._settings.ears.push_to_talk:
            self._put(Earcon("listening", turn))
            self._talking_until_s = now_s + TALK_WITHIN_S
        elif was_silent:
            self._waiting.asked(turn, now_s)
            self._agenda.put(Describe(turn))

    def device_changed(self, device: str, is_lost: bool, why: Problem | None) -> None:
        """A "camera", "microphone" or "speaker" is gone, or back: the user is told. Never waits; from any thread."""
        change = "lost" if is_lost else "back"
        self._report("device", {"device": device, "is": change, "why": str(why or "")})
        if device == "microphone" and is_lost:
            self._floor.set_taken(False)
        if (device, is_lost) != ("speaker", True):  # nobody would hear it
            self._notify(f"{device}_{change}")

    def _worker(self, name: str, body: Callable[[], None], unblock: Callable[[], None]) -> Worker:
        return Worker(name, body, unblock, RestartLimit(), self._restarted)

    def _restarted(self, thread: str, error: Exception) -> None:
        """A mistake of ours; the thread goes on from its start."""
        self._report("restarted", {"thread": thread, "what": f"{type(error).__name__}: {error}"})
        self._notify("restarted")

    def _wait(self, workers: list[Worker], until_s: float | None) -> None:
        converse = workers[2]
        while not (self._stopping.is_set() or any(w.failed for w in workers) or (until_s is not None and time.monotonic() >= until_s)):
            if converse.done.is_set() and self._has_spoken():
                return
            now_s = time.monotonic()
            if self._has_spoken() and (earcon := self._waiting.due(now_s)):
                self._queue.offer(earcon)
            for stage in self._watchdog.hung(now_s):
                self._watchdog.rest(stage)  # told once
                self._report("hung", {"thread": stage})
                self._notify("still_thinking")
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
                self._agenda.put(LookAhead())
                self._report("keyframe", {"time_s": keyframe.frame.time_s, "reason": keyframe.reason, "problem": keyframe.problem})
        except Problem as problem:  # of a recording; a live camera outlives its losses
            self.device_changed("camera", True, problem)

    def _keyframes(self, frames: Iterator[Frame]) -> Iterator[Keyframe]:
        """What the selector keeps, and a frozen camera: told once when it freezes, and a first keyframe anew when it is over."""
        selector, freezing, frozen = KeyframeSelector(self._settings.keyframes), FreezeDetector(), False
        for frame in frames:
            self._memory.note_frame(time.monotonic())
            was_frozen, frozen = frozen, self._devices.camera_is_live and freezing.is_frozen(frame.picture, frame.time_s)
            if frozen and not was_frozen:
                yield Keyframe(frame, "change", problem="frozen")
                selector = KeyframeSelector(self._settings.keyframes)
            keyframe = None if frozen else selector.process(frame)
            if keyframe is not None:
                yield keyframe

    def _listen(self) -> None:
        turn = UNBEGUN
        try:
            for event in listen(self._audible(self._devices.microphone.chunks()), self._devices.detector, self._segmenter):
                turn = self._heard(event, turn)
        except Problem as problem:  # of a recording; a live microphone outlives its losses
            self.device_changed("microphone", True, problem)
        finally:
            self._floor.set_taken(False)
        self._agenda.finish()

    def _heard(self, event: HearingEvent, turn: int) -> int:
        """Act on what the microphone heard in this turn (UNBEGUN: none yet); the turn from now on."""
        if turn == UNBEGUN and self._begins_turn(event):
            turn = self._turns.begin()
            self._waiting.answered()
            self._report("speech_began", {"turn": turn})
        match event:
            case SpeechResumed():
                self._agenda.cancel_prepare()
                return UNBEGUN if turn == UNBEGUN else self._turns.begin()  # what was prepared for the pause is stale
            case SpeechPaused(utterance):
                self._agenda.put(Prepare(replace(utterance, turn=turn)))
            case Utterance():
                self._talking_until_s = float("-inf")
                self._floor.set_taken(False)
                if turn != UNBEGUN:
                    self._waiting.asked(turn, time.monotonic())
                self._report("speech_ended", {"turn": turn, "start_s": event.start_s, "end_s": event.end_s})
                self._agenda.put(Reply(replace(event, turn=turn)))
                return UNBEGUN
        return turn

    def _begins_turn(self, event: HearingEvent) -> bool:
        """Speech silences the assistant when it lasts; at once where there is nothing to silence; with a wake word only once understood."""
        if self._settings.ears.wake_word:
            return False
        return isinstance(event, SpeechLasts) or (isinstance(event, SpeechStarted) and self._has_spoken())

    def _audible(self, chunks: Iterator[AudioChunk]) -> Iterator[AudioChunk]:
        """Silence in place of what isn't meant for the assistant: its own voice without headphones, and all before the push-to-talk key."""
        ears = self._settings.ears
        for chunk in chunks:
            self._floor.set_taken(self._segmenter.is_open)
            own_voice = not ears.headphones and self._speaker.sounds(time.monotonic())
            no_key = ears.push_to_talk and not self._segmenter.is_open and time.monotonic() > self._talking_until_s
            yield replace(chunk, samples=np.zeros_like(chunk.samples)) if own_voice or no_key else chunk

    def _converse(self) -> None:
        for job in self._agenda.jobs(IDLE_S):
            self._watchdog.beat("converse", time.monotonic())
            self._converser.do(job)
            self._watchdog.rest("converse")
            if isinstance(job, Reply) and self._has_spoken():
                self._waiting.answered()  # there was nothing to say

    def _synthesise(self) -> None:
        self._sound.make(self._queue)

    def _speak(self) -> None:
        for prepared in self._sound:
            spoken = prepared.spoken
            is_stale = partial(self._turns.is_stale, spoken.turn)
            if not self._floor.wait_until_free(is_stale):
                self._report("dropped", {"turn": spoken.turn, "why": "the user spoke or pressed the key"})
                continue
            if isinstance(spoken, Earcon):
                self._speaker.play(prepared.chunks(), is_stale)
                continue
            heard_s = self._speaker.play(self._announced(prepared.chunks(), spoken), is_stale)
            heard = prepared.heard(heard_s)
            self._talk.heard(heard)
            self._report("heard", {"turn": spoken.turn, "text": spoken.text, "share": round(heard.share, 2)})

    def _announced(self, chunks: Iterator[AudioChunk], sentence: Sentence) -> Iterator[AudioChunk]:
        """The chunks; the first is reported as it goes to the loudspeaker."""
        for number, chunk in enumerate(chunks):
            if number == 0:
                self._waiting.answered()
                self._report("sound", {"turn": sentence.turn, "text": sentence.text})
            yield chunk

    def _unspeakable(self, problem: Problem) -> None:
        self._report("trouble", {"what": str(problem)})
        self._queue.offer(Earcon("error", self._turns.current))

    def _set_detail(self, detail: str) -> None:
        self._converser.detail = detail  # type: ignore[assignment]

    def _has_spoken(self) -> bool:
        """Nothing waits to be spoken or is being spoken."""
        return not (len(self._queue) or len(self._sound) or self._speaker.is_playing)

    def _is_silent(self) -> bool:
        return self._has_spoken() and not self._floor.is_taken

    def _notify(self, key: str) -> None:
        """Say a phrase unless there is no room for it: whoever calls may be the thread that has to make room."""
        text, language = phrase(key, self._conversation.language)
        self._put(Sentence(text, language, self._turns.current), self._queue.offer)

    def _put(self, spoken: Spoken, put: Callable[[Spoken], bool] | None = None) -> bool:
        queued = (put or self._queue.put)(spoken)
        if isinstance(spoken, Sentence):
            event = "sentence" if queued else "dropped"
            self._report(event, {"turn": spoken.turn, "text": spoken.text, "language": spoken.language})
        return queued


class Presses:
    """Which presses of a key count. Pure."""

    def __init__(self) -> None:
        self._last_s = float("-inf")

    def counts(self, now_s: float) -> bool:
        """Not those that follow another within PRESS_GAP_S."""
        gap_s, self._last_s = now_s - self._last_s, now_s
        return gap_s >= PRESS_GAP_S


class _NoticedSpeaker:
    """A speaker of which others can tell whether it is busy, and whether it can be heard."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._sounds = False
        self._ended_s = float("-inf")
        self.is_playing = False

    def play(self, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool]) -> float:
        self.is_playing = True
        try:
            return self._speaker.play(self._noticed(chunks), is_stale)
        finally:
            if self._sounds:
                self._ended_s = time.monotonic()
            self.is_playing = self._sounds = False

    def sounds(self, now_s: float) -> bool:
        """Whether it can be heard, the room's echo included; not yet while its first sound is still being made."""
        return self._sounds or now_s - self._ended_s < ECHO_S

    def close(self) -> None:
        self._speaker.close()

    def _noticed(self, chunks: Iterator[AudioChunk]) -> Iterator[AudioChunk]:
        for chunk in chunks:
            self._sounds = True
            yield chunk
