"""How precise a name may be said of what the class head sees, and how often such names are right. Pure: logits and truths in, figures out.

A name is right if it is that of the thing or of a kind that it is: "a dog" of a redbone.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import numpy as np

from assistant.engines.vlm.starter.encoder_heads import softmax
from assistant.engines.vlm.starter.hedged_names import NameThresholds, NounTree
from assistant.languages.nouns import Noun, ancestors, nouns
from assistant.messages import Finding, SingleObject
from models.training.data import names
from models.training.judging import calibration_error

WANTED = 0.95
"""Share of the names said that shall be right."""
SEED = 11
JUDGEMENTS = ("right", "more precise than the label", "hedged", "nothing", "wrong")
_TEMPERATURES = np.arange(0.5, 2.01, 0.02)
_LIMITS = np.arange(0.98, 0.5, -0.01)


def seeded_halves(count: int) -> tuple[list[int], list[int]]:
    """Return numbers to fit on and numbers to report on, half of 0 to `count` - 1 each, always the same."""
    fitted = set(random.Random(SEED).sample(range(count), count // 2))
    return sorted(fitted), [number for number in range(count) if number not in fitted]


def kinds(noun: Noun) -> frozenset[str]:
    """Return all that a thing may rightly be called: its synset and those of the kinds above it."""
    return frozenset((noun.synset, *(kind.synset for kind in ancestors(noun))))


def fit_temperature(logits: np.ndarray, classes: np.ndarray) -> float:
    """Return what logits f32 [pictures, all classes] must be divided by to make their true `classes`, int [pictures], likeliest."""

    def surprise(temperature: float) -> float:
        return float(-np.log(softmax(logits / temperature)[np.arange(len(classes)), classes]).mean())

    return round(float(min(_TEMPERATURES, key=surprise)), 2)


def fit_names(tree: NounTree, logits: np.ndarray, classes: np.ndarray, truths: Sequence[frozenset[str]]) -> NameThresholds:
    """Fit NameThresholds: the least `sure` from which the share WANTED of names is right, and from each higher one too.

    `perhaps` needs no fitting: once probabilities are calibrated, 0.5 and more is more likely than not.

    Args:
        tree: of the head's classes.
        logits: f32 [pictures, classes].
        classes: the true ones, int [pictures].
        truths: of each picture, what it may rightly be called.
    """
    temperature = fit_temperature(logits, classes)
    sure = 1.0
    for limit in _LIMITS:
        found = [tree.name(row, NameThresholds(temperature, float(limit))) for row in logits]
        right = _right([one.noun for one in found], truths)
        if len(right) and right.mean() < WANTED:
            break
        sure = round(float(limit), 2)
    return NameThresholds(temperature, sure)


def name_figures(tree: NounTree, found: Sequence[SingleObject], truths: Sequence[frozenset[str]]) -> dict[str, float]:
    """Return shares that tell how good names are, by what they tell; all are of all pictures unless they say otherwise."""
    bits = dict(zip(tree.nouns, tree.information, strict=True))
    leaf = float(tree.information.max())
    said = _right([one.noun for one in found], truths)
    finer = _right([one.specific for one in found], truths)
    told = [bits[one.noun] if one.noun and one.noun in truth else 0.0 for one, truth in zip(found, truths, strict=True)]
    depths = [
        sum(bits[kind] <= bits[one.noun] for kind in truth & bits.keys()) if one.noun and one.noun in truth else 0
        for one, truth in zip(found, truths, strict=True)
    ]
    return {
        "right of the names said": float(said.mean()),
        "a wrong name is said": float((~said).sum() / len(found)),
        "a name is said": len(said) / len(found),
        "mean depth: sayable kinds above and with the name, 0 for none or a wrong one": float(np.mean(depths)),
        "mean depth of the class itself": float(np.mean([len(truth & bits.keys()) for truth in truths])),
        "the class itself is said": sum(bool(one.noun) and bits[one.noun or ""] == leaf for one in found) / len(found),
        "information, of always knowing the class": float(np.mean(told)) / leaf,
        '"perhaps" follows': len(finer) / len(found),
        'right of those with "perhaps"': float(finer.mean()) if len(finer) else 0.0,
    }


def calibration_figures(logits: np.ndarray, classes: np.ndarray, temperature: float) -> Iterator[tuple[str, float, int]]:
    """Yield (what, figure, pictures) of a head's likeliest class: how often it is right, and of how many told with which probability.

    Args:
        logits: f32 [pictures, classes].
        classes: the true ones, int [pictures].
        temperature: divides the logits.
    """
    probabilities = softmax(logits / temperature)
    best, right = probabilities.max(1), probabilities.argmax(1) == classes
    scaled = f"likeliest class, logits / {temperature:g}"
    yield f"{scaled}: right", float(right.mean()), len(right)
    yield f"{scaled}: expected calibration error", calibration_error(best, right), len(right)
    for mean, share, pictures in reliability(best, right):
        yield f"{scaled}: told with {mean:.2f}, right", share, pictures


def judge(finding: Finding | None, truth: Noun) -> str:
    """Return which of JUDGEMENTS the first finding of an answer to "What is this?" deserves.

    A free sentence is right if it has a name of the thing, or of a kind that it is, in it.
    """
    if finding is None or finding.kind == "refusal":
        return "nothing"
    if isinstance(finding.value, SingleObject) and finding.value.noun:
        said = finding.value.noun
        return "right" if said in kinds(truth) else "more precise than the label" if truth.synset in kinds(nouns()[said]) else "wrong"
    text = str(finding.value)
    if any(names(text, known.text) for kind in kinds(truth) for known in nouns()[kind].names("en")):
        return "right"
    return "nothing" if text.startswith("I can't tell") else "hedged" if finding.is_doubtful else "wrong"


def reliability(probabilities: np.ndarray, right: np.ndarray, bins: int = 10) -> Iterator[tuple[float, float, int]]:
    """Yield (mean probability, share right, pictures) of each of several equal bins of probability that isn't empty."""
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    for number in np.unique(place):
        within = place == number
        yield float(probabilities[within].mean()), float(right[within].mean()), int(within.sum())


def _right(names: Sequence[str | None], truths: Sequence[frozenset[str]]) -> np.ndarray:
    """Whether each name that is said is right, bool [names said]."""
    return np.array([name in truth for name, truth in zip(names, truths, strict=True) if name], bool)
