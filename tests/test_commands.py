"""Spoken commands: what is one, in whatever case, accent and politeness, and what is a question for the model."""

from __future__ import annotations

import pytest

from assistant.answering.commands import match_command
from assistant.messages import Command


@pytest.mark.parametrize("text", ["stop", "Stop.", "STOP!", "Stop, stop, stop!", "please stop", "Hey, can you stop now, please?", "Párate"])
def test_case_accents_punctuation_and_politeness_do_not_count(text: str) -> None:
    assert match_command(text, ("en", "es")) == Command("stop")


def test_the_event_is_kept_in_the_users_words() -> None:
    assert match_command("Could you tell me when a Dálmata appears, please?", ("en",)) == Command("tell_when", "a Dálmata appears")
    assert match_command("Avísame cuando llegue el autobús.", ("es",)) == Command("tell_when", "llegue el autobús")


@pytest.mark.parametrize("name", ["Portuguese", "português", "portugues", "PORTUGUÊS"])
def test_a_language_may_be_called_by_its_own_name_or_that_of_the_speaker(name: str) -> None:
    assert match_command(f"Speak {name}, please.", ("en",)) == Command("language", "pt")


def test_a_word_heard_in_another_language_is_tried_in_each_one_given() -> None:
    assert match_command("Stop.", ("nl", "pt", "en")) == Command("stop")
    assert match_command("Otra vez.", ("it", "en")) is None
    assert match_command("Otra vez.", ("it", "es", "en")) == Command("repeat")


@pytest.mark.parametrize("text", ["", "...", "please", "Is there a bus stop?", "Describe the toaster.", "What does the sign read?"])
def test_a_question_is_left_to_the_model(text: str) -> None:
    assert match_command(text, ("en", "es", "pt")) is None
