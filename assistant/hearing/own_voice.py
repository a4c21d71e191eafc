"""Whether what was heard is what the assistant itself was saying: an echo that the canceller didn't take out. Pure."""

from __future__ import annotations

from assistant.languages.normalized import normalize

FEWEST_WORDS = 2
"""A single word, "stop", may well be the user's, also where it is one of those that are said."""


def is_own_voice(heard: str, said: str) -> bool:
    """Tell whether the words that were heard stand in a row in what was being said."""
    words = normalize(heard)
    return len(words.split()) >= FEWEST_WORDS and f" {words} " in f" {normalize(said)} "
