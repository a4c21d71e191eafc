"""What set-up and training of the starter model must agree on: its tokens and the text around a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from assistant.export.gguf_file import LlamaWeights, read_llama, read_tokenizer

IMAGE_SIZE = 256
"""Pixels of the tile's side."""
SHUFFLE = 2
"""Side of the blocks of cells that become one visual token."""
IMAGE_TOKENS = 16
"""Visual tokens of a picture."""

FAKE, IMAGE, GLOBAL, END = "<fake_token_around_image>", "<image>", "<global-img>", "<end_of_utterance>"

ADDED_TOKENS = [
    GLOBAL,
    *(f"<row_{row}_col_{col}>" for row in range(1, 7) for col in range(1, 7)),
    FAKE,
    IMAGE,
    *(f"<|reserved_special_token_{i}|>" for i in range(88)),
    END,
]
"""Tokens with the ids of SmolVLM2-256M and -500M, 49152 to 49279 (SMOLVLM2.md section 3)."""

COPIED_ROWS = {END: "<|im_end|>", FAKE: "\u010a", GLOBAL: "\u0120image"}
"""New tokens -> old ones, of whose rows their embeddings are copies; the language model's adapter learns what they mean."""


def prompt(seen: str, question: str) -> str:
    """Return the whole prompt for one picture, as SmolVLM2's chat template words it, with the heads' labels before the question."""
    return prompt_opening(seen) + prompt_closing(question)


def prompt_opening(seen: str) -> str:
    """Return the prompt up to the question; `seen` ends with a line break, where every tokenizer splits."""
    return f"<|im_start|>User:{FAKE}{GLOBAL}{IMAGE * IMAGE_TOKENS}{FAKE}{seen}"


def prompt_closing(question: str) -> str:
    """Return the prompt from the question on."""
    return f"{question}{END}\nAssistant:"


def token_id(tokenizer: Tokenizer, token: str) -> int:
    """Return a token's id. ValueError if the tokenizer has no such token."""
    found = tokenizer.token_to_id(token)
    if found is None:
        raise ValueError(f"the tokenizer has no token {token}")
    return int(found)


def extended_language_model(path: Path) -> tuple[LlamaWeights, Tokenizer]:
    """Read SmolLM2 with SmolVLM2's added tokens: "embed_tokens" and an untied "lm_head", both f32 [49280, hidden].

    Only the end of an utterance is ever spoken: its row in the head is that of `<|im_end|>`, the others are zero.
    """
    weights, tokenizer = read_llama(path), read_tokenizer(path, ADDED_TOKENS)
    old = weights.arrays["embed_tokens"]
    embedding = np.concatenate([old, np.zeros((len(ADDED_TOKENS), old.shape[1]), np.float32)])
    for new_token, old_token in COPIED_ROWS.items():
        embedding[token_id(tokenizer, new_token)] = old[token_id(tokenizer, old_token)]
    head = embedding.copy()
    head[len(old) :] = 0
    head[token_id(tokenizer, END)] = old[token_id(tokenizer, "<|im_end|>")]
    head[token_id(tokenizer, "<|im_end|>")] = 0
    return LlamaWeights(weights.shape, {**weights.arrays, "embed_tokens": embedding, "lm_head": head}), tokenizer
