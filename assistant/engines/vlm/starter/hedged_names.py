"""What the one thing in a picture is called, as precisely as the class head is sure. Pure.

"A redbone" helps nobody who can't see that it is a dog, and the head is more often right about the dog. So its probabilities are summed
up the tree of nouns, and of all nouns that are probable enough the most informative is said (Deng, Krause, Berg, Fei-Fei 2012, "Hedging
your bets: optimizing accuracy-specificity trade-offs in large scale visual recognition"). Of their two rules this is the simpler one, a
threshold; the other, expected information with a Lagrangian, tells no more where as many names are right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from assistant.engines.vlm.starter.encoder_heads import softmax
from assistant.languages.nouns import Noun, ancestors, find_noun, labels_to_nouns
from assistant.messages import SingleObject


@dataclass(frozen=True)
class NameThresholds:
    """How sure the class head must be for a name; measured for a model, kept in its `name_thresholds.json`.

    The defaults, for folders without one, are on the careful side of what was measured of the starter.
    """

    temperature: float = 1.0
    """Divides the head's logits, so that of what it gives 0.8 eight in ten are right (Guo, Pleiss, Sun, Weinberger 2017, "On calibration of
    modern neural networks")."""
    sure: float = 0.75
    """Probability from which a noun is said."""
    perhaps: float = 0.5
    """Probability from which a more precise noun is told after it, with "perhaps"."""


class _Choice(NamedTuple):
    place: int
    probability: float


class NounTree:
    """Which classes of a head are of which kind."""

    def __init__(self, lineages: Sequence[Sequence[str]]) -> None:
        """Create it.

        Args:
            lineages: of each class in the head's order: what it may be called, from the class itself to the widest kind.
        """
        self.nouns = list(dict.fromkeys(noun for lineage in lineages for noun in lineage))
        places = {noun: place for place, noun in enumerate(self.nouns)}
        pairs = [(places[noun], leaf) for leaf, lineage in enumerate(lineages) for noun in lineage]
        self._nouns, self._leaves = np.array(pairs, np.intp).reshape(-1, 2).T  # each [pairs]
        self._classes = [frozenset[int]() for _ in self.nouns]
        for place, leaf in pairs:
            self._classes[place] |= {leaf}
        sizes = np.array([len(classes) for classes in self._classes])
        self.information = np.log2(len(lineages) / sizes)
        """Bits that each noun tells of which class it is: f64 [nouns]."""

    def probabilities(self, classes: np.ndarray) -> np.ndarray:
        """Sum probabilities f64 [classes] up the tree: f64 [nouns]."""
        return np.bincount(self._nouns, weights=classes[self._leaves], minlength=len(self.nouns))

    def name(self, class_logits: np.ndarray, thresholds: NameThresholds) -> SingleObject:
        """Choose what to call the thing whose logits, f32 [classes], a head gives: surely, and more precisely perhaps."""
        probabilities = self.probabilities(softmax(class_logits / thresholds.temperature))
        sure = self._most_informative(probabilities, thresholds.sure, range(len(self.nouns)))
        if sure is None:
            return SingleObject(None)
        kinds = [place for place, classes in enumerate(self._classes) if classes < self._classes[sure.place]]
        finer = self._most_informative(probabilities, thresholds.perhaps, kinds)
        if finer is None:
            return SingleObject(self.nouns[sure.place], sure.probability)
        return SingleObject(self.nouns[sure.place], sure.probability, self.nouns[finer.place], finer.probability)

    def _most_informative(self, probabilities: np.ndarray, least: float, places: Iterable[int]) -> _Choice | None:
        probable = [place for place in places if probabilities[place] >= least]
        if not probable:
            return None
        best = max(probable, key=lambda place: (self.information[place], probabilities[place]))
        return _Choice(best, float(min(probabilities[best], 1.0)))


def noun_tree(class_names: Sequence[str]) -> NounTree:
    """Return the tree above a head's classes, cut to what people call things.

    Args:
        class_names: ImageNet's 1,000 in their order, whose nouns are known by their place, or others, which are looked up.
    """
    by_place = labels_to_nouns()
    classes = by_place if len(class_names) == len(by_place) else [find_noun(name, "en") for name in class_names]
    return NounTree([_lineage(noun) if noun else () for noun in classes])


def _lineage(noun: Noun) -> list[str]:
    return [kind.synset for kind in (noun, *ancestors(noun)) if kind.sayable]
