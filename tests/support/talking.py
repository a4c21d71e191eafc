"""A session whose answering thread's jobs a test does one by one, and what is said in it."""

from __future__ import annotations

import numpy as np

from assistant.conversation import Conversation
from assistant.live.answer_worker import AnswerWorker
from assistant.live.job_queue import LookAhead, Respond, Speculate
from assistant.live.session import Session
from assistant.messages import Earcon, Frame, Heard, Keyframe, NarrationMode, Picture, PictureProblem, Sentence, Transcript, Utterance
from assistant.settings import EarSettings, NarrationSettings, Settings
from assistant.speaking.speech_queue import Spoken
from tests.support.fakes import ListSpeaker, ScriptedDescriber, ScriptedTranscriber, ToneSynthesizer


def scene(number: int, light: float = 1.0) -> Picture:
    """Sharp, another for each number."""
    cells = np.random.default_rng(number).integers(40, 215, (12, 16, 3)) * light
    return cells.astype(np.uint8).repeat(20, axis=0).repeat(20, axis=1)


class Talking(Session):
    """A session whose worker is told its jobs one by one, with a scripted model and recogniser; keeps all that is said."""

    def __init__(
        self, answers: list[str], *, mode: NarrationMode = "quiet", wake_word: str = "", describer: ScriptedDescriber | None = None
    ) -> None:
        self.describer = describer or ScriptedDescriber(answers)
        self.transcriber = ScriptedTranscriber([Transcript("", "", 0.0, "")])
        self.said: list[Sentence] = []
        self.earcons: list[str] = []
        self.silent, self.now_s, self.voice = True, 100.0, ToneSynthesizer()
        settings = Settings(ears=EarSettings(wake_word=wake_word), narration=NarrationSettings(mode=mode))
        conversation = Conversation(self.transcriber, self.describer, settings.ears, wake_word=wake_word)
        super().__init__(conversation, settings, ListSpeaker(), [self.voice], lambda event, details: None, lambda: self.now_s)
        self.sounds.close()  # nobody waits for a first sound
        self.worker = AnswerWorker(self)

    @property
    def is_silent(self) -> bool:
        return self.silent

    @property
    def ended_early(self) -> bool:
        """Whether the pause in which something was said counts as its end."""
        return self.segmenter._ends_early

    def see(self, number: int = 0, reason: str = "change", problem: PictureProblem | None = None) -> None:
        self.memory.note_frame(self.now_s)
        self.memory.add(Keyframe(Frame(scene(number), self.now_s), reason, problem=problem))
        self.worker.do(LookAhead())

    def ask(self, text: str, language: str = "en", turn: int | None = None, said: str = "") -> list[str]:
        """Say something and stop, while the assistant said something perhaps; the texts that come back."""
        return self.utter(text, Respond, turn, language, said)

    def utter(
        self, text: str, kind: type[Respond] | type[Speculate], turn: int | None = None, language: str = "en", said: str = ""
    ) -> list[str]:
        before = len(self.said)
        self.segmenter._is_paused, self.segmenter._ends_early = True, False
        self.transcriber._transcripts = type(self.transcriber._transcripts)([Transcript(text, language, 0.99 if text else 0.0, text)])
        turn = self.turns.begin() if turn is None else turn
        self.worker.do(kind(Utterance(np.ones(16000, np.float32), 16000, 0.0, 1.0, turn, said=said)))
        return [s.text for s in self.said[before:]]

    def hear_unsure(self, text: str) -> list[str]:
        """Something is said that may be anything; the texts that come back."""
        before = len(self.said)
        self.transcriber._transcripts = type(self.transcriber._transcripts)([Transcript(text, "en", 0.99, text, 0.2)])
        self.worker.do(Respond(Utterance(np.ones(16000, np.float32), 16000, 0.0, 1.0, self.turns.begin())))
        return [s.text for s in self.said[before:]]

    def hear_all(self) -> None:
        """The user hears everything that was said so far."""
        for sentence in self.said:
            self.history.heard(Heard(sentence, 1.0))

    def say(self, spoken: Spoken) -> bool:
        if self.turns.is_stale(spoken.turn):
            return False
        if isinstance(spoken, Earcon):
            self.earcons.append(spoken.name)
        else:
            self.said.append(spoken)
        return True
