"""What a listener gets of an English answer in the own language: nothing lost on the way, or the truth that it stays English."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from assistant.answering.translating import Translation, find_translator, tells_scenes, translate_faithfully, translate_scene


class ScriptedTranslator:
    """From English; `translate` makes the text."""

    def __init__(self, translate: Callable[[str], str], target: str = "pt") -> None:
        self._translate = translate
        self.pairs = frozenset([("en", target)])
        self.asked: list[str] = []

    def translate(self, sentence: str, source: str, target: str) -> str:
        self.asked.append(sentence)
        return self._translate(sentence)


def word_by_word(**words: str) -> ScriptedTranslator:
    """Words that it knows are exchanged, all others stay."""
    return ScriptedTranslator(lambda sentence: re.sub(r"[A-Za-z]+", lambda match: words.get(match[0], match[0]), sentence))


def test_quoted_text_is_never_shown_to_the_translator_and_stays_as_it_is() -> None:
    translator = word_by_word(The="A", sign="placa", says="diz", Exit="Saída", only="apenas")
    assert translate_faithfully(translator, 'The sign says "Exit only".', "en", "pt") == Translation('A placa diz "Exit only".', "pt")
    assert translate_faithfully(translator, "The sign says “Exit only”.", "en", "pt") == Translation("A placa diz “Exit only”.", "pt")
    assert not any("Exit" in asked for asked in translator.asked)


def test_addresses_stay_as_they_are() -> None:
    translator = word_by_word(See="Veja", example="exemplo")
    sentence = "See https://example.com/a or write to me@example.com."
    assert translate_faithfully(translator, sentence, "en", "pt").text == "Veja https://example.com/a or write to me@example.com."


def test_marks_that_the_translator_drops_are_put_back() -> None:
    translator = ScriptedTranslator(lambda sentence: sentence.replace('"', ""))
    assert translate_faithfully(translator, 'It says "Exit".', "en", "pt").text == 'It says "Exit".'


def test_a_number_that_was_lost_is_taken_out_and_translated_around() -> None:
    def forget_numbers(sentence: str) -> str:
        return re.sub(r"\b\d+\b", "alguns", sentence).replace("There are", "Há").replace("dogs", "cães")

    translator = ScriptedTranslator(forget_numbers)
    assert translate_faithfully(translator, "There are 10 dogs.", "en", "pt") == Translation("Há 10 cães.", "pt")
    assert translator.asked == ["There are 10 dogs.", "There are X1 dogs."]


def test_a_number_that_is_lost_whatever_is_tried_leaves_the_sentence_in_english() -> None:
    hopeless = ScriptedTranslator(lambda sentence: "Há cães.")
    assert translate_faithfully(hopeless, "There are 10 dogs.", "en", "pt") == Translation("There are 10 dogs.", "en")


def test_a_sentence_that_fails_whole_is_translated_in_its_clauses() -> None:
    def only_short(sentence: str) -> str:
        return sentence.replace("dogs", "cães").replace("cats", "gatos") if len(sentence) < 12 else "Há animais."

    translated = translate_faithfully(ScriptedTranslator(only_short), "It has 2 dogs, and 3 cats.", "en", "pt")
    assert translated == Translation("It has 2 dogs, and 3 cats.", "en")  # "It has 2 dogs," is too long as well
    translated = translate_faithfully(ScriptedTranslator(only_short), "I see 2 dogs, 3 cats.", "en", "pt")
    assert translated == Translation("I see 2 dogs, 3 cats.", "en")
    translated = translate_faithfully(ScriptedTranslator(only_short), "2 dogs, 3 cats.", "en", "pt")
    assert translated == Translation("2 cães, 3 gatos.", "pt")


def test_a_name_that_vanished_is_noticed_but_one_with_a_translation_is_not() -> None:
    words = {"is in Lisbon": "está em Lisboa", "Lisbon": "Lisboa"}
    good = ScriptedTranslator(lambda sentence: re.sub("|".join(words), lambda match: words[match[0]], sentence))
    assert translate_faithfully(good, "The man is in Lisbon.", "en", "pt").text == "The man está em Lisboa."
    bad = ScriptedTranslator(lambda sentence: sentence.replace("see Maria", "see"))
    assert translate_faithfully(bad, "I see Maria here.", "en", "pt") == Translation("I see Maria here.", "pt")
    assert bad.asked[-1] == "I see X1 here."


def test_a_model_going_round_in_circles_is_not_believed() -> None:
    loops = ScriptedTranslator(lambda sentence: "não " * 60)
    assert translate_faithfully(loops, "I can't tell.", "en", "pt") == Translation("I can't tell.", "en")


def test_a_capital_letter_at_the_start_stays_one() -> None:
    lower = ScriptedTranslator(lambda sentence: "no hay ningún gato.", "es")
    assert translate_faithfully(lower, "There is no cat.", "en", "es").text == "No hay ningún gato."


@pytest.mark.parametrize(
    ("target", "text"),
    [("pt", "1.234,5 g, v1.2.3, 12,50, 3:05"), ("fr", "1\u00a0234,5 g, v1.2.3, 12,50, 3:05"), ("hi", "1,234.5 g, v1.2.3, 12.50, 3:05")],
)
def test_numbers_are_written_as_the_language_writes_them(target: str, text: str) -> None:
    same = ScriptedTranslator(lambda sentence: sentence, target)
    assert translate_faithfully(same, "1,234.5 g, v1.2.3, 12.50, 3:05", "en", target).text == text


def test_numbers_inside_quotes_are_left_alone() -> None:
    same = ScriptedTranslator(lambda sentence: sentence)
    assert translate_faithfully(same, 'It says "12.50" and costs 12.50.', "en", "pt").text == 'It says "12.50" and costs 12,50.'


def test_text_that_holds_nothing_to_translate_stays() -> None:
    nobody = ScriptedTranslator(lambda sentence: "?")
    for sentence in ('"Exit"', "12.", "", "…"):
        assert translate_faithfully(nobody, sentence, "en", "pt") == Translation(sentence, "pt")
    assert nobody.asked == []


def test_text_that_looks_like_our_own_stand_in_survives() -> None:
    same = ScriptedTranslator(lambda sentence: sentence)
    assert translate_faithfully(same, 'The X1 and the X2 say "X3".', "en", "pt").text == 'The X1 and the X2 say "X3".'


def test_the_first_translator_of_a_pair_is_taken_and_none_where_there_is_none() -> None:
    first, second = word_by_word(), word_by_word()
    assert find_translator([first, second], "en", "pt") is first
    assert find_translator([first, second], "pt", "en") is None
    assert find_translator([], "en", "fr") is None


class SureOf:
    """Tells the scenes that it was given, in one language, and is sure of nothing else."""

    pairs: frozenset[tuple[str, str]] = frozenset()

    def __init__(self, language: str, known: dict[str, str]) -> None:
        self.scene_languages = frozenset([language])
        self._known = known

    def translate(self, sentence: str, source: str, target: str) -> str:
        raise AssertionError("it knows scenes alone")

    def translate_scene(self, description: str, language: str) -> str:
        return self._known.get(description, "")


def test_a_scene_is_told_by_the_first_translator_that_is_sure() -> None:
    sure, other = SureOf("pt", {"A cat.": "Um gato."}), word_by_word(A="Um", cat="bichano", dog="cão")
    assert translate_scene([sure, other], "A cat.", "pt") == Translation("Um gato.", "pt")
    assert translate_scene([sure, other], "A dog.", "pt") == Translation("Um cão.", "pt")
    assert translate_scene([sure], "A dog.", "pt") == Translation("A dog.", "en")
    assert translate_scene([sure], "A cat.", "de") == Translation("A cat.", "en")


def test_a_doubt_that_the_translator_of_scenes_leaves_out_is_not_given_to_it() -> None:
    careless = SureOf("pt", {"I think: a cat sits.": "Um gato está sentado."})
    assert translate_scene([careless], "I think: a cat sits.", "pt") == Translation("I think: a cat sits.", "en")


def test_what_is_quoted_in_a_scene_stays_as_it_is() -> None:
    sure = SureOf("pt", {'A sign with "X1".': 'Uma placa com "X1".'})
    assert translate_scene([sure], 'A sign with "Exit".', "pt") == Translation('Uma placa com "Exit".', "pt")


def test_what_tells_scenes_alone_translates_no_other_text() -> None:
    sure = SureOf("de", {})
    assert tells_scenes([sure], "de")
    assert not tells_scenes([sure], "fr")
    assert tells_scenes([word_by_word()], "pt")
    assert find_translator([sure], "en", "de") is None
