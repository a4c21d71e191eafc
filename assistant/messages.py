"""What flows between the stages. One form per kind of data; the adapters in `devices/` and `engines/` convert.

Picture: uint8 [H, W, 3] RGB. Sound: float32 [samples], mono, in [-1, 1]. Time: seconds of one monotonic clock
(of the recording, for files).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
Sound = npt.NDArray[np.float32]

Probabilities = npt.NDArray[np.float32]
"""In [0, 1]."""

Scores = npt.NDArray[np.float64]
"""Log-probabilities, [tokens]."""

PictureProblem = Literal["covered", "dark", "overexposed", "blank", "blurred", "frozen"]
"""Why a picture is not described."""

Detail = Literal["brief", "normal", "full"]

NarrationMode = Literal["quiet", "changes", "continuous"]

EarconName = Literal["ready", "listening", "heard", "thinking", "answer", "error", "muted"]

CommandKind = Literal[
    "describe", "more", "shorter", "repeat", "stop", "what_changed", "read", "where_looking", "tell_when",
    "narrate_quiet", "narrate_changes", "narrate_continuous", "verbosity_brief", "verbosity_normal", "verbosity_full",
    "slower", "faster", "louder", "quieter", "language", "help", "abilities", "forget", "unload",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Frame:
    """Any picture from a camera or file."""

    picture: Picture
    """uint8 [H, W, 3] RGB"""
    time_s: float


@dataclass(frozen=True, eq=False)
class Keyframe:
    """A kept picture."""

    frame: Frame
    reason: str
    """Why it was kept: "first", "change" (of what is seen), "return" (to an earlier scene), "coverage" (nothing new, but the
    camera moves or time passes) or "only"."""
    sharpness: float = 0.0
    """Variance of the Laplacian of the luma; comparable within one source only."""
    change: float = 0.0
    """Share of the picture that can't be seen in the keyframe before, in [0, 1]."""
    problem: PictureProblem | None = None
    """Set when the picture must not be described."""
    scene: int = 0
    """Number of the scene, from 0 in each source; a "return" has the number that the scene had before. -1 with a problem."""


@dataclass(frozen=True, eq=False)
class AudioChunk:
    """A piece of sound."""

    samples: Sound
    """float32 [n], mono, in [-1, 1]"""
    sample_rate_hz: int
    time_s: float = 0.0
    """When its first sample was recorded; 0 for synthesised sound."""

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.sample_rate_hz


@dataclass(frozen=True, eq=False)
class Utterance:
    """Speech from its start (with a little sound from before) to silence."""

    samples: Sound
    sample_rate_hz: int
    start_s: float
    end_s: float
    turn: int = 0
    speech_probabilities: Probabilities = field(default_factory=lambda: np.zeros(0, np.float32))
    """float32 [chunks]: the voice detector's of each 512 samples (32 ms at 16 kHz); empty where none has heard it."""


@dataclass(frozen=True)
class Transcript:
    """What was heard in an Utterance; `text` is empty when nobody spoke."""

    text: str
    language: str
    """Two-letter code, "" when nobody spoke."""
    language_probability: float
    """How sure the recogniser is of the language, in [0, 1]."""
    english: str
    """The same in English; equal to `text` when that is English already; "" where only a translator can tell."""
    confidence: float = 1.0
    """How sure the recogniser is of the words, in [0, 1]."""


@dataclass(frozen=True)
class Command:
    """What the user told the assistant itself to do."""

    kind: CommandKind
    argument: str = ""
    """language: the two-letter code. tell_when: the event in the user's words ("a dog appears")."""
    language: str = field(default="", compare=False)
    """Code of the language in whose words it was said."""


@dataclass(frozen=True)
class Question:
    """What the user wants to know."""

    text: str
    language: str
    english_text: str
    turn: int = 0
    command: Command | None = None
    """Set when it is no question about a picture but a command to the assistant."""


@dataclass(frozen=True)
class Sentence:
    """The smallest thing spoken."""

    text: str
    language: str
    turn: int = 0
    english: str = ""
    """The same in English; "" when the text is English itself."""

    @property
    def quoted_language(self) -> str:
        """Of what stands in quotation marks: a translation keeps that as it was in English."""
        return "en" if self.english else self.language


@dataclass(frozen=True)
class Earcon:
    """A short sound that tells a state."""

    name: EarconName
    turn: int = 0


@dataclass(frozen=True)
class Heard:
    """The part of a Sentence that left the speaker."""

    sentence: Sentence
    share: float
    """In [0, 1]; 1 when all of it was heard."""


@dataclass(frozen=True)
class SeenLabel:
    """What one of the vision encoder's own heads takes a picture for."""

    name: str
    probability: float


@dataclass(frozen=True, eq=False)
class SeenPicture:
    """A picture after the vision encoder: all a model needs to look at it again without the picture."""

    block: str
    """Its place in the prompt, as text."""
    features: npt.NDArray[np.float32]
    """float32 [tokens, hidden]"""
    seen: str
    """What the encoder's own heads see, as text; "" without a head."""
    labels: tuple[SeenLabel, ...] = ()
    """Classes of the head that takes a picture for one thing, likeliest first; not kept in files."""
    words: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    """float32 [words and pairs that the encoder's head knows]: see View.words."""
    expected_words: float = 1.0
    """See View.expected_words; not kept in files."""


@dataclass(frozen=True)
class AnswerThresholds:
    """How sure a model must be for how plain a word; measured for each model and stored in its folder."""

    slope: float = 1.0
    offset: float = 0.0
    """Platt's line from the model's log-odds to calibrated ones."""
    sure: float = 0.8
    """Calibrated probability of "yes" from which it is said without "I think"; the same for "no"."""
    cant_tell_margin: float = 0.05
    """Nearer to even odds than this, "I can't tell"."""
    absent: float = 0.3
    """Calibrated probability below which what a question takes for granted is not there."""
    doubt: float = -10.0
    """Mean log-probability of an answer's words below which it is told with "It looks like"."""
    scene_doubt: float = -10.0
    """The same of a description of the whole picture, where the encoder's head of words can agree with it."""
    near_doubt: float = 10.0
    """The same of one that may well be of a single thing (`near_portrait`). The default is above any certainty: always."""
    portrait: float = 10.0
    """`naming_score` from which a picture is taken for one of a single thing, which is named in place of a description.
    The default is above any score: never."""
    near_portrait: float = 10.0
    """The same from which a picture may well be one of a single thing, so that its description is sooner told with "It looks like"."""
    sure_label: float = 0.0
    """The head's probability of a label below which it is told with "It looks like"."""


@dataclass(frozen=True)
class MomentThresholds:
    """How a model's evidence for a description becomes a probability; measured for each model and stored in its folder.

    The defaults are the starter model's, made by `python -m models.training.fit_moments`.
    """

    offset: float = -2.256
    """Of the logistic line that leads from the evidence for a description, in nats a token, to its log-odds; ..."""
    slope: float = 4.533
    """... its slope; ..."""
    per_thing: float = 0.158
    """... what the log-odds of the description's least probable thing add; ..."""
    per_word: float = 0.181
    """... and what each nat adds by which the picture makes the description's words likelier."""
    thing_offset: float = -1.113
    """The same line from the log-odds of a bare thing; ..."""
    thing_slope: float = 0.669
    """... its slope; ..."""
    thing_per_word: float = 0.284
    """... and what the thing's words add."""
    empty_nats: float = 20.994
    """By which an unrelated photograph makes a description likelier than the empty picture does, on average."""
    found: float = 0.348
    """Probability of the best moment below which a query counts as not found: 78 in 100 absent ones stay below."""


@dataclass(frozen=True, eq=False)
class View:
    """Pictures the model has looked at. Engines subclass it to keep what they computed."""

    keyframes: tuple[Keyframe, ...] = field(default=())
    labels: tuple[SeenLabel, ...] = field(default=(), kw_only=True)
    """What the encoder's own head sees in a single picture, likeliest first; empty without a head."""
    words: Mapping[str, float] = field(default_factory=dict, kw_only=True)
    """By how many nats a single picture makes it likelier that somebody says a word, for each that the encoder's head knows, and for each
    pair of words ("black_dog")."""
    expected_words: float = field(default=1.0, kw_only=True)
    """How many of those words somebody who describes the picture would say; 1 where no head says."""

    def agreement(self, text: str) -> float | None:
        """How well a description agrees with the words that the encoder's head expects, 0 to 1; None where no head says."""
        return None


def plain_words(text: str) -> list[str]:
    """Its words as `View.words` has them: "Two t-shirts!" -> ["two", "t-shirts"]."""
    return re.findall(r"[a-z]+(?:-[a-z]+)*", text.lower())


PAIR_JOINT = "_"
"""Stands between the words of a pair, and in no word."""


def plain_pairs(text: str) -> list[str]:
    """Words that stand side by side: "A black dog." -> ["a_black", "black_dog"]."""
    words = plain_words(text)
    return [f"{first}{PAIR_JOINT}{second}" for first, second in zip(words, words[1:], strict=False)]
