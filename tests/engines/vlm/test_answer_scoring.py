"""Answers are scored side by side as they would be alone, and no longer than it takes to know that none of them is likely."""

from __future__ import annotations

import math

import numpy as np
import pytest

from assistant.engines.vlm.answer_scoring import score_together
from tests.support.random_language import Language

ANSWERS = ((1, 2, 3), (1, 2, 4, 3), (1,), (4, 2, 3), (1, 2, 3))


def score(language: Language, prune_below: float) -> list[float]:
    return score_together(language.logits(()), language.advance(), ANSWERS, prune_below)


@pytest.mark.parametrize("seed", range(5))
def test_each_answer_gets_the_likelihood_that_it_has_alone_and_what_begins_alike_is_read_once(seed: int) -> None:
    language = Language(seed)
    assert score(language, -math.inf) == pytest.approx([language.log_probability(answer) for answer in ANSWERS], abs=1e-4)
    assert language.rows == [2, 2, 1]  # 1 and 4; 1 2 and 4 2; 1 2 4


@pytest.mark.parametrize("seed", range(5))
def test_answers_that_are_too_unlikely_together_are_given_up_early_and_told_as_such(seed: int) -> None:
    language = Language(seed)
    true = [language.log_probability(answer) for answer in ANSWERS]
    prune_below = float(np.logaddexp.reduce(true)) + 0.01
    found = score(language, prune_below)
    assert all(ours >= theirs - 1e-4 for ours, theirs in zip(found, true, strict=True))
    assert np.logaddexp.reduce(found) < prune_below
    assert score(Language(seed), prune_below - 0.02) == pytest.approx(true, abs=1e-4)
    hopeless = Language(seed)
    score(hopeless, 5.0)
    assert hopeless.rows == []
