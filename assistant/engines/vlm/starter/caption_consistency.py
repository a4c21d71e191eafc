"""How consistent a description is with the words, and pairs of words, that the word classifier expects of a picture. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable

from assistant.engines.vlm.starter.terms import PAIR_JOINT, plain_pairs, plain_words

Expected = tuple[str, float, float]
"""A word or pair of words, the share of people who would use it of this picture, and of those who use it of any picture."""


class CaptionConsistency:
    """Scores descriptions of one picture."""

    def __init__(self, expected: Iterable[Expected]) -> None:
        expected = list(expected)
        self._words = _Terms(one for one in expected if PAIR_JOINT not in one[0])
        self._pairs = _Terms(one for one in expected if PAIR_JOINT in one[0])

    def score(self, text: str) -> float:
        """Return 0 to 1: the mean of the expected F1 scores of words and of pairs, or that of the words where no pairs are known.

        What the text says and people would not lowers its precision, what they would say and it doesn't its recall.
        """
        of_words = self._words.score(plain_words(text))
        return (of_words + self._pairs.score(plain_pairs(text))) / 2 if self._pairs.weights else of_words


class _Terms:
    """Words, or pairs of them."""

    def __init__(self, expected: Iterable[Expected]) -> None:
        self.weights, self._expected = dict[str, float](), dict[str, float]()
        for term, share, usual_share in expected:
            self.weights[term] = -math.log(usual_share)  # a rare one tells more
            self._expected[term] = share * self.weights[term]
        self._expected_in_all = sum(self._expected.values())

    def score(self, terms: Iterable[str]) -> float:
        """Return the expected F1 score of a text that has these terms."""
        said = self.weights.keys() & terms
        in_all = math.fsum(self.weights[term] for term in said) + self._expected_in_all  # exact: a set has no order
        return 2 * math.fsum(self._expected[term] for term in said) / in_all if in_all else 0.0
