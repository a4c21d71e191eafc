"""What the classification heads say of one picture. Pure data, and what follows from it."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from assistant.engines.vlm.starter.caption_consistency import CaptionConsistency
from assistant.engines.vlm.starter.encoder_heads import Head, SeenLabel
from assistant.engines.vlm.starter.single_object import Verdict
from assistant.engines.vlm.starter.terms import plain_words
from assistant.messages import SeenPicture, SingleObject


@dataclass(frozen=True, eq=False)
class ClassifiedPicture(SeenPicture):
    """An encoded picture with what the heads say of it; the parts that files of SeenPictures don't keep have defaults."""

    labels: tuple[SeenLabel, ...] = ()
    """Likeliest classes of the class head, likeliest first; empty without that head."""
    expected_words: float = 1.0
    """How many of the words that the word classifier knows people would use of it; 1 without that head."""
    name: SingleObject = SingleObject(None)
    """What it is by the class head if it is of one thing; without a noun where that head isn't there."""
    garment: SingleObject = SingleObject(None)
    """The garment that it surely is of; without a noun where it is of none."""
    class_logits: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    """What the class head says, f32 [classes], for those who measure it; empty without that head."""


@dataclass(frozen=True, eq=False)
class PictureClasses:
    """What the heads say of a View's single picture."""

    labels: tuple[SeenLabel, ...]
    """As ClassifiedPicture has them."""
    expected_words: float
    """As ClassifiedPicture has them."""
    words: Mapping[str, float]
    """Nats by which the picture makes it likelier that people use a word, for each word and pair of words ("black_dog") that the word
    classifier knows; empty without that head."""
    word_head: Head
    """What the word classifier's outputs stand for."""
    name: SingleObject = SingleObject(None)
    garment: SingleObject = SingleObject(None)
    """Both as ClassifiedPicture has them."""
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    """By question, the `single_object_score` that `StarterClassifier` found."""

    @classmethod
    def of(cls, picture: SeenPicture, word_head: Head) -> PictureClasses:
        """Collect what is known of an encoded picture, which may come from a file."""
        words = dict(zip(word_head.names, picture.evidence.tolist(), strict=False))
        if isinstance(picture, ClassifiedPicture):
            return cls(picture.labels, picture.expected_words, words, word_head, picture.name, picture.garment)
        return cls((), 1.0, words, word_head)

    def caption_consistency(self, text: str) -> float | None:
        """Return how well a description agrees with the words that people would use of the picture, 0 to 1; None if no head says."""
        return self._expected.score(text) if self.words else None

    def word_share(self, word: str) -> float:
        """Return the share of people who would use a word of the picture, singular or plural, in [0, 1]; 0 of one that isn't known."""
        known = self._known_form(word)
        return self._usual_shares[known] * math.exp(self.words[known]) if known else 0.0

    def word_evidence(self, text: str) -> float:
        """Sum the nats by which the picture makes those words of a text likelier that are known, singular or plural; 0 if none is."""
        known = set(map(self._known_form, plain_words(text)))
        return sum(self.words[form] for form in known if form)

    def _known_form(self, word: str) -> str | None:
        return next((form for form in (word, word.removesuffix("s"), f"{word}s") if form in self.words), None)

    @functools.cached_property
    def _usual_shares(self) -> Mapping[str, float]:
        return dict(zip(self.word_head.names, self.word_head.shares, strict=True))

    @functools.cached_property
    def _expected(self) -> CaptionConsistency:
        return CaptionConsistency((term, share * math.exp(self.words[term]), share) for term, share in self._usual_shares.items())
