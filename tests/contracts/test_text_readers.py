"""Whichever reader reads text: it finds lines and reads them from the top, keeps to the lines that are wanted, and survives any picture."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from assistant.engines.ocr import ppocr, tesseract
from assistant.engines.ocr.ppocr import PpocrReader
from assistant.engines.ocr.second_reader import MAX_SECOND_TRIES, TwoReaders
from assistant.engines.ocr.tesseract import TesseractReader
from assistant.engines.onnx.session import SessionSettings
from assistant.interfaces import TextReader
from assistant.messages import Picture, TextLine
from assistant.problems import BadInput, DamagedModel, MissingModel
from tests.support.signs import render
from tests.support.tiny_ppocr import bars, write_ppocr_folder, write_script_folder

needs_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed")
READERS = ["tiny", "two tiny", pytest.param("ppocr", marks=pytest.mark.models), pytest.param("tesseract", marks=needs_tesseract)]
SETTINGS = SessionSettings(1, spin=False)
SIGN = render([("No smoking", 100, 60, 60), ("Platform 7", 200, 200, 48)], 640, 360)
SAID = ["No smoking", "Platform 7"]


@pytest.fixture(scope="module", params=READERS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def ppocr_reader(models_dir: Path) -> PpocrReader:
    return PpocrReader(models_dir / "ppocr-v6", settings=SETTINGS)


@pytest.fixture(scope="module")
def reader(name: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TextReader:
    """Opened once for all tests."""
    if name == "tesseract":
        return TesseractReader(["en"])
    if name == "ppocr":
        opened: PpocrReader = request.getfixturevalue("ppocr_reader")
        return opened
    folder = tmp_path_factory.mktemp("readers")
    tiny = PpocrReader(write_ppocr_folder(folder / "tiny"), settings=SETTINGS)
    if name == "tiny":
        return tiny
    unsure = PpocrReader(write_ppocr_folder(folder / "unsure", sureness=0.1), settings=SETTINGS)
    return TwoReaders(unsure, tiny)


@pytest.fixture
def picture(name: str) -> Picture:
    return bars([40, 120]) if "tiny" in name else SIGN


@pytest.fixture
def said(name: str) -> list[str]:
    return ["a", "a"] if "tiny" in name else SAID


class TestEveryReader:
    def test_lines_are_read_from_the_top(self, reader: TextReader, picture: Picture, said: list[str]) -> None:
        lines = list(reader.read(picture))
        assert [line.text for line in lines] == said
        assert lines[0].region.top < lines[1].region.top
        assert all(0.5 < line.probability <= 1 for line in lines)

    def test_a_line_stands_where_it_is_found_and_begins_at_its_left(self, reader: TextReader, picture: Picture) -> None:
        found = list(reader.find(picture))
        assert [line.text for line in found] == ["", ""]
        for line in found:
            (left, top), (right, _), _, (_, bottom) = line.corners
            assert 0.05 < left < right < 1
            assert 0 < top < bottom < 1

    def test_only_lines_that_are_wanted_are_read(self, reader: TextReader, picture: Picture, said: list[str]) -> None:
        [_, second] = reader.find(picture)
        [line] = reader.read(picture, [second])
        assert line.text == said[1]
        assert list(reader.read(picture, [])) == []

    def test_a_wall_has_no_text(self, reader: TextReader) -> None:
        wall = np.full((120, 160, 3), 200, np.uint8)
        assert list(reader.find(wall)) == []
        assert list(reader.read(wall)) == []

    @pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (2, 2), (64, 64), (33, 700)])
    def test_a_picture_of_any_size_is_no_trouble(self, reader: TextReader, shape: tuple[int, int]) -> None:
        noise = np.random.default_rng(0).integers(0, 255, (*shape, 3), dtype=np.uint8)
        for line in [*reader.find(noise), *reader.read(noise)]:
            assert all(0 <= share <= 1 for corner in line.corners for share in corner)

    @pytest.mark.parametrize("strange", [np.zeros((0, 5, 3), np.uint8), np.zeros((5, 5), np.uint8), np.zeros((5, 5, 3), np.float32)])
    def test_what_is_no_picture_is_refused_in_words(self, reader: TextReader, strange: np.ndarray) -> None:
        with pytest.raises(BadInput, match="uint8"):
            reader.find(strange)
        with pytest.raises(BadInput, match="uint8"):
            list(reader.read(strange))

    def test_a_picture_too_large_for_any_library_is_refused_in_words(self, reader: TextReader) -> None:
        with pytest.raises(BadInput, match="Make it smaller"):
            list(reader.read(np.zeros((2, 40_000, 3), np.uint8)))

    def test_lines_beyond_the_picture_and_without_extent_are_no_trouble(self, reader: TextReader, picture: Picture) -> None:
        corners = [((-1.0, -1.0), (2.0, -1.0), (2.0, 2.0), (-1.0, 2.0)), ((0.5, 0.5),) * 4]
        assert len(list(reader.read(picture, [TextLine("", 1.0, each) for each in corners]))) == 2

    def test_two_threads_read_what_one_reads(self, reader: TextReader, picture: Picture) -> None:
        alone = list(reader.read(picture))
        together: list[list[TextLine]] = []
        threads = [threading.Thread(target=lambda: together.append(list(reader.read(picture)))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert together == [alone, alone]

    def test_what_is_unloaded_reads_again(self, reader: TextReader, picture: Picture, said: list[str]) -> None:
        reader.unload()
        first = next(lines := iter(reader.read(picture)))
        reader.unload()  # while it reads
        assert [line.text for line in (first, *lines)] == said


def test_a_line_that_cannot_be_read_has_no_text(tmp_path: Path) -> None:
    reader = PpocrReader(write_ppocr_folder(tmp_path / "unsure", sureness=0.1), settings=SETTINGS)
    [line] = reader.read(bars([40]))
    assert (line.text, line.probability) == ("", 0.0)
    assert line.region.width > 0.3


def test_a_recogniser_of_another_script_reads_what_the_first_cannot(tmp_path: Path) -> None:
    unsure, script = write_ppocr_folder(tmp_path / "unsure", sureness=0.1), write_script_folder(tmp_path / "script", "яю")
    assert [line.text for line in PpocrReader(unsure, [script], SETTINGS).read(bars([40]))] == ["я"]


def test_the_slow_reader_tries_so_many_lines_and_no_more(tmp_path: Path) -> None:
    unsure = PpocrReader(write_ppocr_folder(tmp_path / "unsure", sureness=0.1), settings=SETTINGS)
    reader = TwoReaders(unsure, PpocrReader(write_ppocr_folder(tmp_path / "tiny"), settings=SETTINGS))
    picture = bars([40 * number + 10 for number in range(MAX_SECOND_TRIES + 2)], height=600)
    assert [line.text for line in reader.read(picture)] == ["a"] * MAX_SECOND_TRIES + ["", ""]


def test_what_the_first_has_read_is_not_lost_where_the_second_takes_too_long(tmp_path: Path) -> None:
    class Slow(PpocrReader):
        def read(self, picture: Picture, lines: Sequence[TextLine] | None = None) -> Iterator[TextLine]:
            raise BadInput("it didn't read this picture in time", "take a picture of less text")

    unsure = PpocrReader(write_ppocr_folder(tmp_path / "unsure", sureness=0.1), settings=SETTINGS)
    reader = TwoReaders(unsure, Slow(write_ppocr_folder(tmp_path / "tiny"), settings=SETTINGS))
    assert [line.text for line in reader.read(bars([40, 120]))] == ["", ""]


def test_every_missing_or_damaged_file_is_named(tmp_path: Path) -> None:
    folder, script = write_ppocr_folder(tmp_path / "tiny"), write_script_folder(tmp_path / "script", "яю")
    for path in sorted([*folder.iterdir(), *script.iterdir()]):
        content = path.read_bytes()
        for damage in (None, b"", b"\xff\x00damaged" * 50, b"a: [b\n"):
            path.unlink()
            if damage is not None:
                path.write_bytes(damage)
            with pytest.raises(MissingModel, match=path.name):
                list(PpocrReader(folder, [script], SETTINGS).read(bars([40])))
            path.write_bytes(content)


def test_a_list_of_characters_that_is_not_the_recognisers_is_refused(tmp_path: Path) -> None:
    folder, script = write_ppocr_folder(tmp_path / "tiny"), write_script_folder(tmp_path / "script", "яю")
    write_script_folder(tmp_path / "other", "яюё")
    shutil.copy(tmp_path / "other/inference.yml", script)
    with pytest.raises(DamagedModel, match="any, any, 5"):
        PpocrReader(folder, [script], SETTINGS).find(bars([40]))


@pytest.mark.models
class TestPpocr:
    @pytest.fixture
    def reader(self, ppocr_reader: PpocrReader) -> PpocrReader:
        return ppocr_reader

    @pytest.mark.parametrize("quarters", [0, 1, 2, 3])
    def test_a_turned_sign_is_read_and_says_where_it_begins(self, reader: PpocrReader, quarters: int) -> None:
        picture = np.ascontiguousarray(np.rot90(render([("Emergency exit", 60, 100, 50)], 480, 280), quarters))
        [line] = reader.read(picture)
        assert line.text == "Emergency exit"
        (start_x, start_y), (end_x, end_y) = line.corners[:2]
        along = (np.sign(round(end_x - start_x, 1)), np.sign(round(end_y - start_y, 1)))
        assert along == [(1, 0), (0, -1), (-1, 0), (0, 1)][quarters]

    @pytest.mark.parametrize("number", ["7", "14"])
    def test_the_number_of_a_door_is_read_upright(self, reader: PpocrReader, number: str) -> None:
        [line] = reader.read(render([(number, 300, 100, 120)], 640, 360))
        assert line.text == number

    def test_letters_with_marks_are_read(self, reader: PpocrReader) -> None:
        sign = "Straße Müller, Café à côté"
        assert [line.text for line in reader.read(render([(sign, 40, 100, 40)], 700, 240))] == [sign]

    def test_small_print_in_a_large_picture_is_read_by_a_closer_look(self, reader: PpocrReader) -> None:
        lines = ["Read the instructions before use", "Keep out of reach of children"]
        picture = render([(line, 2500, 1800 + 40 * number, 22) for number, line in enumerate(lines)], 4000, 3000)
        assert [line.text for line in reader.read(picture)] == lines

    def test_a_huge_picture_ends(self, reader: PpocrReader) -> None:
        noise = np.random.default_rng(0).integers(0, 255, (300, 20000, 3), dtype=np.uint8)
        assert isinstance(list(reader.read(noise)), list)


def test_without_the_program_tesseract_says_how_to_get_it() -> None:
    with pytest.raises(MissingModel, match="apt install"):
        TesseractReader(program="no-such-program")


def write_tesseract(folder: Path, reading: str) -> str:
    """Write a program that knows English and does `reading` with a picture."""
    program = folder / "tesseract"
    program.write_text(f'#!/bin/sh\n[ "$1" = --list-langs ] && echo "List of languages:" && echo eng && exit 0\n{reading}\n')
    program.chmod(0o755)
    return str(program)


def test_a_language_that_tesseract_lacks_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="lacks the language xx"):
        TesseractReader(["xx"], program=write_tesseract(tmp_path, "exit 1"))


def test_a_tesseract_that_fails_is_a_problem_and_no_traceback(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="Tesseract failed"):
        list(TesseractReader(program=write_tesseract(tmp_path, "exit 1")).read(SIGN))


def test_a_tesseract_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tesseract, "TIMEOUT_S", 0.3)
    with pytest.raises(BadInput, match="within"):
        list(TesseractReader(program=write_tesseract(tmp_path, "exec sleep 60")).read(SIGN))


def test_words_that_tesseract_is_not_sure_of_are_no_text(tmp_path: Path) -> None:
    rows = ["5 1 1 1 1 1 10 10 50 20 96 Exit", "5 1 2 1 1 1 10 90 50 20 31 ~|lI", "5 1 3 1 1 1 damaged"]
    table = "\\n".join(row.replace(" ", "\\t") for row in rows)
    reader = TesseractReader(program=write_tesseract(tmp_path, f"cat > /dev/null; printf '{table}\\n'"))
    assert [(line.text, line.probability) for line in reader.read(SIGN)] == [("Exit", 0.96), ("", 0.0)]


def test_of_too_many_lines_the_first_are_read_and_the_rest_told_to_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ppocr, "MAX_LINES", 2)
    reader = PpocrReader(write_ppocr_folder(tmp_path / "tiny"), settings=SETTINGS)
    assert [line.text for line in reader.read(bars([20, 80, 140, 200]))] == ["a", "a", "", ""]
