"""The live loop: six threads, where they meet, and how they end. Knows no concrete device or engine.

watch       camera -> keyframes -> memory                                               watcher.py
listen      microphone -> utterances -> jobs; speech pauses the voice, words end it     listener.py
judge       what was heard while the voice spoke -> whether that was words              judge.py
converse    jobs -> understand, look, answer -> sentences                               answer_worker.py, responder.py
synthesise  sentences -> voice -> sound, ahead of what is played                        speaking/synthesis_buffer.py
speak       sound -> loudspeaker, unless the user is speaking                           playback.py
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.conversation import Conversation
from assistant.interfaces import Camera, EchoCanceller, HeadphoneChange, Microphone, Speaker, SpeechSynthesizer, VoiceDetector
from assistant.live.answer_worker import AnswerWorker
from assistant.live.greetings import greetings
from assistant.live.job_queue import Describe, Idle, Obey, Respond
from assistant.live.key_debounce import KeyDebounce
from assistant.live.listener import Listener
from assistant.live.playback import play_sounds
from assistant.live.room_loudness import RoomLoudness
from assistant.live.session import EventSink, Session
from assistant.live.voice_control import VoiceControl
from assistant.live.watcher import Watcher
from assistant.messages import Command, Earcon, EarconName, Frame, Question
from assistant.problems import Problem
from assistant.settings import KioskSettings, Settings
from assistant.turns import UNBEGUN
from assistant.workers import RestartLimit, Watchdog, Worker

STOP_WITHIN_S = 2.0
HUNG_S = 20.0
"""An answer that isn't begun within this is told to take longer."""
IDLE_S = 0.25
MOVED_S = 10.0
"""After headphones came or went the sound server moves the voice to another device, which is no loss to be told of."""
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
    control: VoiceControl | None = None
    """What the speaker asks and tells; None: it does neither."""
    canceller: EchoCanceller | None = None
    """None: without headphones nothing is heard while the assistant speaks."""


class LiveLoop:
    """Runs until told to stop, until its time is over, or until a recorded microphone has been heard and answered."""

    def __init__(
        self, devices: Devices, conversation: Conversation, settings: Settings, report: EventSink, *, eye_is_small: bool = False
    ) -> None:
        """`eye_is_small`: who asks what it can do is told that only the small model sees."""
        self._devices = devices
        self._session = Session(conversation, settings, devices.speaker, devices.synthesizers, report, control=devices.control)
        self._session.eye_is_small = eye_is_small
        self._watcher = Watcher(self._session, devices.camera_is_live)
        self._listener = Listener(self._session, devices.canceller)
        self._answer_worker = AnswerWorker(self._session)
        self._debounce, self._pause_debounce = KeyDebounce(), KeyDebounce()
        self._moved_s = float("-inf")
        """When headphones came or went."""
        self._watchdog = Watchdog({"converse": HUNG_S})
        self._stopping = threading.Event()

    def run(self, duration_s: float | None = None) -> None:
        """Start the threads, wait, stop them all; raises what a thread died of."""
        session = self._session
        converse = self._worker("converse", self._converse, session.jobs.close)
        workers = [
            self._worker("watch", self._watch, self._devices.camera.close),
            self._worker("listen", self._listen, self._devices.microphone.close),
            self._worker("judge", session.judge.work, session.judge.close),
            converse,
            self._worker("synthesise", lambda: session.sounds.make(session.sentences), session.sentences.close),
            self._worker("speak", lambda: play_sounds(session), session.sounds.close),
        ]
        self._greet()
        for worker in workers:
            worker.start()
        try:
            self._wait(workers, converse, None if duration_s is None else session.clock() + duration_s)
        finally:
            self._stop(workers)

    def stop(self) -> None:
        """Ask `run` to come to an end; from any thread."""
        self._stopping.set()

    def press(self) -> None:
        """Take a press of the user's key, from any thread.

        It silences the assistant; in silence it asks for a description or, with push-to-talk, to be heard.
        """
        session = self._session
        now_s = session.clock()
        if not self._debounce.accepts(now_s):
            return
        was_silent = session.is_silent and not session.waiting.is_waiting
        turn = session.turns.interrupt()
        session.waiting.answered()
        session.report("pressed", {"turn": turn})
        if session.settings.ears.push_to_talk:
            session.say(Earcon("listening", turn))
            self._listener.open(now_s)
        elif was_silent:
            session.waiting.asked(turn, now_s)
            session.jobs.put(Describe(turn))

    def press_pause(self) -> None:
        """Take a press of the pause key, from any thread: it is the other key in silence."""
        if self._pause_debounce.accepts(self._session.clock()) and not self.pause():
            self.press()

    def pause(self) -> bool:
        """Let the voice wait, or go on from the word it was at, from any thread; return False in silence."""
        session, turn = self._session, self._session.turns.current
        if session.has_spoken and not session.is_paused:
            return False
        session.paused_turn = UNBEGUN if session.is_paused else turn
        session.report("paused" if session.is_paused else "resumed", {"turn": turn})
        return True

    def headphones(self, now: HeadphoneChange) -> None:
        """Take note that headphones are in or out, or that the loudspeaker is heard again; from any thread.

        What is said goes on in the headphones, no louder than the user set it. Pulled out, it isn't said aloud.
        """
        session = self._session
        session.control.is_private = now != "aloud"
        session.control.room_gain = 1.0
        self._moved_s = session.clock()
        if now == "out":
            session.turns.interrupt()
        else:
            session.offer(session.phrase("headphones_in" if now == "in" else "headphones_out"))
        session.report("headphones", {"is": now})

    def follow_room(self, settings: KioskSettings) -> None:
        """Keep the voice over the room's noise, as far as the settings say; before `run`."""
        self._session.room_loudness = RoomLoudness(settings) if settings.over_room_db else None

    def count_people(self, wanted: bool) -> None:
        """Report now and then how many people the camera shows, or do so no more; from any thread."""
        self._session.counts_people = wanted

    def obey(self, command: Command) -> None:
        """Do what a button of the page says, as if it had been spoken; from any thread."""
        session = self._session
        turn = session.turns.interrupt()
        if command.kind != "stop":
            session.jobs.put(Obey(turn, command))

    def ask(self, text: str, language: str | None = None) -> None:
        """Answer a question that was typed; from any thread."""
        session = self._session
        turn = session.turns.interrupt()
        session.waiting.asked(turn, session.clock())
        session.jobs.put(Obey(turn, text=text, language=language or ""))

    def announce(self, key: str, then: Sequence[str] = ()) -> None:
        """Say a phrase, and greet in more languages; never waits, from any thread."""
        session = self._session
        session.offer(session.phrase(key))
        for sentence in greetings(then, session.turns.current):
            session.offer(sentence)

    def hush(self) -> None:
        """Be silent at once; never waits, from any thread."""
        self._session.turns.interrupt()

    def sound(self, name: EarconName) -> None:
        """Play a short sound; never waits, from any thread."""
        self._session.offer(Earcon(name, self._session.turns.current))

    def reset(self) -> None:
        """Forget everything of the user, who has gone; from any thread."""
        self._session.turns.interrupt()
        self._session.jobs.reset()
        self._listener.reset()

    def allow(self, is_allowed: Callable[[Question], bool]) -> None:
        """Have only such questions answered; before `run`."""
        self._session.is_allowed = is_allowed

    @property
    def is_paused(self) -> bool:
        """Tell whether the user has made the voice wait."""
        return self._session.is_paused

    @property
    def turn(self) -> int:
        """Return the number of the current turn."""
        return self._session.turns.current

    @property
    def language(self) -> str:
        """Return the language that is spoken now."""
        return self._session.conversation.language

    @property
    def newest_frame(self) -> Frame | None:
        """Return the camera's last picture."""
        return self._session.memory.newest_frame

    @property
    def is_silent(self) -> bool:
        """Tell whether nobody speaks, and nothing is being answered."""
        return self._session.is_silent and not self._session.waiting.is_waiting

    def device_changed(self, device: str, is_lost: bool, why: Problem | None) -> None:
        """Tell the user that a "camera", "microphone" or "speaker" is gone, or back. Never waits; from any thread."""
        session, change = self._session, "lost" if is_lost else "back"
        session.report("device", {"device": device, "is": change, "why": str(why or "")})
        if device == "microphone" and is_lost:
            session.turn_taking.user_speaks = False
            session.control.loudness = 1.0  # it was lost in the middle of a word, perhaps
        is_expected = device == "speaker" and session.clock() - self._moved_s < MOVED_S
        if (device, is_lost) != ("speaker", True) and not is_expected:  # nobody would hear it, or they have moved it themselves
            session.offer(session.phrase(f"{device}_{change}"))

    def _greet(self) -> None:
        session, ears = self._session, self._session.settings.ears
        session.say(Earcon("ready", session.turns.current))
        session.offer(session.phrase("ready"))
        others = [code for code in ears.languages if code != session.conversation.language] if ears.greet_languages else []
        for sentence in greetings(others, session.turns.current):
            session.offer(sentence)

    def _worker(self, name: str, body: Callable[[], None], unblock: Callable[[], None]) -> Worker:
        return Worker(name, body, unblock, RestartLimit(), self._restarted)

    def _restarted(self, thread: str, error: Exception) -> None:
        """A mistake of ours; the thread goes on from its start."""
        self._session.report("restarted", {"thread": thread, "what": f"{type(error).__name__}: {error}"})
        self._session.offer(self._session.phrase("restarted"))

    def _wait(self, workers: Sequence[Worker], converse: Worker, until_s: float | None) -> None:
        session = self._session
        while not self._stopping.is_set() and not any(worker.failed for worker in workers):
            now_s = session.clock()
            if (until_s is not None and now_s >= until_s) or (converse.done.is_set() and session.has_spoken):
                return
            if session.has_spoken and (earcon := session.waiting.due(now_s)):
                session.offer(earcon)
            # One that speaks has begun, and waits for room in the queue as long as a page lasts.
            for stage in self._watchdog.hung(now_s) if session.has_spoken else []:
                self._watchdog.rest(stage)  # told once
                session.report("hung", {"thread": stage})
                session.offer(session.phrase("still_thinking"))
            self._stopping.wait(_TICK_S)

    def _stop(self, workers: Sequence[Worker]) -> None:
        self._session.turns.interrupt()
        errors: list[Exception] = []
        for worker in workers:
            try:
                if not worker.stop(STOP_WITHIN_S):
                    self._session.report("stuck", {"thread": worker.name})
            except Exception as error:
                errors.append(error)
        self._session.speaker.close()
        if errors:
            raise errors[0]

    def _watch(self) -> None:
        try:
            self._watcher.watch(self._devices.camera.frames())
        except Problem as problem:  # of a recording; a live camera outlives its losses
            self.device_changed("camera", True, problem)

    def _listen(self) -> None:
        try:
            self._listener.listen(self._devices.microphone.chunks(), self._devices.detector)
        except Problem as problem:  # of a recording; a live microphone outlives its losses
            self.device_changed("microphone", True, problem)
        self._session.jobs.finish()

    def _converse(self) -> None:
        session = self._session
        session.conversation.get_ready()
        for job in session.jobs.jobs(IDLE_S):
            self._watchdog.beat("converse", session.clock())
            self._answer_worker.do(job)
            self._watchdog.rest("converse")
            is_done = isinstance(job, Respond | Obey) or (isinstance(job, Idle) and not session.jobs.is_urgent)
            if is_done and session.has_spoken:
                session.waiting.answered()  # there was nothing to say, or a sound for who waits was still being played
