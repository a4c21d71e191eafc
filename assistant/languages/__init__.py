"""Languages as data: one TOML each with its names, voices, fixed phrases and command words; README.md tells how to write one.

Fixed phrases are never machine-translated.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import Literal

import msgspec

from assistant.toml_files import load_toml

FALLBACK = "en"
NOTICED, CHARACTER_ERRORS = 0.5, 0.25
"""From which share of sentences noticed, and up to which share of characters misheard, hearing a language is of use."""


LIST_COMMAS = {"zh": "，", "ja": "、", "ar": "، "}
"""What stands between the parts of a list where that isn't a comma."""

PluralCategory = Literal["zero", "one", "two", "few", "many", "other"]
"""Kinds of numbers that a language puts differently (https://cldr.unicode.org/index/cldr-spec/plural-rules)."""


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One `xx.toml`."""

    code: str
    """Two letters, as Whisper and eSpeak use them."""
    name: str
    """In English."""
    own_name: str
    voices: tuple[str, ...]
    """Names of Piper voices in order of preference; eSpeak speaks where none is installed."""
    phrases: dict[str, str]
    counted: dict[str, dict[PluralCategory, str]]
    """Phrases about a number {n}, by its category; "other" stands for each that isn't there."""
    language_names: dict[str, tuple[str, ...]]
    """What this language calls the others, by code: the name, then its forms in commands ("по-русски")."""
    alike: str = ""
    """Pairs of letters of which the first counts as the second in commands, since they are written and heard either way: "請请 說说"."""
    english_by: Literal["whisper", "translator"] = "whisper"
    """What makes better English of a question in it: "whisper" or a "translator", where one is installed; measured."""
    question_words: dict[str, str] = {}
    """Question words that only accents tell from other words, as they must be spelled: {"que": "qué"}."""
    measured: dict[str, float] = {}
    """How Whisper base hears it, as shares: see README.md."""
    heard: bool = False
    """Whether people are known to be heard well enough by Whisper base: see README.md."""
    numbers: tuple[str, ...] = ()
    """Words for 1, 2, 3, ... beside those of num2words, as "first|second*" with a star behind words that inflect: see README.md."""
    script_names: dict[str, str] = {}
    """What scripts are called in the phrase `cant_read_script`, by ISO 15924's English name in small letters, and "other"."""
    places: dict[str, str] = {}
    """Where a thing is, in the phrase `where_is`: hours of the clock, and as in `seeing.places`."""
    colours: dict[str, str] = {}
    """What colours are called in the phrases about them, by their key in `seeing.colours`: a form that agrees with nothing ("rot")."""
    hellos: tuple[str, ...] = ()
    """What people say to greet, in small letters, by which a kiosk knows the language they want."""
    page: dict[str, str] = {}
    """What stands on the page with captions, which is read and not said."""
    questions: dict[str, tuple[str, ...]] = {}
    """Templates of questions by `messages.Intent`, and under "safety", "ordinary" and "joints": see README.md."""
    steps: dict[str, tuple[str, ...]] = {}
    """Templates of questions about the steps of an instruction video, and under "cues" the words that begin one."""
    commands: dict[str, tuple[str, ...]]
    """Templates by `messages.CommandKind`, and under "fillers" and "questions"."""

    @property
    def is_heard(self) -> bool:
        """Whether Whisper base notices it and catches its words often enough to be of use, as far as that is known or was measured."""
        return self.heard or self.measured.get("noticed", 0.0) >= NOTICED and self.measured.get("character_errors", 1.0) <= CHARACTER_ERRORS


@functools.cache
def languages() -> dict[str, Language]:
    """Read every language that has a file, by code. Raises BadInput for the first file with a mistake."""
    files = sorted((file for file in resources.files(__package__).iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    unreadable = "install the program again"
    return {f.name[:2]: load_toml(f, Language, "the language file", unreadable, code=f.name[:2]) for f in files}


def phrase(key: str, language: str, /, **values: object) -> tuple[str, str]:
    """Return (text, language) of a fixed phrase: in `language`, or in English where that language has no file or its file lacks it."""
    known = _known(language, key)
    return known.phrases[key].format(**values), known.code


def hello_language(text: str, heard: str) -> str | None:
    """Return the language of a text that is a greeting and nothing else; of several, the one that was `heard`; None for other texts."""
    said = _bare(text)
    greeted = [code for code, known in languages().items() if said and said in map(_bare, known.hellos)]
    return heard if heard in greeted else next(iter(greeted), None)


def _bare(text: str) -> str:
    """In small letters, without marks between words."""
    return " ".join(re.sub(r"[^\w\s\u0300-\u036f\u0900-\u097f]", " ", text.casefold()).split())


def counted_phrase(key: str, language: str, n: int) -> tuple[str, str]:
    """Return (text, language) of a fixed phrase about n things, n >= 0: in `language`, or in English where its file lacks the phrase."""
    known = _known(language, key)
    forms = known.counted[key]
    return forms.get(_plural_category(known.code, n), forms["other"]).format(n=n), known.code


def listed(parts: Iterable[str], language: str) -> str:
    """Return the parts of a list one after the other, with what a language puts between them."""
    return LIST_COMMAS.get(language, ", ").join(parts)


def place_words(keys: Sequence[str], language: str) -> str:
    """Return the words of [places] for some keys in a language, or in English where it hasn't all: "at 11 o'clock, close"."""
    known, english = _known(language), languages()[FALLBACK]
    places = known.places if all(key in known.places for key in keys) else english.places
    return listed((places[key] for key in keys), known.code)


def script_name(script: str, language: str) -> str:
    """Say what `language` calls a script in the phrase `cant_read_script`; "another script" where it has no word for it."""
    names = _known(language, "cant_read_script").script_names
    return names.get(script, names["other"])


def language_name(code: str, language: str) -> str:
    """Say what `language` calls the language `code`; the code itself where it has no word for it."""
    return _known(language).language_names.get(code, (code,))[0]


def colour_name(key: str, language: str) -> str:
    """Say what `language` calls a colour, by its key in `seeing.colours`; in English where it has no word for it."""
    return _known(language).colours.get(key) or languages()[FALLBACK].colours[key]


def lacking(code: str) -> list[str]:
    """List the phrases and kinds of commands that English has and this language's file lacks: they are said, and understood, in English."""
    known, english = languages()[code], languages()[FALLBACK]
    parts = (
        (english.phrases, known.phrases),
        (english.counted, known.counted),
        (english.commands, known.commands),
        (english.colours, known.colours),
        (english.steps, known.steps),
    )
    return [key for all_of_it, own in parts for key in all_of_it if not own.get(key)]


def _known(language: str, key: str = "") -> Language:
    """English where the language has no file, or no phrase under that key."""
    known = languages().get(language)
    return known if known and (not key or key in known.phrases or key in known.counted) else languages()[FALLBACK]


def _plural_category(language: str, n: int) -> PluralCategory:
    from babel import Locale  # takes 50 ms, and few sessions ever count

    category: PluralCategory = Locale(language).plural_form(n)
    return category
