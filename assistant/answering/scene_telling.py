"""What is told of a scene: what was surely found and what a model says of it, each thing once. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.answering.confirming import nouns_in
from assistant.answering.doubting import called_people, hedged, plain_part
from assistant.answering.named_things import things_named
from assistant.languages import FALLBACK
from assistant.languages.nouns import ANIMAL, PERSON, Noun, find_noun, is_kind_of, nouns
from assistant.messages import Finding, SingleObject

FOUND_WELL = (PERSON, ANIMAL)
"""Kinds of things whose absence says something: of those that descriptions of development pictures named and of which none was found
4 of 13 were there, of balls, benches, microwaves and the like 17 of 26 (`models/starter/README.md`)."""
_PEOPLE = frozenset(
    [
        "adult",
        "athlete",
        "band",
        "batter",
        "bicyclist",
        "biker",
        "catcher",
        "climber",
        "couple",
        "crowd",
        "dancer",
        "diver",
        "driver",
        "family",
        "golfer",
        "group",
        "jockey",
        "jogger",
        "motorcyclist",
        "musician",
        "officer",
        "performer",
        "pitcher",
        "player",
        "quarterback",
        "racer",
        "runner",
        "singer",
        "soldier",
        "spectator",
        "swimmer",
        "team",
        "worker",
        "youngster",
    ]
)
"""What descriptions call people, besides the nouns that every language has."""
_ENDS = (".", "!", "?", "…")


@dataclass(frozen=True)
class Found:
    """What was found in a picture by measuring."""

    things: Finding | None
    """What is surely there ("things"); None where nothing finds things."""
    people: Finding | None
    """How many people are ("count"); None where that isn't sure, or there are none."""
    is_missing: Callable[[Noun], bool]
    """Whether a thing would have been found and wasn't; asked only of FOUND_WELL."""

    @property
    def nouns(self) -> tuple[Noun, ...]:
        """Return what is surely there, people among it."""
        things = self.things.value if self.things and isinstance(self.things.value, tuple) else ()
        people = (PERSON,) if self.people else ()
        return tuple(nouns()[synset] for synset in dict.fromkeys((*people, *things)) if isinstance(synset, str))


def told_scene(said: Iterable[Finding], found: Found) -> Iterator[Finding]:
    """Yield what is to be told of a scene, as soon as it is certain.

    Words that name what was found aren't doubted any more. A sentence that names something that should have been found and wasn't is told
    up to its first doubtful word if that comes before; else it is dropped where anything is surely there, and elsewhere told with doubt. So
    is a doubtful one that names nothing that is surely there. What is surely there and wasn't plainly named follows.

    Args:
        said: what a model says of the scene: sentences, a name, or that it can't tell.
        found: by measuring, in the same picture.
    """
    told, is_begun = list[Noun](), False
    for finding in said:
        checked = finding if is_begun else _checked(_borne_out(finding, found), found)
        is_begun = finding.kind == "text" and not str(finding.value).rstrip("\"')").endswith(_ENDS)  # the rest of a sentence follows
        if checked:
            told += _nouns_of(_plainly(checked))
            yield checked
    yield from _left_out(told, found)


def _checked(finding: Finding, found: Found) -> Finding | None:
    """A finding as it may be told; None where it is better left out."""
    if finding.kind == "refusal":
        return None if found.nouns else finding
    if finding.kind not in ("text", "name"):
        return finding
    if _adds_nothing(finding, found):
        return None
    is_missing = _names_missing(finding, found)
    is_unlikely = is_missing or (finding.is_doubtful and not _names_one_of(found.nouns, _nouns_of(finding)))
    if is_missing and finding.doubts and not _names_missing(plain := _plainly(finding), found) and plain.value:
        return replace(plain, value=f"{plain.value}.", doubts=frozenset())
    if is_unlikely and found.nouns:
        return None
    return replace(finding, is_doubtful=True) if is_missing else finding


def _names_missing(finding: Finding, found: Found) -> bool:
    return any(found.is_missing(noun) for noun in _things_of(finding) if _is_found_well(noun))


def _adds_nothing(finding: Finding, found: Found) -> bool:
    """Whether it names one thing alone, with doubt, that is surely there."""
    things = _things_of(finding) if finding.kind == "text" and not plain_part(hedged(finding)) else []
    return len(things) == 1 and _names_one_of(found.nouns, things)


def _borne_out(finding: Finding, found: Found) -> Finding:
    """A description of whose doubtful words those aren't doubtful any more that name what was found, or a kind above it."""
    if not finding.doubts:
        return finding
    text, doubts = str(finding.value), finding.doubts
    if nouns()[PERSON] in found.nouns:
        text = called_people(text, doubts)
        doubts -= _PEOPLE
    return replace(finding, value=text, doubts=frozenset(word for word in doubts if not _is_above_one_of(found.nouns, word)))


def _is_above_one_of(kinds: Iterable[Noun], word: str) -> bool:
    noun = find_noun(word, FALLBACK)
    return noun is not None and any(is_kind_of(kind, noun) for kind in kinds)


def _plainly(finding: Finding) -> Finding:
    """What a finding says for certain."""
    return replace(finding, value=plain_part(hedged(finding)), is_doubtful=False) if finding.kind == "text" else finding


def _left_out(told: Sequence[Noun], found: Found) -> Iterator[Finding]:
    """How many people are surely there and which things, where none of them was plainly told of."""
    left = [noun for noun in found.nouns if not _names_one_of((noun,), told)]
    things = [noun.synset for noun in left if noun.synset != PERSON]
    if len(things) < len(left):
        if found.people and found.people.value != 1:
            yield found.people
        else:
            things.insert(0, PERSON)  # "I see a person, a dog."
    if things and found.things:
        yield replace(found.things, value=tuple(things))


def _names_one_of(kinds: Iterable[Noun], named: Iterable[Noun]) -> bool:
    """Whether one of those that were named is one of these, or a kind of it."""
    named = tuple(named)
    return any(is_kind_of(noun, kind) for kind in kinds for noun in named)


def _is_found_well(noun: Noun) -> bool:
    return any(is_kind_of(noun, nouns()[kind]) for kind in FOUND_WELL)


def _nouns_of(finding: Finding) -> list[Noun]:
    """All that it may name."""
    if isinstance(finding.value, SingleObject):
        return [nouns()[finding.value.noun]] if finding.value.noun else []
    if finding.kind != "text":
        return []
    text = str(finding.value)
    words = (word.removesuffix("s") for word in re.findall(r"[a-z]+", text.lower()))
    people = [nouns()[PERSON]] if not _PEOPLE.isdisjoint(words) else []
    return [*people, *nouns_in(text)]


def _things_of(finding: Finding) -> list[Noun]:
    """What it says for certain is there."""
    return _nouns_of(finding) if finding.kind == "name" else [thing.noun for thing in things_named(str(finding.value))]
