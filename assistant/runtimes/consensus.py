"""Of the answers that beams find, the one most like what the model says at random: not the likeliest answer, but the likeliest meaning.

Minimum Bayes risk decoding (Kumar & Byrne 2004; with drawn answers as the measure, Eikema & Aziz 2020, "Is MAP decoding all you
need?"). Many wordings of one meaning share words, so together they outvote a likelier wording of another. Pure.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.runtimes.beam_search import Advance, Answer, Beams, BeamSearch, Step
from assistant.runtimes.token_decoding import Choice

WORTH_WEIGHT = 0.3
"""What a nat a token of an answer's own likelihood counts beside its likeness to the draws, which is 0 to 1."""
TEMPERATURE, LEAST_SHARE = 0.9, 0.02
"""Of the draws; tokens below this share of the likeliest one's probability are never drawn."""
LONGEST_RUN = 4
"""Of tokens in a row that likeness counts."""
LENGTH_TOLERANCE = 6.0
"""Tokens by which lengths may differ before likeness suffers much."""
SEED = 0


def consensus(logits: np.ndarray, advance: Advance, beams: Beams, choice: Choice) -> Answer:
    """The answer to one prompt. The draws end with the beams; what was drawn until then counts.

    Args:
        logits: f32 [vocabulary], what follows the prompt.
        advance: asked for beams and draws together.
        beams: how wide to search, and how many draws.
        choice: what may be said.
    """
    search, draws = BeamSearch(beams, choice), Draws(beams.draws, choice)
    found, drawn = search.take(logits[None]), draws.take(logits[None])
    before = 0
    """Beams among the answers read last; the draws stand behind them."""
    while found:
        following = advance([*found, *((before + parent, token) for parent, token in drawn)])
        before = len(found)
        found, drawn = search.take(following[:before]), draws.take(following[before:])
    return most_alike(search.answers, draws.tokens, choice.stop_ids)


def most_alike(answers: Sequence[Answer], drawn: Sequence[Sequence[int]], stop_ids: Collection[int]) -> Answer:
    """The answer that is most like what was drawn."""
    drawn_runs = [Runs.of(_spoken(tokens, stop_ids)) for tokens in drawn]

    def worth(answer: Answer) -> float:
        runs = Runs.of(_spoken(answer.tokens, stop_ids))
        return sum(map(runs.likeness, drawn_runs)) / len(drawn_runs) + WORTH_WEIGHT * answer.worth

    return max(answers, key=worth)


class Draws:
    """Answers drawn at random, all at once, told what follows each and telling how they go on."""

    def __init__(self, count: int, choice: Choice) -> None:
        self._choice = choice
        self._random = np.random.default_rng(SEED)
        self.tokens: list[tuple[int, ...]] = [()] * count
        self._going = list(range(count))

    def take(self, logits: np.ndarray) -> list[Step]:
        """How those go on that haven't ended, given what follows each: f32 [answers or 1, vocabulary]."""
        going, steps = list[int](), list[Step]()
        for place, answer in enumerate(self._going):
            row = min(place, len(logits) - 1)  # at first all go on from the one row of the prompt
            token = self._draw(self._choice.weighed(logits[row], self.tokens[answer]))
            self.tokens[answer] = (*self.tokens[answer], token)
            if token not in self._choice.stop_ids:
                going.append(answer)
                steps.append((row, token))
        self._going = going
        return steps

    def _draw(self, logits: np.ndarray) -> int:
        """As `drawn_scores` draws, but from a set that is found without sorting the vocabulary: there are many draws a step."""
        likely = np.flatnonzero(logits >= logits.max() + math.log(LEAST_SHARE))
        return int(likely[(logits[likely] / TEMPERATURE + self._random.gumbel(size=len(likely))).argmax()])


@dataclass(frozen=True)
class Runs:
    """How often each run of 1 to LONGEST_RUN tokens stands in a text."""

    counts: tuple[Counter[tuple[int, ...]], ...]
    length: int

    @classmethod
    def of(cls, tokens: Sequence[int]) -> Runs:
        sizes = range(1, LONGEST_RUN + 1)
        return cls(tuple(Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)) for n in sizes), len(tokens))

    def likeness(self, other: Runs) -> float:
        """0 to 1: the mean cosine of their counts, those of this text no higher than in the other, less where lengths differ
        (CIDEr-D of Vedantam et al. 2015, all runs weighing the same).
        """
        both = list(zip(self.counts, other.counts, strict=True))[: max(self.length, other.length)]  # of longer runs neither has any
        cosine = sum(_clipped_cosine(*counts) for counts in both) / max(len(both), 1)
        return cosine * math.exp(-((self.length - other.length) ** 2) / (2 * LENGTH_TOLERANCE**2))


def _clipped_cosine(own: Counter[tuple[int, ...]], theirs: Counter[tuple[int, ...]]) -> float:
    both = sum(min(count, theirs[run]) * theirs[run] for run, count in own.items() if run in theirs)
    size = math.sqrt(sum(c * c for c in own.values()) * sum(c * c for c in theirs.values()))
    return both / size if size else 0.0


def _spoken(tokens: Sequence[int], stop_ids: Collection[int]) -> Sequence[int]:
    return tokens[:-1] if tokens and tokens[-1] in stop_ids else tokens
