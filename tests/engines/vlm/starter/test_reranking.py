"""The answer that agrees with the picture wins over the one that is likeliest alone, and every answer is read in one run a token."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from assistant.engines.vlm.beam_search import Answer, Beams, Step, search_tokens
from assistant.engines.vlm.starter.reranking import TEMPERATURE, Draws, Judge, best, best_agreeing
from assistant.engines.vlm.token_decoding import Choice

STOP = 0
CAT, DOG, PUPPY, RUNS, SLEEPS, QUICKLY = range(1, 7)
Sentences = dict[tuple[int, ...], float]
LONG = 9
REST = tuple(range(QUICKLY + 1, QUICKLY + 1 + LONG))
"""What makes an answer long."""


class Grammar:
    """A language of few sentences, each with its probability; reads as many answers at once as it is given."""

    def __init__(self, sentences: Sentences) -> None:
        self._sentences = {(*tokens, STOP): share for tokens, share in sentences.items()}
        self._read: list[tuple[int, ...]] = [()]
        self.rows: list[int] = []

    def logits(self, tokens: tuple[int, ...]) -> np.ndarray:
        shares = np.full(QUICKLY + 1 + LONG, 1e-9)
        for sentence, share in self._sentences.items():
            if sentence[: len(tokens)] == tokens and len(sentence) > len(tokens):
                shares[sentence[len(tokens)]] += share
        return np.asarray(np.log(shares), np.float32)

    def advance(self, steps: Sequence[Step]) -> np.ndarray:
        self.rows.append(len(steps))
        self._read = [(*self._read[parent], token) for parent, token in steps]
        return np.stack([self.logits(tokens) for tokens in self._read])


def sees(thing: int) -> Judge:
    return lambda tokens: float(thing in tokens)


@pytest.mark.parametrize("beams", [2, 4])
def test_what_can_be_seen_wins_over_what_is_likelier_even_where_only_a_draw_tells_it(beams: int) -> None:
    sentences: Sentences = {(CAT, *REST): 0.45, (DOG, *REST): 0.4, (PUPPY, *REST): 0.15}
    choice = Choice({STOP}, 40)
    grammar = Grammar(sentences)
    assert next(search_tokens(grammar.logits(()), grammar.advance, Beams(beams), choice)) == CAT
    grammar = Grammar(sentences)
    found = best_agreeing(grammar.logits(()), grammar.advance, Beams(beams, draws=64), choice, sees(PUPPY))
    assert found.tokens == (PUPPY, *REST, STOP)


def test_beams_and_draws_are_read_together_and_the_draws_end_with_the_beams() -> None:
    grammar = Grammar({(DOG, RUNS): 0.9, (DOG,) * 30: 0.1})
    found = best_agreeing(grammar.logits(()), grammar.advance, Beams(2, draws=8), Choice({STOP}, 40), sees(CAT))
    assert found.tokens == (DOG, RUNS, STOP)
    assert grammar.rows[0] <= 2 + 8
    assert len(grammar.rows) < 30


def test_the_same_picture_gets_the_same_answer() -> None:
    sentences: Sentences = {(first, *REST): 0.25 for first in (CAT, DOG, PUPPY, SLEEPS)}
    answers = set()
    for _ in range(5):
        grammar = Grammar(sentences)
        answers.add(best_agreeing(grammar.logits(()), grammar.advance, Beams(2, draws=8), Choice({STOP}, 40), sees(PUPPY)).tokens)
    assert len(answers) == 1


def test_draws_that_begin_alike_are_read_once() -> None:
    grammar, draws = Grammar({(DOG, RUNS, QUICKLY): 0.75, (DOG, RUNS): 0.25}), Draws(Beams(draws=8), Choice({STOP}, 8))
    steps = draws.take(grammar.logits(())[None])
    while steps:
        steps = draws.take(grammar.advance(steps))
    assert grammar.rows == [1, 1, 1]
    assert {answer.tokens for answer in draws.answers} == {(DOG, RUNS, QUICKLY, STOP), (DOG, RUNS, STOP)}


@pytest.mark.parametrize("count", [7, 100])
def test_draws_keep_to_the_models_shares_and_to_what_may_be_said(count: int) -> None:
    """The shares of all that is likelier than one draw in so many, to within one draw."""
    sentences: Sentences = {(CAT, RUNS): 0.3, (CAT,): 0.3, (DOG, *REST): 0.3, (PUPPY, *REST): 0.1}
    grammar, draws = Grammar(sentences), Draws(Beams(draws=count), Choice({STOP}, 40, forbidden=[PUPPY]))
    steps = draws.take(grammar.logits(())[None])
    assert draws.usual_length == 1
    while steps:
        steps = draws.take(grammar.advance(steps))
    assert {answer.tokens for answer in draws.answers} == {(CAT, RUNS, STOP), (CAT, STOP), (DOG, *REST, STOP)}
    cats, dogs = (share ** (1 / TEMPERATURE) for share in (0.6, 0.3))
    lengths = (cats * 2.5 + dogs * (2 + len(REST))) / (cats + dogs)
    assert draws.usual_length == pytest.approx(lengths, abs=(2 + len(REST)) / count)


def test_a_draw_is_worth_what_a_beam_would_be() -> None:
    sentences: Sentences = {(CAT, SLEEPS): 0.5, (CAT, RUNS): 0.3, (DOG, RUNS): 0.2}
    grammar, draws = Grammar(sentences), Draws(Beams(3, draws=64), Choice({STOP}, 8))
    steps = draws.take(grammar.logits(())[None])
    while steps:
        steps = draws.take(grammar.advance(steps))
    assert {answer.tokens: answer.worth for answer in draws.answers} == pytest.approx(
        {(*tokens, STOP): float(np.log(share)) / 3 for tokens, share in sentences.items()}, abs=1e-4
    )


def test_answers_of_unusual_length_gain_less_by_agreeing() -> None:
    usual, long = Answer((CAT,) * LONG, -1.0), Answer((CAT,) * (4 * LONG), -1.0)
    assert best([long, usual], LONG, sees(CAT)) is usual
    assert best([long, usual], 4 * LONG, sees(CAT)) is long
