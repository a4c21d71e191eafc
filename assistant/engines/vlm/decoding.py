"""A prompt that was read, continued token by token, or by answers that are given: what each way asks of the decoder."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.engines.vlm.answer_scoring import score_together
from assistant.engines.vlm.beam_search import Advance, Search, Step
from assistant.engines.vlm.decoder import Cache, NextLogits, SideBySide
from assistant.engines.vlm.prefix_cache import LoadedGraphs, Prompt
from assistant.engines.vlm.token_decoding import LogitsProcessor, Sampling, TokenConstraints, decode_tokens, log_softmax
from assistant.messages import Scores


@dataclass(frozen=True)
class Decoding:
    """How an answer's tokens are chosen: one after the other as `decode_tokens` does, or by a search."""

    guard: bool = True
    """Whether loops are refused; a search always refuses them."""
    sampling: Sampling | None = None
    """Draws tokens at random; not in a search."""
    suppressed: Sequence[int] = ()
    """Token ids that are never taken."""
    processor: LogitsProcessor | None = None
    """Changes the logits before tokens are chosen by them."""
    search: Search | None = None
    """Reads several answers side by side and chooses one as a whole."""


def continue_prompt(graphs: LoadedGraphs, prompt: Prompt, stop_ids: Collection[int], most: int, how: Decoding) -> Iterator[int]:
    """Yield at most `most` token ids of an answer, up to and including one of `stop_ids`. The prompt stays as it is."""
    logits, cache = prompt.logits, prompt.cache
    constraints = TokenConstraints(stop_ids, most, how.suppressed, how.processor)
    if how.search:
        return how.search.tokens(logits, _side_by_side(graphs, cache, how.search.width, most - 1), constraints)
    next_logits: NextLogits | None = None

    def advance(token: int) -> np.ndarray:
        nonlocal next_logits
        next_logits = next_logits or graphs.decoder.continue_from(cache, most - 1)  # after the first token: it costs a copy
        return next_logits(graphs.embedder.embed([token])[0])

    return decode_tokens(logits, advance, constraints, guard=how.guard, sampling=how.sampling)


def answer_scores(graphs: LoadedGraphs, prompt: Prompt, answers: Sequence[Sequence[int]]) -> list[Scores]:
    """Return the log-probability of each token of each answer: float64 [tokens] each. Every answer has a token at least."""
    scores = []
    for ids in answers:
        logits = prompt.logits[None]
        if len(ids) > 1:
            more, _ = graphs.decoder.read(graphs.embedder.embed(list(ids[:-1])), prompt.cache, every_logit=True)
            logits = np.concatenate([logits, more])  # [answer, V]
        scores.append(log_softmax(logits)[np.arange(len(ids)), ids])
    return scores


def answer_likelihoods(graphs: LoadedGraphs, prompt: Prompt, answers: Sequence[Sequence[int]], prune_below: float) -> list[float]:
    """Return the log-probability of each answer; with a finite `prune_below` side by side, as `score_together` does."""
    if prune_below == -math.inf:
        return [float(scores.sum()) for scores in answer_scores(graphs, prompt, answers)]
    read_on = _side_by_side(graphs, prompt.cache, len(answers), max(map(len, answers), default=1) - 1)
    return score_together(prompt.logits, read_on, answers, prune_below)


def _side_by_side(graphs: LoadedGraphs, cache: Cache, answers: int, room: int) -> Advance:
    """Reads up to so many answers at once, and `room` tokens of each. Only the first reading takes memory for them."""
    reading: SideBySide | None = None

    def read_on(steps: Sequence[Step]) -> np.ndarray:
        nonlocal reading
        reading = reading or graphs.decoder.continue_side_by_side(cache, answers, room)
        return reading([parent for parent, _ in steps], graphs.embedder.embed([token for _, token in steps]))

    return read_on
