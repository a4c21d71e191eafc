"""Writes out what voices read wrongly: units, prices, dates, ordinals, abbreviations, addresses. Knows no voice.

Plain numbers, decimals, per cent, times of day and emoji are left alone: eSpeak, which both kinds of voices use, reads them in
each language. Names of units and months come from Babel (the Unicode CLDR), those of currencies and ordinals from num2words.
"""

from __future__ import annotations

import datetime
import functools
import re
import tomllib
from collections.abc import Callable
from decimal import Decimal
from importlib import resources

_UNITS = {
    "mm": "length-millimeter", "cm": "length-centimeter", "m": "length-meter", "km": "length-kilometer",
    "ft": "length-foot", "mi": "length-mile", "g": "mass-gram", "kg": "mass-kilogram", "lb": "mass-pound", "oz": "mass-ounce",
    "ml": "volume-milliliter", "mL": "volume-milliliter", "cl": "volume-centiliter", "l": "volume-liter", "L": "volume-liter",
    "km/h": "speed-kilometer-per-hour", "mph": "speed-mile-per-hour", "m/s": "speed-meter-per-second",
    "°C": "temperature-celsius", "°F": "temperature-fahrenheit", "min": "duration-minute",
    "MB": "digital-megabyte", "GB": "digital-gigabyte", "W": "power-watt", "kW": "power-kilowatt", "V": "electric-volt",
}  # fmt: skip
"""Symbol -> CLDR's name; without those that are words too ("in"), or ordinals (Italian "2°")."""
_CURRENCIES = {"€": "EUR", "$": "USD", "£": "GBP", "R$": "BRL", "EUR": "EUR", "USD": "USD", "GBP": "GBP"}
_NUMBER = r"\d+(?:[.,\u00a0\u202f ]\d{3})*(?:[.,]\d+)?"
_SIGN = "|".join(re.escape(sign) for sign in _CURRENCIES)
_UNIT = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))

_PRICE = re.compile(rf"(?<!\w)(?P<before>{_SIGN})\s?(?P<a>{_NUMBER})(?!\w)|(?<![\w.,])(?P<b>{_NUMBER})\s?(?P<after>{_SIGN})(?!\w)")
_MEASURE = re.compile(rf"(?<![\w.,])(?P<number>{_NUMBER})\s?(?P<unit>{_UNIT})(?![\w/²³])")
_DATE = re.compile(r"(?<![\w-])(\d{4})-(\d\d)-(\d\d)(?![\w-])")
_ADDRESS = re.compile(r"\b(?:https?://)?(?:www\.)?((?:[\w-]+\.)+[a-z]{2,})(?:[/?#][^\s\"”»)]*[\w/])?(?!\w)", re.IGNORECASE)
_SCHEME = re.compile(r"https?://|www\.", re.IGNORECASE)
_ORDINALS = {
    "fr": re.compile(r"(?<!\w)(\d+)(?:ème|e)(?!\w)"),
    "de": re.compile(r"\b(?:(?P<oblique>am|vom|zum|im|dem|den|beim|ab|seit|bis)|der|die|das) (\d+)\.(?= [A-ZÄÖÜ][a-zäöü])"),
    "nl": re.compile(r"(?<!\w)(\d+)e(?!\w)"),
}
"""Where eSpeak reads the number and then the letter; "2nd", "2º" and "1er" it knows."""


def spell_out(text: str, language: str) -> str:
    """Replace figures and short forms by the words of `language` (a code like "pt" or "pt-br"); what isn't known there stays as it is.

    "It costs $5, 2 km away." -> "It costs 5 dollars, 2 kilometers away."
    """
    language = language[:2]
    for pattern, words in _abbreviations(language):
        text = pattern.sub(functools.partial(_in_words, words), text)
    text = _ADDRESS.sub(_host, text)
    text = _PRICE.sub(lambda match: _or_same(match, _price, language), text)
    text = _MEASURE.sub(lambda match: _or_same(match, _measure, language), text)
    text = _DATE.sub(lambda match: _or_same(match, _date, language), text)
    if language in _ORDINALS:
        text = _ORDINALS[language].sub(lambda match: _or_same(match, _ordinal, language), text)
    return text


def _or_same(match: re.Match[str], words: Callable[[re.Match[str], str], str], language: str) -> str:
    """The words, or the text itself where the libraries don't know the language or the number."""
    from babel import UnknownLocaleError

    try:
        return words(match, language)
    except (UnknownLocaleError, ValueError, LookupError, TypeError, AttributeError, NotImplementedError, ArithmeticError):
        return match[0]


def _in_words(words: str, match: re.Match[str]) -> str:
    """An abbreviation's words; its stop stays where it ends the text too."""
    return f"{words}." if match[0].endswith(".") and match.end() == len(match.string) else words


def _price(match: re.Match[str], language: str) -> str:
    """5 € -> 5 euros, with the digits left to the voice; 12,50 € -> twelve euros and fifty cents, in words."""
    from num2words import CONVERTER_CLASSES, num2words

    sign, written = match["before"] or match["after"], match["a"] or match["b"]
    currency, amount = _CURRENCIES[sign], _parse(written, language)
    singular, *_, plural = CONVERTER_CLASSES[language].CURRENCY_FORMS[currency][0]
    if amount == int(amount):
        return f"{written} {singular if amount == 1 else plural}"
    return str(num2words(float(amount), to="currency", currency=currency, lang=language))


def _measure(match: re.Match[str], language: str) -> str:
    from babel import Locale
    from babel.units import format_unit, get_unit_name

    unit = _UNITS[match["unit"]]
    if get_unit_name(unit, "long", Locale(language)) is None:
        raise LookupError(unit)
    return str(format_unit(_parse(match["number"], language), unit, "long", locale=language))


def _date(match: re.Match[str], language: str) -> str:
    from babel.dates import format_date

    return str(format_date(datetime.date(int(match[1]), int(match[2]), int(match[3])), "long", locale=language))


def _ordinal(match: re.Match[str], language: str) -> str:
    from num2words import num2words

    number = match[match.lastindex or 0]
    words = str(num2words(int(number), to="ordinal", lang=language))
    ending = "n" if match.groupdict().get("oblique") else ""  # German: der zweite Stock, am zweiten Mai
    return match[0][: match.start(match.lastindex or 0) - match.start()] + words + ending


def _host(match: re.Match[str]) -> str:
    """An address without what nobody wants to hear: its scheme, www and path. Plain "word.word" stays."""
    return match[1] if _SCHEME.match(match[0]) else match[0]


def _parse(number: str, language: str) -> Decimal:
    from babel.numbers import parse_decimal

    return Decimal(parse_decimal(re.sub(r"[\u00a0\u202f ]", "", number), locale=language))


@functools.cache
def _abbreviations(language: str) -> list[tuple[re.Pattern[str], str]]:
    """List (pattern, words) of each abbreviation of the language."""
    table = tomllib.loads(resources.files(__package__).joinpath("abbreviations.toml").read_text(encoding="utf-8"))
    followers = {"A": r"(?=\s[^\W\d_a-zà-ÿ])", "#": r"(?=\s?\d)", "": r"(?!\w)"}
    found = []
    for written, words in table.get(language, {}).items():
        short, _, follower = written.rpartition(" ") if written[-1] in followers else (written, "", "")
        found.append((re.compile(r"(?<![\w.])" + re.escape(short) + followers[follower]), words))
    return found
