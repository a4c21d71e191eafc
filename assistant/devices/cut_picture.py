"""What can be shown of a picture whose file ends too early.

The file is filled up in two ways, once with zeros and once by chance, and decoded by whatever decodes it when it is whole: dots that
are the same both times come from the file. So no decoder needs to tell how far it got, and nothing made up is shown.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import av
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[Any]
"""As OpenCV decodes them: [H, W] or [H, W, 1, 3 or 4], BGR, of any depth."""
Fill = Callable[[int], bytes]
"""Gives so many bytes."""

GROWTH = (1, 4, 16, 64)
"""How many times its own length a file is filled up with, until it is enough."""
MOST_BYTES = 256_000_000
"""Of what is filled up."""
MOST_PIXELS_AN_EDGE = 1 << 20
"""OpenCV decodes no more."""
LEAST_EDGE = 8
"""Pixels of the shorter edge, below which nothing can be told of a picture."""
SIDES = ("upper", "left", "lower", "right")
"""In the order in which turning anticlockwise by a quarter exchanges them."""
GRIDS = ((1, 2), (2, 1), (2, 2), (2, 4), (4, 1), (4, 2), (4, 4), (4, 8), (8, 1), (8, 4), (8, 8))
"""Every how many rows and columns the passes of an interlaced picture fill."""
ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
"""Of an interlaced PNG: first row and column of each pass, steps between its rows and columns."""
PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


@dataclass(frozen=True)
class Part:
    """What is there of a picture."""

    pixels: Pixels
    side: str
    """Which part it is: one of SIDES; "" = all of it."""
    share: float
    """Of the whole picture's dots."""


def part_of(content: bytes, kind: str, decode: Callable[[bytes, int], Pixels | None]) -> Part | None:
    """Return the largest part of a picture that can be shown; None if that is nothing.

    Args:
        content: of the file, which can't be decoded as it is.
        kind: of the file, as `file_kinds.picture_kind` tells it.
        decode: gives the picture of a file, upright, or None; what the decoder itself finds missing is to have the level given.
    """
    pair = []
    for level, fill in ((0, bytes), (255, np.random.default_rng(0).bytes)):
        found = (decode(filled, level) for filled in _filled_up(content, kind, fill))
        pair.append(next((pixels for pixels in found if pixels is not None), None))
    one, other = pair
    if one is None or other is None or one.shape != other.shape:
        return None
    same = one == other
    return _largest_part(one, same if same.ndim == 2 else same.all(axis=2))


def fault_of(content: bytes, kind: str) -> str:
    """Return "cut off" for a file that ends before it should by its own account, "damaged" for one that doesn't, "" without an account."""
    match kind:
        case "png":
            is_cut = b"IEND" not in content[-64:]
        case "webp":
            is_cut = int.from_bytes(content[4:8], "little") + 8 > len(content)
        case "bmp":
            is_cut = int.from_bytes(content[2:6], "little") > len(content)
        case "gif":
            is_cut = not content.rstrip(b"\0").endswith(b";")
        case "heif" | "avif":
            is_cut = _end_of_boxes(content) > len(content)
        case _:
            return "cut off" if kind == "tiff" and has_no_table(content) else ""
    return "cut off" if is_cut else "damaged"


def has_no_table(content: bytes) -> bool:
    """Tell whether the table of contents of a TIFF would stand behind its end."""
    return int.from_bytes(content[4:8], "little" if content[:1] == b"I" else "big") + 2 > len(content)


def decoded_gif(content: bytes, missing: int) -> Pixels | None:
    """Return the first picture of a GIF, uint8 [H, W, 4] BGRA, as far as FFmpeg reads it: OpenCV reads none that isn't whole.

    What isn't there has one colour for `missing` 0 and another for 255: the ground's, or where that is none, what can be seen through.
    """
    colours = [content[at : at + 3] for at in range(13, 13 + 3 * (2 << (content[10] & 7)), 3)] if len(content) > 13 else []
    ground = next((number for number, colour in enumerate(colours) if missing and colour != colours[0]), 0)
    try:
        decoder: Any = av.CodecContext.create("gif", "r")
        decoder.options = {"trans_color": str(missing * 0x10101)}
        frames = decoder.decode(av.Packet(content[:11] + bytes([ground]) + content[12:]))
        return np.asarray(frames[0].to_ndarray(format="bgra")) if frames else None
    except (av.FFmpegError, ValueError):
        return None


def whole_frames(content: bytes) -> bytes:
    """Return an animated GIF or WebP that was cut off without what isn't whole of it; other files as they are."""
    if content[:4] == b"RIFF":
        at, kept = 12, 12
        while at + 8 <= len(content):
            length = int.from_bytes(content[at + 4 : at + 8], "little")
            at += 8 + length + length % 2
            kept = at if at <= len(content) else kept
        return content[:4] + (kept - 8).to_bytes(4, "little") + content[8:kept]
    if content[:3] != b"GIF":
        return content
    at = kept = 13 + _gif_table(content[10:11])
    while content[at : at + 1] in (b"!", b","):
        is_frame = content[at] == ord(",")
        at += 11 + _gif_table(content[at + 9 : at + 10]) if is_frame else 2
        while content[at : at + 1] not in (b"", b"\0"):
            at += 1 + content[at]
        at += 1
        kept = at if is_frame and at <= len(content) else kept
    return content[:kept] + b";"


def _gif_table(flags: bytes) -> int:
    """The length of a table of colours, if these flags tell of one."""
    return 3 * (2 << (flags[0] & 7)) if flags and flags[0] & 0x80 else 0


def _filled_up(content: bytes, kind: str, fill: Fill) -> Iterator[bytes]:
    if kind == "png":  # its dots are packed: these are filled up, not its bytes
        yield from _whole_png(content, fill)
        return
    for times in GROWTH:
        if len(content) * (1 + times) <= MOST_BYTES:
            yield content + fill(len(content) * times)


def _whole_png(content: bytes, fill: Fill) -> Iterator[bytes]:
    head, packed = _png_chunks(content)
    width, height, *form = struct.unpack(">IIBBBBB", content[16:29]) if packed else (0, 0)
    if not 0 < max(width, height) <= MOST_PIXELS_AN_EDGE:
        return
    rows = _png_rows(width, height, *form)
    if sum(rows) > MOST_BYTES:
        return
    unpack, dots = zlib.decompressobj(), bytearray()
    try:
        for start in range(0, len(packed), 4096):
            dots += unpack.decompress(packed[start : start + 4096])
    except zlib.error:
        pass  # what stands before the damage is good
    at = 0
    for length in rows:
        at += length
        if at > len(dots):
            dots[at - length :] = b"\0" + fill(length - 1)
    yield head + _chunk(b"IDAT", zlib.compress(dots[:at], 0)) + _chunk(b"IEND", b"")


def _png_rows(width: int, height: int, depth: int, colours: int, _packing: int, _filter: int, interlaced: int) -> list[int]:
    """The bytes of each row, in the order in which they are stored."""
    rows: list[int] = []
    for top, left, down, right in ADAM7 if interlaced else ((0, 0, 1, 1),):
        columns = -((left - width) // right)
        if columns > 0:
            rows += [1 + (columns * depth * PNG_CHANNELS.get(colours, 4) + 7) // 8] * max(0, -((top - height) // down))
    return rows


def _png_chunks(content: bytes) -> tuple[bytes, bytes]:
    """What stands before a PNG's dots, and their packed data up to the first damage."""
    at, head, packed = 8, content[:8], b""
    while at + 12 < len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        chunk = content[at : at + 12 + length]
        is_whole = len(chunk) == 12 + length
        if is_whole and zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:], "big"):
            break
        if kind == b"IDAT":
            packed += chunk[8:-4] if is_whole else chunk[8:]
        elif packed:
            break
        elif is_whole and kind not in (b"acTL", b"fcTL"):  # only its first picture is shown
            head += chunk
        at += 12 + length
    return head, packed


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _largest_part(pixels: Pixels, same: npt.NDArray[np.bool_]) -> Part | None:
    """The part of the dots that are the same which has most of them: one side of the picture, or all of it in larger dots."""
    if same.all():
        return Part(pixels, "", 1.0)
    parts = []
    for axis, (near, far) in enumerate((("upper", "lower"), ("left", "right"))):
        lines = np.asarray(same.all(axis=1 - axis))
        first, last = int(np.argmin(lines)), int(np.argmin(lines[::-1]))
        if (first == 0) != (last == 0):  # where both ends are the same, one is what the decoder leaves empty
            kept = np.arange(len(lines))[:first] if first else np.arange(len(lines))[-last:]
            parts.append(Part(pixels.take(kept, axis), near if first else far, len(kept) / len(lines)))
    for down, over in GRIDS:
        if same[::down, ::over].all():
            step = max(down, over)
            parts.append(Part(pixels[::step, ::step], "", 1 / (down * over)))
    shown = [part for part in parts if min(part.pixels.shape[:2]) >= LEAST_EDGE]
    return max(shown, key=lambda part: part.share, default=None)


def _end_of_boxes(content: bytes) -> int:
    at = 0
    while at + 8 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        at += int.from_bytes(content[at + 8 : at + 16], "big") if length == 1 else length or len(content)
    return at
