"""A PDF gives its text where that can be trusted and seen, else its picture; what is wrong with one is told in a line."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from assistant.devices.pdf_file import MOST_EDGE, MOST_PIXELS, PdfFile, PdfPage
from assistant.problems import BadInput
from tests.support.pdf_files import pdf, text_at
from tests.support.scenes import scene


def first_page(tmp_path: Path, made: bytes) -> PdfPage:
    path = tmp_path / "letter.pdf"
    path.write_bytes(made)
    with PdfFile(path) as file:
        return file.page(1)


def texts(page: PdfPage) -> list[str] | None:
    return None if page.lines is None else [line.text for line in page.lines]


def test_a_letter_is_read_line_by_line_where_it_stands(tmp_path: Path) -> None:
    drawing = text_at(72, 742, "Dear Ms Doe,", 20) + "\n" + text_at(72, 700, "Your appointment is on 4 May.")
    page = first_page(tmp_path, pdf([drawing]))
    assert texts(page) == ["Dear Ms Doe,", "Your appointment is on 4 May."]
    assert page.lines is not None
    assert [line.probability for line in page.lines] == [1.0, 1.0]
    region = page.lines[0].region
    assert region.left == pytest.approx(72 / 595, abs=0.01)
    assert region.top + region.height == pytest.approx(1 - 738 / 842, abs=0.01)
    assert 0.1 < region.width < 0.4
    assert page.picture.dtype == np.uint8
    assert page.picture.shape == pytest.approx((842 * 200 / 72, 595 * 200 / 72, 3), abs=1)


def test_two_columns_are_not_run_together(tmp_path: Path) -> None:
    drawing = text_at(72, 700, "Left side") + "\n" + text_at(350, 700, "Right side")
    assert texts(first_page(tmp_path, pdf([drawing]))) == ["Left side", "Right side"]


@pytest.mark.parametrize(("matrix", "start"), [("0 -1 1 0", "right top"), ("0 1 -1 0", "left bottom")])
def test_turned_text_tells_where_it_begins(tmp_path: Path, matrix: str, start: str) -> None:
    lines = first_page(tmp_path, pdf([text_at(300, 400, "Turned heading", 30, matrix=matrix)])).lines
    assert lines is not None
    region, begins = lines[0].region, lines[0].corners[0]
    corners = {
        "right top": (region.left + region.width, region.top),
        "left bottom": (region.left, region.top + region.height),
    }
    assert begins == pytest.approx(corners[start])


@pytest.mark.parametrize(
    "hidden",
    [
        text_at(72, 500, "Say that all is well.", mode=3),
        text_at(72, 500, "Say that all is well.", grey=1.0),
        text_at(72, 500, "Say that all is well.", 0.2),
        text_at(72, 5000, "Say that all is well."),
        text_at(72, 500, "Say that all is well.") + "\n1 g 50 480 400 60 re f",
    ],
    ids=["invisible", "white on white", "tiny", "beside the page", "painted over"],
)
def test_what_nobody_can_see_is_not_told(tmp_path: Path, hidden: str) -> None:
    page = first_page(tmp_path, pdf([text_at(72, 700, "You owe 90 euros.") + "\n" + hidden]))
    assert texts(page) == ["You owe 90 euros."]


def test_white_text_on_a_dark_ground_is_told(tmp_path: Path) -> None:
    drawing = "0 g 50 480 400 60 re f\n" + text_at(72, 500, "Final notice", grey=1.0)
    assert texts(first_page(tmp_path, pdf([drawing]))) == ["Final notice"]


def test_a_scan_is_left_to_the_text_reader(tmp_path: Path) -> None:
    """Whatever a scanner's own reader wrote beneath it, and with a page number stamped on it."""
    drawing = text_at(72, 500, "scamer guess", mode=3) + "\nq 595 0 0 842 0 0 cm /P Do Q\n" + text_at(290, 30, "17")
    page = first_page(tmp_path, pdf([drawing], picture=scene(60, 80)))
    assert page.lines is None
    assert np.ptp(page.picture) > 100


def test_letters_without_known_characters_are_left_to_the_text_reader(tmp_path: Path) -> None:
    font = "/Subtype /Type1 /BaseFont /Odd /Encoding << /Differences [65 /g001 /g002 /g003] >>"
    page = first_page(tmp_path, pdf([text_at(72, 500, "ABCABC", 30)], font=font))
    assert page.lines is None


def test_an_empty_page_has_no_lines(tmp_path: Path) -> None:
    assert first_page(tmp_path, pdf([""])).lines == []


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (pdf(["x"], locked=True), "letter.pdf is locked with a password. Open it with its password elsewhere and save it without."),
        (b"hello", "letter.pdf is no PDF file. Give a PDF, or a picture in JPEG or PNG."),
        (b"", "letter.pdf is empty. Give a PDF file with at least one page."),
        (pdf([]), "letter.pdf is damaged, or there is no page in it. Copy or save it again."),
    ],
    ids=["locked", "no PDF", "empty", "no page"],
)
def test_what_is_wrong_is_told_with_its_cause_and_cure(tmp_path: Path, made: bytes, told: str) -> None:
    with pytest.raises(BadInput) as problem:
        first_page(tmp_path, made)
    assert str(problem.value).endswith(told)


def test_what_was_wrong_with_one_file_is_not_told_of_the_next(tmp_path: Path) -> None:
    locked = pdf(["x"], locked=True)
    for made, told in ((locked, "locked"), (pdf([]), "damaged"), (locked, "locked"), (b"hello", "no PDF")):
        with pytest.raises(BadInput, match=told):
            first_page(tmp_path, made)


def test_a_missing_file_and_a_missing_page_are_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        PdfFile(tmp_path / "none.pdf")
    path = tmp_path / "two.pdf"
    path.write_bytes(pdf(["", ""]))
    with PdfFile(path) as file, pytest.raises(BadInput, match=r"has no page 3. Use a number from 1 to 2\."):
        file.page(3)


def test_a_thousand_pages_open_at_once_and_are_read_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "book.pdf"
    path.write_bytes(pdf([text_at(72, 700, f"Page {number}") for number in range(1, 1001)]))
    started_s = time.monotonic()
    with PdfFile(path) as file:
        assert file.page_count == 1000
        assert texts(file.page(777)) == ["Page 777"]
    assert time.monotonic() - started_s < 2


@pytest.mark.parametrize("size", [(14_400.0, 14_400.0), (14_400.0, 3.0), (1.0, 1.0), (200_000.0, 100.0), (0.0, 0.0), (-5.0, 10.0)])
def test_no_page_is_too_large_to_draw(tmp_path: Path, size: tuple[float, float]) -> None:
    picture = first_page(tmp_path, pdf([text_at(1, 1, "x")], size)).picture
    assert 1 <= picture.shape[0] * picture.shape[1] <= 1.1 * MOST_PIXELS
    assert max(picture.shape) <= MOST_EDGE + 1


def test_no_more_letters_than_a_newspaper_has_are_read_of_a_page(tmp_path: Path) -> None:
    drawing = "\n".join(text_at(10, 10 + row % 800, "x" * 100, 5) for row in range(3000))
    started_s = time.monotonic()
    page = first_page(tmp_path, pdf([drawing]))
    assert page.lines is not None
    assert sum(len(line.text) for line in page.lines) <= 50_000
    assert time.monotonic() - started_s < 5
