"""Words, and pairs of words that stand side by side, as the word classifier knows them. Pure."""

from __future__ import annotations

import re

PAIR_JOINT = "_"
"""Stands between the words of a pair, and in no word."""


def plain_words(text: str) -> list[str]:
    """Split a text into its words in lower case: "Two t-shirts!" -> ["two", "t-shirts"]."""
    return re.findall(r"[a-z]+(?:-[a-z]+)*", text.lower())


def plain_pairs(text: str) -> list[str]:
    """Join the words that stand side by side: "A black dog." -> ["a_black", "black_dog"]."""
    words = plain_words(text)
    return [f"{first}{PAIR_JOINT}{second}" for first, second in zip(words, words[1:], strict=False)]
