"""Beam search: the answer that is likeliest as a whole rather than token by token. Pure: the language model is a function given to it.

As transformers' `generate` has it with `num_beams` and `length_penalty` (a finished answer is worth its log-probability divided by its
length to that power), but tokens are given out as soon as all beams agree on them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from assistant.runtimes.token_decoding import completes_loop, log_sum_exp, weighed
from assistant.runtimes.word_bias import WordBias

State = TypeVar("State")
"""What the model has read."""


@dataclass(frozen=True)
class Beams:
    """How wide to search."""

    count: int = 1
    length_penalty: float = 1.0
    """The higher, the longer the answers."""


ONE_BEAM = Beams()


@dataclass(frozen=True, eq=False)
class _Beam(Generic[State]):
    tokens: tuple[int, ...]
    log_probability: float
    logits: np.ndarray
    state: State


def search_tokens(
    logits: np.ndarray,
    state: State,
    advance: Callable[[int, State], tuple[np.ndarray, State]],
    stop_ids: Collection[int],
    cap: int,
    beams: Beams,
    *,
    forbidden: Sequence[int] = (),
    bias: WordBias | None = None,
) -> Iterator[int]:
    """Yield the best answer's tokens, at most `cap`, up to and including a stop token. No answer completes a loop.

    Args:
        logits: f32 [vocabulary], what follows the prompt.
        state: after the prompt; never changed.
        advance: reads one token more and gives the next logits and state; **called only when another token is asked for**.
        stop_ids: tokens that end an answer.
        cap: most tokens of an answer.
        beams: how many answers are followed, and how length is weighed.
        forbidden: tokens never taken.
        bias: added to the logits.
    """
    never = np.array(forbidden, np.int64)
    live = [_Beam((), 0.0, logits, state)]
    finished: list[tuple[float, tuple[int, ...]]] = []
    given = 0
    for length in range(1, cap + 1):
        found = sorted((step for beam in live for step in _steps(beam, beams.count, never, bias)), key=lambda step: -step[0])
        going: list[tuple[float, int, _Beam[State]]] = []
        for place, (log_probability, token, beam) in enumerate(found[: 2 * beams.count]):
            if token in stop_ids or length == cap:
                if place < beams.count:
                    finished.append((log_probability / length**beams.length_penalty, (*beam.tokens, token)))
            elif len(going) < beams.count:
                going.append((log_probability, token, beam))
        finished = sorted(finished, key=lambda answer: -answer[0])[: beams.count]
        if not going or (len(finished) == beams.count and going[0][0] / length**beams.length_penalty <= finished[-1][0]):
            break
        agreed = _common([(*beam.tokens, token) for _, token, beam in going] + [tokens for _, tokens in finished])
        yield from agreed[given:]
        given = max(given, len(agreed))
        live = [_Beam((*beam.tokens, token), total, *advance(token, beam.state)) for total, token, beam in going]
    yield from (finished[0][1] if finished else live[0].tokens)[given:]


def _steps(beam: _Beam[State], count: int, forbidden: np.ndarray, bias: WordBias | None) -> Iterator[tuple[float, int, _Beam[State]]]:
    """The likeliest next tokens of one beam: no more can be needed of it."""
    logits = weighed(beam.logits, beam.tokens, forbidden, bias)
    scores = logits - log_sum_exp(logits)
    likeliest = np.argpartition(-scores, 2 * count)[: 2 * count] if len(scores) > 2 * count else np.arange(len(scores))
    for token in map(int, likeliest):
        if np.isfinite(scores[token]) and not completes_loop(beam.tokens, token):
            yield beam.log_probability + float(scores[token]), token, beam


def _common(answers: Sequence[Sequence[int]]) -> Sequence[int]:
    """The tokens that all of them begin with."""
    first = min(answers, key=len)
    return first[: next((i for i, token in enumerate(first) if any(answer[i] != token for answer in answers)), len(first))]
