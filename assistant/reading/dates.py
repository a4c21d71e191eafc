"""Reads dates as they stand on packages, without guessing whether the day or the month comes first. Pure.

python-dateutil and dateparser were weighed: the first takes "2027-03-12" with the day first for the 3rd of December and "MAR 27" for a day
of the present year, knows English months alone and raises at 2027年3月12日; the second guesses by language. Names of months are babel's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import product
from typing import Literal

from babel.dates import get_month_names

from assistant.languages import languages
from assistant.reading.folding import folded, folded_with_places

PAST_YEARS, COMING_YEARS = 5, 15
"""How far from today a date with a two-digit year may be."""


@dataclass(frozen=True)
class CalendarDate:
    """A day, or a month where no day is told."""

    year: int
    month: int
    day: int | None = None


@dataclass(frozen=True)
class FoundDate:
    """A date in a text."""

    text: str
    """As it stands."""
    readings: tuple[CalendarDate, ...]
    """All that it may mean; none where its year isn't told."""


_BETWEEN = r"(?:\s|[./,\-–年月日년월일]|\bde\b|\bdel\b|\bthang\b|\bnam\b){0,5}"
"""What stands between the parts of a date: Spanish and Portuguese "de", Vietnamese "tháng" and "năm" among it."""
Part = tuple[Literal["number", "month"], int, int]
"""What it is, its value, and how many digits it has."""


def find_date(text: str, today: date) -> FoundDate | None:
    """Return the first date in a text, with each day or month that it may mean; None without any."""
    plain, places = folded_with_places(text)
    for found in _pattern().finditer(plain):
        parts = [_part(token) for token in re.findall(r"\d+|[^\W\d_]+", found[0]) if token.isdigit() or token in _months()]
        if _may_be_date(parts):
            readings = {reading: None for reading in _readings(parts, today) if _is_possible(reading)}
            return FoundDate(text[places[found.start()] : places[found.end()]], tuple(readings))
    return None


def _may_be_date(parts: list[Part]) -> bool:
    """Whether parts are no mere number: two at least, or as many digits as a date has that is written without gaps."""
    return len(parts) > 1 or parts[0][2] in (6, 8)


def _readings(parts: list[Part], today: date) -> Iterator[CalendarDate]:
    """All orders that make sense of the parts; a year of two digits only where it is near, and never where no day is told."""
    if len(parts) == 1:
        yield from _compact(str(parts[0][1]).zfill(parts[0][2]), today)
        return
    if len(parts) == 2:
        for (kind, month, _), (_, year, digits) in (parts, parts[::-1]):
            if digits == 4 and (kind == "month" or month <= 12):
                yield CalendarDate(year, month)
        return
    for day, month, year in ((0, 1, 2), (1, 0, 2), (2, 1, 0)):
        if any(kind == "month" for kind, *_ in parts) and parts[month][0] != "month":
            continue
        full = _full_year(*parts[year][1:], today)
        if parts[day][2] <= 2 and parts[month][2] <= 2 and full is not None:
            yield CalendarDate(full, parts[month][1], parts[day][1])


def _compact(digits: str, today: date) -> Iterator[CalendarDate]:
    width = len(digits) - 4
    for cuts in ((2, 4), (width, width + 2)):
        numbers = (digits[: cuts[0]], digits[cuts[0] : cuts[1]], digits[cuts[1] :])
        yield from _readings([("number", int(number), len(number)) for number in numbers], today)


def _full_year(year: int, digits: int, today: date) -> int | None:
    """The year, if one can be meant: of four digits, or of two and near today."""
    if digits == 4:
        return year if 1990 <= year <= 2100 else None
    near = range(today.year - PAST_YEARS, today.year + COMING_YEARS)
    return next((full for full in near if full % 100 == year), None) if digits == 2 else None


def _is_possible(reading: CalendarDate) -> bool:
    try:
        date(reading.year, reading.month, reading.day or 1)
    except ValueError:
        return False
    return True


def _part(token: str) -> Part:
    return ("number", int(token), len(token)) if token.isdigit() else ("month", _months()[token], 0)


@cache
def _pattern() -> re.Pattern[str]:
    names = "|".join(sorted(map(re.escape, _months()), key=len, reverse=True))
    part = rf"(?:\d{{1,8}}|(?<![^\W\d_])(?:{names})(?![^\W\d_]))"
    return re.compile(rf"(?<!\d){part}(?:{_BETWEEN}{part}){{0,2}}(?!\d)[日일]?")


@cache
def _months() -> dict[str, int]:
    """Numbers of months by their names in all languages, folded; without names that mean another month elsewhere."""
    meanings: dict[str, set[int]] = {}
    for code in languages():
        for width, context in product(("wide", "abbreviated"), ("format", "stand-alone")):
            for month, name in get_month_names(width, context, code).items():
                plain = folded(name).rstrip(".")
                if re.fullmatch(r"[^\W\d_]+", plain):
                    meanings.setdefault(plain, set()).add(month)
    return {name: months.pop() for name, months in meanings.items() if len(months) == 1}
