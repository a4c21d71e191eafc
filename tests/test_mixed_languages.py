"""A sign's English inside a Spanish answer is given to the English voice."""

from __future__ import annotations

import pytest

from assistant.speaking.mixed_languages import language_parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('El cartel dice "Exit only".', [("El cartel dice", "es"), ("Exit only.", "en")]),
        ("«Push» y luego “Pull”, creo.", [("Push", "en"), ("y luego", "es"), ("Pull,", "en"), ("creo.", "es")]),
        ("No hay ningún cartel.", [("No hay ningún cartel.", "es")]),
        ('Pone "42" y "B12".', [('Pone "42" y', "es"), ("B12.", "en")]),
        ('"Exit"', [("Exit", "en")]),
        ('Una comilla suelta " aquí.', [('Una comilla suelta " aquí.', "es")]),
        ('Vacío "" aquí.', [('Vacío "" aquí.', "es")]),
        ("", []),
    ],
)
def test_quotes_get_their_own_voice(text: str, parts: list[tuple[str, str]]) -> None:
    assert language_parts(text, "es", "en") == parts


def test_a_sentence_of_one_language_stays_whole() -> None:
    assert language_parts('The sign says "Exit".', "en", "en") == [('The sign says "Exit".', "en")]
