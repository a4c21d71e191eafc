"""Words for what the vision encoder's own heads see, to stand in the prompt. A pure step.

SmolVLM2 has no such heads; a model folder that does brings `seen_labels.txt` for the head that takes a picture for one of many
classes, and `seen_words.txt` for the head that says of each word how many of those who describe the picture would use it. One
name a line, in the second file with a tab and the share of those who use it of any picture. Behind the words it may have pairs of
words that stand side by side ("black_dog"), which aren't told. The starter model was trained with exactly this text, so any change
here asks for new training.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.messages import PAIR_JOINT, SeenLabel

CLASS_HEAD, WORD_HEAD = "class_logits", "word_logits"
HEAD_FILES = {CLASS_HEAD: "seen_labels.txt", WORD_HEAD: "seen_words.txt"}
"""Each head, an output of the vision encoder's graph, and the file that names what it says."""

_MOST_LABELS, _MOST_WORDS = 3, 12
# Least probability of a label, and least share of people who would use a word, most certain first.
_LABEL_CERTAINTY = (("surely", 0.5), ("probably", 0.2), ("maybe", 0.05))
_WORD_CERTAINTY = (("Surely", 0.5), ("Probably", 0.25), ("Maybe", 0.12))


@dataclass(frozen=True)
class Head:
    """What a head's outputs say."""

    names: list[str]
    shares: tuple[float, ...] = ()
    """Of a head of words: how usual each is, above 0."""

    @functools.cached_property
    def words(self) -> int:
        """How many are no pairs; they come first."""
        return next((place for place, name in enumerate(self.names) if PAIR_JOINT in name), len(self.names))


def read_head(text: str, *, shares: bool) -> Head:
    """From a file's text, with or without shares; ValueError if it isn't one."""
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
    """The likeliest classes of f32 [classes], most certain first."""
    return _likeliest(softmax(class_logits), class_names, _MOST_LABELS)


def seen_words(word_logits: np.ndarray, words: Sequence[str]) -> tuple[SeenLabel, ...]:
    """The likeliest words of f32 [words], most certain first; each is there or not, whatever the others are."""
    return _likeliest(np.exp(_log_sigmoid(word_logits)), words, _MOST_WORDS)


def word_evidence(word_logits: np.ndarray, shares: Iterable[float]) -> np.ndarray:
    """Pointwise mutual information, in nats: by how much the picture makes each word likelier than it usually is. f32 [words and pairs]."""
    return (_log_sigmoid(word_logits) - np.log(list(shares))).astype(np.float32)


def expected_words(word_logits: np.ndarray) -> float:
    """How many of the words of f32 [words] somebody who describes the picture would say, on average."""
    return float(np.exp(_log_sigmoid(word_logits)).sum())


def seen_text(labels: Iterable[SeenLabel], words: Iterable[SeenLabel] = ()) -> str:
    """ "Seen: surely tabby, maybe Egyptian cat. Surely cat. Maybe sofa, grey.\\n"; "Seen: unsure.\\n" if none is certain enough."""
    told = [f"{certainty} {label.name}" for label in labels if (certainty := _certainty(label.probability, _LABEL_CERTAINTY))]
    groups = {certainty: list[str]() for certainty, _ in _WORD_CERTAINTY}
    for word in words:
        if certainty := _certainty(word.probability, _WORD_CERTAINTY):
            groups[certainty].append(word.name)
    sentences = [", ".join(told) or "unsure", *(f"{certainty} {', '.join(names)}" for certainty, names in groups.items() if names)]
    return f"Seen: {'. '.join(sentences)}.\n"


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities over the last axis, in float64."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _log_sigmoid(logits: np.ndarray) -> np.ndarray:
    return np.asarray(-np.logaddexp(0.0, -logits.astype(np.float64)))


def _likeliest(probabilities: np.ndarray, names: Sequence[str], most: int) -> tuple[SeenLabel, ...]:
    best = np.argsort(-probabilities, kind="stable")[:most]
    return tuple(SeenLabel(names[i], float(probabilities[i])) for i in best)


def _certainty(probability: float, limits: tuple[tuple[str, float], ...]) -> str | None:
    return next((word for word, least in limits if probability >= least), None)
