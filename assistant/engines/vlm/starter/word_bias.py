"""Lets what the word classifier sees weigh on which word comes next. Pure.

A product of experts (Hinton 2002): the language model's probability of a word, times how much likelier the picture makes that word
by the word classifier, to a small power. Words of several tokens are led to from their first one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

WEIGHT = 0.3
"""Power to which a word's likelihood by the word classifier is raised."""
MOST_NATS = 3.0
"""Most that one word's evidence may count, either way, before it is weighed."""


class WordBias:
    """Adds the word classifier's evidence to the logits of an answer about one picture; a `LogitsProcessor`."""

    def __init__(self, words: Iterable[tuple[Sequence[int], float]], weight: float = WEIGHT) -> None:
        """Create it.

        Args:
            words: tokens of each word as it stands in a sentence, and the evidence for it in nats.
            weight: the power.
        """
        added: dict[tuple[int, ...], dict[int, float]] = defaultdict(dict)
        ends: set[tuple[int, ...]] = set()
        for tokens, evidence in words:
            nats = weight * min(max(evidence, -MOST_NATS), MOST_NATS)
            ends.add(tuple(tokens))
            for place, token in enumerate(tokens):
                options = added[tuple(tokens[:place])]
                options[token] = max(options.get(token, nats), nats)
        for begun, options in added.items():
            for token, nats in options.items():
                if (*begun, token) not in ends:
                    options[token] = max(nats, 0.0)  # words that nobody asked about begin the same way
        self._added = {begun: (np.array(list(o), np.int64), np.array(list(o.values()), np.float32)) for begun, o in added.items()}
        self._longest = max(map(len, self._added), default=0)

    def __call__(self, logits: np.ndarray, tokens: Sequence[int]) -> np.ndarray:
        """Return the logits that follow `tokens` with the evidence added: f32 [vocabulary]; the argument stays as it is."""
        logits = logits.copy()
        for begun in range(min(self._longest, len(tokens)) + 1):
            if (found := self._added.get(tuple(tokens[len(tokens) - begun :]))) is not None:
                logits[found[0]] += found[1]
        return logits
