"""Draws pictures with a line of text under each into one PNG."""

from __future__ import annotations

import errno
import textwrap
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from assistant.messages import Picture
from assistant.problems import BadInput, DiskFull, shorten

TILE_WIDTH, COLUMNS, LINE_HEIGHT, MARGIN = 320, 4, 18, 8
_CHARACTERS_A_LINE, _LINES = 44, 5


def write_sheet(path: Path, tiles: Sequence[tuple[Picture, str]]) -> None:
    """Lay out (picture uint8 [H, W, 3] RGB, text) in rows of four; BadInput or DiskFull if it can't be written."""
    lines = max((len(_wrap(text)) for _, text in tiles), default=1)
    drawn = [_tile(picture, text, lines) for picture, text in tiles]
    columns = min(COLUMNS, max(len(drawn), 1))
    height = max((tile.shape[0] for tile in drawn), default=1)
    rows = -(-len(drawn) // columns)
    sheet = np.full((rows * (height + MARGIN) + MARGIN, columns * (TILE_WIDTH + MARGIN) + MARGIN, 3), 255, np.uint8)
    for number, tile in enumerate(drawn):
        y, x = MARGIN + number // columns * (height + MARGIN), MARGIN + number % columns * (TILE_WIDTH + MARGIN)
        sheet[y : y + tile.shape[0], x : x + TILE_WIDTH] = tile
    _, encoded = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    try:
        path.write_bytes(encoded.tobytes())
    except OSError as error:
        kind = DiskFull if error.errno == errno.ENOSPC else BadInput
        raise kind(f"the picture {shorten(path)} can't be written ({error.strerror})", "choose another place") from error


def _tile(picture: Picture, text: str, lines: int) -> Picture:
    height = max(1, round(picture.shape[0] * TILE_WIDTH / picture.shape[1]))
    tile = np.full((height + LINE_HEIGHT * lines + MARGIN, TILE_WIDTH, 3), 255, np.uint8)
    tile[:height] = cv2.resize(picture, (TILE_WIDTH, height), interpolation=cv2.INTER_AREA)
    for number, line in enumerate(_wrap(text), 1):
        cv2.putText(tile, line, (0, height + LINE_HEIGHT * number), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
    return tile


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, _CHARACTERS_A_LINE)[:_LINES]
