"""How likely each of several answers is, no longer than it matters. Pure: the language model is a function given to it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.engines.vlm.beam_search import Advance
from assistant.engines.vlm.token_decoding import log_sum_exp


def score_together(logits: np.ndarray, advance: Advance, answers: Sequence[Sequence[int]], prune_below: float) -> list[float]:
    """Return the log-probability of each answer. Answers are read side by side, and what several begin with once.

    Args:
        logits: f32 [vocabulary], what follows the prompt.
        advance: asked for the answers' next tokens, as long as any has one.
        answers: token ids, at least one each.
        prune_below: once all answers together are less probable (natural logarithm), no more is read; what is returned then is of the
            tokens read so far, and so no lower than the true ones.
    """
    scores, length = [0.0] * len(answers), 0
    read: dict[tuple[int, ...], np.ndarray] = {(): logits - log_sum_exp(logits)}
    """Log-probabilities of what follows each beginning."""
    while True:
        for which, answer in enumerate(answers):
            if len(answer) > length:
                scores[which] += float(read[tuple(answer[:length])][answer[length]])
        if np.logaddexp.reduce(scores) < prune_below:
            break
        length += 1
        places = {begun: place for place, begun in enumerate(read)}
        longer = list(dict.fromkeys(tuple(answer[:length]) for answer in answers if len(answer) > length))
        if not longer:
            break
        following = advance([(places[begun[:-1]], begun[-1]) for begun in longer])
        read = dict(zip(longer, following - log_sum_exp(following), strict=True))
    return scores
