"""The tables of standards and attacks: every line either names tests that are there, or says plainly that it isn't met."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.folders import PROJECT

PLAIN = ("there are none", "no numbers are entered")
"""What there is nothing to be shown of."""


def rows(document: str, heading: str) -> list[list[str]]:
    """The cells of every table below a heading, without the tables' heads."""
    text = (PROJECT / "docs" / document).read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return [line for line in lines if not set("".join(line)) <= set("-") and line[-1] != "test"]


@pytest.mark.parametrize(("document", "heading", "least"), [("kiosk.md", "Standards", 35), ("service.md", "What was tried against it", 15)])
def test_every_line_names_a_test_or_is_plainly_not_met(document: str, heading: str, least: int) -> None:
    told = rows(document, heading)
    assert len(told) >= least
    for what, how, test in told:
        named = re.findall(r"`(tests/[\w/.]+)`", test)
        assert all((PROJECT / Path(name)).is_file() for name in named), what
        assert named or "**not met**" in how or how in PLAIN, what
