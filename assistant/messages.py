"""What flows between the stages. One form per kind of data; the adapters in `devices/` and `engines/` convert.

Picture: uint8 [H, W, 3] RGB. Sound: float32 [samples], mono, in [-1, 1]. Time: seconds of one monotonic clock
(of the recording, for files).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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

Pattern = Literal["plain", "striped", "checked", "dotted", "patterned"]
"""Of a cloth; "patterned" is any other."""

Detail = Literal["brief", "normal", "full"]

NarrationMode = Literal["quiet", "changes", "continuous"]

EarconName = Literal["ready", "listening", "heard", "thinking", "answer", "error", "muted", "aim", "light"]

AimingSound = Literal["words", "tones", "both"]

ReadingIntent = Literal[
    "read", "read_all", "translate_text", "has_text", "find_text", "total", "expiry", "brand", "sign", "quote", "find_sign", "aim",
    "read_on", "read_from_start", "next_line", "previous_line", "read_line", "spell",
]  # fmt: skip
"""What is wanted of a text; "sign": what large letters say; "quote": what it says of any of the choices; "find_sign":
where it says so; "aim": how to move the camera. Those of the second row go on in the text that was read last."""

Intent = Literal[
    "scene", "what", "choice", "is_this", "is_there", "where", "how_many", "colour", "light", "code", "who", "doing",
    "compare", "match", "things", "facing", "remember_thing", "keep_thing", "forget_thing",
    "money", "safety", "not_about_the_picture", "free", ReadingIntent,
]  # fmt: skip
"""What is wanted; "match": whether the colours of two things go together; "compare": any other comparison; "things": a list
of what is there; "facing": whether anybody looks at the camera; "remember_thing" and the like: of the user's own; "free": whatever
fits nothing else."""

CommandKind = Literal[
    "describe", "more", "shorter", "repeat", "stop", "pause", "what_changed", "where_looking", "tell_when", "light_tone",
    "read", "read_all", "spell", "next_line", "previous_line", "read_from_start", "read_line",
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
        """Return how long the sound lasts, in seconds."""
        return len(self.samples) / self.sample_rate_hz


@dataclass(frozen=True, eq=False)
class Echoed:
    """What the microphone really heard of an Utterance while the loudspeaker played, before anything was taken out."""

    heard: Sound
    played: Sound
    """What the loudspeaker was given, from `hearing.echo_fit.BEFORE` samples before; it ends when `heard` does."""


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
    is_over_voice: bool = False
    """Whether it began while the assistant spoke."""
    said: str = ""
    """What the assistant was saying; "" where that can't come back as an echo."""
    echoed: Echoed | None = None
    """None where the loudspeaker was silent, or isn't heard."""


@dataclass(frozen=True)
class Transcript:
    """What was heard in an Utterance; `text` is empty when nobody spoke."""

    text: str
    language: str
    """Two-letter code, "" when nobody spoke."""
    language_probability: float
    """How sure the recogniser is of the language, in [0, 1]."""
    english: str
    """The same in English; equal to `text` when that is English already; "" where only a translator can tell, or nobody wants it."""
    confidence: float = 1.0
    """How sure the recogniser is of the words, in [0, 1]."""
    english_confidence: float = 1.0
    """How sure it is of the English, where it has put the words into English itself."""


@dataclass(frozen=True)
class Command:
    """What the user told the assistant itself to do."""

    kind: CommandKind
    argument: str = ""
    """language: the two-letter code. tell_when: the event in the user's words ("a dog appears"). read_line: the line's number in digits."""
    language: str = field(default="", compare=False)
    """Code of the language in whose words it was said."""


LEFT, RIGHT = "left", "right"
"""Sides, as what is asked about: `Ask.thing`."""


@dataclass(frozen=True)
class Ask:
    """One thing that is asked, parsed: no later stage looks at the words again."""

    intent: Intent
    thing: str = ""
    """What it is asked about, as the user named it ("red cup"); "" where nothing is named. things: what they are on, LEFT or RIGHT, "" for
    all of the picture; find_text: the words looked for;
    translate_text: the two-letter code of the language that is wanted."""
    choices: tuple[str, ...] = ()
    """What is to be told apart: "a dog or a cat?"."""
    text: str = ""
    """The user's own words."""
    english: str = ""
    """The same in English; `text` where nothing translates it."""
    language: str = "en"
    """Code of the language that `thing` and `choices` are in."""
    in_full: bool = False
    """Whether yes or no may mislead, so that the answer is a sentence: it asks for the absence of the thing ("Is there no dog?"), or for
    it at a place ("Is the dog on the sofa?", where only the dog is looked for), only a translation asks for its presence, which made
    that of "what" perhaps, or it was heard unsurely."""
    heard_to: float | None = None
    """How many passages of the page read last the user has heard: 2.4 is within the third. None: all that were told."""


READING_COMMANDS: frozenset[CommandKind] = frozenset(
    ("read", "read_all", "spell", "next_line", "previous_line", "read_from_start", "read_line")
)
"""Commands that are questions of the same name to what reads."""

ON_PAGE: frozenset[Intent] = frozenset(("read_on", "read_from_start", "next_line", "previous_line", "read_line", "spell"))
"""Intents that go on in the page read last, whatever the camera shows now."""


@dataclass(frozen=True)
class Question:
    """What the user wants to know."""

    text: str
    language: str
    """Code of the language to answer in."""
    english_text: str
    turn: int = 0
    command: Command | None = None
    """Set when it is no question about a picture but a command to the assistant."""
    asks: tuple[Ask, ...] = field(default=(), compare=False)
    """What is asked, in order, as the texts were parsed; empty for a command."""
    is_unfinished: bool = False
    """Whether it only begins a question: "Is there", "What is the"."""
    heard_in: str = field(default="", compare=False)
    """Code of the language that it was spoken in; "" for what was written."""

    @property
    def is_on_page(self) -> bool:
        """Tell whether all of it is about the page that was read last."""
        return bool(self.asks) and all(ask.intent in ON_PAGE for ask in self.asks)

    @property
    def is_on_light(self) -> bool:
        """Tell whether all of it is about the light, so that a dark picture is an answer."""
        return bool(self.asks) and all(ask.intent == "light" for ask in self.asks)


@dataclass(frozen=True)
class Region:
    """A part of a picture, as shares of its width and height."""

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def around(cls, points: Iterable[tuple[float, float]]) -> Region:
        """Return the upright part that all (x, y) lie in, at least one."""
        across, down = zip(*points, strict=True)
        return cls(min(across), min(down), max(across) - min(across), max(down) - min(down))


@dataclass(frozen=True)
class TextLine:
    """A line of text that stands in a picture, exactly as it stands there."""

    text: str
    """As it is read; "" where text stands that can't be read."""
    probability: float
    """Of all of it being right, in [0, 1]."""
    corners: tuple[tuple[float, float], ...]
    """Four (x, y), as shares of the picture's width and height, clockwise from where the line begins: turned text keeps its turn."""
    character_probabilities: tuple[float, ...] = ()
    """Of each character of `text` being right; empty where the reader doesn't tell."""
    script: str = ""
    """Of a line of which no letters can be read: what script they are in, as `Language.script_names` has it; "" where it isn't known."""

    @property
    def region(self) -> Region:
        """Return the upright part of the picture that the line stands in."""
        return Region.around(self.corners)


FACING = "face turned here"
"""Label of a face that is turned to the camera; others have "face"."""


@dataclass(frozen=True)
class DetectedThing:
    """Something that a detector found in a picture."""

    label: str
    """Its name in English, singular and in small letters, as COCO has it: "person", "dining table"."""
    probability: float
    """Calibrated: of boxes with 0.8, eight in ten are of such a thing, and lie over more than half of it."""
    region: Region


PieceKind = Literal["sure", "doubtful", "unreadable_number", "unreadable"]


@dataclass(frozen=True)
class TextPiece:
    """A part of what is told of a text that was read."""

    kind: PieceKind
    text: str
    """As it stands there; "" for the unreadable kinds, which only mark a place."""


@dataclass(frozen=True)
class SingleObject:
    """The one thing that a picture is of, where it is of one thing rather than of a scene."""

    noun: str | None
    """What it surely is, as a synset of `languages/nouns.tsv`; None where nobody can tell."""
    probability: float = 0.0
    """Of the noun being right, calibrated."""
    specific: str | None = None
    """A more precise noun that it perhaps is; None where nothing more precise is likely."""
    specific_probability: float = 0.0
    """Of the more precise noun being right, calibrated."""


FindingKind = Literal[
    "presence", "seen", "choice", "count", "place", "things", "name", "code", "label", "colour", "light", "reading", "translation",
    "text", "refusal",
]  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One thing that was found out about what is asked."""

    kind: FindingKind
    """presence: whether a thing is there, as an answer; seen: the same, as what a question took for granted; choice: which of several
    things it is; count: how many there are; place: where it is; things: what is there; name: what the one thing in the picture is; code:
    what a code in it holds; label: what a text in it tells; colour: those of a thing, or of two; light: how much there is and whence it
    comes; reading: a passage of text as it stands there; translation: one that is wanted in the language `thing`, "" for the user's;
    text: a free sentence of a model; refusal: why nothing is told."""
    value: bool | int | str | SingleObject | tuple[str, dict[str, str]] | tuple[TextPiece, ...] | tuple[str, ...]
    """presence and seen: True; choice: the thing; count: the number; place: keys of [places] of the language files; things: synsets of
    nouns.tsv; code, label and light: (key of the phrase, what stands in its blanks); colour: the same, with keys of colours in the
    blanks; reading, translation: its pieces; text: English; refusal: key of the phrase."""
    probability: float
    """Of being right, calibrated where that was measured: of findings with 0.8, eight in ten are."""
    source: str
    """Who found it: "likelihoods", "classifier", "objects", "codes", "text", "colours", "light", "model" or "rule"."""
    thing: str = ""
    """What it is about, in the words of the question; "" where nothing is named, and for people who are counted."""
    in_full: bool = False
    """presence: whether it must be told as a sentence, as `Ask.in_full` has it."""
    is_doubtful: bool = False
    """Whether it may only be said with an "It looks like"."""
    region: Region | None = None
    """Where it is in the newest picture; None where that isn't known or it is of all of it."""
    language: str = ""
    """reading, translation: code of the text's own language."""
    passage: int | None = None
    """reading, translation: its place in the page, from 0."""
    doubts: frozenset[str] = frozenset()
    """text: its words, in lower case, that may not be so; from the first of them on it may only be said with a "perhaps"."""


@dataclass(frozen=True)
class Sentence:
    """The smallest thing spoken."""

    text: str
    language: str
    turn: int = 0
    english: str = ""
    """Its English; "" when the text is English itself."""
    finding: Finding | None = field(default=None, compare=False)
    """What it tells; None for what the assistant says of itself."""

    @property
    def quoted_language(self) -> str:
        """Return the language of what stands in quotation marks: a translation keeps that as it was in English."""
        return "en" if self.english else self.language


@dataclass(frozen=True)
class NotUnderstood(Sentence):
    """Asks for what was said to be said again."""

    heard: str = ""
    """The words that make no sense; "" where none were heard."""


@dataclass(frozen=True)
class Earcon:
    """A short sound that tells a state."""

    name: EarconName
    turn: int = 0
    level: float = 0.0
    """In [0, 1]. Of "aim": how well the camera is placed; of "light": how bright it is."""


@dataclass(frozen=True)
class Heard:
    """The part of a Sentence that left the speaker."""

    sentence: Sentence
    share: float
    """In [0, 1]; 1 when all of it was heard."""


@dataclass(frozen=True, eq=False)
class SeenPicture:
    """A picture after the vision encoder: all that a model needs to look at it again without the picture."""

    block: str
    """Where the picture stands in the prompt, as text."""
    features: npt.NDArray[np.float32]
    """float32 [tokens, hidden]"""
    seen: str
    """What the encoder's own classifiers see, as text for the prompt; "" without any."""
    evidence: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    """float32 [n]: what else they tell, in a form that the engine alone knows; empty without any."""


@dataclass(frozen=True)
class Prompts:
    """How a model likes to be asked, in English. The defaults are the bare questions, for a model that was taught on those."""

    scene: Mapping[Detail, str] = field(default_factory=dict)
    """What to ask for all that is to be seen, by how much is to be told; a detail that is missing is asked for in the caller's words."""
    inside: str = ""
    """Stands behind a thing that is asked for: " in the image"."""
    briefly: str = ""
    """Stands behind a question that calls for a word or two."""
    yes_or_no: str = ""
    """Stands behind a question that calls for yes or no."""
    hint: str = ""
    """Stands behind a question, with what instruments surely found in place of {}; "" for a model that was taught on none."""
    takes_hints: bool = False
    """Whether such is told it: where set-up found out that it words what it is told."""

    def hinted(self, question: str, known: str) -> str:
        """Return a question with what is known, "" for nothing, behind it."""
        return f"{question}{self.hint.format(known)}" if known and self.hint else question

    def asking_for_scene(self, detail: Detail, otherwise: str) -> str:
        """Return the question for all that is to be seen; `otherwise`: the caller's words."""
        return self.scene.get(detail, otherwise)


@dataclass(frozen=True)
class AnswerThresholds:
    """How sure a model must be for how plain a word; measured for each model and stored in its folder."""

    slope: float = 1.0
    """Slope of Platt's line from the model's log-odds of "yes" to calibrated ones."""
    offset: float = 0.0
    """Offset of Platt's line, in nats."""
    sure: float = 0.8
    """Calibrated probability from which "yes" is said without "I think", and of "no" likewise."""
    cant_tell_margin: float = 0.05
    """Distance from a probability of 0.5 below which the answer is "I can't tell"."""
    absent: float = 0.3
    """Calibrated probability below which what a question takes for granted is not there."""
    doubt: float = -10.0
    """Mean log-probability of an answer's words below which it is told with "It looks like"."""


@dataclass(frozen=True)
class SelfCalibration:
    """How far a model that nobody measured may be believed, found out at set-up on pictures whose truth is known."""

    thresholds: AnswerThresholds
    reliability: Mapping[str, float] = field(default_factory=dict)
    """By intent, in [0, 1], as SceneDescriber.reliability has it."""
    presence_right: float = 0.0
    """Share of the things in these pictures that were told rightly as there or not, those there and absent ones counting alike."""
    takes_hints: bool = False
    """Whether it words what it is told that instruments found."""


@dataclass(frozen=True)
class MomentThresholds:
    """How a model's evidence that a picture shows a query becomes a probability; measured for each model and stored in its folder.

    A logistic line leads from the evidence to log-odds: one for descriptions ("a dog runs"), one for bare things ("a dog"). The defaults
    are round numbers for a model that nobody measured by `python -m models.training.fit_moments`: rather miss than invent a moment.
    """

    offset: float = -2.0
    """Log-odds of a description without any evidence."""
    slope: float = 4.0
    """Log-odds for each nat a token of evidence for a description."""
    per_thing: float = 0.2
    """Log-odds for each unit of log-odds of the least probable thing that a description names."""
    per_word: float = 0.2
    """Log-odds for each nat by which the picture makes a description's words likelier (`PictureClassifier.word_evidence`)."""
    thing_offset: float = -1.0
    """Log-odds of a bare thing without any evidence."""
    thing_slope: float = 1.0
    """Log-odds for each unit of the model's own log-odds of a bare thing."""
    thing_per_word: float = 0.3
    """Log-odds for each nat by which the picture makes a bare thing's words likelier."""
    empty_nats: float = 20.0
    """Nats by which an unrelated photograph makes a description likelier than the empty picture does, on average."""
    found: float = 0.5
    """Probability of the best moment below which a query counts as not found."""


@dataclass(frozen=True, eq=False)
class View:
    """Pictures the model has looked at. Engines subclass it to keep what they computed."""

    keyframes: tuple[Keyframe, ...] = field(default=())
    prompts: Prompts = field(default_factory=Prompts, kw_only=True)
    """How the model likes to be asked about just these."""


@dataclass(frozen=True, eq=False)
class Glance(View):
    """Pictures that no model has looked at yet: it does when it is asked, and many questions are answered without it."""

    detail: Detail = "brief"
    """How closely it is to look."""
