"""Writes out amounts of money and measures in the words of a language, the digits left to the voice. Pure.

Names of units come from Babel (the Unicode CLDR), those of money from `spoken_forms.toml` and, where that has none, from num2words
and Babel. Where nobody knows a name LookupError or an error of those libraries is raised.
"""

from __future__ import annotations

import functools
import re
from decimal import Decimal

from assistant.speaking.spoken_forms import of_many, plural, spoken_forms

UNITS = {
    "mm": "length-millimeter", "cm": "length-centimeter", "m": "length-meter", "km": "length-kilometer",
    "ft": "length-foot", "mi": "length-mile", "g": "mass-gram", "kg": "mass-kilogram", "lb": "mass-pound", "oz": "mass-ounce",
    "ml": "volume-milliliter", "mL": "volume-milliliter", "cl": "volume-centiliter", "l": "volume-liter", "L": "volume-liter",
    "km/h": "speed-kilometer-per-hour", "km/u": "speed-kilometer-per-hour", "mph": "speed-mile-per-hour", "m/s": "speed-meter-per-second",
    "°C": "temperature-celsius", "°F": "temperature-fahrenheit", "min": "duration-minute",
    "cm²": "area-square-centimeter", "m²": "area-square-meter", "km²": "area-square-kilometer", "m³": "volume-cubic-meter",
    "MB": "digital-megabyte", "GB": "digital-gigabyte", "W": "power-watt", "kW": "power-kilowatt", "V": "electric-volt",
}  # fmt: skip
"""Symbol -> CLDR's name; without those that are words too ("in"), or ordinals (Italian "2°")."""
CURRENCIES = {
    "€": "EUR", "$": "USD", "US$": "USD", "£": "GBP", "R$": "BRL", "¥": "JPY", "zł": "PLN", "Kč": "CZK", "₽": "RUB", "₴": "UAH",
    "₹": "INR", "₩": "KRW", "CHF": "CHF", "EUR": "EUR", "USD": "USD", "GBP": "GBP", "BRL": "BRL", "PLN": "PLN",
}  # fmt: skip
NUMBER = r"\d+(?:[.,\u00a0\u202f ]\d{3})*(?:[.,]\d+)?"


def _any_of(words: list[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) or "(?!)"


_SIGN = _any_of([*CURRENCIES])
_FROM = rf"(?:(?P<start>{NUMBER})\s?[-–]\s?)?"
MINUS_BEHIND_SIGN = re.compile(rf"(?<!\w)({_SIGN})\s?([-−])(?=\d)")
"""$-5, which is -$5."""
PRICE_RANGE = re.compile(rf"(?<=\w)\s?[-–]\s?(?=(?:{_SIGN})\s?\d)|(?<=[€$£])\s?[-–]\s?(?=\d)")
"""Between two prices."""
MEASURE = re.compile(rf"(?<![\w.,–-])(?P<minus>[-−])?{_FROM}(?P<number>{NUMBER})\s?(?P<unit>{_any_of([*UNITS])})(?![\w/²³])")


@functools.cache
def money_patterns(language: str) -> tuple[re.Pattern[str], ...]:
    """Return what matches amounts of money as they are written in a language: sign first, sign last."""
    sizes = rf"(?:\s?(?P<size>{_any_of([way.lstrip('+') for way in spoken_forms(language).sizes()])})(?!\w))?"
    of = r"(?:\s(?:de|di)\s|\sd['’]|\s)?"
    before = rf"(?<!\w)(?P<minus>[-−])?(?P<sign>{_SIGN})\s?{_FROM}(?P<number>{NUMBER}){sizes}(?!\w)"
    after = rf"(?<![\w.,–])(?P<minus>[-−])?{_FROM}(?P<number>{NUMBER}){sizes}{of}(?P<sign>{_SIGN})(?!\w)"
    return re.compile(before), re.compile(after)


@functools.cache
def size_pattern(language: str) -> re.Pattern[str]:
    """Return what matches a number and a short form of "million" that needs no currency."""
    written = _any_of([way for ways in spoken_forms(language).magnitudes.values() for way in ways if not way.startswith("+")])
    return re.compile(rf"(?<![\w.,])(?P<number>{NUMBER})\s?(?P<size>{written})(?!\w)")


def sized(match: re.Match[str], language: str) -> str:
    """Say "2 Mrd." -> "2 Milliarden"."""
    sizes, written = spoken_forms(language).sizes(), match["number"]
    names = sizes.get(match["size"]) or sizes["+" + match["size"]]
    return f"{written} {plural(names, parse(written, language), language)}"


def money(match: re.Match[str], language: str) -> str:
    """Say an amount: 5 € -> 5 euros; $1.5m -> 1.5 million dollars; $-5 -> minus 5 dollars; 12,50 € -> 12 Euro und 50 Cent."""
    currency = spoken_forms(language).signs.get(match["sign"]) or CURRENCIES[match["sign"]]
    written = match["number"]
    if match["size"]:
        return _edges(match, language) + sized(match, language) + _of(match["size"], _name(currency, None, language), language)
    return _edges(match, language) + _in_parts(written, parse(written, language), currency, language)


def measure(match: re.Match[str], language: str) -> str:
    """Say a measure: 2 km -> 2 kilometers."""
    from babel import Locale
    from babel.units import format_unit, get_unit_name

    unit = UNITS[match["unit"]]
    if get_unit_name(unit, "long", Locale(language)) is None:
        raise LookupError(unit)
    return _edges(match, language) + str(format_unit(parse(match["number"], language), unit, "long", locale=language))


def parse(number: str, language: str) -> Decimal:
    """Read a number as a language writes it. ValueError."""
    from babel.numbers import parse_decimal

    return Decimal(parse_decimal(re.sub(r"[\u00a0\u202f ]", "", number), locale=language))


def _edges(match: re.Match[str], language: str) -> str:
    """What is said before the number: "minus", and where a range begins."""
    forms = spoken_forms(language)
    if match["start"] and not forms.to:
        raise LookupError(language)
    minus = f"{forms.minus} " if match["minus"] and forms.minus else "-" if match["minus"] else ""
    return minus + (f"{match['start']} {forms.to} " if match["start"] else "")


def _of(size: str, name: str, language: str) -> str:
    """What so many millions are of: " of dollars"; thousands stand right before it."""
    forms = spoken_forms(language)
    if {size, f"+{size}"} & {way for names, ways in forms.thousands.items() for way in (*names.split("|"), *ways)}:
        return f" {name}"
    of, _, before_vowel = forms.of.partition("|")
    return " " + (before_vowel if before_vowel and name[0] in "aeiouyéèh" else of) + name


def _in_parts(written: str, amount: Decimal, currency: str, language: str) -> str:
    """An amount with its hundredths, if it has any."""
    forms = spoken_forms(language)
    _, _, parts = forms.money.get(currency, "").partition("; ")
    if currency not in forms.money:
        return _by_library(written, amount, currency, language)
    if not re.search(r"[.,]\d\d$", written) or not parts:
        return _counted(written, amount, currency, language)
    whole, hundredths = divmod(int(amount * 100), 100)
    said = [_counted(str(whole), Decimal(whole), currency, language)] if whole or not hundredths else []
    said += [f"{hundredths} {plural(parts, Decimal(hundredths), language)}"] if hundredths else []
    return f" {forms.joint} ".join(said)


def _counted(written: str, amount: Decimal, currency: str, language: str) -> str:
    """12 euros; "une livre" with the article that it needs."""
    if written == "1":
        return spoken_forms(language).money[currency].partition("|")[0]
    return f"{written} {_name(currency, amount, language)}"


def _name(currency: str, amount: Decimal | None, language: str) -> str:
    """A currency's name beside a number, or (None) beside millions."""
    names = spoken_forms(language).money.get(currency, "").partition("; ")[0]
    if not names:
        from babel.numbers import get_currency_name

        return str(get_currency_name(currency, 1_000_000 if amount is None else amount, locale=language))
    one, bar, others = names.partition("|")
    names = one.split(" ", 1)[1] + bar + others
    return of_many(names) if amount is None else plural(names, amount, language)


def _by_library(written: str, amount: Decimal, currency: str, language: str) -> str:
    """What num2words knows of other languages' money; else what Babel calls it."""
    from num2words import CONVERTER_CLASSES, num2words

    forms = getattr(CONVERTER_CLASSES.get(language), "CURRENCY_FORMS", {})
    if currency not in forms:
        return f"{written} {_name(currency, amount, language)}"
    if amount != int(amount):
        return str(num2words(float(amount), to="currency", currency=currency, lang=language))
    singular, *_, several = forms[currency][0]
    return f"{written} {singular if amount == 1 else several}"
