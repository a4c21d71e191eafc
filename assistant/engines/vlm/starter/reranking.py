"""Of the answers that beams find and of others sampled from the model, the one that agrees best with what else is known of the picture.

The likeliest answer is often a safe one that leaves out what can be seen, or a fluent one that adds what can't. So whole answers are
ordered anew by their likelihood and a reranker's score, as Fang et al. 2015 ("From captions to visual concepts and back") order theirs
by detected words. Pure: the language model and the reranker are functions given to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.engines.vlm.beam_search import Advance, Answer, Beams, BeamSearch, Step
from assistant.engines.vlm.token_decoding import TokenConstraints, log_sum_exp

Reranker = Callable[[Sequence[int]], float]
"""Tells how consistent an answer's token ids are with the picture: 0 to 1."""

CONSISTENCY_WEIGHT = 12.0
"""What full consistency counts beside an answer's own likelihood, in nats a token."""
LENGTH_TOLERANCE = 10.0
"""Tokens by which an answer may differ from the usual length before its consistency counts much less."""
TEMPERATURE, LEAST_SHARE = 0.65, 0.02
"""Temperature of the samples, and the share of the likeliest token's probability below which a token is never sampled."""


@dataclass(frozen=True, eq=False)
class RerankedSearch:
    """Beams and samples side by side, of which a reranker chooses; a `beam_search.Search`."""

    beams: Beams
    samples: int
    """Answers sampled from the model."""
    reranker: Reranker

    @property
    def width(self) -> int:
        """Return how many answers are read at once at most."""
        return self.beams.count + self.samples

    def tokens(self, logits: np.ndarray, advance: Advance, constraints: TokenConstraints) -> Iterator[int]:
        """Yield the best answer's token ids; the first once all of them are known."""
        yield from self.best_answer(logits, advance, constraints).tokens

    def best_answer(self, logits: np.ndarray, advance: Advance, constraints: TokenConstraints) -> Answer:
        """Return the answer to one prompt. The samples end with the beams; those that aren't finished by then are left out.

        Args:
            logits: f32 [vocabulary], what follows the prompt.
            advance: asked for beams and samples together.
            constraints: what may be said.
        """
        search, samples = BeamSearch(self.beams, constraints), Samples(self.samples, self.beams.length_penalty, constraints)
        found, drawn = search.take(logits[None]), samples.take(logits[None])
        before = 0
        """Beams among the answers read last; the samples stand behind them."""
        while found:
            following = advance([*found, *((before + parent, token) for parent, token in drawn)])
            before = len(found)
            found, drawn = search.take(following[:before]), samples.take(following[before:])
        return best([*search.answers, *samples.answers], samples.usual_length, self.reranker)


def best(answers: Sequence[Answer], usual_length: float, reranker: Reranker) -> Answer:
    """Return the first of the best answers. `usual_length`: of answers to this question, in tokens."""

    def score(answer: Answer) -> float:
        off = len(answer.tokens) - usual_length
        return answer.score + CONSISTENCY_WEIGHT * reranker(answer.tokens) * math.exp(-(off**2) / (2 * LENGTH_TOLERANCE**2))

    return max(answers, key=score)


@dataclass(frozen=True)
class _Begun:
    """What some of the samples have said so far, all of them alike."""

    tokens: tuple[int, ...]
    log_probability: float
    codes: np.ndarray
    """Place of each of these samples, from 0 to 1, among all that may follow."""


class Samples:
    """Answers sampled from the model all at once, which are told what follows each and tell how they go on.

    Arithmetic sampling (Vilnis et al. 2023): each sample is a point on a line from 0 to 1, on which every answer has a stretch as long
    as its probability, and the points stand at equal distances. So the samples are as varied as so few can be, the same each time, and
    those that begin alike are read once.
    """

    def __init__(self, count: int, length_penalty: float, constraints: TokenConstraints) -> None:
        """Begin `count` samples; the length penalty is that of the beams they are compared with."""
        self._constraints, self._length_penalty = constraints, length_penalty
        self._going = [_Begun((), 0.0, (np.arange(count) + 0.5) / count)]
        self._ended: list[_Begun] = []

    def take(self, logits: np.ndarray) -> list[Step]:
        """Return how those go on that haven't ended, given the logits f32 [answers, vocabulary] that follow each."""
        steps, longer = list[Step](), list[_Begun]()
        for place, (begun, row) in enumerate(zip(self._going, logits, strict=True)):
            for after in self._go_on(begun, row):
                if after.tokens[-1] in self._constraints.stop_ids:
                    self._ended.append(after)
                else:
                    longer.append(after)
                    steps.append((place, after.tokens[-1]))
        self._going = longer
        return steps

    @property
    def answers(self) -> list[Answer]:
        """Return those that have come to their end, each with the score that a beam would have."""
        return [Answer(a.tokens, a.log_probability / len(a.tokens) ** self._length_penalty) for a in self._ended]

    @property
    def usual_length(self) -> float:
        """Return the mean number of tokens so far: the longest samples are seldom at their end when the beams are."""
        lengths = [(len(begun.tokens), len(begun.codes)) for begun in (*self._going, *self._ended)]
        return sum(length * count for length, count in lengths) / sum(count for _, count in lengths)

    def _go_on(self, begun: _Begun, logits: np.ndarray) -> Iterator[_Begun]:
        """The next token of each of these samples."""
        scores = self._constraints.apply(logits, begun.tokens)
        highest = scores.max()
        likely = np.flatnonzero(scores >= highest + math.log(LEAST_SHARE))
        shares = np.exp((scores[likely] - highest) / TEMPERATURE, dtype=np.float64)
        ends = np.cumsum(shares / shares.sum())
        found = np.minimum(np.searchsorted(ends, begun.codes, side="right"), len(ends) - 1)
        sure = log_sum_exp(scores)[0]
        for which in np.unique(found):
            begin, token = ends[which - 1] if which else 0.0, int(likely[which])
            codes = (begun.codes[found == which] - begin) / (ends[which] - begin)
            yield _Begun((*begun.tokens, token), begun.log_probability + float(scores[token] - sure), codes)
