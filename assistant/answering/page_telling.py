"""What is told of a page that was read, with its codes: in words, and as plain data for `--json` and the service. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from assistant.answering.wording import Phrase, Quotation, words_of
from assistant.messages import AnswerThresholds, Finding, Picture, Region, Sentence, TextLine
from assistant.reading.aiming import aim
from assistant.reading.page import Page
from assistant.reading.page_edges import page_corners
from assistant.reading.page_talk import doubted, passages_of
from assistant.reading.text_language import may_be_misread, text_language


class ReadCode(Protocol):
    """A code that was read."""

    @property
    def type(self) -> str:
        """Return its kind, such as "QR Code"."""
        ...

    @property
    def text(self) -> str:
        """Return what it holds."""
        ...

    @property
    def region(self) -> Region:
        """Return where it is."""
        ...

    @property
    def phrase(self) -> tuple[str, dict[str, str]]:
        """Return the phrase that tells it, and what stands in its blanks."""
        ...


@dataclass(frozen=True)
class Sheet:
    """One page or picture that was read."""

    page: Page
    codes: list[dict[str, Any]] = field(default_factory=list)
    told_codes: list[Phrase] = field(default_factory=list)
    aim: str | None = None
    """How the camera must move for the rest."""


def sheet_of(page: Page, codes: Sequence[ReadCode], picture: Picture, *, is_photograph: bool = True) -> Sheet:
    """Return what was read of uint8 [H, W, 3]; of what is no photograph nobody is told how to move the camera."""
    told = [{"type": code.type, "text": code.text, "region": vars(code.region)} for code in codes]
    move = aim(page.lines, None, page_corners(picture), picture_height_px=len(picture)) if is_photograph else "now"
    return Sheet(page, told, [Phrase(*code.phrase) for code in codes], None if move == "now" else move)


def sheet_sentences(sheet: Sheet, language: str, reads: Collection[str]) -> Iterator[Sentence]:
    """Yield what is said: passages as they stand, in what script there is more, then codes. `reads`: languages that can be read."""
    usual = text_language(sheet.page.text, language)
    for passage in passages_of(sheet.page):
        spoken = text_language(passage.text, usual)
        if may_be_misread(passage.text, spoken, language, reads):
            passage = doubted(passage)
        finding = Finding("reading", passage.pieces, passage.probability, "text", language=spoken)
        words = words_of(finding, AnswerThresholds(), language)
        assert isinstance(words, Quotation)
        yield Sentence(words.text, words.language, finding=finding)
    if script := sheet.page.unread_script:
        text, code = Phrase("cant_read_script", {"script": script}).said(language)
        yield Sentence(text, code)
    for told in sheet.told_codes:
        text, code = told.said(language)
        yield Sentence(text, code)


def sheets_data(sheets: Sequence[Sheet], language: str) -> dict[str, Any]:
    """Return what DESIGN.md section 3 promises of a text that was read."""
    text = "\n".join(sheet.page.text for sheet in sheets if sheet.page.text)
    return {
        "text": text,
        "language": text_language(text, language) if text else None,
        "lines": [_line(line, language) for sheet in sheets for line in sheet.page.lines],
        "codes": [code for sheet in sheets for code in sheet.codes],
        "aim": next((sheet.aim for sheet in sheets if sheet.aim), None),
    }


def _line(line: TextLine, language: str) -> dict[str, Any]:
    return {
        "text": line.text,
        "probability": round(line.probability, 3),
        "region": vars(line.region),
        "language": text_language(line.text, language) if line.text else None,
    }
