"""Where a long sentence may be taken apart so that its beginning can be heard while the rest is still being made. Pure."""

from __future__ import annotations

import re

LEAST_WORDS = 4
"""Of the first clause and of what follows; shorter pieces sound chopped."""
LONGEST_CLAUSE = 8
"""Words after which a sentence is begun to be spoken anyway..."""
LONGEST_CLAUSE_LETTERS = 60
"""...or characters: some three seconds of speech."""

_COMMA = re.compile(r"(?<=[,;:]) ")
_BEFORE = {
    "en": re.compile(
        r" (?=(?:and|but|with|while|in front of|next to|on top of|in|on|at|near|behind|under|through|across|along|of which)\b)"
    ),
}
"""Words before which English may pause. Other languages are cut at commas only."""


def first_clause(text: str, language: str) -> int | None:
    """Find where a sentence that is still being written may be begun to be spoken: at a pause, or when it grows long without one.

    Returns the number of characters that belong to the first clause, or None while there is none.
    """
    for place in _pauses(text, language):
        if len(text[:place].split()) >= LEAST_WORDS and not _inside_quotes(text[:place]):
            return place
    words = list(re.finditer(r"\S+\s+", text))
    if len(words) >= LONGEST_CLAUSE:
        return words[LONGEST_CLAUSE - 1].end()
    return (words[-1].end() if words else len(text)) if len(text) > LONGEST_CLAUSE_LETTERS else None


def clauses(sentence: str, language: str) -> list[str]:
    """Return the sentence whole, or its first clause and the rest: "A man in a red shirt is riding", "on a dirt path in the woods."."""
    for place in _pauses(sentence, language):
        first, rest = sentence[:place], sentence[place + 1 :]
        if len(first.split()) >= LEAST_WORDS and len(rest.split()) >= LEAST_WORDS and not _inside_quotes(first):
            return [first, rest]
    return [sentence]


def _pauses(text: str, language: str) -> list[int]:
    """The blanks at which a speaker may pause, in order."""
    patterns = [_COMMA, _BEFORE[language]] if language in _BEFORE else [_COMMA]
    return sorted(match.start() for pattern in patterns for match in pattern.finditer(text))


def _inside_quotes(beginning: str) -> bool:
    return beginning.count('"') % 2 == 1 or beginning.count("“") > beginning.count("”")
