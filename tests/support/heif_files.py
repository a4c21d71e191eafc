"""HEIF pictures as phones write them: a grid of HEVC tiles that are cropped to the picture and turned for showing."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

import av
import numpy as np

from assistant.messages import Picture

PRIMARY = 100
"""The item that is the picture."""


def heif(picture: Picture, tile: int = 64, *, quarter_turns: int = 0, mirror: int | None = None) -> bytes:
    """Return the file. `quarter_turns`: anticlockwise, for showing; `mirror`: 0 upside down, 1 left to right, after turning.

    A picture not larger than a tile becomes a single one.
    """
    height, width = picture.shape[:2]
    columns, rows = -(-width // tile), -(-height // tile)
    padded = np.pad(picture, ((0, rows * tile - height), (0, columns * tile - width), (0, 0)), mode="edge")
    parts = [padded[r * tile : (r + 1) * tile, c * tile : (c + 1) * tile] for r in range(rows) for c in range(columns)]
    coded = [_hevc(part) for part in parts]
    config, is_grid = coded[0][0], len(parts) > 1
    tiles = [data for _, data in coded]
    ids = list(range(1, len(tiles) + 1)) if is_grid else [PRIMARY]
    grid = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height)
    properties = [
        _box(b"hvcC", config),
        _full(b"ispe", struct.pack(">II", tile, tile)),
        _full(b"ispe", struct.pack(">II", width, height)),
        _box(b"irot", bytes([quarter_turns])),
        _box(b"imir", bytes([mirror or 0])),
    ]
    shown = [4] + ([5] if mirror is not None else [])
    of_items = [(each, [1, 2]) for each in ids] if is_grid else []
    of_items.append((PRIMARY, [*([3] if is_grid else [1, 2]), *shown]))
    items = [(each, b"hvc1") for each in ids] + ([(PRIMARY, b"grid")] if is_grid else [])
    infos = b"".join(_box(b"infe", b"\x02\0\0\0" + struct.pack(">HH", each, 0) + kind + b"\0") for each, kind in items)
    associations = b"".join(struct.pack(">HB", each, len(of)) + bytes(0x80 | place for place in of) for each, of in of_items)
    iprp = _box(b"iprp", _box(b"ipco", b"".join(properties)) + _full(b"ipma", struct.pack(">I", len(of_items)) + associations))
    iref = _full(b"iref", _box(b"dimg", struct.pack(">HH", PRIMARY, len(ids)) + struct.pack(f">{len(ids)}H", *ids))) if is_grid else b""
    contents = [*([(PRIMARY, grid)] if is_grid else []), *zip(ids, tiles, strict=True)]

    def file(first: int) -> tuple[bytes, int]:
        places, at = b"", first
        for each, data in contents:
            places += struct.pack(">HHHII", each, 0, 1, at, len(data))
            at += len(data)
        iloc = _full(b"iloc", b"\x44\0" + struct.pack(">H", len(contents)) + places)
        meta = _full(
            b"meta",
            _full(b"hdlr", bytes(4) + b"pict" + bytes(13))
            + _full(b"pitm", struct.pack(">H", PRIMARY))
            + _full(b"iinf", struct.pack(">H", len(items)) + infos)
            + iref
            + iprp
            + iloc,
        )
        head = _box(b"ftyp", b"heic\0\0\0\0mif1heic") + meta
        return head + _box(b"mdat", b"".join(data for _, data in contents)), len(head) + 8

    return file(file(0)[1])[0]


def _hevc(picture: Picture) -> tuple[bytes, bytes]:
    """The decoder's configuration (hvcC) and one coded picture."""
    made: Any = BytesIO()
    with av.open(made, "w", format="mp4") as container:
        track = container.add_stream("libx265", rate=1)
        track.height, track.width = picture.shape[:2]
        track.pix_fmt, track.options = (
            "yuv420p",
            {"x265-params": "log-level=none:crf=12:bframes=0:keyint=1:frame-threads=1:pools=none", "tag": "hvc1"},
        )
        for frame in (av.VideoFrame.from_ndarray(np.ascontiguousarray(picture)), None):
            container.mux(track.encode(frame))
    content = made.getvalue()
    at = content.index(b"hvcC")
    config = content[at + 4 : at - 4 + struct.unpack(">I", content[at - 4 : at])[0]]
    with av.open(BytesIO(content)) as container:
        return config, bytes(next(packet for packet in container.demux(video=0) if packet.size))


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def _full(kind: bytes, content: bytes) -> bytes:
    return _box(kind, bytes(4) + content)
