"""Decides whether something was said to the assistant, where a wake word is set. Pure."""

from __future__ import annotations

import difflib
import re

LIKENESS = 0.75
"""Ratio of the first words to the wake word, as difflib tells it, from which they are it: recognisers spell names in many ways."""


def after_wake_word(text: str, wake_word: str) -> str | None:
    """Return what follows the wake word ("Computer, what is this?" -> "what is this?"), or None if the text doesn't begin with it."""
    wanted = re.findall(r"\w+", wake_word.lower())
    found = list(re.finditer(r"\w+", text))
    for first in range(min(2, max(len(found) - len(wanted) + 1, 0))):  # "hey computer", "ok computer"
        said = " ".join(match[0].lower() for match in found[first : first + len(wanted)])
        if difflib.SequenceMatcher(None, said, " ".join(wanted)).ratio() >= LIKENESS:
            return text[found[first + len(wanted) - 1].end() :].lstrip(" ,.!?;:")
    return None
