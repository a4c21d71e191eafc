"""Finds out how far a model that nobody measured may be believed, from pictures whose truth is known. Knows no engine.

Presence is asked in both polarities, as users' questions are, and Platt's line is fitted through the answers, held near the neutral one by
a prior, for there are few. Of colours, numbers and places it is counted how often the bare answer is right, and the least that this bears
out is taken. It will be given hints where with one it names what is there in most pictures, and in more than without. Such pictures are
easier than a kitchen, so what was found out on them is never told plainly: see MOST_RELIABLE.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from assistant.answering.answer_checks import SCENE_QUESTION
from assistant.answering.calibrated_answers import presence_scores
from assistant.answering.known_pictures import KnownPicture, KnownQuestion
from assistant.answering.model_answers import SURE
from assistant.answering.presence import NEUTRAL
from assistant.answering.router import FIT
from assistant.interfaces import SceneDescriber
from assistant.messages import AnswerThresholds, Frame, Intent, Keyframe, SelfCalibration

MOST_RELIABLE = SURE - 0.01
"""What is measured here stays below what is told without a hedge."""
FEWEST = 5
"""Questions of an intent below which nothing is said of it."""
_CONFIDENCE = 1.28
"""Standard deviations below the share of right answers that are allowed for: nine times in ten it is at least so high."""
_PRIOR_SLOPE, _PRIOR_STRENGTH = 1.0, 0.5
_STEPS = 30


@dataclass
class _Tally:
    """What was asked and how it was answered."""

    scores: list[tuple[float, bool]] = field(default_factory=list)
    """Of presence: half the difference of the log-odds in both polarities, and whether the thing is there."""
    right: dict[Intent, list[bool]] = field(default_factory=dict)
    named: list[tuple[bool, bool]] = field(default_factory=list)
    """Whether a description names what is there, without a hint that does, and with it."""


def calibrate(describer: SceneDescriber, known: Iterable[KnownPicture]) -> SelfCalibration | None:
    """Ask about every known picture; None for a model that tells no likelihoods.

    A model that can't tell what is there from what isn't gets a flat line, so that each answer is "I can't tell".
    """
    scorer, tally = describer.scorer, _Tally()
    if scorer is None:
        return None
    for each in known:
        view = describer.look([Keyframe(Frame(each.picture, 0.0), "only")])
        for thing, is_there in [*((thing, True) for thing in each.there), *((thing, False) for thing in each.absent)]:
            yes, no = presence_scores(scorer, view, thing)
            tally.scores.append(((yes - no) / 2, is_there))
        for question in each.questions:
            said = "".join(describer.answer(view, question.text + view.prompts.briefly))
            tally.right.setdefault(question.intent, []).append(answers(question, said))
        if each.hint and view.prompts.hint:
            asked = view.prompts.asking_for_scene("brief", SCENE_QUESTION)
            said_so = [each.hinted in _words("".join(describer.answer(view, view.prompts.hinted(asked, hint)))) for hint in ("", each.hint)]
            tally.named.append((said_so[0], said_so[1]))
    slope, offset = fit_line(tally.scores)
    thresholds = AnswerThresholds(slope=slope, offset=offset, sure=NEUTRAL.sure)
    reliability: dict[str, float] = {intent: least_share(right) for intent, right in tally.right.items() if len(right) >= FEWEST}
    return SelfCalibration(thresholds, reliability, right_of(tally.scores, slope, offset), words_hints(tally.named))


def answers(question: KnownQuestion, said: str) -> bool:
    """Tell whether an answer has a right word and no wrong one."""
    words = _words(said)
    return not words.isdisjoint(question.right) and words.isdisjoint(question.wrong)


def words_hints(named: Sequence[tuple[bool, bool]]) -> bool:
    """Tell whether a model is to be given hints, from whether it named what was there, without a hint and with one."""
    without, with_hint = (sum(each) for each in zip(*named, strict=True)) if named else (0, 0)
    return with_hint > without and with_hint >= FIT * len(named)


def _words(said: str) -> set[str]:
    return set(re.findall(r"[a-z]+|\d+", said.lower()))


def fit_line(scores: Sequence[tuple[float, bool]]) -> tuple[float, float]:
    """Return (slope from 0 on, offset) of the log-odds that a thing is there: Platt's line with a prior, each side weighing alike."""
    if not scores:
        return _PRIOR_SLOPE, 0.0
    x, y = np.array([score for score, _ in scores]), np.array([is_there for _, is_there in scores], float)
    weights = np.where(y > 0, 0.5 / max(y.sum(), 1), 0.5 / max((1 - y).sum(), 1)) * len(x)
    targets = np.where(y > 0, (y.sum() + 1) / (y.sum() + 2), 1 / ((1 - y).sum() + 2))
    rows, line = np.stack([x, np.ones_like(x)], axis=1), np.array([_PRIOR_SLOPE, 0.0])  # [n, 2], [2]
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(rows @ line, -30, 30)))
        gradient = rows.T @ (weights * (p - targets)) + _PRIOR_STRENGTH * (line - (_PRIOR_SLOPE, 0.0))
        curvature = rows.T @ (rows * (weights * np.maximum(p * (1 - p), 1e-3))[:, None]) + _PRIOR_STRENGTH * np.eye(2)
        line = line - np.clip(np.linalg.solve(curvature, gradient), -1, 1)
    return max(float(line[0]), 0.0), float(line[1]) if line[0] > 0 else 0.0


def least_share(right: Sequence[bool]) -> float:
    """Return the share of right answers that so many bear out (the lower end of Wilson's interval), at most MOST_RELIABLE."""
    n, z = len(right), _CONFIDENCE
    share = sum(right) / n
    centre, spread = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return round(min((centre - spread) / (1 + z * z / n), MOST_RELIABLE), 3)


def right_of(scores: Sequence[tuple[float, bool]], slope: float, offset: float) -> float:
    """Return the share of things that are told rightly as there or not, things there and absent ones counting alike."""
    told = [((slope * score + offset > 0) == is_there, is_there) for score, is_there in scores]
    shares = [[right for right, is_there in told if is_there == side] for side in (True, False)]
    return round(sum(sum(each) / len(each) for each in shares if each) / max(sum(map(bool, shares)), 1), 3)
