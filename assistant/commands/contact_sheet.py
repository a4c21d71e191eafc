"""Draws pictures with a line of text under each into one PNG, over the curve of change of the video they come from."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from assistant.commands.output import format_clock
from assistant.messages import Picture
from assistant.written_files import PNG, write_file

TILE_WIDTH, COLUMNS, LINE_HEIGHT, MARGIN = 320, 4, 18, 8
_CHARACTERS_A_LINE, _LINES = 44, 5
CURVE_HEIGHT, CURVE_WIDTH = 150, 640
"""Pixels of the plot, whose width may be larger."""
CURVE_POINTS = 4096
"""Points held of a curve; neighbours are joined when there are more."""
TICK_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
MOST_TICKS = 12
_BLACK, _GREY, _BLUE, _RED = (0, 0, 0), (200, 200, 200), (60, 90, 200), (200, 40, 40)


class ChangeCurve:
    """Holds how much of each frame can't be seen in the last keyframe, in bounded memory: of neighbours the larger is kept."""

    def __init__(self) -> None:
        self._points: list[tuple[float, float]] = []
        self._stride = 1
        self._frames = 0

    def add(self, time_s: float, change: float) -> None:
        """Add the change, in [0, 1], of the next frame in order of time."""
        if self._frames % self._stride == 0:
            self._points.append((time_s, change))
        elif change > self._points[-1][1]:
            self._points[-1] = (self._points[-1][0], change)
        self._frames += 1
        if len(self._points) > CURVE_POINTS:
            pairs = zip(self._points[::2], self._points[1::2], strict=False)
            self._points = [(first[0], max(first[1], second[1])) for first, second in pairs]
            self._stride *= 2
            self._frames = len(self._points) * self._stride

    def drawn(self, width: int, marks_s: Sequence[float]) -> Picture:
        """Return the plot, uint8 [CURVE_HEIGHT, width, 3], with a numbered mark at each of `marks_s` and a time axis."""
        plot = np.full((CURVE_HEIGHT, width, 3), 255, np.uint8)
        if not self._points:
            return plot
        start_s, end_s = self._points[0][0], max(self._points[-1][0], self._points[0][0] + 1e-3)
        left, right, top, bottom = 48, width - MARGIN - 24, 24, CURVE_HEIGHT - 24

        def place(time_s: float, change: float) -> tuple[int, int]:
            return round(left + (time_s - start_s) / (end_s - start_s) * (right - left)), round(bottom - change * (bottom - top))

        step_s = next((step for step in TICK_STEPS_S if (end_s - start_s) / step <= MOST_TICKS), TICK_STEPS_S[-1])
        for tick_s in np.arange(np.ceil(start_s / step_s) * step_s, end_s + 1e-6, step_s):
            cv2.line(plot, place(tick_s, 0), place(tick_s, 1), _GREY, 1)
            _write(plot, format_clock(float(tick_s)), (place(tick_s, 0)[0] - 14, bottom + 17))
        for change in (0.0, 0.5, 1.0):
            cv2.line(plot, place(start_s, change), place(end_s, change), _GREY, 1)
            _write(plot, f"{change:.0%}", (MARGIN, place(start_s, change)[1] + 5))
        cv2.polylines(plot, [np.array([place(*point) for point in self._points], np.int32)], False, _BLUE, 1, cv2.LINE_AA)
        for number, mark_s in enumerate(marks_s, 1):
            cv2.line(plot, place(mark_s, 0), place(mark_s, 1), _RED, 1)
            _write(plot, str(number), (place(mark_s, 1)[0] - 4, top - 6))
        return plot


def write_sheet(
    path: Path,
    tiles: Sequence[tuple[Picture, str]],
    curve: ChangeCurve | None = None,
    marks_s: Sequence[float] = (),
    *,
    force: bool = False,
) -> None:
    """Lay out (picture uint8 [H, W, 3] RGB, text) in rows of four, over the curve. BadInput or DiskFull if it can't be written."""
    lines = max((len(_wrap(text)) for _, text in tiles), default=1)
    drawn = [_tile(picture, text, lines) for picture, text in tiles]
    columns = min(COLUMNS, max(len(drawn), 1))
    height = max((tile.shape[0] for tile in drawn), default=1)
    rows = -(-len(drawn) // columns)
    sheet = np.full((rows * (height + MARGIN) + MARGIN, columns * (TILE_WIDTH + MARGIN) + MARGIN, 3), 255, np.uint8)
    for number, tile in enumerate(drawn):
        y, x = MARGIN + number // columns * (height + MARGIN), MARGIN + number % columns * (TILE_WIDTH + MARGIN)
        sheet[y : y + tile.shape[0], x : x + TILE_WIDTH] = tile
    if curve is not None:
        sheet = np.pad(sheet, ((0, 0), (0, max(0, CURVE_WIDTH - sheet.shape[1])), (0, 0)), constant_values=255)
        sheet = np.vstack([sheet, curve.drawn(sheet.shape[1], marks_s)])
    _, encoded = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    write_file(path, encoded.tobytes(), PNG, force)


def _tile(picture: Picture, text: str, lines: int) -> Picture:
    height = max(1, round(picture.shape[0] * TILE_WIDTH / picture.shape[1]))
    tile = np.full((height + LINE_HEIGHT * lines + MARGIN, TILE_WIDTH, 3), 255, np.uint8)
    tile[:height] = cv2.resize(picture, (TILE_WIDTH, height), interpolation=cv2.INTER_AREA)
    for number, line in enumerate(_wrap(text), 1):
        _write(tile, line, (0, height + LINE_HEIGHT * number))
    return tile


def _write(picture: Picture, text: str, at: tuple[int, int]) -> None:
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, _BLACK, 1, cv2.LINE_AA)


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, _CHARACTERS_A_LINE)[:_LINES]
