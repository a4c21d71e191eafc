"""The likeliest answer as a whole is found, its beginning is told as soon as it is certain, and no answer goes round in circles."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from assistant.engines.vlm.beam_search import Beams, Step, search_tokens
from assistant.engines.vlm.starter.word_bias import WordBias
from assistant.engines.vlm.token_decoding import TokenConstraints, completes_loop
from tests.support.random_language import WORDS, Language

STOP = 0


def search(language: Language, beams: Beams, cap: int = 4, **options: object) -> tuple[int, ...]:
    return tuple(search_tokens(language.logits(()), language.advance(), beams, TokenConstraints({STOP}, cap, **options)))  # type: ignore[arg-type]


def every_answer(cap: int) -> list[tuple[int, ...]]:
    """All that end with a stop token or at the cap."""
    words = range(1, WORDS + 1)
    ended = [(*start, STOP) for length in range(cap) for start in itertools.product(words, repeat=length)]
    return ended + list(itertools.product(words, repeat=cap))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("length_penalty", [0.0, 1.0])
def test_with_room_for_all_the_best_answer_of_all_is_found(seed: int, length_penalty: float) -> None:
    language = Language(seed)
    best = max(every_answer(3), key=lambda answer: language.log_probability(answer) / len(answer) ** length_penalty)
    found = search(language, Beams(100, length_penalty), cap=3)
    score = language.log_probability(found) / len(found) ** length_penalty
    assert score == pytest.approx(language.log_probability(best) / len(best) ** length_penalty, abs=1e-4)


def test_three_beams_find_likelier_answers_than_one_on_the_whole() -> None:
    means = {}
    for count in (1, 3):
        found = [(language, search(language, Beams(count, 0.0), cap=6)) for language in map(Language, range(60))]
        means[count] = np.mean([language.log_probability(answer) for language, answer in found])
    assert means[3] > means[1] + 0.1


def test_one_beam_takes_the_likeliest_token_each_time() -> None:
    for seed in range(10):
        language, greedy = Language(seed), tuple[int, ...]()
        while len(greedy) < 5 and STOP not in greedy:
            greedy = (*greedy, int(language.logits(greedy).argmax()))
        assert search(language, Beams(1), cap=5) == greedy


def test_a_large_vocabulary_is_searched_as_thoroughly_as_a_small_one() -> None:
    class Spread(Language):
        def logits(self, tokens: tuple[int, ...]) -> np.ndarray:
            """The words stand a thousand tokens apart, and what is between them is never said."""
            spread = np.full(1000 * WORDS + 1, -30.0, np.float32)
            spread[::1000] = super().logits(tuple(token // 1000 for token in tokens))
            return spread

    for seed in range(10):
        found = search(Spread(seed), Beams(3))
        assert tuple(token // 1000 for token in found) == search(Language(seed), Beams(3))


def test_the_beginning_is_told_before_the_end_is_known() -> None:
    language = Language(3, sharpness=6.0)
    tokens = search_tokens(language.logits(()), language.advance(), Beams(2), TokenConstraints({99}, 12))
    next(tokens)
    early = sum(language.rows)
    assert len(list(tokens)) == 11
    assert early <= sum(language.rows) / 2


def test_suppressed_tokens_are_never_said_and_words_that_are_seen_are() -> None:
    for seed in range(10):
        language = Language(seed)
        assert 2 not in search(language, Beams(3), suppressed=[2])
        assert 3 in search(language, Beams(3), processor=WordBias([([3], 3.0)], weight=9.0))


def test_an_answer_that_would_go_round_in_circles_ends_differently() -> None:
    def advance(steps: Sequence[Step]) -> np.ndarray:
        return np.array([[-9.0, 9.0 if token == 2 else -5.0, 9.0 if token == 1 else -5.0, -6.0] for _, token in steps], np.float32)

    said = list(search_tokens(np.array([-9.0, 9.0, 1.0, -6.0], np.float32), advance, Beams(3), TokenConstraints({STOP}, 40)))
    assert not any(completes_loop(said[:place], token) for place, token in enumerate(said))
