"""The one object that a folder of the starter model brings beside what a SmolVLM2's folder has."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from tokenizers import Tokenizer

from assistant.engines.vlm.beam_search import Beams
from assistant.engines.vlm.starter.classifier import LogLikelihoods, StarterClassifier
from assistant.engines.vlm.starter.encoder_heads import (
    CLASS_HEAD,
    WORD_HEAD,
    Head,
    expected_words,
    seen_labels,
    seen_text,
    seen_words,
    word_evidence,
)
from assistant.engines.vlm.starter.garments import GARMENT_THRESHOLDS, GarmentHead
from assistant.engines.vlm.starter.hedged_names import NameThresholds, NounTree, noun_tree
from assistant.engines.vlm.starter.picture_classes import ClassifiedPicture, PictureClasses
from assistant.engines.vlm.starter.reranking import RerankedSearch
from assistant.engines.vlm.starter.thresholds import StarterThresholds
from assistant.engines.vlm.starter.word_bias import WordBias
from assistant.engines.vlm.tokenizing import encode
from assistant.messages import SeenPicture, SingleObject


class StarterExtras:
    """The heads that a model folder names, and what to make of them."""

    def __init__(
        self,
        heads: Mapping[str, Head],
        thresholds: StarterThresholds,
        name_thresholds: NameThresholds,
        samples: int,
        tokenizer: Tokenizer,
        garments: GarmentHead | None = None,
    ) -> None:
        """Create it.

        Args:
            heads: by the vision encoder graph's outputs; one at least.
            thresholds: measured of this model, or the defaults.
            name_thresholds: of what the class head names, likewise.
            samples: answers drawn from the model to choose a description from, beside those of beams; 0 = none.
            tokenizer: the language model's.
            garments: names garments; None in a folder without that head.
        """
        self._garments = garments
        self.heads = heads
        self._thresholds = thresholds
        self._name_thresholds = name_thresholds
        self._samples = samples
        self._tokenizer = tokenizer

    def classify(self, block: str, features: np.ndarray, logits: Mapping[str, np.ndarray]) -> ClassifiedPicture:
        """Add to a picture's features, f32 [tokens, hidden], what the heads' logits, f32 [width] each, say of it."""
        class_logits = logits.get(CLASS_HEAD, np.zeros(0, np.float32))
        has_classes = CLASS_HEAD in self.heads
        labels = seen_labels(class_logits, self.heads[CLASS_HEAD].names) if has_classes else ()
        name = self._nouns.name(class_logits, self._name_thresholds) if has_classes else SingleObject(None)
        garment = self._garments.name(features, GARMENT_THRESHOLDS) if self._garments else SingleObject(None)
        if WORD_HEAD not in self.heads:
            return ClassifiedPicture(
                block, features, seen_text(labels), labels=labels, name=name, garment=garment, class_logits=class_logits
            )
        head, said = self.heads[WORD_HEAD], logits[WORD_HEAD]
        words = said[: head.words]
        text = seen_text(labels, seen_words(words, head.names))
        evidence, expected = word_evidence(said, head.shares), expected_words(words)
        return ClassifiedPicture(block, features, text, evidence, labels, expected, name, garment, class_logits)

    def classes(self, pictures: Sequence[SeenPicture]) -> PictureClasses | None:
        """Return what the heads say of a single picture; None of several, for then one label names none in particular."""
        return PictureClasses.of(pictures[0], self.heads.get(WORD_HEAD, Head([]))) if len(pictures) == 1 else None

    def word_bias(self, classes: PictureClasses) -> WordBias | None:
        """Return what the word classifier adds to the logits of an answer about a picture; None where it has no say."""
        words = classes.words
        return WordBias((tokens, words[word]) for word, tokens in self._spelled if word in words) if words else None

    def search(self, beams: Beams, classes: PictureClasses) -> RerankedSearch | None:
        """Return a search for the description that agrees best with the word classifier; None where nothing is sampled or it has no say."""
        if not self._samples or not classes.words:
            return None
        return RerankedSearch(beams, self._samples, lambda tokens: classes.caption_consistency(self._tokenizer.decode(tokens)) or 0.0)

    def classifier(self, log_likelihoods: LogLikelihoods) -> StarterClassifier:
        """Return the judge of a describer's answers; `log_likelihoods` are that describer's."""
        return StarterClassifier(self._thresholds, log_likelihoods)

    @functools.cached_property
    def _nouns(self) -> NounTree:
        """What the class head's classes are called, and what they are kinds of."""
        return noun_tree(self.heads[CLASS_HEAD].names)

    @functools.cached_property
    def _spelled(self) -> list[tuple[str, list[int]]]:
        """Each word that the word classifier knows with its tokens, within a sentence and at its beginning."""
        head = self.heads.get(WORD_HEAD, Head([]))
        forms = ((word, form) for word in head.names[: head.words] for form in (word, word[:1].upper() + word[1:]))
        return [(word, encode(self._tokenizer, f" {form}")) for word, form in forms]
