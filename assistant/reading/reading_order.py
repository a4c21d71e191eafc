"""Puts lines of text into reading order: headings, paragraphs, columns, and rows of tables and receipts. Pure.

A recursive cut in the manner of XY-cut (G. Nagy, S. Seth, "Hierarchical representation of optically scanned documents", ICPR 1984) with
one change: a horizontal cut is made only where it opens a gutter below or above it, so that columns whose paragraphs end at the same
height stay whole.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from itertools import pairwise

from assistant.messages import TextLine
from assistant.reading.page import Block, BlockKind, Page, is_right_to_left
from assistant.reading.placing import Box, place

GUTTER = 0.9
"""Line heights between two columns or two cells of a row, at least: spaces between words are a third as wide."""
SAME_ROW = 0.5
"""Line heights between the middles of two boxes of one row, at most."""
HEADING = 1.35
"""Heights of the page's ordinary letters from which a block is a heading; boxes of one size of print differ by a fifth."""
HEADING_LINES = 3
PARAGRAPH_GAP = 1.4
"""Usual distances of lines from which a new paragraph begins."""
INDENT = 0.8
"""Line heights by which a paragraph's first line is set in, at least."""
SHORT_CELL = 6.5
"""Line heights: a column whose cells are narrower, each beside a line of the other, is one of a table. Columns of prose are wider."""


def arrange(lines: Sequence[TextLine], aspect: float) -> Page:
    """Put lines, found in any order, into reading order.

    Args:
        lines: with corners as `TextLine` has them; their turn is the text's own.
        aspect: the picture's width by its height.
    """
    groups, turn = place(lines, aspect)
    blocks: list[Block] = []
    for boxes in groups:
        ordinary = _ordinary_height(boxes)
        blocks += [block for run in _runs(boxes, ordinary) for block in _blocks(run, ordinary)]
    return Page(tuple(blocks), turn)


Run = tuple[BlockKind, list[list[Box]]]
"""Rows of boxes in reading order: of one column ("paragraph"), or of a table ("row")."""


def _runs(boxes: list[Box], ordinary: float) -> list[Run]:
    """Cut a part of the page into columns and tables, in reading order; `ordinary`: height of the page's usual letters."""
    rows = _rows(boxes)
    runs: list[Run] = []
    plain: list[list[Box]] = []
    start = 0
    while start < len(rows):
        end, columns = _longest_with_gutter(rows, start, ordinary)
        if columns is None:
            plain.append(rows[start])
            start += 1
            continue
        gutter = min(box.left for box in columns[1])
        full = [index for index in range(start, end) if len({box.left < gutter for box in rows[index]}) > 1]
        cells = rows[full[0] : full[-1] + 1] if full else []
        if cells and _is_table(cells, gutter):
            plain += rows[start : full[0]]  # what stands above and below a table is text like any other
            end = full[-1] + 1
            lists = _lists_side_by_side([box for row in cells for box in row])
            made = _columns_in_order(lists, ordinary) if lists else [_table(cells)]
        else:
            made = _columns_in_order(columns, ordinary)
        runs += [("paragraph", plain), *made] if plain else made
        plain, start = [], end
    return runs + ([("paragraph", plain)] if plain else [])


def _columns_in_order(columns: tuple[list[Box], list[Box]], ordinary: float) -> list[Run]:
    left, right = columns
    first, second = (right, left) if _is_right_to_left(left + right) else (left, right)
    return _runs(first, ordinary) + _runs(second, ordinary)


def _table(rows: list[list[Box]]) -> Run:
    backwards = _is_right_to_left([box for row in rows for box in row])
    return "row", [row[::-1] if backwards else row for row in rows]


def _is_right_to_left(boxes: Sequence[Box]) -> bool:
    return is_right_to_left(" ".join(box.line.text for box in boxes))


def _is_table(rows: list[list[Box]], gutter: float) -> bool:
    """Whether rows, of which the first and last have cells on both sides of where a gutter ends, are to be read across."""
    if len(rows) == 1:
        return True
    left, right = ([box for row in rows for box in row if (box.left < gutter) == is_left] for is_left in (True, False))
    for cells in (left, right):
        if 2 * sum(_is_figure(box.line.text) for box in cells) >= len(cells):
            return True
    if 2 * sum(box.line.text.rstrip().endswith((":", "：")) for box in left) >= len(left):
        return True
    both = sum(1 for row in rows if len(row) > 1)
    height = statistics.median(box.height for box in left + right) or 1.0
    narrow = min(max(box.right - box.left for box in cells) for cells in (left, right))
    return both >= 0.8 * len(rows) and narrow <= SHORT_CELL * height


def _is_figure(text: str) -> bool:
    """Whether a cell holds a price, an amount, a time or the like, and no words worth the name."""
    digits = sum(character.isdigit() for character in text)
    letters = sum(character.isalpha() for character in text)
    return digits > 0 and letters <= max(4, 2 * digits)


def _rows(boxes: Sequence[Box]) -> list[list[Box]]:
    """Boxes by rows from top to bottom, in each from left to right."""
    rows: list[list[Box]] = []
    for box in sorted(boxes, key=lambda box: box.middle):
        near = [row for row in rows[-3:] if all(_same_row(box, other) for other in row)]
        if near:
            near[-1].append(box)
        else:
            rows.append([box])
    return [sorted(row, key=lambda box: box.left) for row in rows]


def _same_row(one: Box, other: Box) -> bool:
    apart = abs(one.middle - other.middle)
    overlap = min(one.right, other.right) - max(one.left, other.left)
    small = min(one.bottom - one.top, other.bottom - other.top)
    return apart <= SAME_ROW * small and overlap <= 0.5 * small


def _longest_with_gutter(rows: list[list[Box]], start: int, ordinary: float) -> tuple[int, tuple[list[Box], list[Box]] | None]:
    """Take as many rows from `start` as one gutter passes; return where they end, and what stands left and right of it."""
    best: tuple[list[Box], list[Box]] | None = None
    end = start
    boxes: list[Box] = []
    for index in range(start, len(rows)):
        if _is_section_heading(rows, index, ordinary):
            break
        boxes = boxes + rows[index]
        columns = _columns(boxes)
        if columns is None and len(boxes) > 1 and not _may_still_open(rows, start, index):
            break
        if columns is not None and _stand_beside(*columns):
            best, end = columns, index + 1
    return end, best


def _stand_beside(left: list[Box], right: list[Box]) -> bool:
    """Whether two columns have some height in common: what stands below and aside is no column, such as a word on another thing."""
    tops = [min(box.top for box in boxes) for boxes in (left, right)]
    return max(tops) < min(max(box.bottom for box in boxes) for boxes in (left, right))


def _is_section_heading(rows: list[list[Box]], index: int, ordinary: float) -> bool:
    """Whether a row is one box of large letters with nothing beside it: it heads all that follows, however short it is."""
    box, *others = rows[index]
    if others or box.height < HEADING * ordinary:
        return False
    near = rows[max(0, index - 2) : index] + rows[index + 1 : index + 3]
    return all(other.bottom <= box.top or other.top >= box.bottom for row in near for other in row)


def _may_still_open(rows: list[list[Box]], start: int, index: int) -> bool:
    """Whether all rows so far hold one box each: a gutter can't be told before something stands on its other side."""
    return all(len(row) == 1 for row in rows[start : index + 1])


def _columns(boxes: list[Box]) -> tuple[list[Box], list[Box]] | None:
    """Part boxes at the widest gutter through all of them; None where none is wide enough."""
    _, columns = max(_gutters(boxes), key=lambda each: each[0], default=(0.0, None))
    return columns


def _gutters(boxes: list[Box]) -> Iterator[tuple[float, tuple[list[Box], list[Box]]]]:
    """Yield the gutters through all boxes: how wide each is, and what stands left and right of it."""
    placed = sorted(boxes, key=lambda box: box.left)
    reach, least = placed[0].right, GUTTER * statistics.median(box.height for box in boxes)
    for index, box in enumerate(placed[1:], 1):
        if box.left - reach > least:
            yield box.left - reach, (placed[:index], placed[index:])
        reach = max(reach, box.right)


def _lists_side_by_side(boxes: list[Box]) -> tuple[list[Box], list[Box]] | None:
    """Part cells that are two lists of prices, not one table: left and right of a gutter most rows have words and a figure."""
    return next((columns for _, columns in _gutters(boxes) if all(map(_is_list_of_prices, columns))), None)


def _is_list_of_prices(cells: list[Box]) -> bool:
    rows = _rows(cells)
    mixed = [row for row in rows if len({_is_figure(box.line.text) for box in row}) > 1]
    return len(rows) > 1 and 2 * len(mixed) > len(rows)


def _blocks(run: Run, ordinary: float) -> list[Block]:
    """Headings and paragraphs of a column, or the rows of a table; `ordinary`: height of the page's usual letters."""
    kind, rows = run
    if kind == "row":
        return [Block("row", tuple(box.line for box in row)) if len(row) > 1 else _block([row], ordinary, "row") for row in rows]
    return [_block(part, ordinary) for part in _paragraphs(rows)]


def _block(rows: list[list[Box]], ordinary: float, else_kind: BlockKind = "paragraph") -> Block:
    boxes = [box for row in rows for box in row]
    large = statistics.median(box.height for box in boxes) >= HEADING * ordinary
    return Block("heading" if large and len(rows) <= HEADING_LINES else else_kind, tuple(box.line for box in boxes))


def _paragraphs(rows: list[list[Box]]) -> list[list[list[Box]]]:
    """Cut a column's rows where the distance, the letters' size or an indent says so."""
    steps = [_step(before, after) for before, after in pairwise(rows)]
    usual = sorted(steps)[len(steps) // 4] if steps else 0.0  # a letter has more gaps than lines that follow each other
    edge = statistics.median(row[0].left for row in rows)
    parts = [[rows[0]]]
    for (before, row), step in zip(pairwise(rows), steps, strict=True):
        low, high = sorted((_height(before), _height(row)))
        indented = row[0].left - edge > INDENT * high and abs(before[0].left - edge) < INDENT * high / 2
        if step > PARAGRAPH_GAP * usual or high > HEADING * low or (indented and len(rows) > 2):
            parts.append([])
        parts[-1].append(row)
    return parts


def _step(before: list[Box], after: list[Box]) -> float:
    """Distance of two lines in heights of their letters."""
    return 2 * (_middle(after) - _middle(before)) / (_height(before) + _height(after) or 1.0)


def _middle(row: list[Box]) -> float:
    return statistics.fmean(box.middle for box in row)


def _height(row: list[Box]) -> float:
    return max(box.height for box in row)


def _ordinary_height(boxes: Sequence[Box]) -> float:
    """Height of the letters that half of all characters don't exceed."""
    by_height = sorted(boxes, key=lambda box: box.height)
    characters = [max(1, len(box.line.text)) for box in by_height]
    half, seen = sum(characters) / 2, 0
    for box, count in zip(by_height, characters, strict=True):
        seen += count
        if seen >= half:
            return box.height
    return 0.0
