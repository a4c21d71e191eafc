"""Indefinite articles: "a dog", "un águila", "uno zaino", "de l'eau". Pure; a language that isn't here has none."""

from __future__ import annotations

import re

_ENGLISH_CONSONANT = re.compile(r"[^aeiou]|eu|u(?![aeiou])[nkts]i|uni|use|one", re.IGNORECASE)
"""How words begin that take "a"; "unicycle" and "European" are said with a consonant."""
_ENGLISH_VOWEL = re.compile(r"hour|heir|honest", re.IGNORECASE)
_SPANISH_STRESSED = re.compile(r"(agua|águila|ala|alga|ama|ancla|área|arma|arpa|asa|aula|ave|hacha)\b", re.IGNORECASE)
"""Feminine words that take "un", since they begin with a stressed "a"."""
_ITALIAN_HARD = re.compile(r"s[^aeiou]|z|gn|ps|x|y|i[aeou]", re.IGNORECASE)
"""How masculine words begin that take "uno" and "degli"."""
_VOWEL = re.compile(r"[aeiouhyàâäéèêëîïôöùûœæ]", re.IGNORECASE)
"""How French and Italian words begin before which an article loses its vowel; no name here begins with a sounded "h" in the singular."""


def with_indefinite_article(name: str, gender: str, number: str, language: str) -> str:
    """Put a language's indefinite article before a name, in the nominative.

    `gender`: m, f, n, c or empty; `number`: "pl", "u" (uncounted) or empty. A name comes back as it is where the language has no
    article, none for plurals or uncounted things, or where the gender isn't known.
    """
    if language == "en":
        return name if number else f"{_english_article(name)} {name}"
    rule = _ARTICLES.get(language)
    return rule(name, gender, number) if rule else name


def _english_article(name: str) -> str:
    if _ENGLISH_VOWEL.match(name):
        return "an"
    return "a" if _ENGLISH_CONSONANT.match(name) else "an"


def _spanish(name: str, gender: str, number: str) -> str:
    if number == "u" or not gender:
        return name
    if number == "pl":
        return f"{'unos' if gender == 'm' else 'unas'} {name}"
    return f"{'un' if gender == 'm' or _SPANISH_STRESSED.match(name) else 'una'} {name}"


def _portuguese(name: str, gender: str, number: str) -> str:
    if number == "u" or not gender:
        return name
    article = "um" if gender == "m" else "uma"
    return f"{article.replace('m', 'n') if article == 'um' and number == 'pl' else article}{'s' if number == 'pl' else ''} {name}"


def _french(name: str, gender: str, number: str) -> str:
    if number == "pl":
        return f"des {name}"
    if number == "u":
        return f"de l'{name}" if _VOWEL.match(name) else f"{'du' if gender == 'm' else 'de la'} {name}"
    return f"{'un' if gender == 'm' else 'une'} {name}" if gender else name


def _german(name: str, gender: str, number: str) -> str:
    return name if number or not gender else f"{'eine' if gender == 'f' else 'ein'} {name}"


def _italian(name: str, gender: str, number: str) -> str:
    if number == "u" or not gender:
        return name
    hard, vowel = bool(_ITALIAN_HARD.match(name)), bool(_VOWEL.match(name))
    if number == "pl":
        return f"{'delle' if gender == 'f' else 'degli' if hard or vowel else 'dei'} {name}"
    if gender == "f":
        return f"un'{name}" if vowel else f"una {name}"
    return f"{'uno' if hard else 'un'} {name}"


def _dutch(name: str, gender: str, number: str) -> str:
    return name if number else f"een {name}"


_ARTICLES = {"es": _spanish, "pt": _portuguese, "fr": _french, "de": _german, "it": _italian, "nl": _dutch}
