"""Cuts streamed text into sentences, each as soon as it is certain that it is complete. Knows nothing of models or voices.

A full stop is certain only once the next word has begun: it may belong to "3.5", "Mr. Smith" or "...".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.speaking.clauses import first_clause

LONGEST_SENTENCE = 400
"""Characters; a text without any end is cut at a space, so that memory is bounded and the user hears something."""

_CLOSERS = "\"'”’»)\\]」』）】"
_END = re.compile(
    rf"(?P<certain>[。！？｡।॥۔။።։][。！？｡।॥۔…{_CLOSERS}]*|\s*\n)"  # scripts that need no space after the mark, and ends of lines
    rf"|(?P<mark>[.!?…؟]+)[{_CLOSERS}]*(?=\s|[¿¡])"
)
_TITLES = frozenset(
    {"mr", "mrs", "ms", "mx", "dr", "prof", "st", "gen", "fig", "vs", "approx", "e.g", "i.e"}
    | {"sr", "sra", "srta", "dra", "p.ej", "mme", "mlle", "hr", "fr", "z.b", "d.h"}
)
"""Abbreviations that are followed by a capital within a sentence. Others end one, or go on in small letters."""
_NUMBERED = frozenset({"no", "nr", "núm", "p", "pp"})
"""Abbreviations only before a number."""


class SentenceSplitter:
    """Cuts one text, fed piece by piece in order, into sentences; nothing but spaces at the edges of sentences is lost."""

    def __init__(self) -> None:
        self._pending = ""

    def feed(self, piece: str) -> Iterator[str]:
        """Yield the sentences that are complete now. **Works only while iterated.**"""
        for start in range(0, len(piece), LONGEST_SENTENCE):
            self._pending += piece[start : start + LONGEST_SENTENCE]
            while (end := _first_end(self._pending)) is not None:
                yield from self._take(end)

    def take_clause(self, language: str) -> str | None:
        """Take what may be spoken of a sentence that isn't complete yet, and return it; None if nothing may."""
        end = first_clause(self._pending, language)
        return None if end is None else next(self._take(end), None)

    def flush(self) -> Iterator[str]:
        """End the text, and yield what is left of it."""
        yield from self._take(len(self._pending))

    def _take(self, end: int) -> Iterator[str]:
        sentence, self._pending = self._pending[:end].strip(), self._pending[end:]
        if sentence:
            yield sentence


def _first_end(text: str) -> int | None:
    """Where the first sentence ends, or None while more text could still change that."""
    for match in _END.finditer(text):
        if match.end() > LONGEST_SENTENCE:
            break
        if match["certain"]:
            if match.end() < len(text) or match["certain"].endswith("\n"):  # a closing quote may follow the mark
                return match.end()
            break
        following = text[match.end() :].lstrip(" \t")
        if not following:
            break
        if _ends_sentence(text[: match.start()], match["mark"], following[0]):
            return match.end()
    if len(text) > LONGEST_SENTENCE:
        return max(text.rfind(" ", 1, LONGEST_SENTENCE), 0) or LONGEST_SENTENCE
    return None


def _ends_sentence(before: str, mark: str, following: str) -> bool:
    """Whether a mark that is followed by a space and this character is an end."""
    if following.islower():
        return False
    if mark != ".":
        return True
    word = re.split(r"[\s(\"'“‘«¿¡]", before)[-1]
    is_initial = len(word) == 1 and word.isupper() and word != "I"
    is_list_number = word.isdecimal() and word == before.strip()
    is_before_number = following.isdecimal() and word.lower() in _NUMBERED
    return not (is_initial or is_list_number or is_before_number or word.lower() in _TITLES)
