"""Names a garment that a picture is of: a linear head on the vision encoder's features, trained on `data/clothing`. Pure.

The class head knows few garments, and a language model that was trained on scenes puts somebody into them. Names are hedged as those of
the class head are (hedged_names.py).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from assistant.engines.vlm.starter.hedged_names import NameThresholds, NounTree
from assistant.languages.nouns import Noun, ancestors, nouns_by_label
from assistant.messages import SingleObject

HEAD_FILE = "garment_head.npz"
GARMENT_THRESHOLDS = NameThresholds(sure=0.8, perhaps=0.5)
OTHER = "other"
"""The label of whatever is no single garment."""


class GarmentHead:
    """Tells garments apart from each other and from all else."""

    def __init__(self, labels: list[str], weight: np.ndarray, bias: np.ndarray) -> None:
        """Create it; ValueError if the shapes don't fit.

        Args:
            labels: of data/clothing, and OTHER.
            weight: f32 [labels, hidden].
            bias: f32 [labels].
        """
        if weight.shape != (len(labels), weight.shape[-1]) or bias.shape != (len(labels),):
            raise ValueError("weight and bias don't fit the labels")
        self._weight, self._bias = weight, bias
        known = nouns_by_label("clothing")
        self._tree = NounTree([_lineage(known.get(label)) for label in labels])

    @classmethod
    def read(cls, path: Path) -> GarmentHead:
        """Read it from a file of arrays. ValueError if it isn't one, KeyError if something is missing."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls([str(label) for label in arrays["labels"]], arrays["weight"], arrays["bias"])

    def name(self, features: np.ndarray, thresholds: NameThresholds) -> SingleObject:
        """Name the garment that f32 [tokens, hidden] are features of; without a noun for what is none, or not surely one."""
        named = self._tree.name(self._weight @ features.mean(axis=0) + self._bias, thresholds)
        return SingleObject(None) if named.noun == OTHER else named


def _lineage(noun: Noun | None) -> list[str]:
    return [noun.synset, *(above.synset for above in ancestors(noun) if above.sayable)] if noun else [OTHER]
