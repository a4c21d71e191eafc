"""Sentences that the program itself could say, with their translations: names of things, alone and in lists."""

from __future__ import annotations

from assistant.languages.nouns import LANGUAGES, name, nouns
from models.training.translation_data import TARGETS, Row


def program_rows() -> list[Row]:
    """Return "A dog." with its translations for every thing that has a name to say."""
    rows = []
    for noun in nouns().values():
        english = name(noun, "en") if noun.sayable else None
        if english is None:
            continue
        translations = {}
        for code in TARGETS:
            known = name(noun, code) if code in LANGUAGES else None
            if known:
                translations[code] = known[0].upper() + known[1:] + ("。" if code == "zh" else ".")
        rows.append(Row(english[0].upper() + english[1:] + ".", translations))
    return [row for row in rows if row.translations]
