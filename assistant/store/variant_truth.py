"""Whether a variant of a model says what its most exact one says: on 60 likelihoods of yes and no. Knows no engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.interfaces import SceneDescriber
from assistant.messages import Keyframe

QUESTIONS = (
    *("Is there a person?", "Is there an animal?", "Is there any text?", "Is it indoors?", "Is there something to eat?"),
    *("Is there a vehicle?", "Is there something red?", "Is there something blue?", "Is there a cup?", "Is there more than one thing?"),
)
ANSWERS = ("Yes", "No")
PICTURES = 6
"""So that there are 60 comparisons."""
LEAST_AGREEMENT = 0.95
"""Share of them that must come out the same for a variant to be chosen for its speed."""
MOST_EXACT = ("fp32", "fp16", "int8", "uint8", "quantized", "q4f16", "q4", "bnb4")

Votes = tuple[bool, ...]


def votes_of(describer: SceneDescriber, keyframes: Sequence[Keyframe]) -> Votes:
    """Return for each picture and question whether "yes" is likelier than "no"; nothing of a model that doesn't tell likelihoods."""
    if (scorer := describer.scorer) is None:
        return ()
    votes = list[bool]()
    for keyframe in keyframes[:PICTURES]:
        view = describer.look([keyframe])
        for question in QUESTIONS:
            yes, no = scorer.log_likelihoods(view, question, ANSWERS)
            votes.append(yes > no)
    return tuple(votes)


def agreements(votes: Mapping[str, Votes]) -> dict[str, float]:
    """Return for each variant the share of its votes that the most exact one has too; 1 where there is nothing to compare."""
    reference = next((votes[name] for name in MOST_EXACT if name in votes), next(iter(votes.values()), ()))
    return {
        name: sum(one == other for one, other in zip(of_it, reference, strict=True)) / len(reference) if of_it and reference else 1.0
        for name, of_it in votes.items()
    }
