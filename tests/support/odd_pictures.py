"""Damaged, odd and hostile pictures and files, made the same every time: for whatever reads pictures, texts or codes.

`odd_pictures` are pictures in memory, as an instrument gets them; `odd_picture_files` and `odd_pdfs` are files as a user gives them.
Most are made only when they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO

import cv2
import numpy as np
from PIL import Image

from assistant.messages import Picture
from tests.support.pdf_files import pdf, text_at
from tests.support.scenes import scene

Made = Callable[[], bytes]

SIZES = (
    (1, 1), (1, 2), (2, 1), (1, 5000), (5000, 1), (2, 2), (3, 3), (7, 3), (16, 16), (31, 33), (64, 1), (1, 64), (3, 900),
    (4096, 8), (8, 4096), (70_000, 2), (12_000, 1), (97, 101), (640, 480), (2000, 1500),
)  # fmt: skip
"""Width and height."""
MODES = ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I", "I;16", "F")
FORMATS = {"png": "PNG", "jpg": "JPEG", "bmp": "BMP", "webp": "WEBP", "tif": "TIFF", "ppm": "PPM", "gif": "GIF"}


def odd_pictures() -> Iterator[tuple[str, Callable[[], Picture]]]:
    """Yield (name, how to make it) of pictures uint8 [H, W, 3] of odd sizes and contents."""
    for width, height in SIZES:
        yield f"shades {width}x{height}", partial(_shades, width, height)
    for grey in (0, 127, 255):
        yield f"plain {grey}", partial(np.full, (240, 320, 3), grey, np.uint8)
    for seed in range(6):
        yield f"noise {seed}", partial(_noise, seed)
    for step in (1, 2, 3, 5, 8):
        yield f"upright stripes {step}", partial(_stripes, step, 0)
        yield f"level stripes {step}", partial(_stripes, step, 1)
        yield f"chequers {step}", partial(_chequers, step)
        yield f"random bars {step}", partial(_bars, step)
    yield "every second row of another", lambda: np.array(scene(1280, 960))[::2, ::2]
    yield "columns first in memory", lambda: np.asfortranarray(scene(200, 100))
    yield "read-only", lambda: scene(200, 100)


def odd_picture_files() -> Iterator[tuple[str, Made]]:
    """Yield (file name, how to make its bytes) of files that are or pretend to be pictures."""
    for mode in MODES:
        for ending, form in FORMATS.items():
            yield f"mode {mode.replace(';', '-')}.{ending}", partial(_saved, mode, form)
    for bits in (1, 8, 16):
        yield f"{bits} bits.png", partial(_deep, bits)
    for ending in ("png", "jpg", "bmp", "webp", "tif"):
        for tenth in range(10):
            yield f"cut off at {tenth} tenths.{ending}", partial(_cut, _saved("RGB", FORMATS[ending]), tenth)
        for seed in range(4):
            yield f"bytes changed {seed}.{ending}", partial(_changed, _saved("RGB", FORMATS[ending]), seed)
    yield "says it is huge.png", partial(_declaring, 60_000, 60_000)
    yield "says it has no width.png", partial(_declaring, 0, 100)
    yield "text.png", lambda: b"this is no picture"
    yield "zeros.jpg", lambda: bytes(5000)
    yield "start only.jpg", lambda: b"\xff\xd8\xff"


def odd_pdfs() -> Iterator[tuple[str, Made]]:
    """Yield (file name, how to make its bytes) of PDF files that are damaged, locked, huge or play tricks."""
    letter = pdf([text_at(72, 700, "Dear Ms Doe,"), text_at(72, 700, "Second page")], picture=scene(20, 30))
    for tenth in range(11):
        yield f"cut off at {tenth} tenths.pdf", partial(_cut, letter, tenth)
    for place in range(1, 10):
        yield f"hole at {place} tenths.pdf", partial(_hole, letter, place)
    for seed in range(12):
        yield f"bytes changed {seed}.pdf", partial(_changed, letter, seed)
    yield "locked.pdf", lambda: pdf(["x"], locked=True)
    yield "no page.pdf", lambda: pdf([])
    yield "a thousand pages.pdf", lambda: pdf([text_at(72, 700, "x")] * 1000)
    for inches in (1, 200, 10_000, 1_000_000):
        yield f"page of {inches} inches.pdf", partial(pdf, [text_at(9, 9, "x")], (72 * inches, 72 * inches))
        yield f"strip of {inches} inches.pdf", partial(pdf, [text_at(9, 9, "x")], (72 * inches, 1))
    yield "page of no size.pdf", lambda: pdf([text_at(9, 9, "x")], (0, 0))
    yield "page of less than nothing.pdf", lambda: pdf([text_at(9, 9, "x")], (-100, -100))
    yield "deep states.pdf", lambda: pdf(["q " * 20_000 + text_at(72, 700, "x")])
    yield "draws itself.pdf", lambda: pdf(["/P Do " * 10], picture=scene(4, 4)).replace(b"/Subtype /Image", b"/Subtype /Form ")
    yield "many letters.pdf", lambda: pdf(["\n".join(text_at(9, 9 + row, "y" * 90) for row in range(800))])
    yield "nonsense drawn.pdf", lambda: pdf(["BT ( " + "((((" * 500 + " Tj q Q q Do \xff\xfe 1 0 0 cm"])
    yield "zero-sized letters.pdf", lambda: pdf([text_at(72, 700, "x", 0)])
    yield "huge letters.pdf", lambda: pdf([text_at(72, 700, "x", 1e9)])
    yield "letters far away.pdf", lambda: pdf([text_at(1e30, -1e30, "x")])
    yield "picture.pdf", lambda: _saved("RGB", "JPEG")
    yield "empty.pdf", lambda: b""


def _shades(width: int, height: int) -> Picture:
    return np.array(scene(width, height))


def _noise(seed: int) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (360, 480, 3), np.uint8)


def _chequers(step: int) -> Picture:
    return _stripes(step, 0) ^ _stripes(step, 1)


def _stripes(step: int, axis: int) -> Picture:
    height, width = 300, 400
    lit = (np.arange(width if axis == 0 else height) // step % 2 * 255).astype(np.uint8)
    plane = np.broadcast_to(lit[None, :] if axis == 0 else lit[:, None], (height, width))
    return np.repeat(plane[..., None], 3, axis=2)


def _bars(step: int) -> Picture:
    """Like a bar code, but of random widths."""
    widths = np.random.default_rng(step).integers(1, 5, 120) * step
    lit = np.repeat(np.arange(len(widths)) % 2 * 255, widths)[:1600].astype(np.uint8)
    return np.repeat(np.broadcast_to(lit, (200, len(lit)))[..., None], 3, axis=2)


def _saved(mode: str, form: str) -> bytes:
    """A picture of a colour mode, in a file format; of another mode where the format doesn't know it."""
    picture, file = Image.fromarray(np.array(scene(60, 40))), BytesIO()
    try:
        picture.convert(mode).save(file, form)
    except (ValueError, OSError, KeyError):
        file = BytesIO()
        picture.convert("L").save(file, form)
    return file.getvalue()


def _deep(bits: int) -> bytes:
    shades = np.array(scene(60, 40), np.uint16) * 257
    if bits == 1:
        file = BytesIO()
        Image.fromarray(np.array(scene(60, 40))).convert("1").save(file, "PNG")
        return file.getvalue()
    return cv2.imencode(".png", shades if bits == 16 else shades.astype(np.uint8))[1].tobytes()


def _cut(whole: bytes, tenths: int) -> bytes:
    return whole[: len(whole) * tenths // 10]


def _hole(whole: bytes, tenth: int) -> bytes:
    start = len(whole) * tenth // 10
    return whole[:start] + bytes(40) + whole[start + 40 :]


def _changed(whole: bytes, seed: int) -> bytes:
    """About one byte in a hundred is another."""
    random = np.random.default_rng(seed)
    changed = np.frombuffer(whole, np.uint8).copy()
    places = random.integers(0, len(changed), max(1, len(changed) // 100))
    changed[places] = random.integers(0, 256, len(places))
    return changed.tobytes()


def _declaring(width: int, height: int) -> bytes:
    """A PNG whose header tells a size that its data don't have."""
    whole = _saved("RGB", "PNG")
    return whole[:16] + width.to_bytes(4, "big") + height.to_bytes(4, "big") + whole[24:]
