"""What somebody looks for in their own language is looked for in English, or refused in their language: nothing is guessed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assistant.answering.english_queries import english_query
from assistant.interfaces import Translator
from assistant.languages.catalogues import problem_text
from assistant.problems import BadInput


class Interpreter:
    """Translates what it knows."""

    pairs = frozenset((("de", "en"),))

    def __init__(self, known: dict[str, str]) -> None:
        self._known = known

    def translate(self, text: str, source: str, target: str) -> str:
        return self._known.get(text, text)


@pytest.mark.parametrize(
    ("text", "language", "english"),
    [
        ("ein Hund", "de", "a dog"),
        ("Katzen", "de", "a cat"),
        ("ein Hund erscheint", "de", "a dog"),
        ("un chien", "fr", "a dog"),
        ("un perro", "es", "a dog"),
        ("um gato", "pt", "a cat"),
        ("كلب", "ar", "a dog"),
        ("一只猫", "zh", "a cat"),
        ("ねこ", "ja", "a cat"),
        ("кошка", "ru", "a cat"),
        ("kaffe", "en", "kaffe"),
        ("a dog on a beach", "de", "a dog on a beach"),
    ],
)
def test_things_are_known_by_their_names_in_every_language(text: str, language: str, english: str) -> None:
    assert english_query(text, language, []) == english


def test_more_than_a_thing_is_translated_where_something_can() -> None:
    translators: Sequence[Translator] = [Interpreter({"ein Hund am Strand": "a dog on the beach.", "Hund": "dog", "Strand": "beach"})]
    assert english_query("ein Hund am Strand", "de", translators) == "a dog on the beach"


@pytest.mark.parametrize("translators", [[], [Interpreter({})]])
def test_what_nothing_here_can_put_into_english_is_refused_in_the_users_language(translators: Sequence[Translator]) -> None:
    with pytest.raises(BadInput) as refused:
        english_query("jemand springt über einen Zaun", "de", translators)
    assert problem_text(refused.value, "de") == (
        "hier übersetzt nichts 'jemand springt über einen Zaun' ins Englische, in dem Bilder durchsucht werden. "
        "Nennen Sie ein einzelnes Ding mit seinem üblichen Namen, oder schreiben Sie es auf Englisch."
    )
