"""Sentences with their translations, to train the caption translator on and to measure it by. Pure; random choices come from a generator.

What it is read from: `captions.tar.xz` (split, picture, English, translation), and sentences that the program itself could say.
"""

from __future__ import annotations

import random
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from models.training.data import read_rows, tidy_caption

TARGETS = ("de", "fr", "cs", "pt", "es", "uk", "zh", "ar")
"""Languages of the captions; the first four were translated by people."""
_CHINESE_MARKS = str.maketrans({",": "，", "?": "？", "!": "！", ";": "；", "；": "；"})


@dataclass
class Row:
    """One English sentence and its translations by language."""

    english: str
    translations: dict[str, str] = field(default_factory=dict)


def caption_rows(data: Path, split: str) -> list[Row]:
    """Read the captions, sentences that are the same in English joined in one row.

    Args:
        data: the folder with `captions.tar.xz` and `flickr8k/`.
        split: "train" or "val". Training leaves out every picture that any language's "val" has, and Flickr8k's "dev" pictures.
    """
    held_out = {picture.split("_")[0] for picture, where, _ in read_rows(data / "flickr8k" / "captions.tsv") if where == "dev"}
    tables = dict(_tables(data / "captions.tar.xz"))
    held_out |= {picture for rows in tables.values() for where, picture, _, _ in rows if where == "val"}
    found: dict[str, Row] = {}
    for language, rows in tables.items():
        for where, picture, english, translation in rows:
            if where != split or (split == "train" and picture in held_out):
                continue
            english, translation = tidy_caption(english), tidy_translation(translation, language)
            if english and translation and not _is_unlikely(english, translation, language):
                found.setdefault(english, Row(english)).translations.setdefault(language, translation)
    return list(found.values())


def tidy_translation(text: str, language: str) -> str:
    """Give a translation a capital letter, one full stop at its end, and the marks of its language."""
    text = " ".join(text.split())
    text = re.sub(r" ([.,!?;:])", r"\1", text) if language != "fr" else re.sub(r" ([.,])", r"\1", text)
    if language == "zh":
        text = re.sub(r"(?<=[^\x00-\x7f]) +(?=[^\x00-\x7f])", "", text.translate(_CHINESE_MARKS))
    text = text.rstrip(" .。؟")
    if not text:
        return ""
    end = "" if text[-1] in "!?？！" else "。" if language == "zh" else "."
    return text[0].upper() + text[1:] + end


def _is_unlikely(english: str, translation: str, language: str) -> bool:
    """Whether the lengths say that the pair is no translation; some Arabic ones aren't."""
    share = len(translation) / len(english)
    return not (0.1 < share < 1.2) if language == "zh" else not (0.4 < share < 2.2)


def _tables(path: Path) -> Iterator[tuple[str, list[list[str]]]]:
    with tarfile.open(path) as archive:
        for member in sorted(archive.getmembers(), key=lambda each: each.name):
            file = archive.extractfile(member) if member.name.endswith(".tsv") else None
            if file is not None:
                lines = file.read().decode("utf-8").splitlines()
                yield Path(member.name).stem, [line.split("\t") for line in lines if line.count("\t") == 3]


def varied(english: str, translation: str, dice: random.Random) -> tuple[str, str]:
    """Return a pair as it is or, now and then, as a careless speaker would have it, so that the translator doesn't break on a comma."""
    chance = dice.random()
    if chance < 0.08:  # no full stop, in both
        return english.rstrip("."), translation.rstrip(".。")
    if chance < 0.14:
        return english.lower(), translation
    if chance < 0.17:
        return english.rstrip(".").lower(), translation.rstrip(".。")
    if chance < 0.22:
        words = english.split()
        place = dice.randrange(len(words))
        if place + 1 < len(words) and words[place][-1].isalpha():
            words[place] += ","
        return " ".join(words), translation
    if chance < 0.25:
        return english.replace(",", ""), translation
    return english, translation


def with_stand_ins(rows: Iterable[Row]) -> list[Row]:
    """Put "X1" for a number that a sentence and its translation both have, as `answering/translating.py` does."""
    made = []
    for row in rows:
        numbers = re.findall(r"(?<!\w)\d+(?!\w)", row.english)
        if len(numbers) != 1:
            continue
        number = re.compile(rf"(?<!\d){numbers[0]}(?!\d)")
        kept = {code: number.sub("X1", text) for code, text in row.translations.items() if len(number.findall(text)) == 1}
        if kept:
            made.append(Row(number.sub("X1", row.english), kept))
    return made
