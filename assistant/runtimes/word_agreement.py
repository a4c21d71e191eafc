"""How well the words of an answer agree with those that the encoder's head of words expects. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from assistant.messages import plain_words


class WordAgreement:
    """Of answers about one picture."""

    def __init__(self, words: Iterable[tuple[str, float, float]]) -> None:
        """`words`: each that the head knows, the share of people who would use it of this picture, and of any picture."""
        self._weights, self._expected = dict[str, float](), dict[str, float]()
        for word, share, usual_share in words:
            self._weights[word] = -float(np.log(usual_share))  # a rare word tells more
            self._expected[word] = share * self._weights[word]
        self._expected_in_all = sum(self._expected.values())

    def of(self, text: str) -> float:
        """0 to 1: the F1 score that is to be expected, over the head's words weighed by how rare they are.

        What the text says and people would not lowers its precision, what they would say and it doesn't its recall.
        """
        said = self._weights.keys() & plain_words(text)
        in_all = sum(self._weights[word] for word in said) + self._expected_in_all
        return 2 * sum(self._expected[word] for word in said) / in_all if in_all else 0.0
