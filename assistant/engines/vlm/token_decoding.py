"""Which token comes next and what text it makes: pure steps. Knows nothing of graphs, pictures or prompts."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from assistant.messages import Detail
from assistant.problems import BadInput

BRIEF_TOKENS, NORMAL_TOKENS, FULL_TOKENS = 48, 128, 384
TOKEN_CAPS: dict[Detail, int] = {"brief": BRIEF_TOKENS, "normal": NORMAL_TOKENS, "full": FULL_TOKENS}
"""Most tokens of an answer, of some 0.75 words each: a sentence or two, a paragraph, all there is."""

# A block of tokens that stands in a row this often is a loop: long blocks twice, short ones as in "1000000" more often.
_LONG_BLOCK_TOKENS = 8
_SHORT_BLOCK_TIMES = 3
_SHORTEST_LOOP_TOKENS = 12

_HALF_CHARACTER = "\ufffd"
_UNLIKELY = 1e6
"""Taken from the scores outside the nucleus: never drawn while anything inside it is allowed."""


LogitsProcessor = Callable[[np.ndarray, Sequence[int]], np.ndarray]
"""Takes the logits f32 [vocabulary] that follow an answer's tokens so far, and gives other ones, as another array."""


@dataclass(frozen=True)
class Sampling:
    """Draws tokens at random rather than takes the likeliest each time. The same seed draws the same answer."""

    temperature: float = 0.7
    """Divides the logits, 0.01 to 100; 1 draws as the model has it, less is nearer to the likeliest."""
    top_p: float = 0.9
    """Probability, above 0 up to 1, of the likeliest tokens together that are drawn from."""
    seed: int = 0
    """Of the random numbers, from 0."""

    def __post_init__(self) -> None:
        if not (0.01 <= self.temperature <= 100 and 0 < self.top_p <= 1 and self.seed >= 0):
            raise BadInput("a sampling option is out of range", "use a temperature of 0.01 to 100, a top_p above 0 up to 1, a seed from 0")


@dataclass(frozen=True)
class TokenConstraints:
    """What an answer may consist of."""

    stop_ids: Collection[int]
    """Token ids that end an answer."""
    most: int
    """Most tokens of an answer."""
    suppressed: Sequence[int] = ()
    """Token ids that are never taken."""
    processor: LogitsProcessor | None = None
    """Changes the logits; None leaves them as they are."""

    def apply(self, logits: np.ndarray, tokens: Sequence[int]) -> np.ndarray:
        """Return the logits f32 [vocabulary] after `tokens`, processed, -inf for suppressed tokens; the argument stays as it is."""
        logits = logits.copy() if self.processor is None else self.processor(logits, tokens)
        logits[self._suppressed] = -np.inf
        return logits

    @functools.cached_property
    def _suppressed(self) -> np.ndarray:
        return np.array(self.suppressed, np.int64)


def decode_tokens(
    logits: np.ndarray,
    advance: Callable[[int], np.ndarray],
    constraints: TokenConstraints,
    *,
    guard: bool = True,
    sampling: Sampling | None = None,
) -> Iterator[int]:
    """Yield one token id after the other, up to and including the first that ends the answer.

    Args:
        logits: f32 [vocabulary], what follows the prompt.
        advance: takes the token just yielded and returns the next logits; **called only when another token is asked for**.
        constraints: what ends the answer, how long it may be, and what may be in it.
        guard: refuse tokens that would complete a loop (see `completes_loop`) and take the next best instead.
        sampling: None takes the likeliest token each time.
    """
    tokens: list[int] = []
    rng = np.random.default_rng(sampling.seed) if sampling else None
    while len(tokens) < constraints.most:
        logits = constraints.apply(logits, tokens)
        scores = logits if sampling is None or rng is None else drawn_scores(logits, sampling, rng)
        token = pick(scores, tokens) if guard else int(scores.argmax())
        tokens.append(token)
        yield token
        if token in constraints.stop_ids or len(tokens) == constraints.most:
            return
        logits = advance(token)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Turn logits [..., n] into log-probabilities over the last axis, in float64."""
    wide = logits.astype(np.float64)
    return np.asarray(wide - log_sum_exp(wide))


def log_sum_exp(logits: np.ndarray) -> np.ndarray:
    """Return the logarithm of the sum of exponentials over the last axis of [..., n]: [..., 1], of the same type."""
    highest = logits.max(axis=-1, keepdims=True)
    return np.asarray(highest + np.log(np.exp(logits - highest).sum(axis=-1, keepdims=True)))


def drawn_scores(logits: np.ndarray, sampling: Sampling, rng: np.random.Generator) -> np.ndarray:
    """Return scores f64 [vocabulary] whose best is a draw from the nucleus of softmax(logits / temperature), whose second best is a
    second draw without the first, and so on.

    Sources: A. Holtzman et al., "The Curious Case of Neural Text Degeneration" (2020) for the nucleus; the Gumbel-max trick for the draw.
    """
    scaled = (logits.astype(np.float64) - logits.max()) / sampling.temperature
    order = np.argsort(-scaled, kind="stable")
    sums = np.exp(scaled[order]).cumsum()
    inside = np.zeros(len(scaled), bool)
    inside[order[: 1 + int(np.searchsorted(sums, sampling.top_p * sums[-1]))]] = True
    return np.asarray(np.where(inside, scaled + rng.gumbel(size=len(scaled)), scaled - _UNLIKELY))


def pick(logits: np.ndarray, tokens: Sequence[int]) -> int:
    """Return the best token by logits [vocabulary] that doesn't complete a loop; the best of all if each does."""
    best = int(logits.argmax())
    if not completes_loop(tokens, best):
        return best
    return next((int(token) for token in np.argsort(-logits) if not completes_loop(tokens, int(token))), best)


def completes_loop(tokens: Sequence[int], token: int) -> bool:
    """Return whether `tokens` followed by `token` would end in one block standing several times in a row.

    A block of 8 tokens or more may stand once, a shorter one twice, and one below 4 tokens as often as its copies
    stay below 12 tokens. So names, numbers and a phrase said twice live, and the first seven tokens of the second
    copy of a sentence are never touched.
    """
    text = [*tokens, token]
    for block in range(1, len(text) // 2 + 1):
        if text[-1 - block] != token:
            continue
        times = 2 if block >= _LONG_BLOCK_TOKENS else max(_SHORT_BLOCK_TIMES, -(-_SHORTEST_LOOP_TOKENS // block))
        tail = text[-block * times :]
        if len(tail) == block * times and tail[block:] == tail[:-block]:
            return True
    return False


class TextStream:
    """Turns token ids into pieces of text: no half characters, no special tokens; one stream an answer.

    Tokens are decoded together with those before them, since some decoders (sentencepiece's) take the first token's blank for
    the start of a text.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._settled: list[int] = []
        """The tokens before the waiting ones, all of their text given."""
        self._waiting: list[int] = []
        self._given = 0
        """Characters of the waiting tokens' text that were given already."""

    def feed(self, token: int) -> str:
        """Take one more token and return the text that is certain now; "" while a character is incomplete."""
        self._waiting.append(token)
        text = self._decode([*self._settled, *self._waiting])[len(self._decode(self._settled)) :]
        whole = text.rstrip(_HALF_CHARACTER)  # more bytes may make a character of the rest
        piece = whole[self._given :].replace(_HALF_CHARACTER, "")  # within the text they are no character for good
        self._given = max(self._given, len(whole))
        if whole == text:
            self._settled, self._waiting, self._given = self._waiting, [], 0
        return piece

    def _decode(self, tokens: list[int]) -> str:
        return self._tokenizer.decode(tokens, skip_special_tokens=True) if tokens else ""
