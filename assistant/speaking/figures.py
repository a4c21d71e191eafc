"""Writes out times of day, ranges, numbers below nought and Roman numerals as a language says them. Pure."""

from __future__ import annotations

import functools
import re
from decimal import Decimal

from assistant.speaking.spoken_forms import Regnal, Times, plural, spoken_forms

_ROMAN = r"(?=[IVX])X{0,3}(?:IX|IV|V?I{0,3})"
_NUMERAL = re.compile(rf"(?<![\w.-])(?<!\b[Aa]n )(?=[IVX]{{2}})({_ROMAN})(?=e\b|[^\w.]|\.(?!\w)|$)")
"""Of two letters or more: "I", "V" and "X" are words too."""
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10}
_RANGE = re.compile(r"(?<![\w.,:/–-])(\d{1,4}(?:[.,]\d{1,2})?)(\s?–\s?|-)(\d{1,4}(?:[.,]\d{1,2})?)(?![\w/–-]|[.,:]\d)")
_MINUS = re.compile(r"(?<![\w.,)\]–%-])(?<!\d )[-−](?=\d)")
_TIME_RANGE = re.compile(r"(\d[hH]|[:h]\d\d)\s?[-–]\s?(?=\d{1,2}(?::\d\d|[hH]))")
_PHONE = (3, 4)
"""Digits of the parts of what looks like a range and is a number to call."""


def times_in_words(text: str, language: str) -> str:
    """07:00 -> 7 o'clock, where a voice would read the noughts; um 14:30 Uhr -> um 14 Uhr 30."""
    forms = spoken_forms(language)
    if forms.to:
        text = _TIME_RANGE.sub(rf"\1 {forms.to} ", text)
    return _time_pattern(language).sub(functools.partial(_time, forms.times, language), text)


@functools.cache
def _time_pattern(language: str) -> re.Pattern[str]:
    suffix = spoken_forms(language).times.suffix
    half = r"(?P<noon> ?[ap]\.?m\b\.?)" if language == "en" else "(?P<noon>(?!))"
    after = rf"(?:\s?(?P<suffix>{suffix}))?" if suffix and suffix != "h" else "(?P<suffix>(?!))?"
    clock = r"(?P<h>\d{1,2}):(?P<m>[0-5]\d)"
    if suffix == "h":
        clock = rf"(?:{clock}|(?P<h2>\d{{1,2}}) ?[hH](?: ?(?P<m2>[0-5]\d))?)"
    elif suffix:
        clock = rf"(?:{clock}|(?P<h2>\d{{1,2}})\.(?P<m2>[0-5]\d)(?=\s?{suffix}))"
    return re.compile(rf"(?<![\w:.,/]){clock}{after}{half}?(?![\w:/]|\.\d)")


def _time(times: Times, language: str, match: re.Match[str]) -> str:
    found = {name: value for name, value in match.groupdict().items() if value}
    is_worded = "h2" in found or "suffix" in found
    hours, minutes = int(found.get("h") or found["h2"]), int(found.get("m") or found.get("m2") or 0)
    if hours > 24:
        return match[0]
    if "noon" in found:
        return match[0] if minutes else f"{hours} {found['noon'].strip()}"
    template = times.whole if not minutes else times.full if is_worded and times.full else times.low if minutes < 10 else ""
    return plural(template, Decimal(hours), language).format(h=hours, m=minutes) if template else match[0]


def ranges_in_words(text: str, language: str) -> str:
    """20-30 -> 20 to 30; -5 -> minus 5, which voices leave out in some languages."""
    forms = spoken_forms(language)
    if forms.to:
        text = _RANGE.sub(functools.partial(_range, forms.to), text)
    return _MINUS.sub(f"{forms.minus} ", text) if forms.minus else text


def _range(to: str, match: re.Match[str]) -> str:
    first, dash, second = match[1], match[2], match[3]
    is_hyphen, digits = dash == "-", (len(first), len(second))
    is_odd = digits == _PHONE or any(part.startswith("0") and part[1:2].isdecimal() for part in (first, second))
    if is_hyphen and (float(first.replace(",", ".")) >= float(second.replace(",", ".")) or abs(digits[0] - digits[1]) > 1):
        is_odd = True  # a score, a month and a year
    if is_odd:
        return match[0]
    return f"{first} {to} {second}"


def numerals_in_words(text: str, language: str) -> str:
    """Henry VIII -> Henry the eighth; World War II -> World War 2."""
    forms = spoken_forms(language)
    for names, is_woman in ((forms.regnal.kings, False), (forms.regnal.queens, True)):
        if names and (forms.regnal.woman or forms.regnal.man):
            text = _regnal_pattern(names, language).sub(functools.partial(_ranked, forms.regnal, is_woman, language), text)
    return text if forms.keeps_roman or not forms.to else _NUMERAL.sub(lambda match: str(_value(match[1])), text)


@functools.cache
def _regnal_pattern(names: str, language: str) -> re.Pattern[str]:
    no_pronoun = r"(?!I [a-z])" if language == "en" else ""  # "Mary I saw"
    return re.compile(rf"\b(?P<name>{names.replace(' ', '|')}) {no_pronoun}(?P<numeral>{_ROMAN})(?:er|re)?(?![\w'’])(?P<stop>\.?)")


def _ranked(regnal: Regnal, is_woman: bool, language: str, match: re.Match[str]) -> str:
    value = _value(match["numeral"])
    ordinal = _ordinal(regnal, value, is_woman, language)
    template = (regnal.woman if is_woman else regnal.man) or regnal.man
    rank = ordinal if value <= regnal.most else str(value)
    said = template.format(ordinal=ordinal, Ordinal=ordinal.capitalize(), rank=rank)
    following = match.string[match.end() :].lstrip()
    stop = match["stop"] if not following or following[0].isupper() else ""
    return f"{match['name']} {said}{stop}"


def _ordinal(regnal: Regnal, value: int, is_woman: bool, language: str) -> str:
    """The rank in words, of a man or a woman."""
    if value > regnal.most:
        return ""
    if language == "fr":
        return regnal.first[is_woman]
    if regnal.first:
        ordinal = regnal.first[value - 1]
    else:
        from num2words import num2words

        ordinal = str(num2words(value, to="ordinal", lang=language))
    for ending, feminine in zip(regnal.feminine[::2], regnal.feminine[1::2], strict=True):
        if is_woman and ordinal.endswith(ending):
            return ordinal.removesuffix(ending) + feminine
    return ordinal


def _value(numeral: str) -> int:
    """XIV -> 14"""
    values = [_ROMAN_VALUES[letter] for letter in numeral]
    return sum(-value if value < max(values[place:]) else value for place, value in enumerate(values))
