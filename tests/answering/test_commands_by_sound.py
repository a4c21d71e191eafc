"""A command to be silent that was spelled as another word."""

from __future__ import annotations

import pytest

from assistant.answering.commands_by_sound import match_stop_by_sound


@pytest.mark.parametrize("heard", ["Start!", "Scott.", "Start talking.", "Keep quiet", "Step, please."])
def test_what_sounds_like_stop_is_stop(heard: str) -> None:
    command = match_stop_by_sound(heard, ("en",))
    assert command is not None and command.kind == "stop"


@pytest.mark.parametrize("heard", ["What is this?", "Is there a dog?", "Who is there?", "The car.", "", "Yes", "On the left", "读"])
def test_what_does_not_is_not(heard: str) -> None:
    assert match_stop_by_sound(heard, ("en", "zz")) is None


def test_it_is_known_in_the_languages_that_are_given() -> None:
    command = match_stop_by_sound("Stob", ("zh", "de"))
    assert command is not None and command.language == "de"
