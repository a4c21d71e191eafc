"""Of a long screenshot every line of text is read once, though it is read in strips."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.instruments.picture_strips import Strip, joined, strips
from assistant.messages import TextLine
from tests.support.scenes import scene


def lines_in(strip: Strip, page: list[tuple[int, int]]) -> list[TextLine]:
    """What a reader finds in a strip of a page with lines at (top, bottom) rows; a cut line is read as its rest."""
    rows, found = len(strip.picture), []
    for top, bottom in page:
        upper, lower = max(top - strip.top_px, 0), min(bottom - strip.top_px, rows)
        if lower - upper >= 4:
            edges = [(0.1, upper / rows), (0.9, upper / rows), (0.9, lower / rows), (0.1, lower / rows)]
            whole = lower - upper == bottom - top
            found.append(TextLine(f"line at {top}" if whole else f"rest of {top}", 0.9, tuple(edges)))
    return found


@pytest.mark.parametrize("size", [(1080, 20_000), (1080, 2_161), (1080, 4_000), (300, 3_333), (64, 60_000)])
@pytest.mark.parametrize("gap", [30, 44, 61])
def test_every_line_is_there_once_and_whole(size: tuple[int, int], gap: int) -> None:
    width, height = size
    tall = max(8, min(gap - 8, width // 6))
    page = [(top, top + tall) for top in range(5, height - tall, max(gap, tall + 4))]
    cut = strips(np.zeros((height, width, 3), np.uint8))
    read = joined((strip, lines_in(strip, page)) for strip in cut)
    assert [line.text for line in read] == [f"line at {top}" for top, _ in page]
    assert [round(line.region.top * height) for line in read] == [top for top, _ in page]


@pytest.mark.parametrize("size", [(1080, 20_000), (100, 201), (3, 5_000), (1, 999)])
def test_strips_hold_every_row_and_stay_small(size: tuple[int, int]) -> None:
    width, height = size
    cut = strips(np.zeros((height, width, 3), np.uint8))
    assert len(cut) <= 1 + height / 240
    held = np.zeros(height, bool)
    for strip in cut:
        held[strip.top_px : strip.top_px + len(strip.picture)] = True
        assert 0 < len(strip.picture) <= max(2 * width, 320)
    assert held.all()


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (1080, 2160), (5000, 10)])
def test_an_ordinary_picture_is_read_whole(size: tuple[int, int]) -> None:
    picture = scene(*size)
    (only,) = strips(picture)
    assert only.picture is picture
    line = TextLine("hello", 0.9, ((0.1, 0.1), (0.2, 0.1), (0.2, 0.2), (0.1, 0.2)))
    assert joined([(only, [line])]) == [line]


def test_the_same_words_twice_are_two_lines() -> None:
    """Nothing is doubled, and nothing is taken for a double because it says the same."""
    strip = strips(scene(100, 100))[0]
    two = [TextLine("Yes", 0.9, ((0.1, top), (0.2, top), (0.2, top + 0.1), (0.1, top + 0.1))) for top in (0.1, 0.5)]
    assert joined([(strip, two)]) == two
