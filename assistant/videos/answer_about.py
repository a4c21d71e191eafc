"""A question about a whole clip, for models that take fewer pictures than the clip has keyframes: which ones to look at.

A question that names a thing is answered where that thing is most probable; any other from the scenes that last longest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answering.calibrated_answers import thing_probability
from assistant.answering.presence import thresholds_of
from assistant.answering.things import english_thing
from assistant.interfaces import SceneDescriber
from assistant.messages import Ask, Finding, Keyframe


@dataclass(frozen=True, eq=False)
class ChosenKeyframes:
    """What a question about a clip is answered from."""

    keyframes: list[Keyframe]
    """Those to look at, in order of time."""
    finding: Finding | None = None
    """The answer, where it follows from all keyframes together and no single look could give it."""
    rests_on: Sequence[Keyframe] = ()
    """Where there is a `finding`, the keyframes that show the thing, or all of them if it is nowhere."""


def choose_keyframes(describer: SceneDescriber, keyframes: Sequence[Keyframe], ask: Ask, most: int, end_s: float) -> ChosenKeyframes:
    """Choose at most `most` keyframes, and no more than the model takes, to answer a question from.

    Args:
        describer: asked for the thing that the question names, at each keyframe.
        keyframes: of the clip, in order of time.
        ask: what is asked.
        most: how many.
        end_s: until when the clip lasts.
    """
    most = min(most, describer.max_pictures)
    if len(keyframes) <= most:
        return ChosenKeyframes(list(keyframes))
    scorer, thing = describer.scorer, english_thing(ask)
    if not thing or scorer is None:
        ends_s = [*(k.frame.time_s for k in keyframes[1:]), end_s]
        return ChosenKeyframes(_best(keyframes, [until_s - k.frame.time_s for k, until_s in zip(keyframes, ends_s, strict=True)], most))
    thresholds = thresholds_of(describer)
    probabilities = [thing_probability(scorer, describer.look([k]), thing, thresholds) for k in keyframes]
    chosen = _best(keyframes, probabilities, most)
    if ask.intent not in ("is_there", "is_this"):
        return ChosenKeyframes(chosen)
    probability = anywhere(probabilities)
    finding = Finding("presence", True, probability, "likelihoods", ask.thing, ask.in_full)
    return ChosenKeyframes(chosen, finding, chosen if probability > 0.5 else list(keyframes))


def anywhere(probabilities: Sequence[float]) -> float:
    """Return the probability that a thing is in at least one of n pictures, from its calibrated probability in each.

    Those were calibrated on questions of which half are true. If half of all clips have the thing, a single picture of n has it
    less often, so its odds are divided by 2n - 1; without that, the more pictures, the surer a "yes" to anything.
    """
    absent = 1.0
    for probability in probabilities:
        p = min(max(probability, 1e-9), 1 - 1e-9)
        absent /= 1 + p / (1 - p) / (2 * len(probabilities) - 1)
    return 1 - absent


def _best(keyframes: Sequence[Keyframe], values: Sequence[float], most: int) -> list[Keyframe]:
    best = sorted(range(len(keyframes)), key=lambda i: -values[i])[:most]
    return [keyframes[i] for i in sorted(best)]
