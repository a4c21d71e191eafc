"""Judges the starter model's answers by the heads on its vision encoder. Implements `interfaces.PictureClassifier`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from assistant.engines.vlm.starter.picture_classes import PictureClasses
from assistant.engines.vlm.starter.single_object import (
    HIGHEST_SCORE,
    Verdict,
    judge,
    least_log_likelihood,
    naming_answers,
    plain_name,
)
from assistant.engines.vlm.starter.terms import plain_words
from assistant.engines.vlm.starter.thresholds import StarterThresholds
from assistant.engines.vlm.view import SmolView
from assistant.messages import SingleObject, View


class LogLikelihoods(Protocol):
    """`interfaces.SceneDescriber.log_likelihoods`."""

    def __call__(self, view: View, question: str, answers: Sequence[str], *, prune_below: float) -> list[float]: ...


class StarterClassifier:
    """What the heads say of a View's single picture, weighed by measured thresholds; without a say on several pictures."""

    def __init__(self, thresholds: StarterThresholds, log_likelihoods: LogLikelihoods) -> None:
        self.thresholds = thresholds
        self._log_likelihoods = log_likelihoods

    def single_object(self, view: View, question: str) -> SingleObject | None:
        """Name the one object that the picture is of; None where it is of a scene, or nobody can tell."""
        classes = _classes(view)
        if classes and classes.garment.noun:
            return classes.garment
        verdict = self._verdict(view, question)
        if classes is None or verdict is None or verdict.score < self.thresholds.single_object:
            return None
        # Where no name is sure the picture is described, with doubt, unless the model itself would rather say that it can't tell.
        return classes.name if classes.name.noun or verdict.rather_not else None

    def doubtful_words(self, view: View, description: str, certainty: float) -> frozenset[str] | None:
        """Return the words that too few people would use of the picture; none of what the model was taught by heart."""
        classes = _classes(view)
        if classes is None or not classes.words:
            return None
        if certainty >= self.thresholds.known_by_heart:
            return frozenset()
        return frozenset(word for word in plain_words(description) if classes.word_share(word) < self.thresholds.sure_word)

    def doubts_name(self, view: View, sentence: str) -> bool:
        """Return whether a sentence names one of the labels ("A hairbrush.") of which the class head isn't sure."""
        classes = _classes(view)
        labels = classes.labels if classes else ()
        named = next((label for label in labels if sentence.lower() == plain_name(label).lower()), None)
        return named is not None and named.probability < self.thresholds.sure_label

    def word_evidence(self, view: View, text: str) -> float:
        """Return by how many nats the picture makes the words of a text likelier that the word classifier knows; 0 if it knows none."""
        classes = _classes(view)
        return classes.word_evidence(text) if classes else 0.0

    def _verdict(self, view: View, question: str) -> Verdict | None:
        """Asked once of each question; None where the class head has no say."""
        known, classes = self.thresholds, _classes(view)
        if classes is None or not classes.labels or known.single_object > HIGHEST_SCORE:
            return None
        if question not in classes.verdicts:
            least = least_log_likelihood(known.single_object, classes.expected_words)
            likelihoods = self._log_likelihoods(view, question, naming_answers(classes.labels), prune_below=least)
            classes.verdicts[question] = judge(likelihoods, classes.expected_words)
        return classes.verdicts[question]


def _classes(view: View) -> PictureClasses | None:
    return view.classes if isinstance(view, SmolView) else None
