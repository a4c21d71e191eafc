"""A user hears each sentence as soon as it is complete, cut where a person would pause, and nothing is lost."""

from __future__ import annotations

import pytest

from assistant.answering.sentences import LONGEST_SENTENCE, SentenceSplitter

TEXTS = {
    "plain": ["A cat sits on a chair.", "It looks at you!", "Is it yours?", "Perhaps"],
    "titles": ["Mr. Smith and Dr. Jones are here.", "J. Doe is not."],
    "latin abbreviations": ["Take fruit, e.g. an apple, i.e. Something sweet.", "It is ripe."],
    "ends with an abbreviation": ["There are apples, pears, etc.", "All are ripe at 5 p.m.", "Good."],
    "decimal numbers": ["It costs 3.5 euros.", "Version 2.0.1 is newer.", "It is 7."],
    "no as answer and as number": ["No.", "There is no cat in No. 5 today."],
    "numbered list": ["1. An apple", "2. A pear."],
    "ellipses": ["I see... a dog.", "Wait…", "It moved."],
    "quotes": ['The sign says "Stop!" and is red.', "“Exit.”", "(A door.)", "It is open."],
    "repeated marks": ["Really?!", "Yes!!!", "Fine."],
    "spanish": ["¿Qué es esto?", "¡Mira!", "El Sr. Pérez está aquí."],
    "hindi": ["यह एक बिल्ली है।", "क्या वह सो रही है?", "हाँ।"],
    "arabic": ["ما هذا؟", "هذه قطة.", "إنها نائمة."],
    "german": ["Das ist z.B. Obst.", "Es ist reif."],
}
NO_SPACES = {
    "chinese": ["椅子上有一只猫。", "它在睡觉吗？", "是的！"],
    "japanese with quotes": ["彼は「猫がいる。」", "と言った。", "本当！？", "はい。"],
    "spanish run together": ["¡Hola!", "¿Qué tal?"],
}
CASES = [pytest.param(sentences, " ".join(sentences), id=name) for name, sentences in TEXTS.items() if name != "numbered list"] + [
    pytest.param(sentences, "".join(sentences), id=name) for name, sentences in NO_SPACES.items()
]
CASES.append(pytest.param(TEXTS["numbered list"], "\n".join(TEXTS["numbered list"]), id="numbered list"))


@pytest.mark.parametrize("piece_length", [1, 3, 1000])
@pytest.mark.parametrize(("sentences", "text"), CASES)
def test_a_text_is_cut_into_its_sentences_however_it_arrives(sentences: list[str], text: str, piece_length: int) -> None:
    assert split(text, piece_length) == sentences


def test_a_sentence_is_given_as_soon_as_the_next_word_begins() -> None:
    splitter = SentenceSplitter()
    assert list(splitter.feed("A cat.")) == []
    assert list(splitter.feed(" ")) == []
    assert list(splitter.feed("I")) == ["A cat."]


def test_a_line_break_ends_a_sentence_at_once() -> None:
    assert list(SentenceSplitter().feed("Apples\n- pears")) == ["Apples"]


def test_flush_gives_the_rest_and_then_nothing() -> None:
    splitter = SentenceSplitter()
    list(splitter.feed("A cat. And a d"))
    assert list(splitter.flush()) == ["And a d"]
    assert list(splitter.flush()) == []


def test_a_text_without_any_end_is_spoken_in_bounded_parts_at_spaces() -> None:
    parts = split("word " * 500, 7)
    assert max(map(len, parts)) <= LONGEST_SENTENCE
    assert " ".join(parts) == ("word " * 500).strip()


def test_a_text_without_spaces_is_bounded_too() -> None:
    parts = split("x" * 3000, 11)
    assert max(map(len, parts)) <= LONGEST_SENTENCE
    assert "".join(parts) == "x" * 3000


def test_a_book_given_in_one_piece_is_cut_in_time_that_grows_with_its_length_only() -> None:
    assert split("It is a cat. " * 100_000, 2_000_000) == ["It is a cat."] * 100_000


@pytest.mark.parametrize("text", ["", " \n \t ", "\n\n"])
def test_nothing_comes_of_nothing(text: str) -> None:
    assert split(text, 1) == []


def split(text: str, piece_length: int) -> list[str]:
    splitter = SentenceSplitter()
    pieces = (text[start : start + piece_length] for start in range(0, len(text), piece_length))
    return [sentence for piece in pieces for sentence in splitter.feed(piece)] + list(splitter.flush())
