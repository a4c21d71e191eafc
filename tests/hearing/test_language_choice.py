"""Which language the assistant takes a sentence in."""

from __future__ import annotations

import itertools

import pytest

from assistant.hearing.language_choice import LanguageChoice

UNSURE, SURE, TOO_LOW = 0.7, 0.95, 0.3


def taken(choice: LanguageChoice, *guesses: tuple[str, float]) -> list[str | None]:
    """In which language each of these sentences is taken."""
    return [choice.choose(guess, share, start_s) for (guess, share), start_s in zip(guesses, itertools.count(), strict=False)]


@pytest.fixture
def choice() -> LanguageChoice:
    return LanguageChoice("en", floor=0.5)


def test_one_odd_guess_does_not_switch_the_conversation(choice: LanguageChoice) -> None:
    assert taken(choice, ("en", SURE), ("nl", UNSURE), ("en", UNSURE), ("nl", UNSURE)) == ["en"] * 4
    assert choice.language == "en"


def test_two_that_agree_do(choice: LanguageChoice) -> None:
    assert taken(choice, ("pt", UNSURE), ("pt", UNSURE), ("pt", UNSURE)) == ["en", "pt", "pt"]
    assert choice.language == "pt"


def test_odd_guesses_that_do_not_agree_change_nothing(choice: LanguageChoice) -> None:
    assert taken(choice, ("pt", UNSURE), ("es", UNSURE), ("pt", UNSURE), ("it", UNSURE)) == ["en"] * 4


def test_a_sure_guess_is_answered_in_its_language_and_what_follows_unsurely_is_not(choice: LanguageChoice) -> None:
    assert taken(choice, ("pt", SURE), ("es", UNSURE)) == ["pt", "en"]


def test_after_a_sure_guess_the_user_is_spoken_to_in_it(choice: LanguageChoice) -> None:
    assert taken(choice, ("pt", SURE), ("de", TOO_LOW)) == ["pt", None]
    assert choice.language == "pt"


def test_being_told_switches_at_once(choice: LanguageChoice) -> None:
    choice.tell("pt")
    assert choice.language == "pt"
    assert taken(choice, ("en", UNSURE), ("es", UNSURE)) == ["pt", "pt"]


def test_a_language_that_was_told_is_taken_even_if_the_recogniser_never_guesses_it(choice: LanguageChoice) -> None:
    choice.tell("nl")
    assert taken(choice, ("en", TOO_LOW), ("de", UNSURE), ("de", UNSURE), ("id", TOO_LOW)) == ["nl"] * 4


def test_what_was_told_gives_way_to_two_clear_sentences_in_another_language(choice: LanguageChoice) -> None:
    choice.tell("nl")
    assert taken(choice, ("en", SURE), ("en", SURE), ("it", TOO_LOW)) == ["en", "en", None]
    assert choice.language == "en"


def test_what_was_told_is_still_spoken_after_one_clear_sentence_in_another_language(choice: LanguageChoice) -> None:
    """ "Speak Spanish" lasted until the next English question."""
    choice.tell("es")
    assert taken(choice, ("en", SURE)) == ["en"]
    assert choice.language == "es"
    assert taken(choice, ("en", UNSURE), ("es", UNSURE), ("en", SURE)) == ["es", "es", "en"]
    assert choice.language == "es"


def test_the_languages_spoken_so_far_are_known_the_latest_first(choice: LanguageChoice) -> None:
    choice.tell("pt")
    taken(choice, ("es", SURE), ("nl", UNSURE), ("fr", TOO_LOW))
    assert choice.spoken == ("es", "pt", "en")


def test_what_was_told_does_not_give_way_to_two_odd_guesses_that_do_not_follow_one_another(choice: LanguageChoice) -> None:
    """Ukrainian is often taken for Polish, or for nothing in particular."""
    choice.tell("uk")
    assert taken(choice, ("pl", SURE), ("en", TOO_LOW), ("pl", UNSURE), ("pl", UNSURE), ("pl", SURE), ("en", UNSURE), ("pl", UNSURE)) == [
        "pl", "uk", "uk", "uk", "pl", "uk", "uk"
    ]  # fmt: skip


def test_below_the_floor_nothing_is_taken_and_nothing_counts(choice: LanguageChoice) -> None:
    assert taken(choice, ("pt", TOO_LOW), ("pt", UNSURE), ("en", TOO_LOW)) == [None, "en", None]
    assert choice.language == "en"


def test_what_is_heard_until_a_pause_and_then_the_whole_sentence_count_once(choice: LanguageChoice) -> None:
    assert choice.choose("pt", UNSURE, 7.0) == "en"
    assert choice.choose("pt", UNSURE, 7.0) == "en"
    assert choice.choose("pt", UNSURE, 9.0) == "pt"


def test_the_whole_sentence_takes_back_what_its_beginning_seemed_to_be(choice: LanguageChoice) -> None:
    assert taken(choice, ("pt", UNSURE)) == ["en"]
    assert choice.choose("pt", UNSURE, 9.0) == "pt"
    assert choice.choose("en", SURE, 9.0) == "en"
    assert choice.choose("pt", UNSURE, 11.0) == "en"
