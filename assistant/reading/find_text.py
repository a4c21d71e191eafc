"""Answers from the text of a page alone: where a word stands, the sum of a receipt, a best-before date, the largest letters. Pure.

Everything is returned exactly as it stands there; where a digit isn't sure, nothing is.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from itertools import product

import msgspec

from assistant.messages import TextLine
from assistant.reading.dates import CalendarDate, find_date
from assistant.reading.doubts import digits_are_sure, is_noise
from assistant.reading.folding import folded, place_after
from assistant.reading.page import Page, joined, letter_height
from assistant.toml_files import load_toml

NEARLY = 0.8
"""Likeness, in difflib's sense, of words of FUZZY_LETTERS that a reader may have misread by a letter."""
FUZZY_LETTERS = 5
LARGEST = 0.8
"""Heights of the largest line down to which others belong to it: a name may stand on two lines."""
MOST_QUOTED = 6
"""Lines of a quotation."""
FULL_LABEL = 6
"""Letters from which what stands beside a date can't be a part of something else."""

_AMOUNT = re.compile(
    r"(?:[€$£¥₹₽₺₴₩₫]\s?|\b(?:Rp|Rs|R\$|TL|US\$)\.?\s?)?-?\d+(?:[.,'’\u00a0 ]\d{3})*(?:[.,]\d{1,2})?(?![.,]?\d)"
    r"(?:\s?(?:[€$£¥₹₽₺₴₩₫₱元円원đ]|(?:[A-Z]{3}|zł|Kč|kr|руб|грн|р|TL)\b\.?))?"
    r"(?!\s?(?:%|(?i:[kmµ]?g|mcg|[mc]?l|kcal|kj|pcs|items?|x)\b))"
)
"""A number that may be money: "Total fat 12 g" is no sum."""


@dataclass(frozen=True)
class Found:
    """Something that stands on a page."""

    text: str
    """Exactly as it stands there."""
    lines: tuple[TextLine, ...]
    """That it was read from."""


@dataclass(frozen=True)
class Expiry(Found):
    """A best-before or use-by date."""

    dates: tuple[CalendarDate, ...] = ()
    """All that it may mean, one where that is clear; none where only the text can be told."""


class _Labels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    total: tuple[str, ...]
    due: tuple[str, ...]
    not_total: tuple[str, ...]
    expiry: tuple[str, ...]


def find_text(page: Page, wanted: str) -> Found | None:
    """Return the first line, or lines of a paragraph, in which words stand, whatever their capitals and accents; else nearly so.

    Numbers must be the same and sure. None where the words aren't on the page.
    """
    if not folded(wanted).strip():
        return None
    for matches in (_contains, _nearly_contains):
        for lines in _stretches(page):
            if matches(" ".join(line.text for line in lines), wanted) or matches(_joined(lines), wanted):
                sure = all(map(digits_are_sure, lines)) or not any(character.isdigit() for character in wanted)
                return Found(_joined(lines), lines) if sure else None
    return None


def quote(page: Page, words: Sequence[str]) -> Found | None:
    """Return the line in which the first of these words stands that is on the page, with the lines that it goes on in.

    None where none of them is there, or where a digit isn't sure.
    """
    for word, matches in product(words, (_contains, _nearly_contains)):
        for block in page.blocks:
            for number, line in enumerate(block.lines):
                if matches(line.text, word):
                    lines = _going_on(block.lines[number:])
                    return Found(_joined(lines), lines) if all(map(digits_are_sure, lines)) else None
    return None


def total(page: Page) -> Found | None:
    """Return the sum of a receipt: the amount beside "total", "amount due" or the like; None where it isn't clear or isn't sure."""
    found: dict[str, list[Found | None]] = {"due": [], "total": []}
    entries = list(_entries(page))
    for index, lines in enumerate(entries):
        text = _joined(lines)
        kind = _kind_of_total(text)
        if kind:
            following = entries[index + 1 : index + 2]
            found[kind].append(_amount(lines) or next((_amount(after) for after in following if _is_amount_only(_joined(after))), None))
    for kind in ("due", "total"):
        amounts = [each for each in found[kind] if each is not None]
        if len({re.sub(r"\D", "", each.text) for each in amounts}) > 1:
            return None
        if amounts:
            return amounts[-1] if all(map(digits_are_sure, amounts[-1].lines)) else None
    return None


def expiry(page: Page, today: date) -> Expiry | None:
    """Return the date beside "best before", "use by" or the like; its text alone where no date is read there ("see lid").

    None where there is no such label, or where a digit of the date isn't sure. `today` tells what century a year is of.
    """
    entries = list(_entries(page))
    undated = None
    for index, lines in enumerate(entries):
        text = _joined(lines)
        label, place = _label(text, "expiry")
        if not label:
            continue
        for candidate, start in ((lines, place), *((after, 0) for after in entries[index + 1 : index + 3])):
            found = find_date(_joined(candidate)[start:], today)
            if found:
                return Expiry(found.text, candidate, found.readings) if all(map(digits_are_sure, candidate)) else None
        if undated is None and len(label) >= FULL_LABEL:
            undated = Expiry(text, lines)
    return undated


def largest_text(page: Page) -> Found | None:
    """Return the text in the largest letters, such as a brand or sign; None where there is none or a digit of it isn't sure."""
    blocks = [tuple(line for line in block.lines if line.text.strip() and not is_noise(line)) for block in page.blocks]
    heights = [[letter_height(line) for line in lines] for lines in blocks]
    largest = max((height for each in heights for height in each), default=0.0)
    for lines, each in zip(blocks, heights, strict=True):
        if each and max(each) == largest:
            chosen = tuple(line for line, height in zip(lines, each, strict=True) if height >= LARGEST * largest)
            return Found(_joined(chosen), chosen) if all(map(digits_are_sure, chosen)) else None
    return None


def beginning(found: Found, letters: int) -> Found:
    """Return the first lines of what was found, as many as have so few letters together, and one at least."""
    lines = list(found.lines)
    while len(lines) > 1 and sum(len(line.text) for line in lines) > letters:
        lines.pop()
    return Found(_joined(lines), tuple(lines))


def _going_on(lines: Sequence[TextLine]) -> tuple[TextLine, ...]:
    """The first line and those that the same sentence or list goes on in."""
    taken = list(lines[:1])
    for line in lines[1:MOST_QUOTED]:
        if not (taken[-1].text.rstrip().endswith((",", ":", ";", "-", "、", "،")) or line.text.lstrip()[:1].islower()):
            break
        taken.append(line)
    return tuple(taken)


def _stretches(page: Page) -> Iterator[tuple[TextLine, ...]]:
    """Lines alone, then each with the next one of its block: words may go on there."""
    for line in page.lines:
        yield (line,)
    for block in page.blocks:
        yield from zip(block.lines, block.lines[1:], strict=False)


def _entries(page: Page) -> Iterator[tuple[TextLine, ...]]:
    """Rows, and the single lines of all else."""
    for block in page.blocks:
        if block.kind == "row":
            yield block.lines
        else:
            yield from ((line,) for line in block.lines)


def _joined(lines: Sequence[TextLine]) -> str:
    text = ""
    for line in lines:
        text = joined(text, line.text)
    return text


def _contains(text: str, wanted: str) -> bool:
    return place_after(wanted, text) is not None


def _nearly_contains(text: str, wanted: str) -> bool:
    """Whether as many words of the text are like the wanted ones: long ones by most of their letters, the others by all."""
    words, needed = re.findall(r"\w+", folded(text)), re.findall(r"\w+", folded(wanted))
    return any(all(map(_alike, needed, words[at : at + len(needed)])) for at in range(len(words) - len(needed) + 1))


def _alike(one: str, other: str) -> bool:
    if one == other or min(len(one), len(other)) < FUZZY_LETTERS or any(map(str.isdigit, one + other)):
        return one == other
    return other.startswith(one) or difflib.SequenceMatcher(None, one, other, autojunk=False).ratio() >= NEARLY


def _kind_of_total(text: str) -> str:
    """Whether a line names the sum: "due" (what is to be paid), "total" or ""."""
    longest = {kind: len(_label(text, kind)[0]) for kind in ("not_total", "due", "total")}
    if longest["not_total"] >= max(longest["due"], longest["total"], 1):
        return ""
    return "due" if longest["due"] >= max(longest["total"], 1) else "total" if longest["total"] else ""


def _label(text: str, kind: str) -> tuple[str, int]:
    """The longest label of a kind in a text, of any language, and where the text goes on after it; "" without any."""
    found = ((label, place_after(label, text)) for label in _labels()[kind])
    return max(((label, place) for label, place in found if place is not None), key=lambda each: len(each[0]), default=("", 0))


def _amount(lines: Sequence[TextLine]) -> Found | None:
    """The one amount in a row; of several the one with cents, where that is one."""
    amounts = [(match[0].strip(), line) for line in lines for match in _AMOUNT.finditer(line.text)]
    if len(amounts) > 1:
        amounts = [each for each in amounts if re.search(r"[.,]\d\d(?!\d)", each[0])]
    return Found(amounts[0][0], (amounts[0][1],)) if len(amounts) == 1 else None


def _is_amount_only(text: str) -> bool:
    return sum(character.isalpha() for character in text) <= 3


@cache
def _labels() -> dict[str, tuple[str, ...]]:
    """The labels of all languages together: packages and receipts aren't in the user's own."""
    path = resources.files("assistant.reading") / "label_words.toml"
    tables = load_toml(path, dict[str, _Labels], "the table of labels", "reinstall the assistant").values()
    gathered: dict[str, Callable[[_Labels], tuple[str, ...]]] = {
        "total": lambda labels: labels.total,
        "due": lambda labels: labels.due,
        "not_total": lambda labels: labels.not_total,
        "expiry": lambda labels: labels.expiry,
    }
    return {kind: tuple(sorted({label for table in tables for label in of(table)})) for kind, of in gathered.items()}
