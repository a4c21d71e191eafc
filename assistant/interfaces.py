"""Read first: what each engine and device must do. Forms of the data are in `messages`; tests/contracts/ holds each to its word.

Every method may raise `problems.Problem`; nothing else is expected of bad input. Iterators work only while they are
asked: **to stop an engine, stop iterating.**
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

from assistant.messages import (
    AnswerThresholds,
    Ask,
    AudioChunk,
    Detail,
    DetectedThing,
    Finding,
    Frame,
    Keyframe,
    MomentThresholds,
    Picture,
    Probabilities,
    Scores,
    SeenPicture,
    SingleObject,
    Sound,
    TextLine,
    Transcript,
    View,
)
from assistant.settings import VoiceSettings


class Camera(Protocol):
    """A source of frames with times that never go back."""

    def frames(self) -> Iterator[Frame]:
        """Yield frames until the source ends; a live camera never does. Raises LostDevice when it is unplugged."""
        ...

    def close(self) -> None:
        """Free the device; safe to call twice and from another thread (frames() then ends)."""
        ...


@runtime_checkable
class RecordedCamera(Camera, Protocol):
    """A picture or video file: it ends, and may be read faster than it was filmed."""

    duration_s: float
    """As its header tells, 0 if it doesn't; what there really was once frames() is through."""
    warnings: list[str]
    """Such as a damaged end; complete once frames() is through."""
    most_fps: float | None
    """Frames to be yielded for each second of it at most; None = all. Set it before frames() is asked."""


class Microphone(Protocol):
    """A source of mono sound at 16 kHz in chunks of 512 samples (32 ms), the last one padded with zeros."""

    def chunks(self) -> Iterator[AudioChunk]:
        """Yield chunks until the source ends; a live microphone never does."""
        ...

    def close(self) -> None:
        """Free the device."""
        ...


class Speaker(Protocol):
    """Where sound goes."""

    def play(self, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool]) -> float:
        """Play until the chunks end or `is_stale()`; return the seconds that were really heard."""
        ...

    def close(self) -> None:
        """Free the device."""
        ...


class SpeakerControl(Protocol):
    """What a loudspeaker asks and tells while it plays, block by block and on a thread of its own: nothing here waits."""

    def gain(self) -> float:
        """Return by how much the next block is to be multiplied; 0 = pause: it is played later, from the word that was cut."""
        ...

    def played(self, samples: Sound, time_s: float) -> None:
        """Take float32 [n] at 16 kHz, which was handed to the device at this time of the monotonic clock, pauses included."""
        ...


class SpeakerRoute(Protocol):
    """Where a loudspeaker that was chosen by name plays."""

    @property
    def is_private(self) -> bool:
        """Tell whether what is said is for the user's headphones alone."""
        ...


class EchoCanceller(Protocol):
    """Takes the sound of the loudspeaker out of what the microphone hears. Keeps state between pieces of one stream."""

    def clean(self, heard: Sound, played: Sound) -> Sound:
        """Return float32 [n] at 16 kHz: `heard` without the echo of `played`, which has the same times; the echo may be later."""
        ...

    def reset(self) -> None:
        """Forget the stream so far."""
        ...


class Button(Protocol):
    """What a user presses to talk or for silence."""

    def watch(self, on_press: Callable[[], None]) -> None:
        """Call `on_press` at each press, from a thread of its own, until closed."""
        ...

    def close(self) -> None:
        """Free the device."""
        ...


HeadphoneChange = Literal["in", "out", "aloud"]
"""in: the loudspeaker is mute already; out: it still is; aloud: it isn't any more, some silence after they were pulled out."""


class HeadphoneWatch(Protocol):
    """Notices headphones, and mutes the loudspeaker while they are in."""

    def watch(self, on_change: Callable[[HeadphoneChange], None]) -> None:
        """Call `on_change` at each change, from a thread of its own, until closed; first of all if they are in already."""
        ...

    def close(self) -> None:
        """Leave the loudspeaker as it was."""
        ...


class VoiceDetector(Protocol):
    """Tells speech from other sound, chunk by chunk. Keeps state between chunks of one stream."""

    def speech_probability(self, chunk: AudioChunk) -> float:
        """Return the probability, in [0, 1], that the next 512 samples at 16 kHz are speech."""
        ...

    def reset(self) -> None:
        """Forget the stream so far."""
        ...


class Transcriber(Protocol):
    """Speech to text."""

    def transcribe(
        self,
        samples: Sound,
        sample_rate_hz: int,
        language: str | None = None,
        *,
        speech_probabilities: Probabilities | None = None,
        wants_english: Callable[[str, str], bool] | None = None,
    ) -> Transcript:
        """Return the text of float32 [n], its language (detected if None) and its English; empty text when nobody speaks.

        Args:
            samples: at `sample_rate_hz`.
            sample_rate_hz: any.
            language: that it is in, where that is known.
            speech_probabilities: as Utterance has them, so that what a voice detector has heard needn't be heard by one again.
            wants_english: told the text and its language, says whether the English is worth its time; None: it always is.
        """
        ...


class SceneDescriber(Protocol):
    """Looks at pictures and answers questions about them, in English."""

    @property
    def max_pictures(self) -> int:
        """Return how many pictures one View can hold; `look` takes the last ones."""
        ...

    def look(self, keyframes: Sequence[Keyframe], detail: Detail = "brief", *, duration_s: float | None = None) -> View:
        """Encode the pictures and everything of the prompt up to and including them, once. Raises BadInput without any.

        More detail may look closer at a single picture, and take longer. With `duration_s` the pictures are of a recording of
        that length and keep their times; else their times count from the first.
        """
        ...

    def answer(self, view: View, question: str, detail: Detail = "brief", *, whole_picture: bool = False) -> Iterator[str]:
        """Yield pieces of text as they are decoded. Several answers may be asked of one View.

        `whole_picture`: the question is about all that is to be seen. A model may then take longer, to choose of several descriptions
        the one that agrees best with what else is known of the picture.
        """
        ...

    @property
    def reliability(self) -> Mapping[str, float]:
        """Return how often its plain answers to questions of an intent are right, in [0, 1]; empty where nobody measured that."""
        ...

    @property
    def scorer(self) -> AnswerScorer | None:
        """Return what tells how likely given answers are; None for a model that only looks and answers."""
        ...

    @property
    def classifier(self) -> PictureClassifier | None:
        """Return what else the model knows of its pictures, besides what its language model says; None where it has nothing such."""
        ...

    def unload(self) -> None:
        """Give back the engine's memory until it is used again, which then takes longer once. Views stay good."""
        ...

    def forget(self) -> None:
        """Drop all that was kept of pictures and questions, and stay ready. Views stay good."""
        ...


class AnswerScorer(Protocol):
    """An optional ability of a SceneDescriber: it tells how likely given answers are, without giving one.

    Asked only of its own Views.
    """

    def log_likelihoods(self, view: View, question: str, answers: Sequence[str], *, prune_below: float = -math.inf) -> list[float]:
        """Return the natural logarithm of the probability that each of these answers is given, at most 0. Nothing is generated.

        For yes or no, for ranking, for retrieval; longer answers are less likely. Once the answers are known to be less likely than
        `prune_below` all together, more than their true likelihoods may be returned, as long as their sum stays below it. Raises
        BadInput if an answer is empty.
        """
        ...

    def token_log_likelihoods(self, view: View, question: str, answer: str) -> Scores:
        """Return the log-probability of each of an answer's tokens, after those before it: float64 [tokens].

        Raises BadInput if the answer is empty.
        """
        ...

    @property
    def thresholds(self) -> AnswerThresholds | None:
        """Return how sure the model must be for how plain a word; None where nobody measured that."""
        ...

    @property
    def moment_thresholds(self) -> MomentThresholds:
        """Return how the model's evidence for a description becomes a probability; neutral ones where nobody measured that."""
        ...


class Instrument(Protocol):
    """What answers some questions by examining pictures. The vision-language model is the one of last resort."""

    def reliability(self, ask: Ask) -> float:
        """Return, from the question alone, how often its plain answer to such a one is right, in [0, 1]; 0 for what it can't answer."""
        ...

    def examine(self, view: View, ask: Ask, detail: Detail = "brief") -> Iterator[Finding]:
        """Yield what is found, each finding as soon as it is certain; nothing where it has nothing to tell after all.

        Args:
            view: of the pictures; one that only its maker has looked at closer than `View.keyframes`.
            ask: of which `reliability` is more than 0.
            detail: how much is to be told.
        """
        ...

    def prepare(self, view: View) -> Iterator[None]:
        """Do ahead, in short steps, what a question about these pictures is likely to need: nothing, unless an instrument says what."""
        return iter(())

    def forget(self) -> None:
        """Drop what it remembers of pictures and texts, and free its memory until it is asked again."""
        ...


class TextReader(Protocol):
    """Optical character recognition. Loads with the first call; threads may share it."""

    def find(self, picture: Picture) -> Sequence[TextLine]:
        """Return where text stands in uint8 [H, W, 3], unread (`text` is ""), from top to bottom: for aiming, so it must be fast."""
        ...

    def read(self, picture: Picture, lines: Sequence[TextLine] | None = None) -> Iterator[TextLine]:
        """Yield lines of text of uint8 [H, W, 3] as they are read, from top to bottom.

        `lines`: those that `find` found in this picture and that are wanted; None = all. One that it can't read has an empty text.
        """
        ...

    def unload(self) -> None:
        """Free its memory until the next call."""
        ...


class ObjectDetector(Protocol):
    """Finds things and where they are. Loads with the first call; threads may share it."""

    @property
    def labels(self) -> frozenset[str]:
        """Return the names of what it can find, as `DetectedThing.label` has them; of anything else it says nothing."""
        ...

    def detect(self, picture: Picture) -> Sequence[DetectedThing]:
        """Return what stands in uint8 [H, W, 3], the surest first, each thing once; nothing that is most unlikely."""
        ...

    def unload(self) -> None:
        """Free its memory until the next call."""
        ...


class PictureClassifier(Protocol):
    """An optional ability of a SceneDescriber: classifiers on its vision encoder, which judge what its language model says.

    Asked only of its own Views, and only where its thresholds were measured.
    """

    def single_object(self, view: View, question: str) -> SingleObject | None:
        """Name the one thing that the pictures are of; None where they show a scene, which is to be described.

        `question`: about all that is to be seen, as it would be given to `SceneDescriber.answer`.
        """
        ...

    def doubtful_words(self, view: View, description: str, certainty: float) -> frozenset[str] | None:
        """Return the words of a description of all that is to be seen that may not be so, in lower case; None if no classifier has a say.

        Args:
            view: of the pictures.
            description: a sentence of an answer.
            certainty: the mean log-probability of its words, in nats.
        """
        ...

    def doubts_name(self, view: View, sentence: str) -> bool:
        """Return whether a sentence only names a thing ("A hairbrush.") that the classifiers aren't sure of."""
        ...

    def word_evidence(self, view: View, text: str) -> float:
        """Return by how many nats the pictures make it likelier that people use the words of a text; 0 where no word is known."""
        ...


class Translator(Protocol):
    """Text in one language to text in another, a sentence at a time."""

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Return (source, target) of each direction it can do, in two-letter codes."""
        ...

    def translate(self, sentence: str, source: str, target: str) -> str:
        """Return the sentence in `target`; "" for nothing. Raises BadInput for a pair it hasn't. Safe from several threads."""
        ...


@runtime_checkable
class SceneTranslator(Translator, Protocol):
    """Tells English descriptions of pictures in other languages, where it is sure; as a Translator of any text it has no pairs."""

    @property
    def scene_languages(self) -> frozenset[str]:
        """Return the two-letter codes of the languages."""
        ...

    def translate_scene(self, description: str, language: str) -> str:
        """Return the description in one of its languages; "" where it isn't sure. Safe from several threads."""
        ...


@runtime_checkable
class PictureMemory(SceneDescriber, Protocol):
    """A SceneDescriber that can look again at what it has encoded, without the picture: for searching a video more than once."""

    @property
    def encoder_id(self) -> str:
        """Name the vision encoder and how pictures are prepared for it: only the same one understands what was encoded."""
        ...

    def see(self, picture: Picture) -> SeenPicture:
        """Encode one picture, uint8 [H, W, 3], in brief."""
        ...

    def look_again(self, seen: SeenPicture) -> View:
        """Return the View that `look` gives of that picture alone. Raises BadInput if another model encoded it."""
        ...


class SpeechSynthesizer(Protocol):
    """Text to speech."""

    settings: VoiceSettings
    """How fast and loud it speaks. Replace it at any time and from any thread: what is synthesised next obeys."""

    @property
    def sample_rate_hz(self) -> int:
        """Return the rate of the sound it makes."""
        ...

    def speaks(self, language: str) -> bool:
        """Return whether it has a voice for this two-letter language code."""
        ...

    def synthesize(self, text: str, language: str) -> Iterator[AudioChunk]:
        """Yield sound as it is made. Raises BadInput for a language it doesn't speak.

        `text`: a piece that `speaking.speakable_text` has shaped, of bounded length and with something to say in it.
        """
        ...
