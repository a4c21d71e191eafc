"""What the assistant was saying itself is told from what is said to it."""

from __future__ import annotations

import pytest

from assistant.hearing.own_voice import is_own_voice

HELP = "You can say: describe, read, more, repeat, stop, slower, louder, or what changed."


@pytest.mark.parametrize("heard", ["You can say", "you can say describe.", "Or what changed?", "Slower, louder"])
def test_words_in_a_row_of_what_is_being_said_are_its_own(heard: str) -> None:
    assert is_own_voice(heard, HELP)


@pytest.mark.parametrize("heard", ["Stop.", "Stop louder", "Can you see", "What is this?", "", "ou can"])
def test_a_single_word_and_others_are_the_users(heard: str) -> None:
    assert not is_own_voice(heard, HELP)
    assert not is_own_voice(heard, "")
