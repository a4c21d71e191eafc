"""Prints how many made-up pages are put into the right order: `python -m tests.support.measure_reading_order [PAGES] [SEED]`.

Pages have a heading, prose in one to three columns, tables and receipts, in random sizes; boxes are as inexact as a reader's.
"""

from __future__ import annotations

import sys
from collections import Counter

import numpy as np

from assistant.messages import TextLine
from assistant.reading.reading_order import arrange
from tests.reading.layouts import ASPECT, column, line, moved, prose, scaled, shuffled, slanted, turned

GOODS = ["Milk", "Whole grain bread", "Butter 250 g", "Apples, red, loose", "Tea", "Orange juice 1 l", "Rice", "Dish soap lemon"]
VIEWS = ("straight", "turned a little", "turned", "slanted", "slanted and turned")


def main() -> None:
    pages, seed = int((sys.argv + ["300"])[1]), int((sys.argv + ["300", "0"])[2])
    for view in VIEWS:
        random = np.random.default_rng(seed)
        wrong: Counter[str] = Counter()
        for _ in range(pages):
            names, lines = made_page(random)
            seen = inexact(seen_as(view, lines, random), random)
            if [each.text for each in arrange(shuffled(seen, 1), ASPECT).lines] != [each.text for each in lines]:
                wrong["+".join(names)] += 1
        print(f"{view:20} {1 - wrong.total() / pages:6.1%} of {pages} in order; wrong most often: {wrong.most_common(4)}")


def made_page(random: np.random.Generator) -> tuple[list[str], list[TextLine]]:
    """Sections below each other until the page is full: what they are, and their lines in order."""
    left, right, top = 200.0, 1400.0, 60.0
    height = float(random.uniform(16, 30))
    pitch = float(random.uniform(1.25, 1.7))
    names: list[str] = []
    lines: list[TextLine] = []
    while top < 950:
        after_many = bool(names) and names[-1] not in ("prose", "heading")  # where two such meet, nobody could tell where one ends
        name = str(random.choice(["prose", "heading"] if after_many else ["prose", "two", "three", "receipt", "table", "heading"]))
        made = section(name, random, left, right, top, height, pitch, f"{len(lines)}:")
        if made[-1].corners[2][1] > 0.95:
            break
        names.append(name)
        lines += made
        top = made_bottom(made) + height * float(random.uniform(0.9, 2))
    return (names, lines) if lines else made_page(random)


def section(
    name: str, random: np.random.Generator, left: float, right: float, top: float, height: float, pitch: float, mark: str
) -> list[TextLine]:
    start, rows = int(random.integers(30)), int(random.integers(3, 12))
    if name == "heading":
        return [line(f"{mark} The news of today", left, top, height * float(random.uniform(1.5, 2.5)))]
    if name in ("prose", "two", "three"):
        count = {"prose": 1, "two": 2, "three": 3}[name]
        gutter = float(random.uniform(1.3, 3)) * height
        width = (right - left - (count - 1) * gutter) / count
        made = []
        for at in range(count):
            length = rows if at < count - 1 else int(random.integers(max(2, rows - 3), rows + 1))
            texts = prose(length, int(width / height * 2), start + 7 * at, f"{mark}{at}")
            if random.random() < 0.7 or at == count - 1:
                texts[-1] = texts[-1][: max(8, int(len(texts[-1]) * random.uniform(0.3, 1)))].rstrip()
            made += column(texts, left + at * (width + gutter), top, height, pitch)
        return made
    made = []
    edge = left + float(random.uniform(22, 30)) * height
    for row in range(rows):
        y = top + row * pitch * height
        price = f"{random.uniform(0.5, 60):.2f}"
        made.append(line(f"{mark}{row} {random.choice(GOODS)}", left, y, height))
        if name == "table":
            made.append(line(f"{random.integers(1, 400)} kcal", left + 14 * height, y, height))
        if name == "table" or random.random() < 0.85:
            made.append(line(price, 0, y, height, right=edge))
    return made


def made_bottom(lines: list[TextLine]) -> float:
    return max(y for each in lines for _, y in each.corners) * 1200


def seen_as(view: str, lines: list[TextLine], random: np.random.Generator) -> list[TextLine]:
    if "slanted" in view:
        lines = slanted(scaled(lines, 0.85), float(random.uniform(-0.2, 0.2)), float(random.uniform(-0.2, 0.2)))
    if "turned" in view:
        reach = 4 if view == "turned a little" else 12
        lines = turned(scaled(lines, 0.8), float(random.uniform(-reach, reach)))
    return lines


def inexact(lines: list[TextLine], random: np.random.Generator) -> list[TextLine]:
    """Move each corner by about a twelfth of the line's height, as detectors do."""
    result = []
    for each in lines:
        height = abs(each.corners[3][1] - each.corners[0][1]) * 1200
        shifts = iter(random.normal(0, height / 12, 8))
        result += moved([each], lambda x, y, shifts=shifts: (x + next(shifts), y + next(shifts)))  # type: ignore[misc]
    return result


if __name__ == "__main__":
    main()
