"""Of a picture with more fine print than there is time for, whole rows are looked at from the top."""

from __future__ import annotations

from assistant.engines.ocr.detection import whole_rows

PAGE = [(row, column) for row in (0, 544, 1088) for column in (0, 544, 1088)]


def test_all_of_a_small_page_is_looked_at() -> None:
    assert whole_rows(PAGE, 12) == PAGE


def test_of_a_large_one_whole_rows_are() -> None:
    assert whole_rows(PAGE, 8) == PAGE[:6]
    assert whole_rows(PAGE, 6) == PAGE[:6]
    assert whole_rows(PAGE, 2) == []
