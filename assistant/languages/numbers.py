"""Numbers as people say them, such as those of lines: "3", "three", "third", "第三", "третью"."""

from __future__ import annotations

import functools
import re

from assistant.languages import FALLBACK, languages
from assistant.languages.normalized import normalize

MOST = 99
"""Up to which the words are known; digits may say more."""
_DIGITS = re.compile(r"(\d{1,4})(?:\D{1,4})?")
"""With what may follow them: "3rd", "2ª", "4-й"."""
_LONGEST_ENDING = 4
"""Letters of an ending after a beginning that is listed: more of them make another number ("пять", "пятнадцать")."""


def spoken_number(words: str, language: str) -> int | None:
    """Return the number from 1 on that the words say, whether it counts or ranks; None where they say none."""
    said = normalize(words).replace(" ", "")
    if digits := _DIGITS.fullmatch(said):
        return int(digits[1]) or None
    whole, beginnings = _known(language if language in languages() else FALLBACK)
    if said in whole:
        return whole[said]
    fitting = (first for first in beginnings if said.startswith(first) and len(said) - len(first) <= _LONGEST_ENDING)
    longest = max(fitting, key=len, default=None)
    return beginnings[longest] if longest else None


@functools.cache
def _known(language: str) -> tuple[dict[str, int], dict[str, int]]:
    """(whole words, beginnings of words that inflect), each normalised and without spaces; those of the language's file win."""
    whole, beginnings = dict[str, int](), dict[str, int]()
    for to in ("cardinal", "ordinal"):
        whole |= _made(language, to)
    for number, forms in enumerate(languages()[language].numbers, start=1):
        for form in forms.split("|"):
            known = beginnings if form.endswith("*") else whole
            known[normalize(form).replace(" ", "")] = number
    return whole, beginnings


def _made(language: str, to: str) -> dict[str, int]:
    """What num2words makes of all numbers; nothing where it lacks the language."""
    from num2words import CONVERTER_CLASSES, num2words  # takes 100 ms, and few sessions ever need it

    if language not in CONVERTER_CLASSES:
        return {}
    try:
        return {normalize(num2words(number, lang=language, to=to)).replace(" ", ""): number for number in range(MOST, 0, -1)}
    except NotImplementedError:  # Czech ordinals; the language's file has them
        return {}
