"""Whether a picture is of one object that the class head can name, rather than a scene to be described. Pure.

A small language model trained on scenes begins "A man ..." for want of a better word, though it finds "A hairbrush." as a whole
likelier than any description as a whole. So all that it could say of a single object is weighed before it describes anything.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from assistant.engines.vlm.starter.encoder_heads import SeenLabel

CANT_TELL = "I can't tell what this is."
_FEWEST_WORDS = 0.01
"""Expected words are counted as no fewer: below, a picture of nothing is no likelier to be one of a single object."""
HIGHEST_SCORE = -math.log(_FEWEST_WORDS)
"""The highest `single_object_score` there can be."""


def plain_name(label: SeenLabel) -> str:
    """Word a label as the model was taught to name it: "A hairbrush."."""
    return f"{_article(label.name).capitalize()} {label.name}."


def naming_answers(labels: Sequence[SeenLabel]) -> list[str]:
    """List all that the model was taught to say of a single object: that it can't be told, each name plainly, each name with doubt."""
    doubted = [f"It looks like {_article(label.name)} {label.name}." for label in labels]
    return [CANT_TELL, *map(plain_name, labels), *doubted]


def single_object_score(log_likelihoods: Sequence[float], expected_words: float) -> float:
    """Score how much rather a picture is of one object than of a scene; higher is likelier, no higher than HIGHEST_SCORE.

    Args:
        log_likelihoods: of `naming_answers`, in nats; the probability that any of them is given counts.
        expected_words: how many of the words that the word classifier knows people would use of the picture; more speak for a scene.
    """
    return float(np.logaddexp.reduce(log_likelihoods)) - _against(expected_words)


class Verdict(NamedTuple):
    """Whether a picture is of one object, by the language model."""

    score: float
    """`single_object_score`."""
    rather_not: bool
    """Whether the model would rather say that it can't tell what the object is than give any of its names."""


def judge(log_likelihoods: Sequence[float], expected_words: float) -> Verdict:
    """Judge by the log-probabilities of `naming_answers`, in nats, and the number of words that people would use of the picture."""
    cant_tell, *names = log_likelihoods
    labels = len(names) // 2
    each = np.logaddexp(names[:labels], names[labels:])  # [labels], plainly or with doubt
    return Verdict(single_object_score(log_likelihoods, expected_words), bool(each.max(initial=-np.inf) < cant_tell))


def least_log_likelihood(score: float, expected_words: float) -> float:
    """Return the log-probability of all `naming_answers` together that makes such a `single_object_score`."""
    return score + _against(expected_words)


def _against(expected_words: float) -> float:
    return math.log(max(expected_words, _FEWEST_WORDS))


def _article(noun: str) -> str:
    return "an" if noun[:1].lower() in "aeiou" else "a"
