"""Whether an answer is right, and how good a set of probabilities is. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")

_SAME = (
    ("water", "ocean", "sea", "lake", "river", "pond", "pool", "stream"),
    ("beach", "sand", "shore"),
    ("grass", "field", "lawn", "yard", "park", "garden"),
    ("street", "road", "sidewalk", "city", "path"),
    ("snow", "ice"),
    ("rocks", "cliff", "mountain", "hill"),
    ("forest", "woods", "trail"),
    ("man", "guy"),
    ("men", "guys"),
    ("woman", "lady"),
    ("women", "ladies"),
    ("child", "kid", "toddler", "boy", "girl", "baby"),
    ("children", "kids", "boys", "girls", "toddlers"),
    ("people", "adults"),
    ("grey", "gray", "silver"),
    ("tan", "brown"),
    ("none", "don't see"),
)
_GROUP = {word: group[0] for group in _SAME for word in group}


def matches(kind: str, said: str, right: Sequence[str]) -> bool:
    """Exact, or the word that counts is the same or a near synonym: the verb of "doing", the place of "where", the head of "who"."""
    return _key(kind, said) in {_key(kind, answer) for answer in right}


def commonest(kind: str, answers: Sequence[Sequence[str]]) -> str:
    """The one answer that is right most often, for comparison."""
    counts = Counter(key for right in answers for key in {_key(kind, answer) for answer in right})
    best = counts.most_common(1)[0][0]
    return next(answer for right in answers for answer in right if _key(kind, answer) == best)


def area_under_curve(scores: np.ndarray, labels: np.ndarray) -> float:
    """Probability that a true case scores above a false one (ties count half); labels bool [n]."""
    true, false = scores[labels], scores[~labels]
    above = (true[:, None] > false[None, :]).mean() + 0.5 * (true[:, None] == false[None, :]).mean()
    return float(above)


def balanced_accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    said = probabilities >= 0.5
    return float((said[labels].mean() + (~said[~labels]).mean()) / 2)


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error: |mean probability - share of true| over equal bins, weighted (Naeini et al. 2015)."""
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = [(place == b).mean() * abs(probabilities[place == b].mean() - labels[place == b].mean()) for b in np.unique(place)]
    return float(np.sum(gaps))


def fit_logistic(design: np.ndarray, labels: np.ndarray, penalties: np.ndarray) -> np.ndarray:
    """Weights of a logistic regression on `design` [cases, weights], with a penalty on the square of each weight; Newton's method."""
    weights = np.zeros(design.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        gradient = design.T @ (p - labels) + penalties * weights
        curvature = (design * (p * (1 - p))[:, None]).T @ design + np.diag(penalties) + 1e-6 * np.eye(len(weights))
        weights -= np.linalg.solve(curvature, gradient)
    return weights


def fit_platt(scores: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Slope and offset of the logistic line through log-odds (Platt 1999)."""
    slope, offset = fit_logistic(np.stack([scores, np.ones_like(scores)], 1), labels, np.array([1e-3, 1e-3]))
    return float(slope), float(offset)


def halves(pairs: Sequence[T]) -> tuple[list[T], list[T]]:
    """Items that come in pairs (a thing that is there, one that isn't), every other pair apart: to fit on, and to measure on."""
    return [*pairs[0::4], *pairs[1::4]], [*pairs[2::4], *pairs[3::4]]


def fit_words(probabilities: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Return (`sure`, `absent`) of AnswerThresholds.

    Plain "yes" and "no" are said from where nine in ten of them are right; a thing that a question takes for granted is
    denied where that is wrong for one in twenty of the things that are there.
    """
    sure = 0.95
    for limit in np.arange(0.95, 0.49, -0.05):
        said = (probabilities >= limit) | (probabilities <= 1 - limit)
        if said.any() and ((probabilities >= 0.5) == labels)[said].mean() >= 0.9:
            sure = float(limit)
    return round(sure, 2), round(min(float(np.quantile(probabilities[labels], 0.05)), 0.5), 3)


def fit_single_object(scene_scores: np.ndarray) -> float:
    """Return `single_object` of StarterThresholds, from scenes' `single_object_score`s [n]: 3 in 100 may be taken for a single object."""
    return round(float(np.quantile(scene_scores, 0.97)), 3)


def fit_sure_label(probabilities: np.ndarray, right: np.ndarray) -> float:
    """Return `sure_label` of StarterThresholds: from where four of five first labels are right, by a logistic line (Platt 1999).

    Args:
        probabilities: of the class head's first label, [n].
        right: whether that label is right, bool [n].
    """
    slope, offset = fit_platt(np.log(probabilities / (1 - probabilities)), right)
    log_odds = (np.log(0.8 / 0.2) - offset) / slope
    return round(float(1 / (1 + np.exp(-log_odds))), 3)


def _key(kind: str, answer: str) -> str:
    words: list[str] = re.findall(r"[a-z'-]+", answer.lower())
    if not words:
        return ""
    if "don't see" in answer.lower() or words[0] in ("nobody", "none"):
        return "none"
    if kind == "doing":
        return words[0]
    if kind == "who":
        head = re.split(r"\b(?:and|in|on|with|who|wearing|standing|sitting|is|are)\b", " ".join(words))[0].split() or words
        return _GROUP.get(head[-1], head[-1])
    if kind == "where":
        return _GROUP.get(words[-1], words[-1])
    return _GROUP.get(words[0], words[0])
