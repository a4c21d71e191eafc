"""What a kiosk says to passers-by when it is ready: one short phrase in each language, as many as its time holds. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from assistant.languages import phrase
from assistant.messages import Sentence

LONGEST_S = 12.0
LETTERS_PER_S, SYLLABLES_PER_S = 13.0, 5.0
"""How fast voices read letters, and signs that are syllables (Chinese, Japanese, Korean)."""


def greetings(languages: Iterable[str], turn: int, longest_s: float = LONGEST_S) -> list[Sentence]:
    """Return an invitation in each language, in the order given, as many as fit into `longest_s` seconds; all of one turn."""
    sentences: list[Sentence] = []
    for code in languages:
        text, language = phrase("greet", code)
        longest_s -= spoken_s(text)
        if longest_s < 0:
            break
        sentences.append(Sentence(text, language, turn))
    return sentences


def spoken_s(text: str) -> float:
    """Estimate how many seconds a text takes to say."""
    return sum(1 / (SYLLABLES_PER_S if unicodedata.east_asian_width(letter) in "WF" else LETTERS_PER_S) for letter in text)
