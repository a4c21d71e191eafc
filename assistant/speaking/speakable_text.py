"""Makes any text fit for a speech engine: nothing it would choke on, in pieces of bounded length."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from assistant.speaking.markup import without_markup
from assistant.speaking.spelling_out import spell_out

LONGEST_PIECE = 400
"""Characters; an engine's memory and the wait for its first sound grow with the length of a piece."""

_PIECE = re.compile(
    rf".{{1,{LONGEST_PIECE}}}[.!?…؟](?=\s|$)"  # up to the last end of a sentence,
    rf"|.{{1,{LONGEST_PIECE}}}[。！？।]"
    rf"|.{{1,{LONGEST_PIECE}}}(?=\s|$)"  # else to the last space,
    rf"|.{{1,{LONGEST_PIECE}}}"
)


def speakable_pieces(text: str, language: str) -> Iterator[str]:
    """Yield a text in pieces that a voice can say, of at most LONGEST_PIECE characters, cut at ends of sentences where possible.

    What voices misread is in words of `language`. Nothing is yielded if there is no word, number or sign in the text.
    """
    text = without_markup(text)
    clean = " ".join("".join(" " if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in text).split())
    clean = spell_out(clean, language)
    pieces = [clean] if len(clean) <= LONGEST_PIECE else (match.group().strip() for match in _PIECE.finditer(clean))
    return (piece for piece in pieces if any(_has_sound(letter) for letter in piece))


def _has_sound(letter: str) -> bool:
    category = unicodedata.category(letter)
    return category[0] in "LN" or category in ("Sc", "Sm", "So")
