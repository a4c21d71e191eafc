"""Languages as data: one TOML each with its names, voices, fixed phrases and command words; README.md tells how to write one.

Fixed phrases are never machine-translated.
"""

from __future__ import annotations

import functools
import gettext
import tomllib
from dataclasses import dataclass
from importlib import resources

FALLBACK = "en"
NOTICED, CHARACTER_ERRORS = 0.5, 0.25
"""From which share of sentences noticed, and up to which share of characters misheard, hearing a language is of use."""


@dataclass(frozen=True)
class Language:
    """One `xx.toml`."""

    code: str
    """Two letters, as Whisper and eSpeak use them."""
    name: str
    """In English."""
    own_name: str
    voices: tuple[str, ...]
    """Names of Piper voices in order of preference; eSpeak speaks where none is installed."""
    phrases: dict[str, str]
    counted: dict[str, tuple[str, ...]]
    """Phrases about a number {n}, one form for each plural."""
    plural: str
    """Which form fits n, as gettext's Plural-Forms say it."""
    language_names: dict[str, tuple[str, ...]]
    """What this language calls the others, by code: the name, then its forms in commands ("по-русски")."""
    alike: dict[str, str]
    """Letters that are another in commands, since they are written and heard either way: {"請": "请"}."""
    english_by: str
    """What makes better English of a question in it: "whisper" or a "translator", where one is installed; measured."""
    question_words: dict[str, str]
    """Those that only accents tell from other words, as they must be spelled: {"que": "qué"}."""
    measured: dict[str, float]
    """How Whisper base hears it, as shares: see README.md."""
    heard: bool
    """Whether people are known to be heard well enough by Whisper base: see README.md."""
    commands: dict[str, tuple[str, ...]]
    """Templates by `messages.CommandKind`, and under "fillers" and "questions"."""

    @property
    def is_heard(self) -> bool:
        """Whether Whisper base notices it and catches its words often enough to be of use, as far as that is known or was measured."""
        return self.heard or self.measured.get("noticed", 0.0) >= NOTICED and self.measured.get("character_errors", 1.0) <= CHARACTER_ERRORS


@functools.cache
def languages() -> dict[str, Language]:
    """Every language that has a file, by code."""
    files = (f for f in resources.files(__package__).iterdir() if f.name.endswith(".toml"))
    return {f.name[:2]: _read(f.name[:2], f.read_text(encoding="utf-8")) for f in sorted(files, key=lambda f: f.name)}


def phrase(key: str, language: str, /, **values: object) -> tuple[str, str]:
    """(text, language) of a fixed phrase: in `language`, or in English where that language has no file or its file lacks it."""
    known = _known(language, key)
    return known.phrases[key].format(**values), known.code


def counted_phrase(key: str, language: str, n: int) -> tuple[str, str]:
    """The same for a phrase about a number, in the plural that n (0 or more) takes."""
    known = _known(language, key)
    return known.counted[key][_plural_rule(known.plural)(n)].format(n=n), known.code


def language_name(code: str, language: str) -> str:
    """What `language` calls the language `code`; the code itself where it has no word for it."""
    return _known(language).language_names.get(code, (code,))[0]


def lacking(code: str) -> list[str]:
    """The phrases and kinds of commands that English has and this language's file lacks: they are said, and understood, in English."""
    known, english = languages()[code], languages()[FALLBACK]
    parts = ((english.phrases, known.phrases), (english.counted, known.counted), (english.commands, known.commands))
    return [key for all_of_it, own in parts for key in all_of_it if not own.get(key)]


def _known(language: str, key: str = "") -> Language:
    """English where the language has no file, or no phrase under that key."""
    known = languages().get(language)
    return known if known and (not key or key in known.phrases or key in known.counted) else languages()[FALLBACK]


_plural_rule = functools.cache(gettext.c2py)


def _read(code: str, text: str) -> Language:
    table = tomllib.loads(text)
    return Language(
        code,
        table["name"],
        table["own_name"],
        tuple(table["voices"]),
        dict(table["phrases"]),
        {key: tuple(forms) for key, forms in table["counted"].items()},
        table["plural"],
        {code: (names,) if isinstance(names, str) else tuple(names) for code, names in table["language_names"].items()},
        dict(table.get("alike", "").split()),  # dict() takes each pair of letters apart
        table.get("english_by", "whisper"),
        dict(table.get("question_words", {})),
        dict(table.get("measured", {})),
        table.get("heard", False),
        {kind: tuple(templates) for kind, templates in table["commands"].items()},
    )
