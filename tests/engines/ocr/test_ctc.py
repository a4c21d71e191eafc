"""From a recogniser's steps to the characters of a line: each once, as sure as its surest step, in the order in which it is read aloud."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.engines.ocr.ctc import NOTHING, ReadText, decode, numbers_alone, to_logical_order

CHARACTERS = ["", "a", "b", " "]


def steps(*likeliest: tuple[str, float]) -> np.ndarray:
    """Probabilities with the likeliest class ("" = blank) of each step."""
    outputs = np.zeros((len(likeliest), len(CHARACTERS)), np.float32)
    for row, (character, probability) in zip(outputs, likeliest, strict=True):
        row[:] = (1 - probability) / 3
        row[CHARACTERS.index(character)] = probability
    return outputs


def test_a_character_over_several_steps_is_one_and_a_blank_divides_two() -> None:
    read = decode(steps(("a", 0.6), ("a", 0.9), ("", 0.9), ("a", 0.8), ("b", 0.7)), CHARACTERS)
    assert read.text == "aab"
    assert read.character_probabilities == pytest.approx((0.9, 0.8, 0.7))
    assert read.probability == pytest.approx(0.9 * 0.8 * 0.7)


def test_spaces_count_inside_a_line_but_not_at_its_ends() -> None:
    assert decode(steps((" ", 0.9), ("a", 0.9), (" ", 0.9), ("b", 0.9), (" ", 0.9)), CHARACTERS).text == "a b"


@pytest.mark.parametrize(("space", "text"), [(0.3, "1 2"), (0.12, "1 2"), (0.05, "12")])
def test_a_gap_between_digits_is_a_space_though_it_isnt_the_likeliest(space: float, text: str) -> None:
    outputs = np.array([[0.1, 0.9, 0, 0], [1 - space, 0, 0, space], [0.1, 0, 0.9, 0]], np.float32)
    read = decode(outputs, ["", "1", "2", " "])
    assert read.text == text and len(read.character_probabilities) == len(text)
    assert decode(outputs, ["", "a", "b", " "]).text == "ab", "letters keep together"


@pytest.mark.parametrize("nothing", [steps(("", 0.9), ("", 0.9)), steps((" ", 0.9)), np.zeros((0, 4), np.float32)])
def test_nothing_is_read_where_nothing_stands(nothing: np.ndarray) -> None:
    assert decode(nothing, CHARACTERS) == NOTHING
    assert NOTHING.probability == NOTHING.mean_probability == 0


def test_the_mean_of_a_long_line_is_not_below_that_of_a_short_one() -> None:
    short, long = ReadText("ab", (0.9,) * 2), ReadText("ab" * 20, (0.9,) * 40)
    assert long.probability < short.probability
    assert long.mean_probability == pytest.approx(short.mean_probability)


@pytest.mark.parametrize(
    ("as_it_stands", "as_it_is_read"),
    [
        ("Exit 12", "Exit 12"),
        ("مالس", "سلام"),
        ("10:30 ةعاسلا", "الساعة 10:30"),
        ("ةفرغ Room 12 ةفرغ", "غرفة Room 12 غرفة"),
        ("(مالس)", "(سلام)"),
    ],
)
def test_arabic_is_put_into_the_order_in_which_it_is_read(as_it_stands: str, as_it_is_read: str) -> None:
    assert to_logical_order(ReadText(as_it_stands, (0.9,) * len(as_it_stands))).text == as_it_is_read


def test_probabilities_go_with_their_characters() -> None:
    read = to_logical_order(ReadText("12 ما", (0.1, 0.2, 0.3, 0.4, 0.5)))
    assert dict(zip(read.text, read.character_probabilities, strict=True)) == {"1": 0.1, "2": 0.2, " ": 0.3, "م": 0.4, "ا": 0.5}


@pytest.mark.parametrize(
    ("read", "left"),
    [
        ("BOTIPOCbI 8 800 555", "8 800 555"),
        ("112 CKOPA", "112"),
        ("3 0 B", ""),
        ("15.08.2028 B 6:12 AO 19:30", "15.08.2028 6:12 19:30"),
        ("T34 A123", ""),
    ],
)
def test_of_letters_that_it_lacks_a_reader_tells_long_numbers_alone(read: str, left: str) -> None:
    kept = numbers_alone(ReadText(read, tuple(number / 100 for number in range(len(read)))), "cyrillic")
    assert (kept.text, kept.script) == (left, "cyrillic")
    assert [read[round(100 * p)] for p in kept.character_probabilities] == list(left)
