"""A language's templates of questions, made into patterns that a sentence can be compared with. Pure."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assistant.answering.templates import Beginning, Whole, part_pattern, spaced
from assistant.languages import FALLBACK, languages
from assistant.languages.normalized import normalize

SAFETY, ORDINARY, JOINTS, CONTRACTIONS, LISTS, NAMELESS = "safety", "ordinary", "joints", "contractions", "lists", "nameless"
"""Beside the intents in a language's table: parts that make any question one about safety; parts that don't, whatever they
contain; words that join two questions ("and"); what is short for what ("what's = what is"); words that templates name as a
list ("the = el|la", written "[<the>] {thing}"); and parts that no name of a thing has ("what"): in Japanese "これは何ですか" would
fit "これは{thing}ですか"."""
APPEARS = "appears"
"""Templates of events that are a thing coming into sight."""
ABSENT = "is_absent"
"""Templates that ask for a thing's presence the other way round: "Is there no dog?"."""
AT = "is_at"
"""Templates that ask for a thing's presence at a place: "Is the dog on the sofa?"."""
FAR = "how_far"
"""Templates that ask how far it is to a thing; how far it is to a town has nothing to do with the picture."""
OF_PLACES = ("things_left", "things_right", "things_on")
"""Keys of templates about what stands at a place, which others leave out."""
_ORDER = (
    *("code", "translate_text", "expiry", "brand", FAR, "not_about_the_picture", "money", "total", "has_text", "find_text", "read"),
    *("facing", "who", "keep_thing", "remember_thing", "forget_thing", "colour", "light", "how_many"),
    *OF_PLACES,
    *("where", "choice", "match", "compare", "doing", ABSENT, AT, "is_there", "is_this", "scene", "what"),
)
"""In which they are tried, the most particular first."""
_LIST = re.compile(r"<(\w+)>")
_OF_ANYTHING = ("scene", "what", "who", "facing", "where", "how_many", "is_there", AT, "is_this", "doing", "compare", JOINTS, NAMELESS)
"""Keys of templates whose words don't tell what a question is about."""
_SLOTS = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True)
class Grammar:
    """A language's questions, ready to be compared."""

    patterns: tuple[tuple[Whole, str], ...]
    events: tuple[Whole, ...]
    safety: re.Pattern[str] | None
    ordinary: re.Pattern[str] | None
    joints: re.Pattern[str] | None
    contractions: tuple[tuple[str, str], ...]
    nameless: re.Pattern[str] | None

    def names(self, slots: Iterable[str]) -> bool:
        """Tell whether all that stands in the slots may name a thing."""
        return self.nameless is None or not any(self.nameless.search(spaced(slot)) for slot in slots)

    def words(self, text: str) -> str:
        """Return the normalised words, none of them short for others."""
        words = f" {spaced(text)}"
        for short, long in self.contractions:
            words = words.replace(f" {short}", f" {long}")
        return words[1:]


@functools.cache
def grammar_of(code: str) -> Grammar:
    """Return the grammar of a language; one without a file has that of English."""
    table = _table(code)
    patterns = tuple((Whole(template), intent) for intent in _ORDER for template in table.get(intent, ()))
    joints = "|".join(re.escape(word) for word in sorted(table.get(JOINTS, ()), key=len, reverse=True))
    events = tuple(Whole(template) for template in table.get(APPEARS, ()))
    return Grammar(
        patterns,
        events,
        part_pattern(table.get(SAFETY, ())),
        part_pattern(table.get(ORDINARY, ())),
        re.compile(rf"(?:{joints})(?:\s+|(?<=[\u3040-\u9fff]))", re.IGNORECASE) if joints else None,
        tuple((spaced(short), spaced(long)) for short, _, long in (each.partition("=") for each in table.get(CONTRACTIONS, ()))),
        part_pattern(table.get(NAMELESS, ())),
    )


@functools.cache
def beginnings_of(code: str) -> tuple[Beginning, ...]:
    """Return the first words of a language's questions."""
    table = _table(code)
    return tuple(Beginning(template) for intent in _ORDER for template in table.get(intent, ()))


@functools.cache
def _table(code: str) -> dict[str, Sequence[str]]:
    """A language's templates with their lists written out; those of English for a language without a file."""
    return _with_lists(languages()[code if code in languages() else FALLBACK].questions)


def _with_lists(table: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """A language's table with the words of its lists in place of their names; a list may name others."""
    lists = {name.strip(): words.strip() for name, _, words in (each.partition("=") for each in table.get(LISTS, ()))}

    def written_out(template: str) -> str:
        def words(found: re.Match[str]) -> str:
            before, after = template[: found.start()][-1:], template[found.end() :][:1]
            listed = written_out(lists[found[1]])
            return listed if before in ("(", "[", "|") and after in (")", "]", "|") else f"({listed})"

        return _LIST.sub(words, template)

    return {key: tuple(map(written_out, templates)) for key, templates in table.items()}


@functools.cache
def common_words(language: str) -> frozenset[str]:
    """Return the normalised words with which people ask in a language, whatever they ask about."""
    table = _table(language)
    templates = " ".join(template for key in _OF_ANYTHING for template in table.get(key, ()))
    return frozenset(normalize(_SLOTS.sub(" ", templates)).split())
