"""The starter model's own thresholds, beside those that any model may have. Pure data."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.messages import AnswerThresholds


@dataclass(frozen=True)
class StarterThresholds(AnswerThresholds):
    """How sure the model and the heads on its vision encoder must be for how plain a word."""

    sure_word: float = 0.0
    """Share of people who would use a word of the picture, by the word classifier, below which a description's word is doubted. The default
    is below any: never."""
    known_by_heart: float = 0.0
    """Certainty from which a description is never doubted: what the model was taught of groceries, whose pairs of words nobody taught the
    word classifier, it says so surely. The default is above any certainty."""
    single_object: float = 10.0
    """`single_object.single_object_score` from which a picture is taken for one of a single object, which is named in place of a
    description. The default is above any score: never."""
    sure_label: float = 0.0
    """Probability of a label below which the name is doubted."""
