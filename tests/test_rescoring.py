"""What most of the model's own wordings say wins over the one that is likeliest alone, and every answer is read in one run a token."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from assistant.runtimes.beam_search import Answer, Beams, Step, search_tokens
from assistant.runtimes.consensus import Draws, Runs, consensus, most_alike
from assistant.runtimes.token_decoding import Choice

STOP = 0
CAT, DOG, PUPPY, RUNS, SLEEPS, QUICKLY = range(1, 7)
Sentences = dict[tuple[int, ...], float]


class Grammar:
    """A language of few sentences, each with its probability; reads as many answers at once as it is given."""

    def __init__(self, sentences: Sentences) -> None:
        self._sentences = {(*tokens, STOP): share for tokens, share in sentences.items()}
        self._read: list[tuple[int, ...]] = [()]
        self.rows: list[int] = []

    def logits(self, tokens: tuple[int, ...]) -> np.ndarray:
        shares = np.full(QUICKLY + 1, 1e-9)
        for sentence, share in self._sentences.items():
            if sentence[: len(tokens)] == tokens and len(sentence) > len(tokens):
                shares[sentence[len(tokens)]] += share
        return np.asarray(np.log(shares), np.float32)

    def advance(self, steps: Sequence[Step]) -> np.ndarray:
        self.rows.append(len(steps))
        self._read = [(*self._read[parent], token) for parent, token in steps]
        return np.stack([self.logits(tokens) for tokens in self._read])


def test_many_wordings_of_one_meaning_outvote_a_likelier_one_of_another() -> None:
    sentences: Sentences = {
        (CAT, SLEEPS): 0.3,
        (DOG, RUNS): 0.2,
        (DOG, RUNS, QUICKLY): 0.2,
        (PUPPY, RUNS): 0.15,
        (PUPPY, RUNS, QUICKLY): 0.15,
    }
    choice = Choice({STOP}, 8)
    grammar = Grammar(sentences)
    assert list(search_tokens(grammar.logits(()), grammar.advance, Beams(4), choice)) == [CAT, SLEEPS, STOP]
    grammar = Grammar(sentences)
    assert consensus(grammar.logits(()), grammar.advance, Beams(4, draws=64), choice).tokens == (DOG, RUNS, QUICKLY, STOP)


def test_beams_and_draws_are_read_together_and_the_draws_end_with_the_beams() -> None:
    grammar = Grammar({(DOG, RUNS): 0.9, (DOG,) * 30: 0.1})
    found = consensus(grammar.logits(()), grammar.advance, Beams(2, draws=8), Choice({STOP}, 40))
    assert found.tokens == (DOG, RUNS, STOP)
    assert grammar.rows[0] <= 2 + 8
    assert len(grammar.rows) < 30


def test_the_same_picture_gets_the_same_answer() -> None:
    sentences: Sentences = {(CAT, SLEEPS): 0.25, (DOG, RUNS): 0.25, (PUPPY, RUNS): 0.25, (PUPPY, SLEEPS): 0.25}
    answers = set()
    for _ in range(5):
        grammar = Grammar(sentences)
        answers.add(consensus(grammar.logits(()), grammar.advance, Beams(4, draws=8), Choice({STOP}, 8)).tokens)
    assert len(answers) == 1


def test_draws_keep_to_the_models_shares_and_to_what_may_be_said() -> None:
    grammar = Grammar({(CAT,): 0.6, (DOG,): 0.3, (PUPPY,): 0.1})
    draws = Draws(4000, Choice({STOP}, 8, forbidden=[PUPPY]))
    draws.take(grammar.logits(())[None])
    first = np.array([tokens[0] for tokens in draws.tokens])
    assert (first == CAT).mean() == pytest.approx(2 / 3, abs=0.05)  # a little more: draws are somewhat sharper than the model
    assert set(first) == {CAT, DOG}


@pytest.mark.parametrize(
    ("own", "other", "likeness"),
    [((1, 2, 3, 4), (1, 2, 3, 4), 1.0), ((1,), (1,), 1.0), ((1, 2, 3, 4), (5, 6, 7, 8), 0.0), ((), (1, 2), 0.0), ((), (), 0.0)],
)
def test_likeness_is_one_for_the_same_and_zero_for_nothing_in_common(own: tuple[int, ...], other: tuple[int, ...], likeness: float) -> None:
    assert Runs.of(own).likeness(Runs.of(other)) == pytest.approx(likeness)


def test_word_order_and_length_count() -> None:
    text = Runs.of((1, 2, 3, 4, 5))
    assert text.likeness(Runs.of((1, 2, 3, 5, 4))) > text.likeness(Runs.of((5, 3, 1, 4, 2))) > 0
    assert text.likeness(Runs.of((1, 2, 3, 4, 5, 6))) > text.likeness(Runs.of((1, 2, 3, 4, 5, *range(6, 20))))


def test_among_equally_alike_answers_the_likelier_is_told() -> None:
    answers = [Answer((1, 2, STOP), -2.0), Answer((1, 3, STOP), -1.0)]
    assert most_alike(answers, [(1, 2, STOP), (1, 3, STOP)], {STOP}) is answers[1]
