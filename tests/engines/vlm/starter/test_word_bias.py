"""What the word classifier sees makes its words likelier, whole words and words of several tokens alike."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.engines.vlm.starter.word_bias import MOST_NATS, WordBias
from assistant.engines.vlm.token_decoding import TokenConstraints, decode_tokens

DOG, SNOW, P, EARS, ANTS, STOP = range(6)


def added(words: list[tuple[list[int], float]], tokens: list[int]) -> list[float]:
    return list(WordBias(words, weight=0.5)(np.zeros(6, np.float32), tokens))


def test_a_word_gets_its_evidence_wherever_it_may_stand() -> None:
    for before in ([], [SNOW], [P, EARS]):
        assert added([([DOG], 2.0), ([SNOW], -2.0)], before) == [1, -1, 0, 0, 0, 0]


def test_no_word_counts_without_bounds() -> None:
    assert added([([DOG], 99.0), ([SNOW], -99.0)], []) == [MOST_NATS / 2, -MOST_NATS / 2, 0, 0, 0, 0]


def test_a_word_of_two_tokens_is_led_to_and_then_finished() -> None:
    words = [([P, EARS], 2.0), ([P, ANTS], -2.0)]
    assert added(words, []) == [0, 0, 1, 0, 0, 0]
    assert added(words, [DOG, P]) == [0, 0, 1, 1, -1, 0]


def test_what_speaks_against_a_word_does_not_bar_the_way_to_others_that_begin_like_it() -> None:
    assert added([([P, ANTS], -2.0)], []) == [0, 0, 0, 0, 0, 0]
    assert added([([P], -2.0), ([P, ANTS], -2.0)], [])[P] == -1


def test_an_answer_follows_it_and_the_logits_stay_as_they_are() -> None:
    logits = np.array([0.0, 0.1, -9, -9, -9, -1.0], np.float32)
    stop = np.array([-9, -9, -9, -9, -9, 0.0], np.float32)

    def said(bias: WordBias | None) -> list[int]:
        return list(decode_tokens(logits, lambda _: stop, TokenConstraints({STOP}, 5, processor=bias)))

    assert said(None) == [SNOW, STOP]
    assert said(WordBias([([DOG], 1.0)])) == [DOG, STOP]
    assert logits[DOG] == pytest.approx(0.0)
