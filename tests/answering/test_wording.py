"""Words are chosen once, from what was found: plainly where it is nearly always right, in every language's own words."""

from __future__ import annotations

import pytest

from assistant.answering.presence import NEUTRAL
from assistant.answering.wording import Phrase, words_of
from assistant.languages import languages, phrase
from assistant.messages import AnswerThresholds, Finding, SingleObject

MEASURED = AnswerThresholds(sure=0.8, cant_tell_margin=0.1, absent=0.3)


def said(finding: Finding, language: str = "en") -> str:
    words = words_of(finding, MEASURED, language)
    if isinstance(words, str):
        return words
    return words.said(language)[0] if isinstance(words, Phrase) else words.text


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.95, "Yes."), (0.7, "I think so."), (0.5, "I can't tell."), (0.3, "I don't think so."), (0.02, "No.")],
)
def test_yes_and_no_follow_the_probability(probability: float, words: str) -> None:
    assert said(Finding("presence", True, probability, "likelihoods", "dog")) == words


def test_a_question_about_absence_is_not_answered_by_a_bare_word() -> None:
    """ "No." to "Is there no dog?" says to one that there is a dog, to another that there is none."""
    assert said(Finding("presence", True, 0.95, "likelihoods", "dog", in_full=True)) == "I see a dog."
    assert said(Finding("presence", True, 0.02, "likelihoods", "dog", in_full=True)) == "I don't see a dog."


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.1, "I don't see a dog."), (0.4, "I can't tell."), (0.7, "I think I see a dog."), (0.9, "I see a dog.")],
)
def test_what_a_question_takes_for_granted_is_told_as_surely_as_it_is_seen(probability: float, words: str) -> None:
    assert said(Finding("seen", True, probability, "likelihoods", "dog")) == words


@pytest.mark.parametrize("thing", ["dog", "person"])
def test_what_a_model_that_nobody_measured_does_not_see_may_be_there(thing: str) -> None:
    """In a toy world such a model said "I don't see any kites." of 16 things that were there, as plainly as of those that weren't."""
    words = words_of(Finding("seen", True, 0.05, "model", thing), NEUTRAL, "en")
    assert words == Phrase("likely_not_seen", {"thing": f"a {thing}"})


def test_english_says_things_with_their_article() -> None:
    assert said(Finding("seen", True, 0.1, "likelihoods", "my keys")) == "I don't see any keys."
    assert said(Finding("seen", True, 0.9, "likelihoods", "the keys")) == "I see keys."


def test_one_of_several_things_is_chosen_only_where_it_stands_out() -> None:
    assert said(Finding("choice", "a dog", 0.9, "likelihoods", "dog")) == "I think: a dog."
    assert said(Finding("choice", "a dog", 0.55, "likelihoods", "dog")) == "I can't tell that."


def test_a_free_sentence_is_doubted_where_it_was_found_doubtful() -> None:
    assert said(Finding("text", "A wallet.", 0.9, "model")) == "A wallet."
    assert said(Finding("text", "A wallet.", 0.5, "model", is_doubtful=True)) == "It looks like a wallet."


@pytest.mark.parametrize(
    ("language", "words"), [("es", "Un perro."), ("de", "Ein Hund."), ("fr", "Un chien."), ("ja", "いぬ。"), ("pt", "Um cachorro.")]
)
def test_a_thing_is_named_in_the_users_own_words_without_a_translator(language: str, words: str) -> None:
    """ "An Egyptian cat." became "um raio" by way of a translator."""
    heard = said(Finding("name", SingleObject("02084071", 0.95), 0.95, "classifier"), language)
    assert heard.rstrip(".。") in (words.rstrip(".。"), "Um cão")


def test_what_a_code_holds_is_told_in_the_users_language() -> None:
    finding = Finding("code", ("code_link", {"site": "example.org"}), 0.99, "codes")
    assert said(finding) == "A link to example.org."
    assert said(finding, "de") == "Ein Link zu example.org."


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("kind", ["presence", "seen", "choice", "refusal"])
def test_every_measured_finding_has_words_in_every_language(kind: str, language: str) -> None:
    value = {"refusal": "cant_tell_that"}.get(kind, "dog")
    for probability in (0.05, 0.4, 0.7, 0.95):
        words = words_of(Finding(kind, value, probability, "likelihoods", "dog"), MEASURED, language)  # type: ignore[arg-type]
        assert isinstance(words, Phrase)
        assert phrase(words.key, language, **words.values)[1] == language


def test_a_thing_of_a_translated_question_has_its_name_in_the_users_language() -> None:
    words = words_of(Finding("presence", True, 0.02, "likelihoods", "dog", in_full=True), AnswerThresholds(), "de")
    assert isinstance(words, Phrase) and "ein Hund" in words.said("de")[0]


@pytest.mark.parametrize(
    ("language", "thing", "told"), [("de", "Mann", "ein Mann"), ("fr", "voiture", "une voiture"), ("es", "llaves", "llaves")]
)
def test_a_thing_has_its_article_where_that_is_known_and_a_plural_none(language: str, thing: str, told: str) -> None:
    assert f": {told}." in said(Finding("presence", True, 0.97, "likelihoods", thing, in_full=True), language)
