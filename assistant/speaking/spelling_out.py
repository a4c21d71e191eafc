"""Writes out what voices read wrongly: units, prices, dates, ordinals, abbreviations, addresses. Knows no voice.

Plain numbers, decimals, per cent and emoji are left alone: eSpeak, which both kinds of voices use, reads them in each language.
Names of months come from Babel (the Unicode CLDR), ordinals from num2words; `amounts.py` and `figures.py` have the rest.
"""

from __future__ import annotations

import datetime
import functools
import re
import tomllib
from collections.abc import Callable
from importlib import resources

from assistant.speaking.amounts import MEASURE, MINUS_BEHIND_SIGN, PRICE_RANGE, measure, money, money_patterns, size_pattern, sized
from assistant.speaking.figures import numerals_in_words, ranges_in_words, times_in_words
from assistant.speaking.spoken_forms import spoken_forms

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
    text = MINUS_BEHIND_SIGN.sub(r"\2\1", times_in_words(numerals_in_words(text, language), language))
    if to := spoken_forms(language).to:
        text = PRICE_RANGE.sub(f" {to} ", text)
    prices = [(pattern, money) for pattern in money_patterns(language)]
    for pattern, say in (*prices, (size_pattern(language), sized), (MEASURE, measure), (_DATE, _date)):
        text = pattern.sub(functools.partial(_or_same, say, language), text)
    text = ranges_in_words(text, language)
    if language in _ORDINALS:
        text = _ORDINALS[language].sub(functools.partial(_or_same, _ordinal, language), text)
    return text


def _or_same(words: Callable[[re.Match[str], str], str], language: str, match: re.Match[str]) -> str:
    """The words, or the text itself where the libraries don't know the language or the number."""
    from babel import UnknownLocaleError

    try:
        return words(match, language)
    except (UnknownLocaleError, ValueError, LookupError, TypeError, AttributeError, NotImplementedError, ArithmeticError):
        return match[0]


def _in_words(words: str, match: re.Match[str]) -> str:
    """An abbreviation's words; its stop stays where it ends the text too."""
    return f"{words}." if match[0].endswith(".") and match.end() == len(match.string) else words


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


@functools.cache
def _abbreviations(language: str) -> list[tuple[re.Pattern[str], str]]:
    """List (pattern, words) of each abbreviation of the language."""
    table = tomllib.loads(resources.files(__package__).joinpath("abbreviations.toml").read_text(encoding="utf-8"))
    return [(_short_form(written), words) for written, words in table.get(language, {}).items()]


def _short_form(written: str) -> re.Pattern[str]:
    """A pattern of a line of `abbreviations.toml`."""
    first, last = written[:2], written[-2:]
    short = written.removeprefix("A ").removeprefix("# ").removeprefix("* ").removesuffix(" A").removesuffix(" #").removesuffix(" *")
    before = {"A ": r"(?<=[a-zà-ÿ] )", "# ": r"(?<=[\dIVX] )", "* ": r"(?<=[a-zà-ÿ])"}.get(first, r"(?<![\w.])")
    after = {" A": r"(?=\s[^\W\d_a-zà-ÿ])", " #": r"(?=\s?\d)", " *": ""}.get(last, r"(?=$|[\s,;:)])" if first == "A " else r"(?!\w)")
    return re.compile(before + re.escape(short) + after)
