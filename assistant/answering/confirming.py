"""Whether what a vision-language model says unasked is borne out by what was measured. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from assistant.answering.named_things import named_spans
from assistant.languages.nouns import Noun, is_kind_of


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
    """Yield all that an English sentence may name, by its longest names, verbs that are things elsewhere ("watch") too."""
    return (noun for _, _, noun in named_spans(re.findall(r"[\w'-]+", sentence)))


def _may_be_among(kinds: Collection[Noun], noun: Noun) -> bool:
    return any(is_kind_of(noun, kind) or is_kind_of(kind, noun) for kind in kinds)
