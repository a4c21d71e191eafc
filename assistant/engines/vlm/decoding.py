"""A prompt that was read, continued token by token, or by answers that are given: what each way asks of the decoder."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.engines.vlm.answer_scoring import score_together
from assistant.engines.vlm.beam_search import ONE_BEAM, Advance, Beams, Step, search_tokens
from assistant.engines.vlm.decoder import Cache, NextLogits, SideBySide
from assistant.engines.vlm.prefill import Graphs, Prompt
from assistant.engines.vlm.starter.reranking import Judge, best_agreeing
from assistant.engines.vlm.starter.word_bias import WordBias
from assistant.engines.vlm.token_decoding import Choice, Sampling, decode_tokens, log_softmax
from assistant.messages import Scores


@dataclass(frozen=True)
class Decoding:
    """How an answer's tokens are chosen: as `decode_tokens` does, or as `search_tokens` where there is more than one beam."""

    guard: bool = True
    """Beams always have it."""
    sampling: Sampling | None = None
    """Only of one beam."""
    forbidden: Sequence[int] = ()
    bias: WordBias | None = None
    beams: Beams = ONE_BEAM
    judge: Judge | None = None
    """Of whole answers, where there are draws to choose from; None = the likeliest is taken, and nothing drawn."""


def continue_prompt(graphs: Graphs, prompt: Prompt, stop_ids: Collection[int], cap: int, how: Decoding) -> Iterator[int]:
    """Yield at most `cap` tokens of an answer. The prompt stays as it is."""
    logits, cache = prompt.logits, prompt.cache
    if how.beams.count > 1:
        read_on = _side_by_side(graphs, cache, how.beams.count + how.beams.draws, cap - 1)
        choice = Choice(stop_ids, cap, how.forbidden, how.bias)
        if how.beams.draws and how.judge:
            return iter(best_agreeing(logits, read_on, how.beams, choice, how.judge).tokens)
        return search_tokens(logits, read_on, how.beams, choice)
    next_logits: NextLogits | None = None

    def advance(token: int) -> np.ndarray:
        nonlocal next_logits
        next_logits = next_logits or graphs.decoder.continue_from(cache, cap - 1)  # after the first token: it costs a copy
        return next_logits(graphs.embedder.embed([token])[0])

    return decode_tokens(logits, advance, stop_ids, cap, guard=how.guard, sampling=how.sampling, forbidden=how.forbidden, bias=how.bias)


def answer_scores(graphs: Graphs, prompt: Prompt, answers: Sequence[Sequence[int]]) -> list[Scores]:
    """The log-probability of each token of each answer: float64 [tokens], one at least."""
    scores = []
    for ids in answers:
        logits = prompt.logits[None]
        if len(ids) > 1:
            more, _ = graphs.decoder.read(graphs.embedder.embed(list(ids[:-1])), prompt.cache, every_logit=True)
            logits = np.concatenate([logits, more])  # [answer, V]
        scores.append(log_softmax(logits)[np.arange(len(ids)), ids])
    return scores


def answer_likelihoods(graphs: Graphs, prompt: Prompt, answers: Sequence[Sequence[int]], floor: float) -> list[float]:
    """The sums of the same; with a floor, which may spare most of the reading, as `score_together` has them."""
    if floor == -math.inf:
        return [float(scores.sum()) for scores in answer_scores(graphs, prompt, answers)]
    read_on = _side_by_side(graphs, prompt.cache, len(answers), max(map(len, answers), default=1) - 1)
    return score_together(prompt.logits, read_on, answers, floor)


def _side_by_side(graphs: Graphs, cache: Cache, answers: int, room: int) -> Advance:
    """Reads up to so many answers at once, and `room` tokens of each. Only the first reading takes memory for them."""
    reading: SideBySide | None = None

    def read_on(steps: Sequence[Step]) -> np.ndarray:
        nonlocal reading
        reading = reading or graphs.decoder.continue_side_by_side(cache, answers, room)
        return reading([parent for parent, _ in steps], graphs.embedder.embed([token for _, token in steps]))

    return read_on
