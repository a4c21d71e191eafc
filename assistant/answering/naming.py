"""Whether a picture is of one thing that the vision encoder's own head can name, rather than a scene to be described. Pure.

A small language model trained on scenes begins "A man ..." for want of a better word, though it finds "A hairbrush." as a whole
likelier than any description as a whole. So all that it could say of a single thing is weighed before it describes anything.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from assistant.answering.answer_checks import article, plain_question, with_doubt
from assistant.messages import AnswerThresholds, SeenLabel

CANT_TELL_THING = "I can't tell what this is."
_FEWEST_WORDS = 0.01
"""Fewer make a picture of nothing no more of a portrait."""
HIGHEST_SCORE = -math.log(_FEWEST_WORDS)
"""No `naming_score` is above."""
_PICTURE = r"(?:the|this|my|that) (?:picture|image|photo|scene|view)"
_SCENE = re.compile(
    rf"what(?:['’]s| is| are) (?:(?:there |it |that )?in front of (?:me|you|us)|in {_PICTURE}|around me|here|there|happening)"  # noqa: RUF001
    rf"|what (?:do|can) (?:you|we|i) see(?: .*)?|what does {_PICTURE} show"
    rf"|(?:(?:please|can you|could you) )*describe (?:what you see|{_PICTURE})"
)


def asks_what_is_there(question: str) -> bool:
    """Whether the question is about all that is to be seen: "What is in front of me?", "Describe the picture."."""
    return _SCENE.fullmatch(plain_question(question)) is not None


def naming_answers(labels: Sequence[SeenLabel]) -> list[str]:
    """All that can be said of a single thing: that it can't be told, then each label plainly, then each with doubt."""
    plain = [_plainly(label) for label in labels]
    return [CANT_TELL_THING, *plain, *map(with_doubt, plain)]


def naming_score(log_likelihoods: Sequence[float], expected_words: float) -> float:
    """Higher for a portrait of one thing than for a scene.

    Args:
        log_likelihoods: of `naming_answers`; the log-probability that any of them is given counts,
        expected_words: less the logarithm of how many words somebody would use who describes the picture (View.expected_words).
    """
    return float(np.logaddexp.reduce(log_likelihoods)) - _against_portrait(expected_words)


def least_likelihood(naming: float, expected_words: float) -> float:
    """The logarithm of all names' probability that makes such a `naming_score`."""
    return naming + _against_portrait(expected_words)


def name_told(labels: Sequence[SeenLabel], log_likelihoods: Sequence[float], thresholds: AnswerThresholds) -> str:
    """The likeliest of the names, worded by how sure the head is of it, or that it can't be told.

    Args:
        labels: of one picture.
        log_likelihoods: of `naming_answers(labels)`.
        thresholds: `sure_label` of them.
    """
    cant_tell, *names = log_likelihoods
    each = np.logaddexp(names[: len(labels)], names[len(labels) :])
    best = int(each.argmax())
    return doubting_label(_plainly(labels[best]), labels, thresholds) if each[best] >= cant_tell else CANT_TELL_THING


def doubting_label(sentence: str, labels: Sequence[SeenLabel], thresholds: AnswerThresholds) -> str:
    """ "A hairbrush." -> "It looks like a hairbrush." unless the head is sure of a hairbrush; any other sentence stays."""
    named = next((label for label in labels if sentence.lower() == _plainly(label).lower()), None)
    return with_doubt(sentence) if named and named.probability < thresholds.sure_label else sentence


def _against_portrait(expected_words: float) -> float:
    return math.log(max(expected_words, _FEWEST_WORDS))


def _plainly(label: SeenLabel) -> str:
    return f"{article(label.name).capitalize()} {label.name}."
