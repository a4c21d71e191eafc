"""Templates of what people say, as the language files write them, made into patterns. Pure.

    (is|are) there [a|any] {thing} [here]      one of several words; words that may be missing; what the user names
    danger*                                    a word that begins like this
    {thing=sign|*board}                        what the user names, if it is one of these
    ^is it green$                              of parts only: nothing before it, nothing after it

They are compared with normalised words, so that case, accents and punctuation don't count. A slot that touches letters may be a
word of its own or a part of one: "{thing}を", "l'{thing}".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from itertools import count

from assistant.languages.normalized import normalize

ANYTHING = "any"
"""The slot of words that nobody needs; it may come several times."""
_BETWEEN_CHARACTERS = re.compile(r"(?<=[\u3040-\u30ff\u3400-\u9fff]) (?=[\u3040-\u30ff\u3400-\u9fff])")
_SLOT = re.compile(r"\{(\w+(?:=[^{}]*)?)\}")
_STAR = "wqx"
"""Stands for a template's star while its words are normalised: no word has it."""
_PAIRS = {"(": ")", "[": "]"}
NEVER = r"(?!)"
"""A pattern that matches nothing."""


class Whole:
    """What a template says from its first word to its last.

    It is compiled once a text may fit: all of a language's templates take a second of Python, in which the loudspeaker waits for sound.
    """

    def __init__(self, template: str) -> None:
        self._template = template
        self._needs = tuple(_needs(template))

    def fullmatch(self, words: str) -> re.Match[str] | None:
        """Compare it with `spaced(text)`; `slots_of` tells what stood in its slots."""
        for parts in self._needs:
            for part in parts:
                if part in words:
                    break
            else:
                return None
        return self._compiled.fullmatch(words)

    @functools.cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(_regex(self._template, count()))


class Beginning:
    """Any number of the first words of what a template says, up to what the user names. It is compiled once a text may fit."""

    def __init__(self, template: str) -> None:
        self._template = template
        self._words = None if "*" in template else frozenset(normalize(template).split())

    def fits(self, words: str) -> bool:
        """Compare it with `spaced(text)`."""
        may_fit = self._words is None or self._words.issuperset(words.split())
        return may_fit and self._compiled.fullmatch(words) is not None

    @functools.cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(_prefix(self._template) or NEVER)


def slots_of(match: re.Match[str]) -> dict[str, str]:
    """Return what stood in the slots of a `Whole`, by name, the first where a slot may stand in several places."""
    found = [(group.partition("__")[0], _BETWEEN_CHARACTERS.sub("", value.strip())) for group, value in match.groupdict().items() if value]
    return dict(reversed(found))


def part_pattern(templates: Sequence[str]) -> re.Pattern[str] | None:
    """Compile a pattern that finds any of the templates within `spaced(text)`, as whole words; None without templates."""
    return re.compile(r"(?:^|(?<= ))(?:" + "|".join(map(_part, templates)) + ")") if templates else None


def spaced(text: str) -> str:
    """Return the normalised words of a text, each with a space behind it: "Is it OK?" -> "is it ok "."""
    words = normalize(text)
    return f"{words} " if words else ""


def _part(template: str) -> str:
    return ("^ *" if template.startswith("^") else "") + _regex(template.strip("^$"), None) + (" *$" if template.endswith("$") else "")


def _regex(template: str, numbers: Iterator[int] | None) -> str:
    """`numbers` tell groups of one name apart; None where nobody needs the groups."""
    pieces = list(_pieces(template))
    made = []
    for number, (kind, text) in enumerate(pieces):
        touches_next = number + 1 < len(pieces) and not text.endswith(" ") and not pieces[number + 1][1].startswith(" ")
        if kind == "slot":
            touches = touches_next and pieces[number + 1][0] == "words"
            name, _, only = text.partition("=")
            group = "?:" if name == ANYTHING or numbers is None else f"?P<{name}__{next(numbers)}>"
            words = "|".join(map(_words, _choices(only.strip("()")))) if only else r"\S+?(?: \S+?)*?"
            made.append(f"({group}{words})" + (" ?" if touches else " "))
        elif kind == "words":
            joined = _words(text)
            made.append(joined + (" ?" if joined and touches_next and pieces[number + 1][0] == "slot" else " " if joined else ""))
        else:
            made.append(_group(text, numbers) if _SLOT.search(text) else _group_of_words(text))
    return "".join(made)


def _group(text: str, numbers: Iterator[int] | None) -> str:
    """A pattern of a group, which is given with its brackets."""
    choices = "|".join(_regex(choice, numbers) for choice in _choices(text[1:-1]))
    return f"(?:{choices})" + ("?" if text.startswith("[") else "")


@functools.cache  # the same articles stand in most templates
def _group_of_words(text: str) -> str:
    return _group(text, None)


def _needs(template: str) -> Iterator[frozenset[str]]:
    """Sets of parts; of each set one stands in whatever fits the template."""
    for kind, text in _pieces(template):
        if kind == "words":
            yield from (frozenset({part}) for part in _normalized(text).split(_STAR) if part)
        elif kind == "(":
            needs = [next(_needs(choice), None) for choice in _choices(text[1:-1])]
            if None not in needs:
                yield frozenset().union(*filter(None, needs))


def _prefix(template: str) -> str:
    """A pattern of any number of its first words, none included, but for slots and what stands behind them."""
    made = ""
    for kind, text in reversed(list(_pieces(template))):
        if kind == "slot":
            made = ""
            continue
        if kind == "words":
            words = _words(text).split()
            some, whole = "", " ".join(words)
            for word in reversed(words[:-1]):
                some = f"(?:{word} {some})?"
            whole += " " if whole else ""
        else:
            choices = _choices(text[1:-1])
            some = "|".join(filter(None, map(_prefix, choices)))
            whole = f"(?:{'|'.join(_regex(choice, None) for choice in choices if not _SLOT.search(choice)) or NEVER})"
            whole += "?" if kind == "[" else ""
        made = f"(?:{whole}{made}|{some})"
    return made


def _words(text: str) -> str:
    """A pattern of words as they stand, but for the stars in them."""
    return " ".join(re.escape(word).replace(_STAR, r"\S*") for word in _normalized(text).split())


@functools.cache
def _normalized(text: str) -> str:
    return normalize(text.replace("*", _STAR))


def _pieces(template: str) -> Iterator[tuple[str, str]]:
    """("words", text), ("slot", name), or the bracket and a group with its brackets, in order."""
    place = 0
    while place < len(template):
        if template[place] in _PAIRS:
            end = _closing(template, place)
            yield template[place], template[place : end + 1]
        elif slot := _SLOT.match(template, place):
            yield "slot", slot[1]
            end = slot.end() - 1
        else:
            end = next((i for i in range(place, len(template)) if template[i] in "([{"), len(template)) - 1
            yield "words", template[place : end + 1]
        place = end + 1


def _closing(template: str, place: int) -> int:
    """Where the bracket that opens at `place` is closed. ValueError if it isn't."""
    depth = 0
    for number in range(place, len(template)):
        depth += (template[number] in "([") - (template[number] in ")]")
        if depth == 0:
            return number
    raise ValueError(f"{template!r} has a bracket that isn't closed")


def _choices(text: str) -> list[str]:
    """The alternatives of a group, those of inner groups left whole."""
    choices, depth = [""], 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if letter == "|" and depth == 0:
            choices.append("")
        else:
            choices[-1] += letter
    return choices
