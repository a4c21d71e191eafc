"""What the assistant was saying itself is told from what is said to it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from assistant.hearing.own_voice import is_own_voice
from assistant.languages import phrase

ASKED = Path(__file__).parent.parent / "support" / "same_in_each_language.toml"

HELP = "You can say: describe, read, more, repeat, stop, slower, louder, or what changed."


@pytest.mark.parametrize("heard", ["You can say", "you can say describe.", "Or what changed?", "Slower, louder"])
def test_words_in_a_row_of_what_is_being_said_are_its_own(heard: str) -> None:
    assert is_own_voice(heard, HELP)


@pytest.mark.parametrize("heard", ["You can stay.", "You can see the scribe.", "slower under or what changed", "or, just ask what you won"])
def test_words_that_sound_nearly_like_them_are_too(heard: str) -> None:
    """Echoes as the recogniser heard them, which were answered."""
    assert is_own_voice(heard, f"{HELP} Or just ask what you want to know.")


@pytest.mark.parametrize("asked", tomllib.loads(ASKED.read_text())["en"]["questions"])
def test_questions_are_none_of_what_is_said(asked: str) -> None:
    said = [phrase(key, "en")[0] for key in ("help", "dark", "ready", "say_again", "no_speech", "nothing_known")]
    assert not any(is_own_voice(asked, each) for each in [*said, "There is a dog on the left, and a chair behind the table."])


@pytest.mark.parametrize("heard", ["Stop.", "Stop louder", "Can you see", "What is this?", "", "ou can"])
def test_a_single_word_and_others_are_the_users(heard: str) -> None:
    assert not is_own_voice(heard, HELP)
    assert not is_own_voice(heard, "")
