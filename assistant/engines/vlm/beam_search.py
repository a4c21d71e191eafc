"""Beam search: the answer that is likeliest as a whole rather than token by token. Pure: the language model is a function given to it.

As transformers' `generate` has it with `num_beams` and `length_penalty` (a finished answer's score is its log-probability divided by its
length to that power), but tokens are given out as soon as all beams agree on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from assistant.engines.vlm.token_decoding import TokenConstraints, completes_loop, log_sum_exp

Step = tuple[int, int]
"""How an answer goes on: the place of its beginning among those read last (at first the prompt, 0), and its next token id."""
Advance = Callable[[Sequence[Step]], np.ndarray]
"""Reads one token more of each answer, all at once, and gives the logits that follow: f32 [answers, vocabulary]."""


class Search(Protocol):
    """Chooses an answer as a whole, of several that are read side by side."""

    @property
    def width(self) -> int:
        """Return how many answers are read at once at most."""
        ...

    def tokens(self, logits: np.ndarray, advance: Advance, constraints: TokenConstraints) -> Iterator[int]:
        """Yield the chosen answer's token ids, up to and including one that ends it.

        Args:
            logits: f32 [vocabulary], what follows the prompt.
            advance: **called only when another token is asked for**.
            constraints: what may be said.
        """
        ...


@dataclass(frozen=True)
class Beams:
    """Beam search of one width; a `Search`."""

    count: int = 1
    """How many answers are followed."""
    length_penalty: float = 1.0
    """Power of the length that an answer's log-probability is divided by: the higher, the longer the answers."""

    @property
    def width(self) -> int:
        """Return how many answers are read at once at most."""
        return self.count

    def tokens(self, logits: np.ndarray, advance: Advance, constraints: TokenConstraints) -> Iterator[int]:
        """Yield the best answer's token ids, as `search_tokens` does."""
        return search_tokens(logits, advance, self, constraints)


_PART = 256
"""Scores looked at together."""


@dataclass(frozen=True)
class Answer:
    """A finished answer."""

    tokens: tuple[int, ...]
    """Token ids, with the one that ends it if it came to one."""
    score: float
    """Log-probability, divided by the length to the power of the length penalty."""


class BeamSearch:
    """One search, which is told what follows each of its answers and tells how they go on."""

    def __init__(self, beams: Beams, constraints: TokenConstraints) -> None:
        self._beams, self._constraints = beams, constraints
        self._live: list[tuple[tuple[int, ...], float]] = [((), 0.0)]
        """Tokens of those that aren't finished, and their log-probability; the likeliest first."""
        self._finished: list[Answer] = []
        self._ended = False

    @property
    def answers(self) -> list[Answer]:
        """Return the finished answers, best first; before there are any, the likeliest unfinished one."""
        return self._finished or [Answer(*self._live[0])]

    @property
    def agreed(self) -> Sequence[int]:
        """Return the token ids that the answer begins with, whichever becomes the best."""
        if self._ended:
            return self.answers[0].tokens
        return _common([tokens for tokens, _ in self._live] + [answer.tokens for answer in self._finished])

    def take(self, logits: np.ndarray) -> list[Step]:
        """Return how the answers go on, given the logits f32 [answers, vocabulary] that follow each; [] when the search has ended."""
        length, count, power = len(self._live[0][0]) + 1, self._beams.count, self._beams.length_penalty
        found = sorted(self._next_tokens(logits), key=lambda step: -step[0])
        going: list[tuple[float, Step]] = []
        for place, (log_probability, parent, token) in enumerate(found[: 2 * count]):
            if token in self._constraints.stop_ids or length == self._constraints.most:
                if place < count:
                    self._finished.append(Answer((*self._live[parent][0], token), log_probability / length**power))
            elif len(going) < count:
                going.append((log_probability, (parent, token)))
        self._finished = sorted(self._finished, key=lambda answer: -answer.score)[:count]
        if not going or (len(self._finished) == count and going[0][0] / length**power <= self._finished[-1].score):
            self._ended = True
            return []
        self._live = [((*self._live[parent][0], token), total) for total, (parent, token) in going]
        return [step for _, step in going]

    def _next_tokens(self, logits: np.ndarray) -> Iterator[tuple[float, int, int]]:
        """Log-probability, parent and token of the likeliest next tokens of each: no more can be needed."""
        for parent, ((tokens, log_probability), row) in enumerate(zip(self._live, logits, strict=True)):
            scores = self._constraints.apply(row, tokens)
            scores -= log_sum_exp(scores)
            for token in map(int, _highest(scores, 2 * self._beams.count)):
                if np.isfinite(scores[token]) and not completes_loop(tokens, token):
                    yield log_probability + float(scores[token]), parent, token


def search_tokens(logits: np.ndarray, advance: Advance, beams: Beams, constraints: TokenConstraints) -> Iterator[int]:
    """Yield the best answer's token ids, up to and including one that ends it. No answer completes a loop.

    Args:
        logits: f32 [vocabulary], what follows the prompt.
        advance: **called only when another token is asked for**.
        beams: how many answers are followed, and how length is weighed.
        constraints: what may be said.
    """
    search, given = BeamSearch(beams, constraints), 0
    steps = search.take(logits[None])
    while True:
        agreed = search.agreed
        yield from agreed[given:]
        given = max(given, len(agreed))
        if not steps:
            return
        steps = search.take(advance(steps))


def _highest(scores: np.ndarray, count: int) -> np.ndarray:
    """Where the `count` highest of f32 [n] are, in any order; all if there are no more. Ten times as fast as sorting them all out: none of
    them can be below the `count` highest of the highest of each part.
    """
    parts = len(scores) // _PART
    if parts > count:
        of_parts = scores[: parts * _PART].reshape(parts, _PART).max(axis=1)
        among = np.flatnonzero(scores >= np.partition(of_parts, -count)[-count])
    else:
        among = np.arange(len(scores))
    return among[np.argsort(-scores[among], kind="stable")[:count]]


def _common(answers: Sequence[Sequence[int]]) -> Sequence[int]:
    """The tokens that all of them begin with."""
    first = min(answers, key=len)
    return first[: next((i for i, token in enumerate(first) if any(answer[i] != token for answer in answers)), len(first))]
