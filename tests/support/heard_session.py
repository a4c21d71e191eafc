"""A session without threads: a test does the worker's jobs and hears what is said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.conversation import Conversation
from assistant.interfaces import Instrument
from assistant.live.answer_worker import AnswerWorker
from assistant.live.job_queue import Idle, Respond
from assistant.live.loop import IDLE_S
from assistant.live.session import Session
from assistant.messages import Earcon, Frame, Keyframe, Picture, Sentence, Transcript, Utterance
from assistant.settings import Settings
from assistant.speaking.speech_queue import Spoken
from tests.support.fakes import ListSpeaker, ScriptedDescriber, ScriptedTranscriber, ToneSynthesizer


class HeardSession(Session):
    """Nobody else speaks, the clock stands still until it is told otherwise, and all that is said is kept."""

    def __init__(
        self, model_says: str, asks: str, instruments: Sequence[Instrument], settings: Settings | None = None, asks_in: str = "en"
    ) -> None:
        """`asks`: what the recogniser makes of whatever is said, in the language `asks_in`."""
        self.said: list[str] = []
        self.told: list[Sentence] = []
        self.tones: list[float] = []
        self.now_s = 100.0
        settings = settings or Settings()
        ears = ScriptedTranscriber([Transcript(asks, asks_in, 0.99, asks)])
        talk = Conversation(ears, ScriptedDescriber([model_says]), settings.ears, settings.language, instruments=instruments)
        super().__init__(talk, settings, ListSpeaker(), [ToneSynthesizer()], lambda event, details: None, lambda: self.now_s)
        self.sounds.close()
        self.worker = AnswerWorker(self)

    @property
    def is_silent(self) -> bool:
        return True

    def say(self, spoken: Spoken) -> bool:
        return self.offer(spoken)

    def offer(self, spoken: Spoken) -> bool:
        if isinstance(spoken, Sentence):
            self.said.append(spoken.text)
            self.told.append(spoken)
        elif isinstance(spoken, Earcon) and spoken.name in ("aim", "light"):
            self.tones.append(spoken.level)
        return True

    def ask(self) -> list[str]:
        """Have the user say it, and return what they hear."""
        before = len(self.said)
        self.worker.do(Respond(Utterance(np.ones(16000, np.float32), 16000, 0.0, 1.0, self.turns.begin())))
        return self.said[before:]

    def wait(self, seconds: float) -> list[str]:
        """Let time pass, and return what is heard in it."""
        before = len(self.said)
        for _ in range(round(seconds / IDLE_S)):
            self.now_s += IDLE_S
            self.worker.do(Idle())
        return self.said[before:]

    def show(self, picture: Picture, *, is_kept: bool = True) -> None:
        """Have the camera send a picture, which may be one that matters."""
        frame = Frame(picture, self.now_s)
        self.memory.note_frame(self.now_s, frame)
        if is_kept:
            self.memory.add(Keyframe(frame, "change"))
