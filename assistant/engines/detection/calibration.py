"""Turns a network's own score into the probability that a thing of that name stands there, by Platt's method (Platt 1999)."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import msgspec

from assistant.toml_files import load_toml

_FILE = Path(__file__).with_name("calibration.toml")


class Curve(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Probability = sigmoid(slope * logit(score) + offset). As it stands it leaves a score as it is."""

    slope: float = 1.0
    offset: float = 0.0

    def probability(self, score: float) -> float:
        """Return the probability of a score in [0, 1]."""
        return 1 / (1 + math.exp(-self.slope * logit(score) - self.offset))


Curves = dict[str, Curve]
"""By the thing's name."""

OTHER = "other"
"""The name under which the curve of every other thing stands."""


def logit(score: float) -> float:
    """Return the logit of a score, of 0 and 1 a large finite one."""
    inside = min(max(float(score), 1e-6), 1 - 1e-6)
    return math.log(inside / (1 - inside))


@cache
def curves_of(model_type: str) -> Curves:
    """Return what was measured of a kind of network; nothing of one that nobody measured."""
    return load_toml(_FILE, dict[str, Curves], "the calibration", "install the program again").get(model_type, {})
