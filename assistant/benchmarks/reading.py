"""Measures reading: what is told wrong of rendered pages, signs, labels, receipts and screens, and what is invented where nothing stands.

    python -m assistant.benchmarks.reading [--pictures N] [--seed N] [--data DIR] [--packs DIR] [--json]

Tesseract, where it is installed, reads the same pictures in the same run with `--psm 3`, in the picture's language where its pack is
there and in English elsewhere; all that it prints counts as told for sure. DIR adds photographs: its texts.tsv has the columns file,
kind, text, also (what stands there too and needn't be told), and DIR/without holds pictures without text.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from assistant.assembly import open_text_reader
from assistant.benchmarks.figures import peak_mb
from assistant.benchmarks.plain_tesseract import PlainTesseract
from assistant.benchmarks.reading_errors import Errors, Told, count_errors, wrong_words
from assistant.benchmarks.reading_pages import TextPicture, fonts_of, render
from assistant.benchmarks.reading_photographs import photographs_with_text, pictures_without_text
from assistant.benchmarks.reading_texts import TEXTS
from assistant.instruments.page_reader import PageReader
from assistant.interfaces import TextReader
from assistant.reading.page_talk import passages_of
from assistant.store.model_store import ModelStore, models_dir

PICTURES = 100
"""Rendered ones; on two idle cores both readers take about two seconds for each."""
OURS, TESSERACT = "ours", "Tesseract"
Reader = Callable[[TextPicture], Told]


@dataclass(frozen=True)
class Read:
    """What one reader told of one picture."""

    told: Told
    errors: Errors
    wall_s: float
    cpu_s: float
    """Processor time, of programs that it started too."""


Results = list[tuple[TextPicture, dict[str, Read]]]
GROUPS: dict[str, Callable[[TextPicture], str]] = {
    "kind": lambda each: each.kind,
    "fault": lambda each: each.fault or "none",
    "language": lambda each: each.language,
    "letter_px": lambda each: str(each.letter_px),
}
"""By what pictures are told apart; all but the first are of rendered ones alone."""


def our_reader(reader: TextReader) -> Reader:
    """Return what gathers what would be said of a picture, each seen for the first time."""

    def read(each: TextPicture) -> Told:
        page = PageReader(reader).read([each.picture])
        return Told.of(piece for passage in passages_of(page) for piece in passage.pieces)

    return read


def tesseract_reader(program: PlainTesseract) -> Reader:
    """Return what takes all that Tesseract prints as told for sure."""

    def read(each: TextPicture) -> Told:
        text = program.read(each.picture, TEXTS[each.language].pack if each.language else "eng")
        return Told((text,), text=text)

    return read


def measure(pictures: Iterable[TextPicture], readers: dict[str, Reader]) -> dict[str, Any]:
    """Read each picture with each reader by turns; return the errors of each by group, its time beside ours, and what was told wrong."""
    results: Results = [(_without_picture(each), {name: _read(read, each) for name, read in readers.items()}) for each in pictures]
    rendered = [each for each in results if each[0].language]
    return {
        "pictures": len(results),
        **{f"by_{name}": _grouped(results if name == "kind" else rendered, key) for name, key in GROUPS.items()},
        "times": _times(results, list(readers)),
        "wrong": {name: _wrong(results, name) for name in readers},
    }


def _without_picture(each: TextPicture) -> TextPicture:
    """Lest the pictures count as memory that reading takes."""
    return replace(each, picture=np.zeros((0, 0, 3), np.uint8))


def _read(read: Reader, each: TextPicture) -> Read:
    began_s, before = time.perf_counter(), os.times()
    told = read(each)
    wall_s, after = time.perf_counter() - began_s, os.times()
    return Read(told, count_errors(told, each.text, each.also), wall_s, sum(after[:4]) - sum(before[:4]))


def _grouped(results: Results, key: Callable[[TextPicture], str]) -> dict[str, Any]:
    """Counts by group and reader; groups in the order in which they come."""
    groups: dict[str, dict[str, Any]] = {}
    for each, read in results:
        group = groups.setdefault(key(each), {"pictures": 0} | dict.fromkeys(read, Errors()))
        group["pictures"] += 1
        for name, of_reader in read.items():
            group[name] += of_reader.errors
    return {
        name: {key: asdict(each) if isinstance(each, Errors) else each for key, each in group.items()} for name, group in groups.items()
    }


def _times(results: Results, names: list[str]) -> dict[str, dict[str, float]]:
    """Mean seconds of a picture, and how many times as long as ours each takes; the first picture loads models and isn't counted."""
    told: dict[str, dict[str, float]] = {}
    for name in names:
        read = [each[name] for _, each in results[1:] or results]
        wall_s, cpu_s = (sum(times) / len(read) for times in ([each.wall_s for each in read], [each.cpu_s for each in read]))
        ours = told.get(names[0], {"wall_s": wall_s, "cpu_s": cpu_s})
        ratios = {"wall_ratio": wall_s / (ours["wall_s"] or 1), "cpu_ratio": cpu_s / (ours["cpu_s"] or 1)}
        told[name] = {"wall_s": round(wall_s, 3), "cpu_s": round(cpu_s, 3)} | {key: round(ratio, 2) for key, ratio in ratios.items()}
    return told


def _wrong(results: Results, name: str) -> dict[str, list[str]]:
    """Words told for sure that don't stand there, by picture."""
    told = {each.name: wrong_words(read[name].told, each.text, each.also) for each, read in results}
    return {picture: words for picture, words in told.items() if words}


TITLES = ("pictures", "characters", "words", "found", "invented", "doubtful", "numbers wrong", "not said")


def format_table(figures: dict[str, Any]) -> str:
    """Return the figures for people: shares of what stands there, and counts of what was told wrong of what was told."""
    lines = []
    for group in GROUPS:
        lines.append(f"{group:<24}" + "".join(f"{title:>14}" for title in TITLES))
        for key, counts in figures[f"by_{group}"].items():
            lines += [f"  {key[:11]:<12}{name:<10}" + _row(counts["pictures"], Errors(**counts[name])) for name in figures["times"]]
    for name, times in figures["times"].items():
        ratios = f"{times['wall_ratio']}x our time, {times['cpu_ratio']}x our processor time"
        lines.append(f"{name}: {ratios}; {figures['memory_mb'][name]:.0f} MB of memory")
    lines.append("characters, words: errors in reading order; found: words in any order; invented, doubtful: wrong words of those told so")
    return "\n".join([*lines, *figures["remarks"]])


def _row(pictures: int, errors: Errors) -> str:
    cells = [
        str(pictures),
        _share(errors.character_errors, errors.characters),
        _share(errors.word_errors, errors.words),
        _share(errors.words_found, errors.words),
        f"{errors.sure_wrong}/{errors.sure}",
        f"{errors.doubtful_wrong}/{errors.doubtful}",
        f"{errors.numbers_wrong}/{errors.numbers_told}",
        f"{errors.numbers - errors.numbers_found}/{errors.numbers}",
    ]
    return "".join(f"{cell:>14}" for cell in cells)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def _pictures(count: int, seed: int, data: Path | None) -> Iterator[TextPicture]:
    without = data / "without" if data else None
    return chain(
        render(count, seed),
        photographs_with_text(data) if data else (),
        pictures_without_text(without if without and without.is_dir() else None),
    )


def _remarks(readers: dict[str, Reader], packs: Iterable[str]) -> list[str]:
    """What the reader of the figures should know."""
    remarks = [f"no font here has all signs of {language}: left out" for language in TEXTS if not fonts_of(language)]
    if TESSERACT not in readers:
        return [*remarks, "Tesseract is not installed: nothing stands beside ours"]
    lacking = [language for language, texts in TEXTS.items() if texts.pack not in packs]
    return [*remarks, *([f"Tesseract has no pack of {' '.join(lacking)}, and read them as English"] if lacking else [])]


def main() -> None:
    """Measure as the command line says, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=PICTURES, metavar="N", help=f"rendered pictures (default {PICTURES})")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="others with another number")
    parser.add_argument("--data", type=Path, metavar="DIR", help="photographs: pictures, texts.tsv, and a folder without/")
    parser.add_argument("--packs", type=Path, metavar="DIR", help="Tesseract's languages, for it alone (default: those of the system)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    before_mb = peak_mb()
    readers = {OURS: our_reader(open_text_reader(ModelStore(models_dir())))}
    memory: dict[str, Callable[[], float]] = {OURS: lambda: peak_mb() - before_mb}
    packs: frozenset[str] = frozenset()
    if (program := PlainTesseract.installed(options.packs)) is not None:
        readers[TESSERACT], memory[TESSERACT], packs = tesseract_reader(program), lambda: program.peak_mb, program.packs
    figures = measure(_pictures(options.pictures, options.seed, options.data), readers)
    figures |= {"memory_mb": {name: round(of(), 1) for name, of in memory.items()}, "remarks": _remarks(readers, packs)}
    print(json.dumps(figures) if options.json else format_table(figures))


if __name__ == "__main__":
    main()
