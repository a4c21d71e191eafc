"""Which token comes next and what text it makes: pure steps. Knows nothing of graphs, pictures or prompts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np
from tokenizers import Tokenizer

from assistant.messages import Detail

BRIEF_TOKENS, NORMAL_TOKENS, FULL_TOKENS = 48, 128, 384
TOKEN_CAPS: dict[Detail, int] = {"brief": BRIEF_TOKENS, "normal": NORMAL_TOKENS, "full": FULL_TOKENS}
"""Most tokens of an answer; some 0.75 words each. A sentence or two, a paragraph, all there is."""

# A block of tokens that stands in a row this often is a loop: long blocks twice, short ones as in "1000000" more often.
_LONG_BLOCK_TOKENS = 8
_SHORT_BLOCK_TIMES = 3
_SHORTEST_LOOP_TOKENS = 12

_UTF8_LONGEST_BYTES = 4
_HALF_CHARACTER = "\ufffd"


def greedy_tokens(
    logits: np.ndarray, advance: Callable[[int], np.ndarray], stop_ids: Collection[int], cap: int, *, guard: bool = True
) -> Iterator[int]:
    """Yield the likeliest token each time, at most `cap`, up to and including the first stop token.

    Args:
        logits: f32 [vocabulary], what follows the prompt.
        advance: takes the token just yielded and returns the next logits; **called only when another token is asked for**.
        stop_ids: tokens that end the answer.
        cap: most tokens to yield.
        guard: refuse tokens that would complete a loop (see `completes_loop`) and take the next likeliest instead.
    """
    tokens: list[int] = []
    while len(tokens) < cap:
        token = pick(logits, tokens) if guard else int(logits.argmax())
        tokens.append(token)
        yield token
        if token in stop_ids or len(tokens) == cap:
            return
        logits = advance(token)


def pick(logits: np.ndarray, tokens: Sequence[int]) -> int:
    """The likeliest token that doesn't complete a loop; `logits` [vocabulary] is left as it is."""
    best = int(logits.argmax())
    if not completes_loop(tokens, best):
        return best
    return next((int(token) for token in np.argsort(-logits) if not completes_loop(tokens, int(token))), best)


def completes_loop(tokens: Sequence[int], token: int) -> bool:
    """Whether `tokens` followed by `token` would end in one block standing several times in a row.

    A block of 8 tokens or more may stand once, a shorter one twice, and one below 4 tokens as often as its copies
    stay below 12 tokens. So names, numbers and a phrase said twice live, and the first seven tokens of the second
    copy of a sentence are never touched.
    """
    text = [*tokens, token]
    for block in range(1, len(text) // 2 + 1):
        times = 2 if block >= _LONG_BLOCK_TOKENS else max(_SHORT_BLOCK_TIMES, -(-_SHORTEST_LOOP_TOKENS // block))
        tail = text[-block * times :]
        if len(tail) == block * times and tail[block:] == tail[:-block]:
            return True
    return False


class TextStream:
    """Turns token ids into pieces of text: no half characters, no special tokens. For byte-level tokenizers; one stream an answer."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._waiting: list[int] = []

    def feed(self, token: int) -> str:
        """The text that is certain now; "" while a character is incomplete."""
        self._waiting.append(token)
        text = self._tokenizer.decode(self._waiting, skip_special_tokens=True)
        if text.endswith(_HALF_CHARACTER) and len(self._waiting) < _UTF8_LONGEST_BYTES:
            return ""
        self._waiting.clear()
        return text.replace(_HALF_CHARACTER, "")
