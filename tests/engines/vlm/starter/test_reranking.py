"""The answer that agrees with the picture wins over the one that is likeliest alone, and every answer is read in one run a token."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from assistant.engines.vlm.beam_search import Answer, Beams, Step, search_tokens
from assistant.engines.vlm.starter.reranking import TEMPERATURE, RerankedSearch, Reranker, Samples, best
from assistant.engines.vlm.token_decoding import TokenConstraints

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


def sees(thing: int) -> Reranker:
    return lambda tokens: float(thing in tokens)


@pytest.mark.parametrize("beams", [2, 4])
def test_what_can_be_seen_wins_over_what_is_likelier_even_where_only_a_sample_says_it(beams: int) -> None:
    sentences: Sentences = {(CAT, *REST): 0.45, (DOG, *REST): 0.4, (PUPPY, *REST): 0.15}
    constraints = TokenConstraints({STOP}, 40)
    grammar = Grammar(sentences)
    assert next(search_tokens(grammar.logits(()), grammar.advance, Beams(beams), constraints)) == CAT
    grammar = Grammar(sentences)
    found = RerankedSearch(Beams(beams), 64, sees(PUPPY)).best_answer(grammar.logits(()), grammar.advance, constraints)
    assert found.tokens == (PUPPY, *REST, STOP)


def test_beams_and_samples_are_read_together_and_the_samples_end_with_the_beams() -> None:
    grammar = Grammar({(DOG, RUNS): 0.9, (DOG,) * 30: 0.1})
    found = RerankedSearch(Beams(2), 8, sees(CAT)).best_answer(grammar.logits(()), grammar.advance, TokenConstraints({STOP}, 40))
    assert found.tokens == (DOG, RUNS, STOP)
    assert grammar.rows[0] <= 2 + 8
    assert len(grammar.rows) < 30


def test_the_same_picture_gets_the_same_answer() -> None:
    sentences: Sentences = {(first, *REST): 0.25 for first in (CAT, DOG, PUPPY, SLEEPS)}
    answers = set()
    for _ in range(5):
        grammar = Grammar(sentences)
        search = RerankedSearch(Beams(2), 8, sees(PUPPY))
        answers.add(tuple(search.tokens(grammar.logits(()), grammar.advance, TokenConstraints({STOP}, 40))))
    assert len(answers) == 1


def test_samples_that_begin_alike_are_read_once() -> None:
    grammar, samples = Grammar({(DOG, RUNS, QUICKLY): 0.75, (DOG, RUNS): 0.25}), Samples(8, 1.0, TokenConstraints({STOP}, 8))
    steps = samples.take(grammar.logits(())[None])
    while steps:
        steps = samples.take(grammar.advance(steps))
    assert grammar.rows == [1, 1, 1]
    assert {answer.tokens for answer in samples.answers} == {(DOG, RUNS, QUICKLY, STOP), (DOG, RUNS, STOP)}


@pytest.mark.parametrize("count", [7, 100])
def test_samples_keep_to_the_models_shares_and_to_what_may_be_said(count: int) -> None:
    """The shares of all that is likelier than one sample in so many, to within one sample."""
    sentences: Sentences = {(CAT, RUNS): 0.3, (CAT,): 0.3, (DOG, *REST): 0.3, (PUPPY, *REST): 0.1}
    grammar, samples = Grammar(sentences), Samples(count, 1.0, TokenConstraints({STOP}, 40, suppressed=[PUPPY]))
    steps = samples.take(grammar.logits(())[None])
    assert samples.usual_length == 1
    while steps:
        steps = samples.take(grammar.advance(steps))
    assert {answer.tokens for answer in samples.answers} == {(CAT, RUNS, STOP), (CAT, STOP), (DOG, *REST, STOP)}
    cats, dogs = (share ** (1 / TEMPERATURE) for share in (0.6, 0.3))
    lengths = (cats * 2.5 + dogs * (2 + len(REST))) / (cats + dogs)
    assert samples.usual_length == pytest.approx(lengths, abs=(2 + len(REST)) / count)


def test_a_sample_scores_as_a_beam_would() -> None:
    sentences: Sentences = {(CAT, SLEEPS): 0.5, (CAT, RUNS): 0.3, (DOG, RUNS): 0.2}
    grammar, samples = Grammar(sentences), Samples(64, 1.0, TokenConstraints({STOP}, 8))
    steps = samples.take(grammar.logits(())[None])
    while steps:
        steps = samples.take(grammar.advance(steps))
    assert {answer.tokens: answer.score for answer in samples.answers} == pytest.approx(
        {(*tokens, STOP): float(np.log(share)) / 3 for tokens, share in sentences.items()}, abs=1e-4
    )


def test_answers_of_unusual_length_gain_less_by_agreeing() -> None:
    usual, long = Answer((CAT,) * LONG, -1.0), Answer((CAT,) * (4 * LONG), -1.0)
    assert best([long, usual], LONG, sees(CAT)) is usual
    assert best([long, usual], 4 * LONG, sees(CAT)) is long
