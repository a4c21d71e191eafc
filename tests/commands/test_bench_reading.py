"""`assistant bench --what reading`: its measures, its pictures, and a run with readers that say what they are told to."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assistant.benchmarks import reading
from assistant.benchmarks.plain_tesseract import PlainTesseract
from assistant.benchmarks.reading_errors import Told, count_errors, edit_distance, numbers_of, words_of, wrong_words
from assistant.benchmarks.reading_pages import KINDS, TextPicture, fonts_of, render
from assistant.benchmarks.reading_photographs import NOTHING, photographs_with_text, pictures_without_text
from assistant.benchmarks.reading_texts import TEXTS
from assistant.messages import Picture, TextLine, TextPiece
from assistant.problems import BadInput
from tests.support.signs import FONT

needs_font = pytest.mark.skipif(not Path(FONT).exists(), reason="fonts-dejavu-core is not installed")
LINE = ((0.1, 0.4), (0.9, 0.4), (0.9, 0.5), (0.1, 0.5))


class ScriptedTextReader:
    """Reads the same line in every picture."""

    def __init__(self, text: str, probability: float) -> None:
        self._line = TextLine(text, probability, LINE)

    def find(self, picture: Picture) -> Sequence[TextLine]:
        return [TextLine("", 1.0, LINE)]

    def read(self, picture: Picture, lines: Sequence[TextLine] | None = None) -> Iterator[TextLine]:
        yield self._line

    def unload(self) -> None:
        pass


@pytest.mark.parametrize(
    ("one", "other", "distance"), [("", "", 0), ("abc", "", 3), ("", "ab", 2), ("kitten", "sitting", 3), ("ab", "ba", 2), ("abc", "abc", 0)]
)
def test_edits_are_counted(one: str, other: str, distance: int) -> None:
    assert edit_distance(one, other) == edit_distance(other, one) == distance


def test_words_and_numbers_are_those_that_are_heard() -> None:
    assert words_of("“Fresh” BREAD, 3,50 €!") == ["fresh", "bread", "3,50"]
    assert words_of("出口 3番線") == ["出", "口", "3", "番", "線"]
    assert numbers_of("T1 3.99B on 12/30/2016 at 19:19, (714) 879-3574") == ["1", "3.99", "12/30/2016", "19:19", "714", "879-3574"]


def test_a_wrong_number_that_is_told_counts_and_one_that_is_kept_back_only_lacks() -> None:
    told = Told.of(
        [TextPiece("sure", "Bread 3,50"), TextPiece("unreadable_number", ""), TextPiece("doubtful", "Butler"), TextPiece("sure", "8")]
    )
    errors = count_errors(told, "Bread 3,50 Butter 2,90 6")
    assert (errors.numbers, errors.numbers_told, errors.numbers_wrong, errors.numbers_found) == (3, 2, 1, 1)
    assert (errors.words, errors.words_found, errors.word_errors) == (5, 2, 3)
    assert (errors.sure, errors.sure_wrong, errors.doubtful, errors.doubtful_wrong) == (3, 1, 1, 1)
    assert wrong_words(told, "Bread 3,50 Butter 2,90 6") == ["8"]


def test_words_in_another_order_are_found_all_the_same() -> None:
    errors = count_errors(Told(("three four one two",), text="three four one two"), "one two three four")
    assert (errors.words_found, errors.word_errors, errors.sure_wrong) == (4, 4, 0)


def test_what_stands_there_too_is_neither_lacking_nor_invented() -> None:
    errors = count_errors(Told(("Exit 22",), text="Exit 22"), "Exit", "22")
    assert (errors.words, errors.sure_wrong, errors.numbers_wrong, errors.numbers) == (1, 0, 0, 0)


def test_counts_are_added() -> None:
    one = count_errors(Told(("one",), text="one"), "one two")
    assert (one + one).words == 4 and (one + one).words_found == 2


@needs_font
def test_the_same_seed_gives_the_same_pictures() -> None:
    first, again, other = (list(render(10, seed, ["en"])) for seed in (3, 3, 4))
    assert [each.kind for each in first] == [*KINDS, *KINDS]
    for one, same in zip(first, again, strict=True):
        assert one.text == same.text and np.array_equal(one.picture, same.picture)
    assert [each.text for each in first] != [each.text for each in other]
    assert all(each.picture.dtype == np.uint8 and each.picture.ndim == 3 and each.text and "{" not in each.text for each in first)


@needs_font
def test_a_font_that_lacks_a_script_is_left_out() -> None:
    assert all("DejaVuSans" not in font for font in fonts_of("ja"))
    assert any("DejaVuSans.ttf" in font for font in fonts_of("de"))


def test_there_are_texts_of_every_kind_in_each_language() -> None:
    assert all(all(vars(texts).values()) and len(texts.sentences) > 3 and len(texts.wares) > 2 for texts in TEXTS.values())
    assert all(len(texts.product) == 4 and len(texts.screen) > 2 for texts in TEXTS.values())


@needs_font
def test_the_bench_counts_what_scripted_readers_say() -> None:
    pictures = [*render(5, 1, ["en"]), TextPicture("wall", NOTHING, "", "", 0, np.zeros((90, 90, 3), np.uint8), "")]
    readers = {"ours": reading.our_reader(ScriptedTextReader("Zyx 17", 0.99)), "other": lambda each: Told((each.text,), text=each.text)}
    figures = reading.measure(pictures, readers)
    assert figures["pictures"] == 6 and list(figures["by_kind"]) == [*KINDS, NOTHING]
    assert figures["by_kind"][NOTHING]["ours"]["sure_wrong"] == 2 and figures["by_kind"][NOTHING]["ours"]["numbers_wrong"] == 1
    assert all(each["other"]["character_errors"] == each["other"]["sure_wrong"] == 0 for each in figures["by_kind"].values())
    assert list(figures["by_language"]) == ["en"] and figures["wrong"]["ours"]["wall"] == ["zyx", "17"]
    table = reading.format_table({**figures, "memory_mb": {"ours": 1.0, "other": 2.0}, "remarks": ["a remark"]})
    assert "2/2" in table and table.endswith("a remark")


@needs_font
@pytest.mark.parametrize("as_json", [True, False])
def test_it_runs_without_tesseract_and_says_so(as_json: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(reading, "open_text_reader", lambda store: ScriptedTextReader("Exit", 0.99))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(sys, "argv", ["reading", "--pictures", "2", *(["--json"] if as_json else [])])
    reading.main()
    out = capsys.readouterr().out
    assert "Tesseract is not installed" in out and out.count("\n") == 1 if as_json else "numbers wrong" in out
    assert not as_json or json.loads(out)["by_kind"][NOTHING]["ours"]["sure_wrong"] == json.loads(out)["by_kind"][NOTHING]["pictures"]


def test_photographs_are_opened_with_their_texts(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no texts.tsv"):
        list(photographs_with_text(tmp_path))
    for name in ("one.png", "two.png"):
        Image.new("RGB", (30, 20), (200, 10, 10)).save(tmp_path / name)
    (tmp_path / "texts.tsv").write_text('file\tkind\ttext\talso\none.png\tsign\t"Exit" 3\t\ntwo.png\tlabel\tTea\tSale\n')
    one, two = photographs_with_text(tmp_path)
    assert (one.kind, one.text, one.also, two.also) == ("photo: sign", '"Exit" 3', "", "Sale")
    assert one.picture.shape == (20, 30, 3) and tuple(one.picture[0, 0]) == (200, 10, 10)


def test_pictures_without_text_are_darkened_and_blurred_too(tmp_path: Path) -> None:
    Image.new("RGB", (60, 40), (200, 200, 200)).save(tmp_path / "wall.png")
    told = {each.name: each for each in pictures_without_text(tmp_path)}
    assert {"wall.png", "wall.png, dark", "wall.png, blurred", "covered 0"} <= told.keys()
    assert told["wall.png, dark"].picture.mean() < 30
    assert all(each.kind == NOTHING and not each.text for each in told.values())


def test_a_big_picture_reaches_tesseract_whole(tmp_path: Path) -> None:
    """Once only what fitted in the pipe did: the rest waited until the time was over."""
    program = tmp_path / "tesseract"
    program.write_text('#!/bin/sh\nif [ "$1" = --list-langs ]; then echo eng; else sleep 0.1; wc -c; fi\n')
    program.chmod(0o755)
    tesseract = PlainTesseract(str(program))
    assert tesseract.packs == {"eng"}
    assert int(tesseract.read(np.zeros((1000, 1000, 3), np.uint8), "deu")) == 3_000_000 + len(b"P6 1000 1000 255\n")
    assert tesseract.peak_mb > 0
