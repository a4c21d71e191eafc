"""Of the answers that beams find and of others drawn from the model, the one that agrees best with what else is known of the picture.

The likeliest answer is often a safe one that leaves out what can be seen, or a fluent one that adds what can't. So whole answers are
ordered anew by their likelihood and a judge's score, as Fang et al. 2015 ("From captions to visual concepts and back") order theirs
by detected words. Pure: the language model and the judge are functions given to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.engines.vlm.beam_search import Advance, Answer, Beams, BeamSearch, Step
from assistant.engines.vlm.token_decoding import Choice, log_sum_exp

Judge = Callable[[Sequence[int]], float]
"""How well an answer's tokens agree with the picture: 0 to 1."""

AGREEMENT_WEIGHT = 12.0
"""What the judge's whole agreement counts beside an answer's own likelihood, in nats a token."""
LENGTH_TOLERANCE = 10.0
"""Tokens by which an answer may differ from the usual length before its agreement counts much less."""
TEMPERATURE, LEAST_SHARE = 0.65, 0.02
"""Of the draws; tokens below this share of the likeliest one's probability are never drawn."""


def best_agreeing(logits: np.ndarray, advance: Advance, beams: Beams, choice: Choice, judge: Judge) -> Answer:
    """The answer to one prompt. The draws end with the beams; those that have come to their end by then are in the choice.

    Args:
        logits: f32 [vocabulary], what follows the prompt.
        advance: asked for beams and draws together.
        beams: how wide to search, and how many draws.
        choice: what may be said.
        judge: of whole answers.
    """
    search, draws = BeamSearch(beams, choice), Draws(beams, choice)
    found, drawn = search.take(logits[None]), draws.take(logits[None])
    before = 0
    """Beams among the answers read last; the draws stand behind them."""
    while found:
        following = advance([*found, *((before + parent, token) for parent, token in drawn)])
        before = len(found)
        found, drawn = search.take(following[:before]), draws.take(following[before:])
    return best([*search.answers, *draws.answers], draws.usual_length, judge)


def best(answers: Sequence[Answer], usual_length: float, judge: Judge) -> Answer:
    """The first of the best. `usual_length`: of answers to this question, in tokens."""

    def worth(answer: Answer) -> float:
        off = len(answer.tokens) - usual_length
        return answer.worth + AGREEMENT_WEIGHT * judge(answer.tokens) * math.exp(-(off**2) / (2 * LENGTH_TOLERANCE**2))

    return max(answers, key=worth)


@dataclass(frozen=True)
class _Begun:
    """What some of the draws have said so far, all the same."""

    tokens: tuple[int, ...]
    log_probability: float
    codes: np.ndarray
    """Of each of these draws the place, from 0 to 1, among all that may follow."""


class Draws:
    """Answers drawn from the model all at once, told what follows each and telling how they go on.

    Arithmetic sampling (Vilnis et al. 2023): each draw is a point on a line from 0 to 1, on which every answer has a stretch as long as
    its probability, and the points stand at equal distances. So the draws are as varied as so few can be, the same each time, and
    those that begin alike are read once.
    """

    def __init__(self, beams: Beams, choice: Choice) -> None:
        self._choice, self._length_penalty = choice, beams.length_penalty
        self._going = [_Begun((), 0.0, (np.arange(beams.draws) + 0.5) / beams.draws)]
        self._ended: list[_Begun] = []

    def take(self, logits: np.ndarray) -> list[Step]:
        """How those go on that haven't ended, given what follows each: f32 [answers, vocabulary]."""
        steps, longer = list[Step](), list[_Begun]()
        for place, (begun, row) in enumerate(zip(self._going, logits, strict=True)):
            for after in self._go_on(begun, row):
                if after.tokens[-1] in self._choice.stop_ids:
                    self._ended.append(after)
                else:
                    longer.append(after)
                    steps.append((place, after.tokens[-1]))
        self._going = longer
        return steps

    @property
    def answers(self) -> list[Answer]:
        """Those that have come to their end, each with the worth that a beam would have."""
        return [Answer(a.tokens, a.log_probability / len(a.tokens) ** self._length_penalty) for a in self._ended]

    @property
    def usual_length(self) -> float:
        """Mean tokens, as far as they have come: the longest are seldom at their end when the beams are."""
        draws = [(len(answer.tokens), len(answer.codes)) for answer in (*self._going, *self._ended)]
        return sum(length * count for length, count in draws) / sum(count for _, count in draws)

    def _go_on(self, begun: _Begun, logits: np.ndarray) -> Iterator[_Begun]:
        """The next token of each of these draws."""
        scores = self._choice.weighed(logits, begun.tokens)
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
