"""Questions on their way into English: spelled as questions before a translator, put in the order of questions after it. Pure.

Rule-based translators need both: "que hay sobre la mesa" is "That there is on the table" to them.
"""

from __future__ import annotations

import re

from assistant.languages import languages

_FIRST_WORDS = 2
_RULES = tuple(
    (re.compile(pattern, re.IGNORECASE), to)
    for pattern, to in (
        (r"how many (.+?) there (?:is|are)\b", r"How many \1 are there"),
        (r"(what|who) there (is|are)\b", r"\1 \2"),
        (r"(where|how|what|who) it (is|was) (?=the\b|an?\b|my\b)", r"\1 \2 "),
        (r"what (is|are) (\w+ing) ((?:the|my|that|this) [\w ]+)", r"What \1 \3 \2"),
        (r"of (?:what|which) (colou?r) (is|are)\b", r"What \1 \2"),
        (r"there (is|are) (?=an?\b|any\b|some\b|more\b|no\b|people\b|enough\b)", r"\1 there "),
        (r"it is (\w+ing)\b", r"is it \1"),
    )
)


def spelled_as_question(text: str, language: str) -> str:
    """Return the text with the accents of its question words, which recognisers leave out: "que es esto" -> "¿Qué es esto?"."""
    known = languages().get(language)
    if known is None or not known.question_words:
        return text
    words = text.strip(" ¿?¡!.").split()
    for place, word in enumerate(words[:_FIRST_WORDS]):
        if accented := known.question_words.get(word.lower()):
            words[place] = accented
            break
    asked = " ".join(words)
    return f"¿{asked[:1].upper()}{asked[1:]}?"


def in_question_order(english: str) -> str:
    """Return "There is a dog in the image?" as "Is there a dog in the image?"; what is in order, or unknown, stays as it is."""
    for pattern, to in _RULES:
        if pattern.match(english):
            turned = pattern.sub(to, english, count=1)
            return turned[:1].upper() + turned[1:].rstrip(" .?!") + "?"
    return english
