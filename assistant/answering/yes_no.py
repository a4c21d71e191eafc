"""Yes or no as a number instead of a word, by a model's own likelihoods."""

from __future__ import annotations

import math

from assistant.interfaces import AnswerScorer
from assistant.messages import View


def yes_log_odds(scorer: AnswerScorer, view: View, question: str) -> float:
    """Return how much likelier "Yes" is than "No": the natural logarithm of their ratio. Models aren't calibrated."""
    yes, no = scorer.log_likelihoods(view, question, ["Yes", "No"])
    return yes - no


def yes_probability(scorer: AnswerScorer, view: View, question: str) -> float:
    """Return the probability of "Yes" beside "No", in [0, 1]; compare it between pictures or with a threshold."""
    return (1 + math.tanh(yes_log_odds(scorer, view, question) / 2)) / 2  # the logistic function, without its overflow
