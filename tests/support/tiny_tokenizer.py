"""A tokenizer of SmolLM2's kind, small enough for tests."""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

_MERGES = [("Ċ", "Ċ"), ("Ġ", "a"), ("t", "h"), ("th", "e"), ("i", "n"), ("Ġ", "the")]


def byte_level_tokenizer(specials: Sequence[str]) -> Tokenizer:
    """Byte-level with single digits split, but with hardly any merges; then the special tokens, in their order."""
    tokens = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *(left + right for left, right in _MERGES)]
    tokenizer = Tokenizer(models.BPE(vocab={token: number for number, token in enumerate(tokens)}, merges=_MERGES))
    digits, byte_level = pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, byte_level])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in specials])
    return tokenizer
