"""A language model for tests of what is made of one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.engines.vlm.beam_search import Advance, Step

WORDS = 4


class Language:
    """Random next-token probabilities, the same for the same beginning; its state is what was read."""

    def __init__(self, seed: int, sharpness: float = 1.5) -> None:
        self._seed, self._sharpness = seed, sharpness
        self.rows: list[int] = []
        """How many answers were read at once, each time."""

    def logits(self, tokens: tuple[int, ...]) -> np.ndarray:
        rng = np.random.default_rng([self._seed, *tokens])
        return np.asarray(self._sharpness * rng.standard_normal(WORDS + 1), np.float32)

    def advance(self) -> Advance:
        """From an empty beginning."""
        read: list[tuple[int, ...]] = [()]

        def read_on(steps: Sequence[Step]) -> np.ndarray:
            self.rows.append(len(steps))
            read[:] = [(*read[parent], token) for parent, token in steps]
            return np.stack([self.logits(tokens) for tokens in read])

        return read_on

    def log_probability(self, tokens: tuple[int, ...]) -> float:
        total = 0.0
        for place, token in enumerate(tokens):
            logits = self.logits(tokens[:place])
            total += float(logits[token] - np.log(np.exp(logits).sum()))
        return total
