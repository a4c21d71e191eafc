"""Yes or no as a probability, without a word generated. A pure step over a SceneDescriber."""

from __future__ import annotations

import math

from assistant.interfaces import SceneDescriber
from assistant.messages import View


def yes_probability(describer: SceneDescriber, view: View, question: str) -> float:
    """How likely "Yes" is against "No", in [0, 1]; compare it between pictures or with a threshold: models aren't calibrated."""
    yes, no = describer.log_likelihoods(view, question, ["Yes", "No"])
    return (1 + math.tanh((yes - no) / 2)) / 2  # the logistic function, without its overflow
