"""A prompt that was read, continued token by token: which way of choosing is taken, and what each asks of the decoder."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.runtimes.beam_search import ONE_BEAM, Beams, Step, search_tokens
from assistant.runtimes.rescoring import Judge, best_agreeing
from assistant.runtimes.smolvlm2_decoder import NextLogits, SideBySide
from assistant.runtimes.smolvlm2_reader import Graphs, Prompt
from assistant.runtimes.token_decoding import Choice, Sampling, decode_tokens
from assistant.runtimes.word_bias import WordBias


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
        reading: SideBySide | None = None

        def read_on(steps: Sequence[Step]) -> np.ndarray:
            nonlocal reading
            reading = reading or graphs.decoder.continue_side_by_side(cache, how.beams.count + how.beams.draws, cap - 1)
            return reading([parent for parent, _ in steps], graphs.embedder.embed([token for _, token in steps]))

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
