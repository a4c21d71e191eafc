"""The classification heads on the vision encoder: what their outputs stand for, and the words for it in the prompt. Pure.

SmolVLM2 has no such heads. A model folder that has them brings `seen_labels.txt` for the class head, which takes a picture for one of
many classes, and `seen_words.txt` for the word classifier, which says of each word how many of those who describe the picture would use
it. Each holds one name a line, the second one with a tab and the share of those who use it of any picture. Behind the words it may have
pairs of words that stand side by side ("black_dog"), which the prompt leaves out. The starter model was trained with exactly this text,
so any change here asks for new training.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.engines.vlm.starter.terms import PAIR_JOINT

CLASS_HEAD, WORD_HEAD = "class_logits", "word_logits"
HEAD_FILES = {CLASS_HEAD: "seen_labels.txt", WORD_HEAD: "seen_words.txt"}
"""Output of the vision encoder's graph, and the file that names what it says."""

_MOST_LABELS, _MOST_WORDS = 3, 12
# Least probability of a label, and least share of people who would use a word, most certain first.
_LABEL_CERTAINTY = (("surely", 0.5), ("probably", 0.2), ("maybe", 0.05))
_WORD_CERTAINTY = (("Surely", 0.5), ("Probably", 0.25), ("Maybe", 0.12))


@dataclass(frozen=True)
class SeenLabel:
    """A class or word that a head sees in a picture."""

    name: str
    probability: float
    """In [0, 1]."""


@dataclass(frozen=True)
class Head:
    """What a head's outputs stand for. Its repr is part of the describer's `encoder_id`."""

    names: list[str]
    shares: tuple[float, ...] = ()
    """Share of people who use each word of any picture, above 0; empty for the class head."""

    @functools.cached_property
    def words(self) -> int:
        """Count the names that are no pairs; they come first."""
        return next((place for place, name in enumerate(self.names) if PAIR_JOINT in name), len(self.names))


def read_head(text: str, *, shares: bool) -> Head:
    """Read a head from a file's text, with or without shares. Raises ValueError for any other text."""
    rows = [line.split("\t") for line in text.splitlines()]
    if any(len(row) != 1 + shares for row in rows):
        raise ValueError("each line must hold a name and a share" if shares else "each line must hold a name")
    known = tuple(float(row[1]) for row in rows) if shares else ()
    if not all(0 < share <= 1 for share in known):
        raise ValueError("a share isn't between 0 and 1")
    head = Head([row[0] for row in rows], known)
    if shares and not all(PAIR_JOINT in name for name in head.names[head.words :]):
        raise ValueError("behind the words may only be pairs of words")
    return head


def seen_labels(class_logits: np.ndarray, class_names: list[str]) -> tuple[SeenLabel, ...]:
    """Return the likeliest classes of f32 [classes], most certain first."""
    return _likeliest(softmax(class_logits), class_names, _MOST_LABELS)


def seen_words(word_logits: np.ndarray, words: Sequence[str]) -> tuple[SeenLabel, ...]:
    """Return the likeliest words of f32 [words], most certain first; each is there or not, whatever the others are."""
    return _likeliest(np.exp(_log_sigmoid(word_logits)), words, _MOST_WORDS)


def word_evidence(word_logits: np.ndarray, shares: Iterable[float]) -> np.ndarray:
    """Return pointwise mutual information, f32 [terms] in nats: by how much the picture makes each term likelier than it usually is.

    Args:
        word_logits: f32 [terms], of words and pairs of words.
        shares: how many people use each of any picture.
    """
    return (_log_sigmoid(word_logits) - np.log(list(shares))).astype(np.float32)


def expected_words(word_logits: np.ndarray) -> float:
    """Return how many of the words of f32 [words] somebody who describes the picture would say, on average."""
    return float(np.exp(_log_sigmoid(word_logits)).sum())


def seen_text(labels: Iterable[SeenLabel], words: Iterable[SeenLabel] = ()) -> str:
    """Word labels and words for the prompt: "Seen: surely tabby, maybe Egyptian cat. Surely cat. Maybe sofa, grey.\\n".

    Without any that is certain enough: "Seen: unsure.\\n".
    """
    told = [f"{certainty} {label.name}" for label in labels if (certainty := _certainty(label.probability, _LABEL_CERTAINTY))]
    groups = {certainty: list[str]() for certainty, _ in _WORD_CERTAINTY}
    for word in words:
        if certainty := _certainty(word.probability, _WORD_CERTAINTY):
            groups[certainty].append(word.name)
    sentences = [", ".join(told) or "unsure", *(f"{certainty} {', '.join(names)}" for certainty, names in groups.items() if names)]
    return f"Seen: {'. '.join(sentences)}.\n"


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn logits [..., n] into probabilities over the last axis, in float64."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _log_sigmoid(logits: np.ndarray) -> np.ndarray:
    return np.asarray(-np.logaddexp(0.0, -logits.astype(np.float64)))


def _likeliest(probabilities: np.ndarray, names: Sequence[str], most: int) -> tuple[SeenLabel, ...]:
    best = np.argsort(-probabilities, kind="stable")[:most]
    return tuple(SeenLabel(names[i], float(probabilities[i])) for i in best)


def _certainty(probability: float, limits: tuple[tuple[str, float], ...]) -> str | None:
    return next((word for word, least in limits if probability >= least), None)
