"""Text to tokens."""

from __future__ import annotations

from tokenizers import Tokenizer

from assistant.engines.onnx.session import FETCH_AGAIN
from assistant.problems import DamagedModel
from assistant.translatable import in_english


def encode(tokenizer: Tokenizer, text: str) -> list[int]:
    """Return a text's token ids, with no special tokens added. Raises DamagedModel where the tokenizer fails on it."""
    try:
        return list(tokenizer.encode(text, add_special_tokens=False).ids)
    except Exception as error:  # what the Rust library raises has no narrower type
        raise DamagedModel(in_english("the model's tokenizer.json can't read this text"), FETCH_AGAIN) from error
