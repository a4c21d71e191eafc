"""Pictures of every kind whose file ends too early: shown as far as they go, or refused with what is missing."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from typing import Any

import av
import cv2
import numpy as np
from PIL import Image

from assistant.messages import Picture
from tests.support.heif_files import heif
from tests.support.odd_media import Odd, _animated, _cut, _deep, _opencv, _saved, _turned, landmark

UPPER, LOWER, LEFT, RIGHT = (f"is cut off: only the {side} [1-9][0-9]? ?% of the picture" for side in ("upper", "lower", "left", "right"))
LESS_SHARP = "is cut off: the picture is less sharp"
FIRST, FIRST_TWO = "is cut off: only the first of its frames", "is cut off: only the first 2 of its frames"
NO_TABLE = "is cut off: its table of contents"
TOO_LITTLE = "is cut off, and nothing of it"


def cut_pictures() -> Iterator[Odd]:
    """Yield them; each shows the landmark."""
    shown: dict[str, tuple[Callable[[], bytes], str]] = {
        "plain.png": (lambda: _saved(grainy(), "PNG"), UPPER),
        "palette.png": (lambda: _saved(_few_colours(), "PNG"), UPPER),
        "16 bits.png": (partial(_deep, 16, ".png"), UPPER),
        "alpha.png": (lambda: _saved(_seen_through(), "PNG"), UPPER),
        "turned 3.png": (lambda: _turned("PNG", 3), LOWER),
        "lossy.webp": (lambda: _saved(grainy(), "WEBP", quality=90), UPPER),
        "lossless.webp": (lambda: _saved(grainy(), "WEBP", lossless=True), UPPER),
        "raw.tif": (lambda: _saved(landmark(), "TIFF"), UPPER),
        "plain.bmp": (lambda: _saved(landmark(), "BMP"), LOWER),
        "palette.bmp": (lambda: _saved(_few_colours(), "BMP"), LOWER),
        "plain.gif": (lambda: _saved(_few_colours(), "GIF", interlace=0), UPPER),
        "plain.ppm": (lambda: _saved(landmark(), "PPM"), UPPER),
        "turned grid.heic": (_turned_heif, LEFT),
        "turned 6.jpg": (lambda: _turned("JPEG", 6), RIGHT),
    }
    for name, (make, says) in shown.items():
        for share in (0.5, 0.8):
            yield Odd(f"cut at {share:.0%} {name}", partial(_part, make, share), says, landmark)
    yield Odd("cut at 80% grid.heic", partial(_part, lambda: heif(grainy()), 0.8), UPPER, landmark)
    yield Odd("cut at 85% one tile.heic", partial(_part, lambda: heif(_tall(), 400), 0.85), UPPER, _tall)
    yield Odd("cut turned 8.webp", partial(_part, lambda: _turned("WEBP", 8), 0.8), UPPER, lambda: np.rot90(landmark(), -1))
    yield Odd("cut still.jp2", partial(_part, partial(_opencv, ".jp2"), 0.7), "is cut off or damaged, and nothing of it")
    yield Odd("cut run lengths.bmp", partial(_part, _run_lengths, 0.6), TOO_LITTLE)
    yield Odd("cut at 60% interlaced.png", partial(_part, _interlaced_png, 0.6), LESS_SHARP, landmark)
    yield Odd("cut at 90% interlaced.png", partial(_part, _interlaced_png, 0.9), UPPER, landmark)
    yield Odd("cut at 60% interlaced.gif", partial(_part, lambda: _saved(_few_colours(), "GIF", interlace=1), 0.6), LESS_SHARP, landmark)
    for ending, form in (("gif", "GIF"), ("webp", "WEBP"), ("png", "PNG")):
        yield Odd(
            f"cut second of many.{ending}", partial(_part, partial(_four_frames, form), 0.3), "only the first of its frames", landmark
        )
        yield Odd(
            f"cut third of many.{ending}", partial(_part, partial(_four_frames, form), 0.6), "only the first 2 of its frames", landmark
        )
    yield Odd("without its end.png", lambda: _saved(landmark(), "PNG")[:-12], shows=landmark)
    yield Odd("without its end.gif", lambda: _saved(_few_colours(), "GIF")[:-1], shows=landmark)
    yield Odd("damaged.png", partial(_spoilt, 0.5), "is damaged: only the upper", landmark)
    for name, make, says in (
        ("compressed.tif", partial(_opencv, ".tif"), NO_TABLE),
        ("still.avif", partial(_opencv, ".avif"), TOO_LITTLE),
        ("first of many.png", lambda: _cut(_animated("PNG"), 0.03), TOO_LITTLE),
    ):
        yield Odd(f"cut {name}", partial(_part, make, 0.7), says)
    for name, form in (("png", "PNG"), ("webp", "WEBP"), ("bmp", "BMP"), ("gif", "GIF")):
        yield Odd(f"cut at its begin.{name}", partial(_part, partial(_saved, landmark(), form), 0.03), TOO_LITTLE)


def grainy() -> Picture:
    """The landmark with a grain, so that what is cut off a file's length is about what is cut off the picture."""
    grain = np.random.default_rng(0).integers(-6, 7, landmark().shape)
    return np.asarray(np.clip(landmark() + grain, 0, 255), np.uint8)


def _tall() -> Picture:
    """The landmark, large enough for several rows of a HEVC picture's blocks, as a single tile has it."""
    return np.asarray(cv2.resize(grainy(), (400, 400)), np.uint8)


def _turned_heif() -> bytes:
    return heif(np.ascontiguousarray(np.rot90(grainy(), -1)), quarter_turns=1)


def _run_lengths() -> bytes:
    """A BMP whose rows are stored as pairs of length and colour, from the lowest row on."""
    image = _few_colours()
    whole, dots = _saved(image, "BMP"), np.asarray(image)[::-1]
    rows = [b"".join(bytes((1, colour)) for colour in row) + b"\0\0" for row in dots]
    at = int.from_bytes(whole[10:14], "little")
    head = bytearray(whole[:at])
    head[30] = 1
    head[2:6] = (at + sum(map(len, rows)) + 2).to_bytes(4, "little")
    return bytes(head) + b"".join(rows) + b"\0\1"


def _four_frames(form: str) -> bytes:
    image = Image.fromarray(landmark())
    others = [image.rotate(90), image.rotate(180), image]
    return _saved(image, form, save_all=True, append_images=others, duration=400, loop=0)


def _few_colours() -> Image.Image:
    return Image.fromarray(grainy()).quantize(64)


def _seen_through() -> Image.Image:
    image = Image.fromarray(grainy()).convert("RGBA")
    image.putpixel((0, 0), (255, 255, 255, 0))
    return image


def _part(make: Callable[[], bytes], share: float) -> bytes:
    return _cut(make(), share)


def _spoilt(place: float) -> bytes:
    """Some bytes in its midst are others."""
    content = bytearray(_in_chunks(_saved(_few_colours(), "PNG"), 200))
    at = int(len(content) * place)
    content[at : at + 4] = bytes(each ^ 0x55 for each in content[at : at + 4])
    return bytes(content)


def _in_chunks(content: bytes, length: int) -> bytes:
    """A PNG whose data are in chunks of that length, as cameras and scanners write it."""
    at, data, others = 8, b"", []
    while at < len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        if kind == b"IDAT":
            data += content[at + 8 : at + 8 + size]
        else:
            others.append(content[at : at + 12 + size])
        at += 12 + size
    parts = [b"IDAT" + data[start : start + length] for start in range(0, len(data), length)]
    chunks = b"".join(struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in parts)
    return content[:8] + b"".join(others[:-1]) + chunks + others[-1]


def _interlaced_png() -> bytes:
    made: Any = BytesIO()
    encoder: Any = av.CodecContext.create("png", "w")
    encoder.height, encoder.width = landmark().shape[:2]
    encoder.pix_fmt, encoder.framerate, encoder.options = "rgb24", 1, {"flags": "+ildct"}
    for frame in (av.VideoFrame.from_ndarray(cv2.GaussianBlur(landmark(), (0, 0), 1)), None):
        for packet in encoder.encode(frame):
            made.write(bytes(packet))
    content: bytes = made.getvalue()
    assert content[28] == 1, "this FFmpeg's PNG isn't interlaced"
    return content
