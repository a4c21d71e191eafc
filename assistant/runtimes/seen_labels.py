"""Words for what the vision encoder's own classification head sees, to stand in the prompt. A pure step.

SmolVLM2 has no such head; a model folder that does brings `seen_labels.txt`, one class name a line. The starter model
was trained with exactly this text, so any change here asks for new training.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from assistant.messages import SeenLabel

_MOST_LABELS = 3
# Least probability for each word, most certain first.
_WORDS = (("surely", 0.5), ("probably", 0.2), ("maybe", 0.05))


def seen_labels(class_logits: np.ndarray, class_names: list[str]) -> tuple[SeenLabel, ...]:
    """The likeliest classes of f32 [classes], most certain first."""
    probabilities = softmax(class_logits)
    best = np.argsort(-probabilities, kind="stable")[:_MOST_LABELS]
    return tuple(SeenLabel(class_names[i], float(probabilities[i])) for i in best)


def seen_text(labels: Iterable[SeenLabel]) -> str:
    """ "Seen: surely tabby, maybe Egyptian cat.\\n"; "Seen: unsure.\\n" if no label reaches 5 %."""
    told = [f"{word} {label.name}" for label in labels if (word := _certainty(label.probability))]
    return f"Seen: {', '.join(told) or 'unsure'}.\n"


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities over the last axis, in float64."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _certainty(probability: float) -> str | None:
    return next((word for word, least in _WORDS if probability >= least), None)
