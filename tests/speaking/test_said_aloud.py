"""Amounts, marks and other scripts as a person says them: 318 cases in eight languages, written before the code that passes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.speaking.mixed_languages import language_parts
from assistant.speaking.speakable_text import speakable_pieces

CASES = Path(__file__).parents[1] / "support" / "said_aloud.tsv"


def cases() -> list[tuple[str, str, str]]:
    """Return (language, written, said) of each case."""
    lines = (line for line in CASES.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return [tuple(line.split("\t")) for line in lines]  # type: ignore[misc]


def said(text: str, language: str) -> str:
    """Return what the voices are given, that of another language in brackets."""
    parts = []
    for part, own in language_parts(text, language, language):
        words = " ".join(speakable_pieces(part, own))
        parts.append(words if own == language else f"[{own} {words}]")
    return " ".join(parts)


def is_right(language: str, written: str, right: str) -> bool:
    """Tell whether one of the ways that are right is said."""
    ways = right.replace("\\u00a0", "\u00a0").split(" | ")
    return said(written.replace("\\n", "\n"), language).replace("\u00a0", " ") in [way.replace("\u00a0", " ") for way in ways]


@pytest.mark.parametrize(("language", "written", "right"), cases())
def test_what_is_written_is_said_as_people_say_it(language: str, written: str, right: str) -> None:
    assert is_right(language, written, right), said(written.replace("\\n", "\n"), language)
