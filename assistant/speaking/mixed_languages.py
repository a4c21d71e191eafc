"""Which part of a sentence is spoken in which language: a sign's English inside a Spanish answer. Knows no voice."""

from __future__ import annotations

import re

from assistant.languages.quotations import QUOTED

_LETTER = re.compile(r"[^\W\d_]")
_CLOSING = re.compile(r"[\s.,;:!?…。！？،؟]*")


def language_parts(text: str, language: str, quoted_language: str) -> list[tuple[str, str]]:
    """Return (text, language) of each part of a sentence, in order: text in quotation marks is in `quoted_language`.

    Marks are dropped where the voice changes, which is heard; punctuation after a quote stays with it. A quote without letters,
    such as a number, is read with the rest.
    """
    if quoted_language == language:
        return [(text, language)]
    parts: list[tuple[str, str]] = []
    rest = 0
    for quote in QUOTED.finditer(text):
        if not _LETTER.search(quote[0]):
            continue
        closing = _CLOSING.match(text, quote.end())
        end = closing.end() if closing else quote.end()
        inside = quote[0][1:-1].strip() + text[quote.end() : end].strip()
        parts += [(text[rest : quote.start()].strip(), language), (inside, quoted_language)]
        rest = end
    parts.append((text[rest:].strip(), language))
    return [part for part in parts if part[0]]
