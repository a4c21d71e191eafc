"""HEIF pictures of phones (HEIC): a grid of tiles, each a HEVC picture of its own, which PyAV decodes and the file's boxes put together.

Source of the format: ISO/IEC 23008-12; FFmpeg tells each tile as a stream whose number is that of the item.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import av
import numpy as np

from assistant.devices.av_capture import OPENED
from assistant.messages import Picture

MOST_TILES = 1024
_Box = tuple[bytes, bytes]


class NotAPicture(Exception):
    """Says that a file has no picture of a kind that is read here."""


def read_heif(content: bytes, most_pixels: int, missing: int | None = None) -> Picture:
    """Return the main picture of a file, turned upright: uint8 [H, W, 3] RGB. `missing`: the level of tiles that can't be decoded.

    Raises NotAPicture if there is none of a kind that is read here, ValueError if it has more pixels, EOFError if it is damaged (where
    `missing` is given: if no tile can be decoded).
    """
    try:
        meta = dict(_boxes(dict(_boxes(content))[b"meta"][4:]))
        items = _Items(content, meta)
        rows, columns, size, tiles = items.layout()
    except (KeyError, IndexError, struct.error) as error:
        raise NotAPicture from error
    if size and size[0] * size[1] > most_pixels:
        raise ValueError(f"{size[0]} x {size[1]}")
    decoded = _decode(content, tiles)
    if not decoded or (missing is None and any(tile not in decoded for tile in tiles)):
        raise EOFError
    blank = np.full_like(next(iter(decoded.values())), missing or 0)
    decoded = {tile: decoded.get(tile, blank) for tile in tiles}
    whole = np.vstack([np.hstack([decoded[tile] for tile in tiles[row * columns :][:columns]]) for row in range(rows)])
    if size:
        whole = whole[: size[1], : size[0]]
    return np.ascontiguousarray(items.turned(whole))


class _Items:
    """What the boxes say about the main picture."""

    def __init__(self, content: bytes, meta: dict[bytes, bytes]) -> None:
        self._content, self._meta = content, meta
        version, body = meta[b"pitm"][0], meta[b"pitm"][4:]
        self._main = int.from_bytes(body[: 4 if version else 2], "big")

    def layout(self) -> tuple[int, int, tuple[int, int] | None, list[int]]:
        """Rows and columns of tiles, the width and height they are cropped to, and their items in order."""
        kind = self._kind()
        if kind == b"hvc1":
            return 1, 1, None, [self._main]
        if kind != b"grid":
            raise NotAPicture
        data = self._data()
        rows, columns = data[2] + 1, data[3] + 1
        size = struct.unpack_from(">II" if data[1] & 1 else ">HH", data, 4)
        tiles = self._tiles()
        if not rows * columns == len(tiles) <= MOST_TILES or not min(size):
            raise NotAPicture
        return rows, columns, (size[0], size[1]), tiles

    def turned(self, picture: Picture) -> Picture:
        """The picture as it is to be shown, by the properties irot and imir in their order."""
        for kind, value in self._properties():
            if kind == b"irot":
                picture = np.rot90(picture, value[0] & 3)
            elif kind == b"imir":
                picture = picture[:, ::-1] if value[0] & 1 else picture[::-1]
        return picture

    def _kind(self) -> bytes:
        infos = self._meta[b"iinf"]
        for _, info in _boxes(infos[4 + (4 if infos[0] else 2) :]):
            wide = info[0] >= 3
            if int.from_bytes(info[4 : 8 if wide else 6], "big") == self._main:
                return info[10:14] if wide else info[8:12]
        raise NotAPicture

    def _tiles(self) -> list[int]:
        wide = "I" if self._meta[b"iref"][0] else "H"
        for kind, data in _boxes(self._meta[b"iref"][4:]):
            source, count = struct.unpack_from(f">{wide}H", data)
            if kind == b"dimg" and source == self._main:
                return list(struct.unpack_from(f">{count}{wide}", data, struct.calcsize(f">{wide}H")))
        raise NotAPicture

    def _data(self) -> bytes:
        """The bytes of the main item."""
        table = self._meta[b"iloc"]
        version, sizes = table[0], (table[4] >> 4, table[4] & 15, table[5] >> 4, table[5] & 15 if table[0] else 0)
        reader = BytesIO(table[6:])

        def number(length: int) -> int:
            return int.from_bytes(reader.read(length), "big")

        for _ in range(number(4 if version == 2 else 2)):
            item = number(4 if version == 2 else 2)
            in_idat = version > 0 and number(2) & 15 == 1
            number(2)
            base, found = number(sizes[2]), b""
            for _ in range(number(2)):
                number(sizes[3])
                start, length = base + number(sizes[0]), number(sizes[1])
                found += (self._meta[b"idat"] if in_idat else self._content)[start : start + length]
            if item == self._main:
                return found
        raise NotAPicture

    def _properties(self) -> Iterator[_Box]:
        shelf = dict(_boxes(self._meta[b"iprp"]))
        known, table = list(_boxes(shelf[b"ipco"])), shelf[b"ipma"]
        reader = BytesIO(table[4:])
        for _ in range(int.from_bytes(reader.read(4), "big")):
            item = int.from_bytes(reader.read(4 if table[0] else 2), "big")
            for _ in range(reader.read(1)[0]):
                place = int.from_bytes(reader.read(2), "big") & 0x7FFF if table[3] & 1 else reader.read(1)[0] & 0x7F
                if item == self._main and 0 < place <= len(known):
                    yield known[place - 1]


def _boxes(content: bytes) -> Iterator[_Box]:
    """Yield (kind, content) of the boxes that follow one another."""
    at = 0
    while at + 8 <= len(content):
        length, kind, start = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8], 8
        if length == 1:
            length, start = int.from_bytes(content[at + 8 : at + 16], "big"), 16
        length = length or len(content) - at
        if length < start:
            return
        yield kind, content[at + start : at + length]
        at += length


def _decode(content: bytes, items: list[int]) -> dict[int, Picture]:
    """The pictures of these items, as far as they can be decoded."""
    found: dict[int, Picture] = {}
    try:
        with av.open(BytesIO(content), **OPENED) as container:
            streams: list[Any] = [stream for stream in container.streams.video if stream.id in items]
            for packet in container.demux(*streams) if streams else ():
                for frame in packet.decode():
                    found[packet.stream.id] = frame.to_ndarray(format="rgb24")
    except (av.FFmpegError, ValueError):
        pass  # what is missing is told by who counts
    return found
