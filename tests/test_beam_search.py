"""The best sequence is found where the greedy one goes astray."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from assistant.runtimes.beam_search import beam_search

END = 0


class Tree:
    """Next-token probabilities by what was said so far; keeps the sequences as a cache would, and follows the parents."""

    def __init__(self, table: dict[tuple[int, ...], list[float]]) -> None:
        self._table = table
        self._said: list[tuple[int, ...]] = [()]

    def row(self, said: tuple[int, ...]) -> np.ndarray:
        return np.log(np.array(self._table.get(said, [0.97, 0.01, 0.01, 0.01]), np.float32))

    def advance(self, parents: Sequence[int], tokens: Sequence[int]) -> np.ndarray:
        self._said = [(*self._said[parent], token) for parent, token in zip(parents, tokens, strict=True)]
        return np.stack([self.row(said) for said in self._said])


GARDEN_PATH = {(): [0.001, 0.5, 0.4, 0.099], (1,): [0.25, 0.25, 0.25, 0.25], (2,): [0.9, 0.05, 0.03, 0.02]}


def test_a_likely_first_word_does_not_win_over_a_likely_whole() -> None:
    tree = Tree(GARDEN_PATH)
    assert beam_search(tree.row(()), tree.advance, {END}, 5, width=2, length_power=0.0) == [2, END]
    tree = Tree(GARDEN_PATH)
    assert beam_search(tree.row(()), tree.advance, {END}, 5, width=1, length_power=0.0)[0] == 1  # one beam is greedy


@pytest.mark.parametrize("seed", range(20))
def test_with_enough_beams_nothing_better_exists(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sequences = [s for n in range(3) for s in itertools.product((1, 2, 3), repeat=n)]
    table = {s: list(rng.dirichlet([1.0] * 4)) for s in sequences}
    tree = Tree(table)
    found = beam_search(tree.row(()), tree.advance, {END}, 3, width=30, length_power=0.0)
    whole = [(*s, END) for s in sequences]
    likelihood = {s: sum(float(tree.row(s[:i])[t]) for i, t in enumerate(s)) for s in whole}
    assert tuple(found) == max(likelihood, key=lambda s: likelihood[s])


def test_it_ends_at_the_cap_without_a_stop() -> None:
    tree = Tree({s: [1e-9, 0.6, 0.3, 0.1] for n in range(4) for s in itertools.product((1, 2, 3), repeat=n)})
    assert beam_search(tree.row(()), tree.advance, {END}, 4, width=2) == [1, 1, 1, 1]
