"""Which language people name: in their own language, in its own or in English, and in whatever form ("auf Deutsch", "по-русски")."""

from __future__ import annotations

import functools

from assistant.languages import FALLBACK, languages
from assistant.languages.normalized import normalize


def named_language(name: str, language: str) -> str | None:
    """Return the code of the language that the words name in `language`; None where they name none."""
    return _names(language if language in languages() else FALLBACK).get(normalize(name).replace(" ", ""))


@functools.cache
def _names(code: str) -> dict[str, str]:
    """Code of every language by its name in this one, its own name and the English one."""
    names = {name: other.code for other in languages().values() for name in (other.name, other.own_name)}
    for known in (languages()[FALLBACK], languages()[code]):
        names |= {name: other for other, forms in known.language_names.items() for name in forms}
    return {normalize(name).replace(" ", ""): other for name, other in names.items()}
