"""Of the answers that beams find and of others drawn at random, the one that agrees best with what else is known of the picture.

The likeliest answer is often a safe one that leaves out what can be seen, or a fluent one that adds what can't. So whole answers are
ordered anew by their likelihood and a judge's score, as Fang et al. 2015 ("From captions to visual concepts and back") order theirs
by detected words. Pure: the language model and the judge are functions given to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from assistant.runtimes.beam_search import Advance, Answer, Beams, BeamSearch, Step
from assistant.runtimes.token_decoding import Choice, log_sum_exp

Judge = Callable[[Sequence[int]], float]
"""How well an answer's tokens agree with the picture: 0 to 1."""

AGREEMENT_WEIGHT = 24.0
"""What the judge's whole agreement counts beside an answer's own likelihood, in nats a token."""
LENGTH_TOLERANCE = 6.0
"""Tokens by which an answer may differ from the usual length before its agreement counts much less."""
SHORT_TOKENS = 9.0
"""Usual length below which the question isn't about the whole picture ("What colour is the ball?"), so that the judge has no say."""
TEMPERATURE, LEAST_SHARE = 0.9, 0.02
"""Of the draws; tokens below this share of the likeliest one's probability are never drawn."""
SEED = 0


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
    if usual_length < SHORT_TOKENS:
        return max(answers, key=lambda answer: answer.worth)

    def worth(answer: Answer) -> float:
        off = len(answer.tokens) - usual_length
        return answer.worth + AGREEMENT_WEIGHT * judge(answer.tokens) * math.exp(-(off**2) / (2 * LENGTH_TOLERANCE**2))

    return max(answers, key=worth)


class Draws:
    """Answers drawn at random, all at once, told what follows each and telling how they go on."""

    def __init__(self, beams: Beams, choice: Choice) -> None:
        self._choice, self._length_penalty = choice, beams.length_penalty
        self._random = np.random.default_rng(SEED)
        self._tokens: list[tuple[int, ...]] = [()] * beams.draws
        self._log_probabilities = [0.0] * beams.draws
        self._going = list(range(beams.draws))

    def take(self, logits: np.ndarray) -> list[Step]:
        """How those go on that haven't ended, given what follows each: f32 [answers or 1, vocabulary]."""
        going, steps = list[int](), list[Step]()
        for place, answer in enumerate(self._going):
            row = min(place, len(logits) - 1)  # at first all go on from the one row of the prompt
            scores = self._choice.weighed(logits[row], self._tokens[answer])
            token = self._draw(scores)
            self._tokens[answer] = (*self._tokens[answer], token)
            self._log_probabilities[answer] += float(scores[token] - log_sum_exp(scores)[0])
            if token not in self._choice.stop_ids:
                going.append(answer)
                steps.append((row, token))
        self._going = going
        return steps

    @property
    def answers(self) -> list[Answer]:
        """Those that have come to their end, each with the worth that a beam would have."""
        ended = [a for a in zip(self._tokens, self._log_probabilities, strict=True) if a[0] and a[0][-1] in self._choice.stop_ids]
        return [Answer(tokens, total / len(tokens) ** self._length_penalty) for tokens, total in ended]

    @property
    def usual_length(self) -> float:
        """Mean tokens, as far as they have come: the longest are seldom at their end when the beams are."""
        return sum(map(len, self._tokens)) / len(self._tokens)

    def _draw(self, scores: np.ndarray) -> int:
        """As `drawn_scores` draws, but from a set that is found without sorting the vocabulary: there are many draws a step."""
        likely = np.flatnonzero(scores >= scores.max() + math.log(LEAST_SHARE))
        return int(likely[(scores[likely] / TEMPERATURE + self._random.gumbel(size=len(likely))).argmax()])
