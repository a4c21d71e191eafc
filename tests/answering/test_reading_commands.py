"""Commands to read: what people say for each, and that none is taken for a question about text or the other way round."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from assistant.answering.commands import match_command
from assistant.languages import languages
from assistant.messages import Command
from tests.support import folders

SAID: dict[str, dict[str, list[Any]]] = tomllib.loads((folders.SUPPORT / "reading_commands.toml").read_text(encoding="utf-8"))
KINDS = ["read", "read_all", "spell", "next_line", "previous_line", "read_from_start"]
ASKED = {
    code: tomllib.loads((folders.SUPPORT / "asked" / f"{code}.toml").read_text(encoding="utf-8"))  # as test_question_parser has them
    for code in languages()
}


def test_every_language_is_tried() -> None:
    assert SAID.keys() == languages().keys()
    assert all(table.keys() == {*KINDS, "read_line"} for table in SAID.values())
    assert all(len(rows) >= 3 for table in SAID.values() for rows in table.values())


@pytest.mark.parametrize("code", SAID)
def test_what_people_say_to_have_text_read_is_understood(code: str) -> None:
    order = (code, *languages())
    assert {text: kind for kind in KINDS for text in SAID[code][kind] if match_command(text, order) != Command(kind)} == {}  # type: ignore[arg-type]


@pytest.mark.parametrize("code", SAID)
def test_a_line_may_be_counted_or_ranked_in_words_or_digits(code: str) -> None:
    order = (code, *languages())
    found = {text: match_command(text, order) for text, _ in SAID[code]["read_line"]}
    assert found == {text: Command("read_line", str(number)) for text, number in SAID[code]["read_line"]}


@pytest.mark.parametrize("code", SAID)
@pytest.mark.parametrize("intent", ["code", "translate_text", "has_text", "find_text", "expiry", "total", "brand"])
def test_what_is_asked_of_text_is_no_command(code: str, intent: str) -> None:
    assert [text for text, _ in ASKED[code][intent] if match_command(text, (code, "en"))] == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [("Go on.", "more"), ("Continue.", "more"), ("Again.", "repeat"), ("Stop.", "stop"), ("Say it in English.", "language")],
)
def test_what_was_a_command_before_is_still_the_same(text: str, kind: str) -> None:
    command = match_command(text, ("en",))
    assert command and command.kind == kind


@pytest.mark.parametrize(
    "text", ["Read the sign.", "Read it in English.", "Read the label on the bottle.", "Read line seven of nine hundred."]
)
def test_a_named_thing_is_a_question(text: str) -> None:
    assert match_command(text, ("en",)) is None
