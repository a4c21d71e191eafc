"""Puts right the order of words that translators leave as it was in the source: "There is a dog?" is no English question. Pure."""

from __future__ import annotations

import re

_RULES = tuple(
    (re.compile(pattern, re.IGNORECASE), to)
    for pattern, to in (
        (r"how many (.+?) there (?:is|are)\b", r"How many \1 are there"),
        (r"(what|who) there (is|are)\b", r"\1 \2"),
        (r"(where|how|what|who) it (is|was) (?=the\b|an?\b|my\b)", r"\1 \2 "),
        (r"(?:that )?there (is|are) (?=an?\b|any\b|some\b|more\b|no\b|people\b|enough\b)", r"\1 there "),
        (r"it is (\w+ing)\b", r"is it \1"),
    )
)


def in_question_order(english: str) -> str:
    """ "There is a dog in the image?" -> "Is there a dog in the image?"; what is in order, or unknown, stays as it is."""
    for pattern, to in _RULES:
        if pattern.match(english):
            turned = pattern.sub(to, english, count=1)
            return turned[:1].upper() + turned[1:].rstrip(" .?!") + "?"
    return english
