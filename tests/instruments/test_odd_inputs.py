"""Three hundred damaged, odd and hostile inputs: each gives its content or one clear line, soon, and never anything else."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from assistant.devices.pdf_file import PdfFile
from assistant.devices.picture_file import open_picture
from assistant.instruments.codes import Code, phrase_of, read_content
from assistant.instruments.picture_strips import strips
from assistant.instruments.read_codes import CodeReader
from assistant.languages import phrase
from assistant.messages import Picture, Region
from assistant.problems import Problem
from tests.support.odd_pictures import odd_pdfs, odd_picture_files, odd_pictures

MOST_S = 3.0
"""Processor seconds for one input, on a slow machine."""
MOST_GROWTH_KIB = 700_000
"""Of this process by all of them."""


@pytest.fixture(autouse=True, scope="module")
def bounded_memory() -> Iterator[None]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_GROWTH_KIB


def soon(work: Callable[[], object], name: str) -> None:
    """Do it within the bounds; what can't be used must be told in one line, with what to do."""
    started_s = time.process_time()
    try:
        work()
    except Problem as problem:
        assert "\n" not in str(problem), name
        assert problem.what, name
        assert problem.fix, name
    assert time.process_time() - started_s < MOST_S, name


@pytest.mark.parametrize("name, make", [pytest.param(*each, id=each[0]) for each in odd_pictures()])
def test_no_code_is_found_in_a_picture_without_one(name: str, make: Callable[[], Picture]) -> None:
    picture, reader = make(), CodeReader()
    found: list[Code] = []
    soon(lambda: found.extend(reader.read(picture)), name)
    soon(lambda: reader.near_code(picture), name)
    assert found == []
    assert len(np.concatenate([strip.picture for strip in strips(picture)])) >= len(picture)


@pytest.mark.parametrize(
    "files", [pytest.param(list(files), id=kind) for kind, files in groupby(odd_picture_files(), lambda each: each[0].split()[0])]
)
def test_a_picture_file_opens_or_is_refused_in_one_line(files: list[tuple[str, Callable[[], bytes]]], tmp_path: Path) -> None:
    for name, make in files:
        path = tmp_path / name
        path.write_bytes(make())

        def read(path: Path = path) -> None:
            picture = open_picture(path).picture
            assert picture.dtype == np.uint8
            assert picture.ndim == 3
            assert CodeReader().read(picture) == []

        soon(read, name)


@pytest.mark.parametrize("name, make", [pytest.param(*each, id=each[0]) for each in odd_pdfs()])
def test_a_pdf_gives_its_pages_or_one_line(name: str, make: Callable[[], bytes], tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(make())

    def read() -> None:
        with PdfFile(path) as file:
            for number in {1, file.page_count}:
                page = file.page(number)
                assert page.picture.dtype == np.uint8
                assert page.picture.size <= 3 * 6_700_000
                for line in page.lines or []:
                    assert line.text
                    assert all(0 <= share <= 1 for corner in line.corners for share in corner)

    soon(read, name)


HOSTILE = {
    "four thousand letters": "x" * 4000,
    "a million letters": "y" * 1_000_000,
    "a million backslashes": "WIFI:S:" + "\\" * 1_000_000,
    "a million fields": "MECARD:" + "N:x;" * 250_000,
    "a million lines": "BEGIN:VCARD\n" + "TEL:1\n" * 160_000,
    "folded for ever": "BEGIN:VCALENDAR\nSUMMARY:x" + "\n " * 300_000,
    "a million dots": "http://" + "." * 1_000_000,
    "a million parts": "http://" + "a." * 500_000 + "com",
    "a million signs": "https://" + "@" * 1_000_000,
    "a million questions": "mailto:a@b.c?" + "&a=b" * 250_000,
    "a million digits": "9" * 1_000_000,
    "a million spaces": " " * 1_000_000,
    "a million accents": "a" + "\u0301" * 1_000_000,
    "percents": "tel:+1" + "%" * 100_000,
    "number as a site": "http://" + "9" * 5_000,
    "half a bracket": "http://[" + ":" * 5_000,
    "bad punycode": "http://xn--" + "9" * 60 + ".com",
    "broken pairs": "\ud800\udfff\udc00 x",
    "quoted-printable rubbish": "BEGIN:VCARD\nFN;ENCODING=QUOTED-PRINTABLE:" + "=ZZ" * 1000,
    "only control characters": "\x00\x01\x1b\x7f\u202e\u2066",
    "endless scheme": "a" * 500_000 + "://",
    "payment without lines": "BCD\n",
    "date that is none": "BEGIN:VEVENT\nSUMMARY:x\nDTSTART:99999999T999999",
    "place beyond the earth": "geo:999999999999,1",
    "empty fields": "WIFI:;;;;",
    "nothing": "",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_the_text_of_a_code_is_told_in_bounds_whatever_it_is(text: str) -> None:
    started_s = time.process_time()
    for kind in ("QR Code", "EAN-13"):
        key, values = phrase_of(Code(kind, "", Region(0, 0, 1, 1), read_content(text, kind)))
        said, language = phrase(key, "en", **values)
        assert language == "en"
        assert len(said) <= 260
        assert said.isprintable()
    assert time.process_time() - started_s < 0.5
