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
from dataclasses import dataclass
from functools import partial

from assistant.answering.narration import Narrator
from assistant.conversation import Conversation
from assistant.interfaces import Camera, Microphone, Speaker, SpeechSynthesizer, VoiceDetector
from assistant.languages import phrase
from assistant.live.answer_worker import Converser, Report, Stage
from assistant.live.command_handlers import Orders
from assistant.live.dialogue_history import Talk
from assistant.live.greetings import invitations
from assistant.live.job_queue import Agenda, Describe, LookAhead, Reply
from assistant.live.key_debounce import Presses
from assistant.live.listener import Listener, Surroundings
from assistant.live.monitored_speaker import NoticedSpeaker
from assistant.live.turn_taking import Floor
from assistant.live.waiting_sounds import WaitingSounds
from assistant.messages import AudioChunk, Earcon, Frame, Keyframe, Sentence
from assistant.problems import Problem
from assistant.seeing.frame_quality import FreezeDetector
from assistant.seeing.keyframe_selector import KeyframeSelector
from assistant.seeing.scene_memory import SceneMemory
from assistant.settings import Settings
from assistant.speaking.speech_queue import SpeechQueue, Spoken
from assistant.speaking.synthesis_buffer import SoundAhead
from assistant.turns import Turns
from assistant.workers import RestartLimit, Watchdog, Worker

STOP_WITHIN_S = 2.0
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
        self._speaker = NoticedSpeaker(devices.speaker)
        self._waiting = WaitingSounds()
        self._presses = Presses()
        self._watchdog = Watchdog({"converse": HUNG_S})
        self._stopping = threading.Event()
        around = Surroundings(self._turns, self._agenda, self._floor, self._waiting, self._speaker, self._has_spoken, report)
        self._listener = Listener(settings.ears, around)
        narrator = Narrator(settings.narration)
        stage = Stage(self._put, self._sound.wait_begun, self._listener.end_early, self._is_silent, report, time.monotonic)
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
        if self._settings.ears.greet_languages:
            others = [code for code in self._settings.ears.languages if code != self._conversation.language]
            for sentence in invitations(others, self._turns.current):
                self._put(sentence, self._queue.offer)
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
            self._listener.open(now_s)
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
        try:
            self._listener.listen(self._devices.microphone.chunks(), self._devices.detector)
        except Problem as problem:  # of a recording; a live microphone outlives its losses
            self.device_changed("microphone", True, problem)
        self._agenda.finish()

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
