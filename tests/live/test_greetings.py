"""What a kiosk says when it is ready."""

from __future__ import annotations

from assistant.languages import languages, phrase
from assistant.live.greetings import greetings, spoken_s


def test_it_invites_in_each_language_in_that_language() -> None:
    assert [(s.text, s.language, s.turn) for s in greetings(["pt", "de"], turn=3)] == [
        (*phrase("greet", "pt"), 3),
        (*phrase("greet", "de"), 3),
    ]


def test_it_ends_in_time_even_with_all_languages() -> None:
    said = greetings(languages(), turn=0, longest_s=8.0)
    assert 2 < len(said) < len(languages())
    assert sum(spoken_s(sentence.text) for sentence in said) <= 8.0


def test_signs_that_are_syllables_take_longer_than_letters() -> None:
    assert spoken_s("您可以跟我说中文。") > 1.5
    assert spoken_s("Sprechen") < 1.0
