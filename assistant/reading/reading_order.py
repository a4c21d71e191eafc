"""Puts lines of text into reading order: headings, paragraphs, columns, and rows of tables and receipts. Pure.

A recursive cut in the manner of XY-cut (G. Nagy, S. Seth, "Hierarchical representation of optically scanned documents", ICPR 1984) with
one change: a horizontal cut is made only where it opens a gutter below or above it, so that columns whose paragraphs end at the same
height stay whole.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

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
SHORT_CELL = 9.0
"""Line heights: a column whose cells are narrower, each beside a line of the other, is one of a table. Prose isn't set so narrow."""


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
        runs += [("paragraph", plain)] if plain else []
        plain = []
        runs += _table_or_columns(columns, ordinary)
        start = end
    return runs + ([("paragraph", plain)] if plain else [])


def _table_or_columns(columns: tuple[list[Box], list[Box]], ordinary: float) -> list[Run]:
    """What stands left and right of a gutter: rows of a table, with the text above and below them; else one column after the other."""
    left, right = columns
    rtl = is_right_to_left(" ".join(box.line.text for box in left + right))
    rows = _rows(left + right)
    full = [index for index, row in enumerate(rows) if len(row) > 1]
    first, end = (full[0], full[-1] + 1) if full else (0, 0)
    if full and _is_table(rows[first:end], min(box.left for box in right)):
        table = [row[::-1] if rtl else row for row in rows[first:end]]
        runs: list[Run] = [("paragraph", rows[:first]), ("row", table), ("paragraph", rows[end:])]
        return [run for run in runs if run[1]]
    one, other = (right, left) if rtl else (left, right)
    return _runs(one, ordinary) + _runs(other, ordinary)


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
        if columns is not None:
            best, end = columns, index + 1
    return end, best


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
    placed = sorted(boxes, key=lambda box: box.left)
    reach, widest, cut = placed[0].right, GUTTER * statistics.median(box.height for box in boxes), None
    for index, box in enumerate(placed[1:], 1):
        if box.left - reach > widest:
            widest, cut = box.left - reach, index
        reach = max(reach, box.right)
    return (placed[:cut], placed[cut:]) if cut is not None else None


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
    steps = [_middle(after) - _middle(before) for before, after in zip(rows, rows[1:], strict=False)]
    usual = statistics.median(steps) if steps else 0.0
    edge = statistics.median(row[0].left for row in rows)
    parts = [[rows[0]]]
    for before, row, step in zip(rows, rows[1:], steps, strict=False):
        low, high = sorted((_height(before), _height(row)))
        indented = row[0].left - edge > INDENT * high and abs(before[0].left - edge) < INDENT * high / 2
        if step > PARAGRAPH_GAP * usual or high > HEADING * low or (indented and len(rows) > 2):
            parts.append([])
        parts[-1].append(row)
    return parts


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
