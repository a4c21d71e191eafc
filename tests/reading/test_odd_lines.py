"""Whatever a reader finds, nothing of what is made of it fails, and no number is said that wasn't read."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from assistant.messages import TextLine
from assistant.reading.aiming import Aimer, aim
from assistant.reading.doubts import pieces_of_line
from assistant.reading.find_text import expiry, find_text, largest_text, total
from assistant.reading.page_talk import Reading
from assistant.reading.reading_order import arrange
from assistant.reading.voting import is_same_page, vote

TEXTS = [
    *("", " ", "  \t ", "-", "exam-", "\u00ad", "TOTAL 3,50", "12", "EXP 99/99/99", "EXP ١٢/٠٣/٢٠٢٧", "²³½ Ⅷ", "صالح حتى 12", "합계 1"),
    *("合計 ¥1", "a" * 500, "1" * 500, "(", "((", "[a-z]+(", "\\", "e\u0301\u0301\u0301", "\u0301", "\u200f\u200e", "\ud800", "ﬁne ①"),
    *("İı", "\x00\x1b", "99.99.9999", "\U0001f469\u200d\U0001f467 12"),
]
TODAY = date(2026, 11, 29)


def odd_lines(seed: int) -> list[TextLine]:
    random = np.random.default_rng(seed)
    lines = []
    for _ in range(int(random.integers(0, 25))):
        text = TEXTS[int(random.integers(len(TEXTS)))]
        corners = random.uniform(-0.2, 1.2, (4, 2)) if random.random() < 0.5 else np.tile(random.choice([0.0, 0.5, 1.0], (1, 2)), (4, 1))
        known = int(random.choice([0, len(text), len(text) + 1]))
        probabilities = tuple(float(p) for p in random.choice([0.0, 0.5, 1.0], known))
        lines.append(TextLine(text, float(random.choice([0.0, 0.5, 1.0])), tuple((float(x), float(y)) for x, y in corners), probabilities))
    return lines


@pytest.mark.parametrize("seed", range(40))
def test_odd_lines_do_no_harm(seed: int) -> None:
    lines, others = odd_lines(seed), odd_lines(seed + 1000)
    page = arrange(lines, float(np.random.default_rng(seed).choice([0.3, 1.0, 3.0])))
    assert sorted(each.text for each in page.lines) == sorted(each.text for each in lines)
    reading = Reading(page)
    said = " ".join(each.text for each in reading.go_on())
    assert set(re.findall(r"\d+", said)) <= set(re.findall(r"\d+", " ".join(each.text for each in lines)))
    reading.again()
    reading.spell()
    for text in TEXTS:
        find_text(page, text)
    total(page), expiry(page, TODAY), largest_text(page)
    assert len(vote([lines, others, lines, odd_lines(seed + 2000)])) <= 25
    is_same_page(lines, others), aim(lines, None, picture_height_px=720)
    Aimer().next(lines, None, picture_height_px=720)


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_told_of_a_line_stands_in_it_in_order(text: str) -> None:
    corners = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.2), (0.1, 0.2))
    line = TextLine(text, 0.99, corners, tuple(0.99 if index % 7 else 0.6 for index in range(len(text))))
    for each in (line, replace(line, character_probabilities=()), replace(line, corners=((0, 0.1), (1, 0.1), (1, 0.2), (0, 0.2)))):
        rest = " ".join(text.split())
        for piece in pieces_of_line(each):
            assert piece.text in rest
            rest = rest.partition(piece.text)[2] if piece.text else rest
