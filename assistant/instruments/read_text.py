"""Answers questions about text: what it says, whether it says something, the sum, the date, the name on a package. Nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from math import ceil
from typing import get_args

from assistant.instruments.page_reader import PageReader
from assistant.interfaces import Instrument, TextReader
from assistant.messages import Ask, Detail, Finding, FindingKind, Picture, ReadingIntent, TextLine, TextPiece, View
from assistant.reading.aiming import Aim, Aimer, aim
from assistant.reading.find_text import Found, beginning, expiry, find_text, largest_text, quote, total
from assistant.reading.folding import folded
from assistant.reading.page import Page, letter_height
from assistant.reading.page_edges import page_corners
from assistant.reading.page_talk import Passage, Reading, doubted
from assistant.reading.text_language import may_be_misread, text_language
from assistant.seeing.places import place_of
from assistant.settings import CameraSettings

RELIABILITY = 0.98
"""Share of the words told as sure that are right: 0.991 on photographs, 0.987 on rendered pages (docs/reading.md)."""
PAGE_LINES = 12
"""Lines from which the number of them is told first: that is heard while the page is being read."""
LARGE_PICTURE = 1600
"""Pixels along an edge from which print may be too fine to be found at a glance."""
READABLE_PX = 14
"""Height of a line, in pixels, from which PP-OCR makes few errors."""
LARGE, SURE_SIGN = 0.05, 0.9
"""Height of letters, as a share of the picture's, and their probability, from which they are told unasked."""
LONGEST_SIGN = 60
"""Letters of such a text that are told; the rest is read when it is asked for."""
SOURCE = "text"

MOVES: tuple[Aim, ...] = ("cut_left", "cut_right", "cut_top", "cut_bottom", "closer", "back")
"""What is told after reading: how the camera must move for the rest."""


class TextInstrument(Instrument):
    """Implements `interfaces.Instrument` with a TextReader. It remembers the last page, and the place in it."""

    def __init__(
        self,
        reader: TextReader,
        today: Callable[[], date] = date.today,
        reads: Collection[str] = (),
        opening_degrees: float = CameraSettings().opening_degrees,
    ) -> None:
        """Read with a reader.

        Args:
            reader: finds and reads lines.
            today: tells when it is, for the century of a date.
            reads: codes of the languages of which it knows all letters; none = all.
            opening_degrees: how wide the camera sees from left to right.
        """
        self._opening_degrees = opening_degrees
        self._reads = reads
        self._pages = PageReader(reader)
        self._today = today
        self._reading = Reading(Page())
        self._growing: Iterator[Page] = iter(())
        """More and more of the page that is being read."""
        self._aimer = Aimer()
        self._is_in_use = False
        """Who never asks for text doesn't pay for it ahead."""

    def reliability(self, ask: Ask) -> float:
        """Return how often what it tells is right: it answers whatever asks for text."""
        return RELIABILITY if ask.intent in get_args(ReadingIntent) else 0.0

    def examine(self, view: View, ask: Ask, detail: Detail = "brief") -> Iterator[Finding]:
        """Yield what stands in the pictures, the newest last. Ask for the next passage only when there is room to say it."""
        self._is_in_use |= ask.intent not in ("quote", "find_sign")
        match ask.intent:
            case "read" | "read_all" | "translate_text":
                yield from self._read_aloud(view, ask)
            case "has_text":
                yield from self._has_text(view)
            case "find_text":
                yield from self._find(view, ask)
            case "total":
                yield from _label(total(self._page(view)), "total_is", "no_total")
            case "brand":
                yield from _label(largest_text(self._page(view)), "it_says", "no_text")
            case "quote":
                yield from _label(found, "it_says", "") if (found := self._quoted(view, ask)) else ()
            case "find_sign":
                yield from self._sign_of(view, ask, found) if (found := self._quoted(view, ask)) else ()
            case "aim":
                yield from self._aim(view)
            case "sign":
                yield from self._sign(view)
            case "expiry":
                yield from self._expiry(view)
            case _:
                yield from self._go_on(view, ask)

    def prepare(self, view: View) -> Iterator[None]:
        """Read the first lines of the newest picture, once text was asked for."""
        if self._is_in_use:
            yield from self._pages.prepare(_pictures(view)[-1])

    def forget(self) -> None:
        """Drop the page and free the reader's memory until text is asked for again."""
        self._pages.forget()
        self._is_in_use = False
        self._reading, self._growing = Reading(Page()), iter(())

    def _read_aloud(self, view: View, ask: Ask) -> Iterator[Finding]:
        """All of it; of a page first how long it is, which is heard while it is being read."""
        self._reading, self._growing = Reading(Page()), iter(())  # whoever interrupts that has done with the last page
        pictures = _pictures(view)
        found = self._pages.find(pictures[-1])
        self._aimer = Aimer()
        if not found and max(pictures[-1].shape) < LARGE_PICTURE:
            yield _no_text(pictures[-1])
            return
        is_page = len(found) >= PAGE_LINES
        if is_page:
            yield _told("page_lines", n=str(_about(len(found))))
        self._reading, self._growing = Reading(Page()), self._pages.grow(pictures, found)
        yield from self._rest(ask)
        kinds = {piece.kind for passage in self._reading.passages for piece in passage.pieces}
        if not found:  # print so fine that only the closer look finds it
            yield _told("aim_closer") if kinds else _no_text(pictures[-1])
            return
        script = self._reading.unread_script
        if script or not kinds or kinds & {"unreadable", "unreadable_number"}:
            yield _told("cant_read_script", script=script) if script else Finding("refusal", "cant_read_text", 1.0, SOURCE)
        move = aim(found, None, picture_height_px=len(pictures[-1]), readable_px=READABLE_PX)
        if move in MOVES and not (move == "closer" and kinds == {"sure"}):
            yield _told(f"aim_{move}")
        elif is_page and self._reading.passages:
            yield _told("end_of_text")

    def _go_on(self, view: View, ask: Ask) -> Iterator[Finding]:
        """In the page that was read last; that of the pictures where nothing was."""
        self._grow_for(ask)
        if not self._reading.passages and view.keyframes:
            self._reading = Reading(self._page(view))
        reading = self._reading
        if not reading.passages:
            yield _told("nothing_read")
            return
        if ask.heard_to is not None:
            reading.heard(ask.heard_to, again=ask.intent == "read_on")
        match ask.intent:
            case "read_on":
                yield from self._rest(ask)
                yield _told("end_of_text")
            case "read_from_start":
                reading.heard(0, again=True)
                yield from self._rest(ask)
            case "next_line":
                passage = reading.next()
                yield from self._passages([passage], ask) if passage else [_told("end_of_text")]
            case "previous_line":
                passage = reading.previous()
                yield from self._passages([passage], ask) if passage else [_told("first_line")]
            case "read_line":
                passage = reading.line(int(ask.thing)) if ask.thing.isdecimal() else None
                yield from self._passages([passage], ask) if passage else [_told("no_line", n=ask.thing)]
            case "spell":
                spelt = _spelt(reading.spell(), self._language(ask))
                yield replace(spelt, passage=reading.at)

    def _grow_for(self, ask: Ask) -> None:
        """Read on as far as a command needs it, where the page isn't read to its end yet."""
        at = self._reading.at + 1 if ask.heard_to is None else ceil(ask.heard_to)
        wanted = {
            "next_line": at + 1,
            "previous_line": at,
            "spell": max(at, 1),
            "read_line": int(ask.thing) if ask.thing.isdecimal() else 0,
        }
        while len(self._reading.passages) < wanted.get(ask.intent, 0) and (page := next(self._growing, None)):
            self._reading.grow(page)

    def _rest(self, ask: Ask) -> Iterator[Finding]:
        """What comes after the current passage, also where the page is still being read."""
        yield from self._passages(iter(self._reading.next, None), ask)
        for page in self._growing:
            self._reading.grow(page)
            yield from self._passages(iter(self._reading.next, None), ask)

    def _aim(self, view: View) -> Iterator[Finding]:
        """How to move the camera, from where text stands alone; nothing while the hand must only stay as it is for a moment more."""
        picture = _pictures(view)[-1]
        problem = view.keyframes[-1].problem
        move = self._aimer.next(
            self._pages.find(picture), problem, page_corners(picture), picture_height_px=len(picture), readable_px=READABLE_PX
        )
        if move:
            yield _told(f"aim_{move}")

    def _has_text(self, view: View) -> Iterator[Finding]:
        found = self._pages.find(_pictures(view)[-1])
        yield _told("some_text") if found else _told("no_text")
        if found:
            yield _told("text_lines", n=str(_about(len(found))))

    def _sign(self, view: View) -> Iterator[Finding]:
        """What people would notice without asking; nothing where there are no large letters, or they aren't sure."""
        found = largest_text(self._page_at_a_glance(view))
        if found and _sureness(found) >= SURE_SIGN and max(map(letter_height, found.lines)) >= LARGE:
            yield from _label(beginning(found, LONGEST_SIGN), "it_says", "")

    def _find(self, view: View, ask: Ask) -> Iterator[Finding]:
        found = find_text(self._page(view), ask.thing)
        yield from _label(found, "found_text", "not_found_text", wanted=ask.thing)

    def _quoted(self, view: View, ask: Ask) -> Found | None:
        """What the text says of what is asked about; None where it says nothing of it."""
        return quote(self._page_at_a_glance(view), ask.choices)

    def _sign_of(self, view: View, ask: Ask, found: Found) -> Iterator[Finding]:
        """Where the thing is that a sign names; a text in which it is only mentioned is told as it stands."""
        names = {folded(choice) for choice in ask.choices}
        if folded(found.text).strip(" .:!") not in names:
            yield from _label(found, "it_says", "")
            return
        region, (height, width, _) = found.lines[0].region, _pictures(view)[-1].shape
        place = place_of(SOURCE, region, width / height, self._opening_degrees)
        yield Finding("place", place.keys, _sureness(found), SOURCE, ask.thing, region=region)

    def _expiry(self, view: View) -> Iterator[Finding]:
        """The date, where it is clear which is the day and which the month; else as it stands."""
        found = expiry(self._page(view), self._today())
        if found is None:
            yield _told("no_date")
        elif len(found.dates) > 1:
            yield from _label(found, "date_unclear", "")
        elif found.dates:
            yield _told("expires", _sureness(found), found.lines, date=found.text)
        else:
            yield from _label(found, "it_says", "")

    def _page_at_a_glance(self, view: View) -> Page:
        """The text of the pictures where any is found without a closer look: of whoever didn't ask for it nobody waits for that."""
        return self._page(view) if self._pages.find(_pictures(view)[-1]) else Page()

    def _page(self, view: View) -> Page:
        return self._pages.read(_pictures(view))

    def _passages(self, passages: Iterator[Passage] | Sequence[Passage], ask: Ask) -> Iterator[Finding]:
        usual = self._language(ask)
        for passage in passages:
            language = text_language(passage.text, usual)
            if may_be_misread(passage.text, language, ask.language, self._reads):
                passage = doubted(passage)
            kind: FindingKind = "translation" if ask.intent == "translate_text" else "reading"
            thing = ask.thing if kind == "translation" else ""
            place = self._reading.at
            yield Finding(kind, passage.pieces, passage.probability, SOURCE, thing, False, False, passage.region, language, place)

    def _language(self, ask: Ask) -> str:
        return text_language(" ".join(passage.text for passage in self._reading.passages), ask.language)


def _pictures(view: View) -> list[Picture]:
    return [keyframe.frame.picture for keyframe in view.keyframes]


def _no_text(picture: Picture) -> Finding:
    """A sheet without any is likely turned over."""
    return _told("aim_no_text" if page_corners(picture) else "no_text")


def _label(found: Found | None, key: str, none: str, wanted: str = "") -> Iterator[Finding]:
    if found:
        yield _told(key, _sureness(found), found.lines, text=found.text)
    else:
        yield _told(none, text=wanted) if wanted else _told(none)


def _told(key: str, probability: float = 1.0, lines: Sequence[TextLine] = (), **values: str) -> Finding:
    region = lines[0].region if lines else None
    return Finding("label", (key, values), probability, SOURCE, region=region)


def _sureness(found: Found) -> float:
    return min((line.probability for line in found.lines), default=1.0)


def _about(lines: int) -> int:
    """A number of lines as people say it: 43 are about forty."""
    return lines if lines < PAGE_LINES else round(lines, -1)


def _spelt(characters: Sequence[str | None], language: str) -> Finding:
    """Each character by itself, so that a voice says its name; a longer pause between words."""
    said = [";" if character == " " else character for character in characters]
    pieces = tuple(TextPiece("sure", f"{character},") if character else TextPiece("unreadable", "") for character in said)
    return Finding("reading", pieces, 1.0, SOURCE, language=language)
