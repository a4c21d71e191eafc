"""Names of things in every language, and the tree that says what is a kind of what: `nouns.tsv`; README.md tells how to correct a name."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Mapping
from importlib import resources
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from assistant.languages.articles import with_indefinite_article
from assistant.languages.normalized import normalize

LANGUAGES = ("en", "es", "pt", "fr", "de", "it", "nl", "pl", "ru", "uk", "tr", "ar", "hi", "zh", "ja", "ko", "vi", "id", "cs")
COLUMNS = ("synset", "parents", "say", "checked", "labels", *LANGUAGES)
GENDERS = ("m", "f", "n", "c")
"""Masculine, feminine, neuter; c: common, the Dutch words with "de"."""
ANIMAL, PERSON, FACE = "00015388", "00007846", "05600637"
"""Synsets."""
MARKS = (*GENDERS, "pl", "u")
"""What may follow a name: its gender, "pl" for a word that is a plural ("scissors pl"), "u" for what isn't counted ("water u")."""


_BEHIND = re.compile(r" (?:in|on|at|by|near|under|over|behind|beside|with|without|of|from|to|next|that|which|who|wearing|holding)\b")
"""What follows is no part of a thing's name."""


class Name(NamedTuple):
    """One name of a thing."""

    text: str
    """As it stands in running text, without an article."""
    gender: str
    """One of GENDERS; empty where the language has none or it isn't known."""
    number: str
    """"pl" for a word that is a plural, "u" for what isn't counted, else empty."""


class Noun(msgspec.Struct, frozen=True):
    """A kind of thing: a synset of WordNet 3.0, or one of our own, whose number begins with "+"."""

    synset: str
    parents: tuple[str, ...]
    """Synsets of the kinds right above it."""
    sayable: bool
    """Whether people call things so: "dog" yes; "canine" and "artifact" no."""
    checked: tuple[str, ...]
    """Languages whose names were written by hand; the others' come from dictionaries, may be wrong, and are understood but not said."""
    labels: tuple[str, ...]
    """What data sets and instruments call it: "coco:dog", "imagenet:207" (place in the encoder's head)."""
    cells: str
    """Names in the order of LANGUAGES with tabs between, as they stand in the table; empty for what only joins others."""

    def names(self, language: str) -> tuple[Name, ...]:
        """Return what it is called in a language, the everyday name first; empty where no name is known."""
        return parse_names(self._cell(language))

    def name_to_say(self, language: str) -> Name | None:
        """Return its name in a language, without an article; None where none was checked (in English, any will do)."""
        trusted = self.sayable and (language in self.checked or language == "en")
        return next(iter(self.names(language)), None) if trusted else None

    def _cell(self, language: str) -> str:
        return self.cells.split("\t")[LANGUAGES.index(language)] if self.cells and language in LANGUAGES else ""


def parse_names(cell: str) -> tuple[Name, ...]:
    """Read a cell of the table, "Hund m|Hündin f"."""
    return tuple(_parse_name(part) for part in cell.split("|")) if cell else ()


def _parse_name(part: str) -> Name:
    words, marks = part.split(), []
    while len(words) > 1 and words[-1] in MARKS:
        marks.append(words.pop())
    gender = next((mark for mark in marks if mark in GENDERS), "")
    return Name(" ".join(words), gender, next((mark for mark in marks if mark not in GENDERS), ""))


@functools.cache
def nouns() -> Mapping[str, Noun]:
    """Read the table once; nouns by synset."""
    lines = resources.files(__package__).joinpath("nouns.tsv").read_text(encoding="utf-8").splitlines()
    table = {}
    for line in lines[1:]:
        synset, parents, say, checked, labels, cells = line.split("\t", 5)
        languages = LANGUAGES if checked == "all" else tuple(checked.split())
        known = tuple(labels.split("|")) if labels else ()
        table[synset] = Noun(synset, tuple(parents.split()), say == "say", languages, known, cells if say != "-" else "")
    return MappingProxyType(table)


def ancestors(noun: Noun) -> tuple[Noun, ...]:
    """Return all kinds that a noun is of, the nearest first."""
    found: dict[str, None] = {}
    nearest = list(noun.parents)
    while nearest:
        found |= dict.fromkeys(nearest)
        nearest = [above for synset in nearest for above in nouns()[synset].parents if above not in found]
    return tuple(nouns()[synset] for synset in found)


def is_kind_of(noun: Noun, kind: Noun) -> bool:
    """Tell whether a noun is a kind, or one of its kinds: a dog is a dog, and an animal."""
    return noun == kind or kind in ancestors(noun)


def sayable(noun: Noun, language: str) -> Noun | None:
    """Return what a thing can be called in a language: the noun itself or the nearest above it with a name to say.

    None for "artifact" and the like, of which nothing better can be said than "something that I can't name".
    """
    return next((one for one in (noun, *ancestors(noun)) if one.name_to_say(language)), None)


def name(noun: Noun, language: str, *, article: bool = True) -> str | None:
    """Return a thing's name in a language, with its indefinite article where the language has one: "a dog", "ein Hund", "いぬ".

    In the nominative, small letters but for German nouns and proper names; None where no name is known well enough to be said.
    """
    known = noun.name_to_say(language)
    if known is None:
        return None
    return with_indefinite_article(known.text, known.gender, known.number, language) if article else known.text


def labels_to_nouns() -> tuple[Noun, ...]:
    """Return the nouns of the encoder's head, by place: [1000], in the order of `models/starter/seen_labels.txt`."""
    by_place = nouns_by_label("imagenet")
    return tuple(by_place[str(place)] for place in range(len(by_place)))


@functools.cache
def nouns_by_label(collection: str) -> Mapping[str, Noun]:
    """Return the nouns of a collection's labels: "imagenet" (places in the head), "coco", "grocery", "clothing" or "doors"."""
    return {
        label.removeprefix(f"{collection}:"): noun
        for noun in nouns().values()
        for label in noun.labels
        if label.startswith(f"{collection}:")
    }


def find_noun(text: str, language: str) -> Noun | None:
    """Return the noun that a text names in a language, whatever its case, accents, article and usual endings ("the dogs"), or None.

    Where several things share a name, the everyday one; exact spelling goes before spelling without accents, that before other endings.
    """
    exact, normalized = _index(language)
    for spoken in _without_articles(_exact_key(text), language):
        keys = _keys(spoken, language)
        if synset := exact.get(spoken) or next((normalized[key] for key in keys if key in normalized), None):
            return nouns()[synset]
    return None


def one_of(things: str, language: str) -> str | None:
    """Return the name of one where a text names several by adding a usual ending, without an article: "balls" -> "ball"; else None."""
    noun, (_, *stems) = find_noun(things, language), _keys(things, language) or [""]
    return next((known.text for known in noun.names(language) if name_key(known.text) in stems), None) if noun else None


def heads(thing: str) -> Iterator[str]:
    """Yield an English name without what follows it, then with ever fewer words before it: "red cup on the table" -> "red cup", "cup"."""
    words = _BEHIND.split(thing, maxsplit=1)[0].split()
    yield from (" ".join(words[first:]) for first in range(len(words)))


def name_key(text: str) -> str:
    """Return a name as it is compared: without case, accents, punctuation and spaces."""
    return normalize(text).replace(" ", "")


@functools.cache
def _index(language: str) -> tuple[dict[str, str], dict[str, str]]:
    """Synsets by exact name, and by name without accents, with and without its endings; the first owner of a name keeps it.

    Checked names come before the dictionaries', and the name that we say before a further one.
    """
    owned = [
        (language not in noun.checked, rank > 0, known.text, noun.synset)
        for noun in nouns().values()
        for rank, known in enumerate(noun.names(language))
    ]
    exact: dict[str, str] = {}
    normalized: dict[str, str] = {}
    bare: dict[str, str] = {}
    for _, _, text, synset in sorted(owned, key=lambda one: one[:2]):
        exact.setdefault(_exact_key(text), synset)
        whole, *stripped = _keys(text, language)
        normalized.setdefault(whole, synset)
        for key in stripped:
            bare.setdefault(key, synset)
    return exact, bare | normalized


def _exact_key(text: str) -> str:
    letters = unicodedata.normalize("NFC", text.casefold())
    return " ".join("".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in letters).split())


def _keys(text: str, language: str) -> list[str]:
    """The name without accents and spaces, then with ever longer endings off its last word, then with endings off all its words."""
    words = normalize(text).split()
    if not words:
        return []
    start = "".join(words[:-1])
    stems = ["".join(_stems(word, language)[-1] for word in words)]
    return list(dict.fromkeys(["".join(words), *(start + stem for stem in _stems(words[-1], language)), *stems]))


def _stems(word: str, language: str) -> list[str]:
    """The word, and what is left of it without each ending that fits, the shortest ending first."""
    forms = _forms()[language]
    return [word, *(word.removesuffix(end) for end in forms.endings if word.endswith(end) and len(word) - len(end) >= forms.shortest)]


def _without_articles(text: str, language: str) -> Iterator[str]:
    """Yield the text, then without each article or counting word before it, then without those that are written as part of a word."""
    forms, words = _forms()[language], text.split()
    yield text
    while words and words[0] in forms.articles:
        words = words[1:]
        yield " ".join(words)
    for start in forms.beginnings:
        if any(word.startswith(start) for word in words):
            yield " ".join(word.removeprefix(start) if len(word) >= len(start) + forms.shortest else word for word in words)


class _Forms(NamedTuple):
    articles: frozenset[str]
    beginnings: tuple[str, ...]
    endings: tuple[str, ...]
    """The shortest first."""
    shortest: int
    """Letters that an ending must leave."""


@functools.cache
def _forms() -> Mapping[str, _Forms]:
    lines = resources.files(__package__).joinpath("noun_forms.tsv").read_text(encoding="utf-8").splitlines()[1:]
    forms = {}
    for language, articles, beginnings, endings, shortest in (line.split("\t") for line in lines):
        ends = sorted({normalize(end) for end in endings.split()}, key=len)
        forms[language] = _Forms(frozenset(articles.split()), tuple(beginnings.split()), tuple(ends), int(shortest))
    return forms
