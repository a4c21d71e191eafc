"""Languages as data: one TOML each with its names, voices and every fixed phrase. Fixed phrases are never machine-translated."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources

FALLBACK = "en"


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


@functools.cache
def languages() -> dict[str, Language]:
    """Every language that has a file, by code."""
    files = (f for f in resources.files(__package__).iterdir() if f.name.endswith(".toml"))
    return {f.name[:2]: _read(f.name[:2], f.read_text(encoding="utf-8")) for f in sorted(files, key=lambda f: f.name)}


def phrase(key: str, language: str, **values: object) -> tuple[str, str]:
    """(text, language) of a fixed phrase: in `language`, or in English where that language has no file."""
    code = language if language in languages() else FALLBACK
    return languages()[code].phrases[key].format(**values), code


def _read(code: str, text: str) -> Language:
    table = tomllib.loads(text)
    return Language(code, table["name"], table["own_name"], tuple(table["voices"]), dict(table["phrases"]))
