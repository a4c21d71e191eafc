"""Engines and devices that do what a test tells them. They keep the word of `interfaces`; the suites in contracts/ hold them to it."""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from assistant.interfaces import AnswerScorer, PictureClassifier
from assistant.messages import (
    AnswerThresholds,
    AudioChunk,
    Detail,
    Frame,
    Keyframe,
    MomentThresholds,
    Picture,
    Probabilities,
    Scores,
    SeenPicture,
    Sound,
    Transcript,
    View,
)
from assistant.problems import BadInput
from assistant.settings import VoiceSettings


class ToneSynthesizer:
    """Says each word as a tenth of a second (less at a higher rate) of a 440 Hz tone, one chunk a word."""

    WORD_S = 0.1

    def __init__(self, languages: tuple[str, ...] = ("en",), sample_rate_hz: int = 16000) -> None:
        self._languages = languages
        self._sample_rate_hz = sample_rate_hz
        self.settings = VoiceSettings()
        self.said: list[str] = []
        """Every text it was asked to say, in order."""

    @property
    def sample_rate_hz(self) -> int:
        return self._sample_rate_hz

    def speaks(self, language: str) -> bool:
        return language in self._languages

    def synthesize(self, text: str, language: str) -> Iterator[AudioChunk]:
        if not self.speaks(language):
            raise BadInput(f"no tone for the language {language!r}", "use another")
        self.said.append(text)
        times_s = np.arange(round(self.WORD_S / self.settings.rate * self._sample_rate_hz)) / self._sample_rate_hz
        word = (0.3 * self.settings.volume * np.sin(2 * np.pi * 440 * times_s)).astype(np.float32)
        for _ in filter(lambda part: any(map(str.isalnum, part)), text.split()):
            yield AudioChunk(word, self._sample_rate_hz)


class ListSpeaker:
    """A loudspeaker without sound or time: keeps what was played. `after_chunk` is called as each has been heard."""

    def __init__(self, after_chunk: Callable[[], object] = lambda: None) -> None:
        self._after_chunk = after_chunk
        self.heard: list[AudioChunk] = []

    def play(self, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool]) -> float:
        heard_s = 0.0
        for chunk in chunks:
            if is_stale():
                break
            self.heard.append(chunk)
            heard_s += chunk.duration_s
            self._after_chunk()
        return heard_s

    def close(self) -> None:
        self.heard.clear()


class ScriptedDescriber:
    """A SceneDescriber and AnswerScorer that gives the next of its answers, word by word, whatever it sees; the last one for ever.

    `likelihoods` holds log-likelihoods by (question, answer); any other answer's is -1 a word.
    """

    def __init__(
        self,
        answers: Sequence[str],
        max_pictures: int = 4,
        thresholds: AnswerThresholds | None = None,
        likelihoods: Mapping[tuple[str, str], float] | None = None,
    ) -> None:
        self._answers = deque(answers)
        self._max_pictures = max_pictures
        self.thresholds = thresholds
        self.moment_thresholds = MomentThresholds()
        self.reliability: Mapping[str, float] = {"free": 0.9}
        self.scorer: AnswerScorer | None = self
        """None makes it a model that only looks and answers."""
        self.classifier: PictureClassifier | None = None
        self._likelihoods = dict(likelihoods or {})
        self.looks: list[tuple[Keyframe, ...]] = []
        self.details: list[Detail] = []
        """With which each look was taken."""
        self.questions: list[str] = []
        self.whole_pictures: list[bool] = []
        """Whether each question was about all that is to be seen."""
        self.unloads = self.forgets = 0

    @property
    def max_pictures(self) -> int:
        return self._max_pictures

    def look(self, keyframes: Sequence[Keyframe], detail: Detail = "brief", *, duration_s: float | None = None) -> View:
        if not keyframes:
            raise BadInput("there is no picture to look at", "give at least one")
        view = View(tuple(keyframes[-self.max_pictures :]))
        self.looks.append(view.keyframes)
        self.details.append(detail)
        return view

    def answer(self, view: View, question: str, detail: Detail = "brief", *, whole_picture: bool = False) -> Iterator[str]:
        self.questions.append(question)
        self.whole_pictures.append(whole_picture)
        text = self._answers[0] if len(self._answers) == 1 else self._answers.popleft()
        yield from re.findall(r"\S+\s*", text)

    def log_likelihoods(self, view: View, question: str, answers: Sequence[str], *, prune_below: float = -math.inf) -> list[float]:
        if not all(map(str.strip, answers)):
            raise BadInput("the answer to score is empty", "give some text")
        return [self._likelihoods.get((question, answer), -float(len(answer.split()))) for answer in answers]

    def token_log_likelihoods(self, view: View, question: str, answer: str) -> Scores:
        """A token a word, all equally likely."""
        words = len(answer.split())
        return np.full(words, self.log_likelihoods(view, question, [answer])[0] / words)

    def unload(self) -> None:
        self.unloads += 1

    def forget(self) -> None:
        self.forgets += 1


class ColourDescriber(ScriptedDescriber):
    """Sees whether a picture is mostly red, green or blue, and finds sentences with that word likely; a PictureMemory.

    Its Views hold what was seen in place of pictures; it describes "Something red." and counts what it has encoded.
    """

    COLOURS = ("red", "green", "blue")

    def __init__(self, max_pictures: int = 1) -> None:
        super().__init__([""], max_pictures)
        self.encoded = 0

    @property
    def encoder_id(self) -> str:
        return "colours"

    def see(self, picture: Picture) -> SeenPicture:
        self.encoded += 1
        return SeenPicture("<colour>", picture.mean((0, 1), dtype=np.float32)[None], "")

    def look_again(self, seen: SeenPicture) -> View:
        picture = np.broadcast_to(seen.features[0], (4, 4, 3)).astype(np.uint8)
        return View((Keyframe(Frame(picture, 0.0), "only"),))

    def answer(self, view: View, question: str, detail: Detail = "brief", *, whole_picture: bool = False) -> Iterator[str]:
        yield f"Something {self._colour(view)}."

    def log_likelihoods(self, view: View, question: str, answers: Sequence[str], *, prune_below: float = -math.inf) -> list[float]:
        return [-5.0 if self._colour(view) in answer.lower() else -40.0 for answer in answers]

    def _colour(self, view: View) -> str:
        means = view.keyframes[-1].frame.picture.mean((0, 1))
        return self.COLOURS[int(means.argmax())] if means.max() > means.min() + 20 else "grey"


class ScriptedVoiceDetector:
    """Gives the next of its probabilities for each chunk, whatever the sound; 0 once they are used up. `reset` starts anew."""

    def __init__(self, probabilities: Sequence[float]) -> None:
        self._probabilities = tuple(probabilities)
        self._next = 0

    def speech_probability(self, chunk: AudioChunk) -> float:
        self._next += 1
        return self._probabilities[self._next - 1] if self._next <= len(self._probabilities) else 0.0

    def reset(self) -> None:
        self._next = 0


class ScriptedTranscriber:
    """Hears the next of its transcripts in any sound that isn't silent; the last one for ever. Keeps what it was given."""

    def __init__(self, transcripts: Sequence[Transcript]) -> None:
        self._transcripts = deque(transcripts)
        self.heard: list[Sound] = []

    def transcribe(
        self,
        samples: Sound,
        sample_rate_hz: int,
        language: str | None = None,
        *,
        speech_probabilities: Probabilities | None = None,
        wants_english: Callable[[str, str], bool] | None = None,
    ) -> Transcript:
        self.heard.append(samples)
        if not np.nan_to_num(samples).any():
            return Transcript("", "", 0.0, "", 0.0)
        return self._transcripts[0] if len(self._transcripts) == 1 else self._transcripts.popleft()


class ScriptedCamera:
    """Shows the frames it is given, then ends."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames = deque(frames)

    def frames(self) -> Iterator[Frame]:
        while self._frames:
            yield self._frames.popleft()

    def close(self) -> None:
        self._frames.clear()
