"""Compares texts as people do who look for one: whatever their capitals, accents and widths."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_MARKS = re.compile("[\u0300-\u036f\u064b-\u0652\u0591-\u05c7]")
"""Accents of Latin, Greek and Cyrillic letters, and the vowels of Arabic and Hebrew; the vowels of Hindi are letters."""
_NO_SPACES = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def folded(text: str) -> str:
    """Return a text in small letters without accents."""
    return folded_with_places(text)[0]


@lru_cache(maxsize=256)
def folded_with_places(text: str) -> tuple[str, tuple[int, ...]]:
    """Return the same, and for each of its characters the place in the text that it came from, and the text's length at the end."""
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        plain = _folded_character(character)
        characters.append(plain)
        places += [place] * len(plain)
    return "".join(characters), (*places, len(text))


def place_after(label: str, text: str) -> int | None:
    """Return where a text goes on after the last place in it where a label stands as words of its own; None where it doesn't.

    Spaces within words of Chinese, Japanese and Korean don't matter.
    """
    where, places = folded_with_places(text)
    ends = [found.end() for found in _pattern(label).finditer(where)]
    return places[ends[-1]] if ends else None


@lru_cache(maxsize=4096)
def _pattern(label: str) -> re.Pattern[str]:
    plain = folded(label)
    if _NO_SPACES.search(label):
        return re.compile(r"\s*".join(map(re.escape, plain.replace(" ", ""))))
    words = r"\s+".join(map(re.escape, plain.split()))
    return re.compile(rf"(?<!\w){words}(?!\w)" if words else r"(?!)")


@lru_cache(maxsize=4096)
def _folded_character(character: str) -> str:
    if "\uac00" <= character <= "\ud7af":  # Hangul stays in syllables
        return character
    plain = unicodedata.normalize("NFKD", character.casefold().replace("ı", "i").replace("ł", "l"))
    return _MARKS.sub("", plain)
