"""What the word classifier learns to say, and the right answers about each kind of picture."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.engines.vlm.starter.terms import plain_pairs, plain_words
from models.training.data import Example, shop_words

LEAST_PICTURES = 25
"""Fewest pictures in which a word or pair must occur to be learned."""
UNASKED_WEIGHT = 0.3
"""Weight of "no" to words that nobody was asked about: a captioned picture's groceries, a labelled picture's captions."""

# Words that tell nothing seen.
_UNTOLD = frozenset(
    re.findall(
        r"\w+",
        """a an the is are was be being has have in on of with and at to up down by for from into it its his her their while as that
        this over near through behind around under off out front next other another one each who there several some s t him them he
        she they looks looking like top side very which all""",
    )
)


@dataclass(frozen=True)
class Vocabulary:
    """Words of captions, most frequent first, then what shops sell; or pairs of words of captions."""

    terms: list[str]
    caption_terms: int
    """How many come from captions."""
    found_in: Callable[[str], list[str]]
    """All words, or pairs, of a text."""

    @classmethod
    def of(cls, captioned: Sequence[Example], sold: Sequence[Example]) -> Vocabulary:
        told = _frequent(captioned, plain_words, _UNTOLD)
        return cls([*told, *sorted({shop_words(e.label) for e in sold} - set(told))], len(told), plain_words)

    @classmethod
    def of_pairs(cls, captioned: Sequence[Example]) -> Vocabulary:
        told = _frequent(captioned, plain_pairs, frozenset())
        return cls(told, len(told), plain_pairs)

    def captioned(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return f32 [terms] each: which share of a picture's captions says a term, and how much that answer counts."""
        said = [set(self.found_in(text)) for text in texts]
        target, weight = self.nothing()
        target[: self.caption_terms] = [sum(term in terms for terms in said) / len(said) for term in self.terms[: self.caption_terms]]
        weight[self.caption_terms :] = UNASKED_WEIGHT
        return target, weight

    def sold(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return f32 [terms] each: which term is right of a picture of goods, and how much that answer counts."""
        target, weight = self.nothing()
        if name in self.terms:
            target[self.terms.index(name)] = 1
        weight[: self.caption_terms] = UNASKED_WEIGHT
        return target, weight

    def other(self) -> tuple[np.ndarray, np.ndarray]:
        """Return f32 [terms] each: that no term is right of a picture of something else, and how little that answer counts."""
        target, weight = self.nothing()
        return target, weight * UNASKED_WEIGHT

    def nothing(self) -> tuple[np.ndarray, np.ndarray]:
        """Return f32 [terms] each: that no term is right of a picture that shows nothing, and that each answer counts."""
        return np.zeros(len(self.terms), np.float32), np.ones(len(self.terms), np.float32)


def _frequent(captioned: Sequence[Example], found_in: Callable[[str], list[str]], untold: Collection[str]) -> list[str]:
    """What stands in the captions of enough pictures, most frequent first."""
    counts = Counter(term for e in captioned for term in {term for text in e.answers for term in found_in(text)}.difference(untold))
    return sorted((term for term, count in counts.items() if count >= LEAST_PICTURES), key=lambda term: (-counts[term], term))
