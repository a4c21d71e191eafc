"""How each language says marks and amounts that voices misread, from `spoken_forms.toml`. Pure."""

from __future__ import annotations

import functools
from decimal import Decimal
from importlib import resources

import msgspec

_CATEGORIES = ("one", "few", "many", "other")
"""Of plurals, as Babel names them, in the order of forms."""


class Times(msgspec.Struct, frozen=True):
    """Templates of a time of day: with 00 minutes, with fewer than ten, with any; and the word for hours that may follow the figures."""

    whole: str = ""
    low: str = ""
    full: str = ""
    suffix: str = ""


class Regnal(msgspec.Struct, frozen=True):
    """Names whose Roman numeral is a rank, and how it is said; beyond `most` it is a number."""

    kings: str = ""
    queens: str = ""
    man: str = ""
    woman: str = ""
    most: int = 99
    first: tuple[str, ...] = ()
    feminine: tuple[str, ...] = ()


class SpokenForms(msgspec.Struct, frozen=True):
    """What is known of a language; "" and {} of what isn't."""

    to: str = ""
    minus: str = ""
    joint: str = ""
    of: str = ""
    keeps_roman: bool = False
    times: Times = Times()
    money: dict[str, str] = {}
    signs: dict[str, str] = {}
    thousands: dict[str, list[str]] = {}
    magnitudes: dict[str, list[str]] = {}
    regnal: Regnal = Regnal()

    def sizes(self) -> dict[str, str]:
        """Return the names of magnitudes, all forms of each, by how they are written; "+" before those that need a currency."""
        found = self.thousands | self.magnitudes
        return {way: names for names, ways in found.items() for way in (*names.split("|"), *ways)}


@functools.cache
def spoken_forms(language: str) -> SpokenForms:
    """Return what is known of a language by its two letters."""
    return _all_forms().get(language) or SpokenForms()


@functools.cache
def _all_forms() -> dict[str, SpokenForms]:
    written = resources.files(__package__).joinpath("spoken_forms.toml").read_bytes()
    return msgspec.toml.decode(written, type=dict[str, SpokenForms])


def plural(forms: str, number: Decimal, language: str) -> str:
    """Return the form of "one|other" or "one|few|many|other" that goes with a number; the only one there is."""
    from babel import Locale

    parts = forms.split("|")
    category = Locale(language).plural_form(number)
    if len(parts) == len(_CATEGORIES):
        return parts[_CATEGORIES.index(category)]
    return parts[0] if category == "one" else parts[-1]


def of_many(forms: str) -> str:
    """Return the form that stands after "millions of"."""
    parts = forms.split("|")
    return parts[_CATEGORIES.index("many")] if len(parts) == len(_CATEGORIES) else parts[-1]
