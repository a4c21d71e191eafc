"""Whether what was heard is what the assistant itself was saying: an echo that the canceller didn't take out. Pure."""

from __future__ import annotations

import numpy as np

from assistant.languages.normalized import normalize

FEWEST_WORDS = 2
"""A single word, "stop", may well be the user's, also where it is one of those that are said."""
FEWEST_LETTERS = 6
WRONG = 0.25
"""Share of the letters that a recogniser may get wrong of an echo: "You can stay" for "You can say". Two different sentences about what
a camera sees share less: see tests/hearing/test_own_voice.py."""


def is_own_voice(heard: str, said: str) -> bool:
    """Tell whether the words that were heard are, or sound nearly like, some that stand in a row in what was being said."""
    words, spoken = normalize(heard), normalize(said)
    if len(words.split()) < FEWEST_WORDS:
        return False
    letters = words.replace(" ", "")
    if len(letters) < FEWEST_LETTERS:
        return f" {words} " in f" {spoken} "
    return _wrong_letters(letters, spoken.replace(" ", "")) <= WRONG * len(letters)


def _wrong_letters(part: str, whole: str) -> int:
    """The fewest letters to change, add or leave out to find a part in a whole (Sellers, 1980)."""
    letters = np.frombuffer(whole.encode("utf-32-le"), np.uint32)
    row = np.zeros(len(letters) + 1, np.int64)
    for number, letter in enumerate(np.frombuffer(part.encode("utf-32-le"), np.uint32), 1):
        changed = np.minimum(row[:-1] + (letters != letter), row[1:] + 1)
        steps = np.concatenate([[number], changed]) - np.arange(len(row))
        row = np.minimum.accumulate(steps) + np.arange(len(row))
    return int(row.min())
