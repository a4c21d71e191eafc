"""The starter model's own thresholds, beside those that any model may have. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assistant.messages import AnswerThresholds

OLDER_NAMES = {"portrait": "single_object", "near_portrait": "maybe_single_object", "near_doubt": "maybe_single_doubt"}
"""What answer_thresholds.json calls these in folders that were built earlier, and what it calls them now."""


@dataclass(frozen=True)
class StarterThresholds(AnswerThresholds):
    """How sure the model and the heads on its vision encoder must be for how plain a word."""

    scene_doubt: float = -10.0
    """Certainty of a description of the whole picture (`single_object.with_consistency`) below which it is doubted."""
    maybe_single_doubt: float = 10.0
    """Certainty below which a description is doubted of what may be a single object. The default is above any certainty: always."""
    single_object: float = 10.0
    """`single_object.single_object_score` from which a picture is taken for one of a single object, which is named in place of a
    description. The default is above any score: never."""
    maybe_single_object: float = 10.0
    """Score from which a picture may well be one of a single object, so that its description is sooner doubted."""
    sure_label: float = 0.0
    """Probability of a label below which the name is doubted."""


def current_names(numbers: Mapping[str, float]) -> dict[str, float]:
    """Rename what an older answer_thresholds.json holds."""
    return {OLDER_NAMES.get(name, name): value for name, value in numbers.items()}
