"""The likeliest sequence of tokens instead of the likeliest next token: a pure step over logits. Knows nothing of graphs or text.

A greedy caption of a small model takes a wrong turn more often than it need. Nothing can be spoken before the search is over,
so it suits answers of one sentence, whose first sound waits for their end anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class _Beam:
    tokens: tuple[int, ...]
    score: float
    """Sum of log-probabilities."""

    def mean(self, length_power: float) -> float:
        return self.score / float(max(len(self.tokens), 1) ** length_power)


def beam_search(
    logits: np.ndarray,
    advance: Callable[[Sequence[int], Sequence[int]], np.ndarray],
    stop_ids: Collection[int],
    cap: int,
    width: int,
    length_power: float = 1.0,
    forbidden: Sequence[int] = (),
) -> list[int]:
    """The tokens of the best sequence found, its stop token with them.

    Args:
        logits: f32 [V], what follows the prompt.
        advance: (parents, tokens) -> f32 [beams, V]: goes on from beam `parents[i]` of the step before (0 in the first step)
            with `tokens[i]`, for each i.
        stop_ids: tokens that end a sequence.
        cap: most tokens of a sequence.
        width: sequences kept at each step.
        length_power: a sequence's log-probability is divided by its length to this power (Wu et al. 2016 have another curve
            for the same purpose).
        forbidden: tokens never taken.
    """
    alive, finished, scores = [_Beam((), 0.0)], list[_Beam](), logits[None]
    for _ in range(cap):
        grown = sorted(_grow(alive, scores, 2 * width, forbidden), key=lambda pair: -pair[1].score)
        finished += [beam for _, beam in grown[:width] if beam.tokens[-1] in stop_ids]
        kept = [(parent, beam) for parent, beam in grown if beam.tokens[-1] not in stop_ids][:width]
        alive = [beam for _, beam in kept]
        best = max((beam.mean(length_power) for beam in finished), default=-np.inf)
        # None that lives can become better: more tokens only take from the score, at best over the longest length.
        if not alive or len(finished) >= width or best >= max(b.score for b in alive) / cap**length_power:
            break
        if len(alive[0].tokens) < cap:
            scores = advance([parent for parent, _ in kept], [beam.tokens[-1] for beam in alive])
    return list(max(finished or alive, key=lambda beam: beam.mean(length_power)).tokens)


def _grow(beams: Sequence[_Beam], logits: np.ndarray, most: int, forbidden: Sequence[int]) -> list[tuple[int, _Beam]]:
    """Each beam with each of its `most` likeliest next tokens, and the number of the beam it grew from."""
    rows = logits.astype(np.float64)
    rows[:, list(forbidden)] = -np.inf
    rows -= rows.max(axis=-1, keepdims=True)
    rows -= np.log(np.exp(rows).sum(axis=-1, keepdims=True))
    grown = []
    for number, (beam, row) in enumerate(zip(beams, rows, strict=True)):
        for token in np.argpartition(-row, min(most, len(row)) - 1)[:most]:
            grown.append((number, _Beam((*beam.tokens, int(token)), beam.score + float(row[token]))))
    return grown
