"""Whether what a vision-language model says unasked is borne out by what was measured. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from assistant.languages import FALLBACK
from assistant.languages.nouns import Noun, find_noun, is_kind_of

_LONGEST = 3
"""Words of a thing's name."""


def is_confirmed(sentence: str, seen: Collection[Noun], findable: Collection[Noun]) -> bool:
    """Tell whether an English sentence names something that is seen, and nothing that could be seen and isn't.

    Args:
        sentence: "A man rides a bicycle."
        seen: kinds of things that a detector has found in the picture.
        findable: kinds that it would find: of a beach it never says anything.
    """
    named = [noun for noun in nouns_in(sentence) if _may_be_among(findable, noun)]
    return bool(named) and all(_may_be_among(seen, noun) for noun in named)


def nouns_in(sentence: str) -> Iterator[Noun]:
    """Yield the things that an English sentence names, by their longest names."""
    words = re.findall(r"[\w'-]+", sentence)
    place = 0
    while place < len(words):
        for length in range(_LONGEST, 0, -1):
            if found := find_noun(" ".join(words[place : place + length]), FALLBACK):
                yield found
                break
        place += length


def _may_be_among(kinds: Collection[Noun], noun: Noun) -> bool:
    return any(is_kind_of(noun, kind) or is_kind_of(kind, noun) for kind in kinds)
