"""Finds where text stands, by PP-OCR's detector (DB) on onnxruntime. Knows nothing of what the text says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from assistant.engines.ocr.text_boxes import Corners, TextBox, TextMap, find_boxes, overlaps
from assistant.engines.onnx.session import OnnxGraph, SessionSettings
from assistant.messages import Picture

OVERVIEW_SIDE = 960
"""Pixels of the longest side of the input that finds what is to be read. Of 240 words of 8 to 70 pixels in frames of 1280 x 720, 221 were
read with 960, 204 with 640 and 222 with 1280, which takes twice the time."""
AIMING_SIDE = 640
"""The same where it must be fast: 0.37 of the time."""
SMALL_LINE = 20.0
"""Height in pixels of the input below which a line is worth a closer look, where the picture has more pixels."""
CLOSER = 2.0
"""By how much a closer look enlarges."""
WORTHWHILE = 1.5
"""Less enlargement than this isn't worth its time."""
MAX_TILES = 12
"""Of all closer looks at a picture; each takes as long as half an overview."""

_MOST_ENLARGED = 2.0
_TILE = 544
"""Pixels a side that a tile adds to a map."""
_MARGIN = 48
"""Pixels on each side that it is given to see beyond, or letters would be cut at its edge."""
_STRIDE = 32
"""Both sides of the detector's input are multiples of this."""
_INPUT = "x"


class TextDetector:
    """Runs the detector in bounded time and memory on pictures of any size. Safe from several threads."""

    def __init__(self, path: Path, settings: SessionSettings) -> None:
        """Load the graph. MissingModel or DamagedModel if that can't be done."""
        self._graph = OnnxGraph(path, settings, shrink=True)
        self._graph.input(_INPUT, (None, 3, None, None), np.float32)
        [self._output] = self._graph.outputs

    def find(self, picture: Picture, side: int) -> list[TextBox]:
        """Return the lines in uint8 [H, W, 3], corners in its pixels, in no order, as one look of `side` pixels shows them."""
        return [box for box in self._find(picture, _overview_scale(picture, side)) if not box.is_faint]

    def find_closely(self, picture: Picture) -> list[TextBox]:
        """Return the lines in uint8 [H, W, 3] likewise; where they are small or faint and the picture has more pixels, a closer
        look tells."""
        scale = _overview_scale(picture, OVERVIEW_SIDE)
        boxes = self._find(picture, scale)
        tiles_left = MAX_TILES
        while (closer := min(scale * CLOSER, 1.0)) >= scale * WORTHWHILE:
            small = [box for box in boxes if box.height * scale < SMALL_LINE]
            tiles = whole_rows(_tiles_with(small, picture, closer), tiles_left)
            if not tiles:
                break
            tiles_left -= len(tiles)
            large = [box for box in boxes if box.height * scale >= SMALL_LINE]
            seen = self._find_in_tiles(picture, closer, tiles)
            seen = [box for box in seen if not any(overlaps(box, other) for other in large)]
            missed = [box for box in small if not any(overlaps(box, other) for other in seen)]
            boxes, scale = [*large, *seen, *missed], closer
        return [box for box in boxes if not box.is_faint]

    def _find(self, picture: Picture, scale: float) -> list[TextBox]:
        text_map = self._text_map(_resized(picture, scale))
        return _in_picture(find_boxes(text_map), text_map, picture)

    def _find_in_tiles(self, picture: Picture, scale: float, tiles: Sequence[tuple[int, int]]) -> list[TextBox]:
        """As `_find`, looking nowhere but at some tiles of the map, whose maps are joined so that no line is cut."""
        resized = _resized(picture, scale)
        text_map = np.zeros(resized.shape[:2], np.float32)
        for top, left in tiles:
            above, before = max(0, top - _MARGIN), max(0, left - _MARGIN)
            part = self._text_map(resized[above : top + _TILE + _MARGIN, before : left + _TILE + _MARGIN])
            kept = part[top - above : top - above + _TILE, left - before : left - before + _TILE]
            text_map[top : top + _TILE, left : left + _TILE] = kept
        return _in_picture(find_boxes(text_map), text_map, picture)

    def _text_map(self, picture: Picture) -> TextMap:
        """Return the map of a picture, of its size: float32 [H, W]."""
        height, width = picture.shape[:2]
        padded = np.pad(picture, [(0, -height % _STRIDE), (0, -width % _STRIDE), (0, 0)], mode="edge")
        [maps] = self._graph.run({_INPUT: network_input(padded)}, [self._output])  # [1, 1, H, W]
        return np.ascontiguousarray(maps[0, 0, :height, :width])


def network_input(picture: Picture) -> npt.NDArray[np.float32]:
    """Turn uint8 [H, W, 3] into float32 [1, 3, H, W] in [-1, 1], channels in the order that PP-OCR was trained with (BGR)."""
    blob: npt.NDArray[np.float32] = cv2.dnn.blobFromImage(picture, 1 / 127.5, mean=(127.5,) * 3, swapRB=True)
    return blob


def _overview_scale(picture: Picture, side: int) -> float:
    height, width = picture.shape[:2]
    return float(min(_MOST_ENLARGED, side / max(height, width)))


def _resized(picture: Picture, scale: float) -> Picture:
    height, width = picture.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    resized: Picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return resized


def _in_picture(boxes: Sequence[TextBox], text_map: TextMap, picture: Picture) -> list[TextBox]:
    """The boxes of a map in the picture's pixels."""
    scales: Corners = np.divide(picture.shape[1::-1], text_map.shape[::-1], dtype=np.float32)
    return [replace(box, corners=box.corners * scales) for box in boxes]


def whole_rows(tiles: Sequence[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """Return the topmost rows of tiles (top, left) that are at most so many together: half a row would cut lines."""
    fitting = tiles[:most]
    if len(tiles) > most and fitting and tiles[most][0] == fitting[-1][0]:
        fitting = [tile for tile in fitting if tile[0] != fitting[-1][0]]
    return list(fitting)


def _tiles_with(boxes: Sequence[TextBox], picture: Picture, scale: float) -> list[tuple[int, int]]:
    """(top, left) of the tiles of the map at this scale that the boxes touch."""

    def touched() -> Iterator[tuple[int, int]]:
        bottom, right = picture.shape[0] * scale, picture.shape[1] * scale
        for box in boxes:
            low, high = box.corners.min(axis=0) * scale, box.corners.max(axis=0) * scale
            for row in range(int(max(0, low[1]) // _TILE), int(min(high[1], bottom - 1) // _TILE) + 1):
                for column in range(int(max(0, low[0]) // _TILE), int(min(high[0], right - 1) // _TILE) + 1):
                    yield row * _TILE, column * _TILE

    return sorted(set(touched()))
