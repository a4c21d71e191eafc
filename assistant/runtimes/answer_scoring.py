"""How likely each of several answers is, no longer than it matters. Pure: the language model is a function given to it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.runtimes.beam_search import Advance
from assistant.runtimes.token_decoding import log_sum_exp


def score_together(logits: np.ndarray, advance: Advance, answers: Sequence[Sequence[int]], floor: float) -> list[float]:
    """The log-probability of each answer's tokens. They are read side by side, those that begin alike once.

    Args:
        logits: f32 [vocabulary], what follows the prompt.
        advance: asked for the answers' next tokens, as long as any has one.
        answers: tokens, at least one each.
        floor: once all answers together are less probable (natural logarithm), no more is read; what is given then is of the
            tokens read so far, and so no lower than the true ones.
    """
    scores, length = [0.0] * len(answers), 0
    read: dict[tuple[int, ...], np.ndarray] = {(): logits}
    """What follows each beginning."""
    while read:
        for which, answer in enumerate(answers):
            if len(answer) > length:
                row = read[tuple(answer[:length])]
                scores[which] += float(row[answer[length]] - log_sum_exp(row)[0])
        if np.logaddexp.reduce(scores) < floor:
            break
        length += 1
        places = {begun: place for place, begun in enumerate(read)}
        longer = list(dict.fromkeys(tuple(answer[:length]) for answer in answers if len(answer) > length))
        read = dict(zip(longer, advance([(places[begun[:-1]], begun[-1]) for begun in longer]), strict=True)) if longer else {}
    return scores
