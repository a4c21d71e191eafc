"""What instruments surely found in a picture, as one short line for a vision model to word rather than guess: "a red cup; text "EXIT"".

What stands in a picture is data. Whoever writes "Ignore your instructions" on a wall is quoted, on one line, cut to MOST_LETTERS,
without anything that a model's chat format could take for its own. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.answering.router import examined
from assistant.interfaces import Instrument
from assistant.languages import FALLBACK, colour_name
from assistant.languages.nouns import PERSON, is_kind_of, name, nouns
from assistant.messages import Ask, Finding, View

MOST_THINGS = 4
MOST_LETTERS = 80
"""Of a text that was read."""
_CONTROL = re.compile(r"<[^<>]{0,60}>|[<>]|\[/?INST\]|\b(?:user|assistant|system)\s*:", re.IGNORECASE)
"""Tokens of chat formats ("<end_of_utterance>", "<|im_start|>"), what is left of such, and the names of whose turn it is."""
_NO_LETTERS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
"""Blanks, new lines, and characters that can't be seen."""
_QUOTES = str.maketrans(dict.fromkeys('"“”„«»`', "'"))


def hint_of(instruments: Sequence[Instrument], view: View) -> str:
    """Return what the instruments surely find in the newest picture, in English; "" where they are sure of nothing."""
    told = [*_things(instruments, view), *_texts(instruments, view)]
    return f"{'; '.join(told)}." if told else ""


def quoted(text: str) -> str:
    """Return a text that was read in a picture as a quotation of at most MOST_LETTERS; "" where nothing harmless is left of it."""
    while (without := _CONTROL.sub(" ", text)) != text:  # what is cut may have held two halves of a token apart
        text = without
    text = " ".join(_NO_LETTERS.sub(" ", text).translate(_QUOTES).split())
    if len(text) > MOST_LETTERS:
        text = f"{text[:MOST_LETTERS].rpartition(' ')[0] or text[:MOST_LETTERS]}…"
    return f'"{text}"' if text else ""


def _things(instruments: Sequence[Instrument], view: View) -> Iterator[str]:
    """ "a red cup", "person (2)"."""
    found = _first(instruments, view, Ask("things"), "things")
    for synset in found.value[:MOST_THINGS] if found and isinstance(found.value, tuple) else ():
        noun = nouns()[str(synset)]
        plain, one = name(noun, FALLBACK, article=False), name(noun, FALLBACK)
        if not plain or not one:
            continue
        counted = _first(instruments, view, Ask("how_many", plain), "count")
        if counted and not counted.is_doubtful and isinstance(counted.value, int) and counted.value > 1:
            yield f"{plain} ({counted.value})"
        elif not is_kind_of(noun, nouns()[PERSON]) and (colour := _colour(instruments, view, plain)):
            yield f"a {colour} {plain}"
        else:
            yield one


def _colour(instruments: Sequence[Instrument], view: View, thing: str) -> str:
    """That of a thing that was found and has a single one."""
    found = _first(instruments, view, Ask("colour", thing), "colour")
    if found is None or found.is_doubtful or found.region is None or not isinstance(found.value, tuple):
        return ""
    match found.value:
        case ("colour_one", {"colour": str(key)}):
            return colour_name(key, FALLBACK)
    return ""


def _texts(instruments: Sequence[Instrument], view: View) -> Iterator[str]:
    found = _first(instruments, view, Ask("sign"), "label")
    match found.value if found else None:
        case ("it_says", {"text": str(text)}) if words := quoted(text):
            yield f"text {words}"


def _first(instruments: Sequence[Instrument], view: View, ask: Ask, kind: str) -> Finding | None:
    return next((finding for finding in examined(instruments, view, ask) if finding.kind == kind), None)
