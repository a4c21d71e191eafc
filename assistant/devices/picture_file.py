"""A single picture out of a file, whatever its kind: upright, in RGB, 8 bits deep, what can be seen through on a ground that shows it.

Files are read by Python and handed on as bytes, so that no name reaches a library that can't stand it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", "64000000")  # MAX_PICTURE_PIXELS, for formats whose header isn't read here

import cv2
import numpy as np
import numpy.typing as npt

from assistant.devices.cut_picture import LEAST_EDGE, SIDES, Pixels, decoded_gif, fault_of, has_no_table, part_of
from assistant.devices.decoder_messages import without_decoder_messages
from assistant.devices.file_kinds import check_readable, picture_kind
from assistant.devices.heif_file import NotAPicture, read_heif
from assistant.devices.picture_orientation import HEAD_OF_FILE, TURNS, upright_turn
from assistant.messages import Frame, Picture
from assistant.problems import BadInput, shorten
from assistant.translatable import Translatable, in_english

MAX_PICTURE_PIXELS = 64_000_000
"""Pixels decoded of a single picture: 192 MB as RGB, more than phones take."""
MAX_FILE_BYTES = 512_000_000
"""Of a single picture; larger ones aren't read into memory."""
PICTURE_EDGE = 4096
"""Pixels of the longer edge; longer single pictures are shrunk after decoding."""
LIGHT = 192
"""Of 255, the mean of what is seen from which it is put on black instead of white."""
SAME_ROW = 2
"""Levels, of 255, by which the dots of a row that was never decoded differ at most."""
JPEG_REDUCTIONS = {2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8}
PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
END_OF_JPEG = b"\xff\xd9"
_AGAIN = Translatable("copy it again from where it came, or save it as JPEG or PNG")

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


class PictureFile:
    """Implements `interfaces.RecordedCamera` on a single picture: a camera with one frame. Raises as `open_picture` does."""

    def __init__(self, path: Path, largest_edge: int = PICTURE_EDGE) -> None:
        self.warnings: list[str] = []
        self._frame: Frame | None = open_picture(path, largest_edge, self.warnings)
        self.duration_s = 0.0
        self.most_fps: float | None = None

    def frames(self) -> Iterator[Frame]:
        """Yield the picture, at 0 s; nothing once closed."""
        if self._frame is not None:
            yield self._frame

    def close(self) -> None:
        """Free the picture."""
        self._frame = None


def open_picture(path: Path, largest_edge: int = PICTURE_EDGE, warnings: list[str] | None = None) -> Frame:
    """Read one picture, turned upright, of at most `largest_edge` pixels along an edge; BadInput for a damaged or a huge one.

    A huge JPEG is reduced while it is decoded. The small letters of a long screenshot need a longer edge than the rest.
    `warnings` gets the line that tells what is missing of a file that was cut off.
    """
    kind = picture_kind(path, check_readable(path))
    name, content = shorten(path.name), read_content(path)
    if kind is None:
        raise BadInput("{name} can't be read as a picture", "it may be damaged or another kind of file; save it as JPEG or PNG", name=name)
    read = _read_jpeg if kind == "jpeg" else _read_other
    picture = read(content, kind, name, warnings if warnings is not None else [])
    check_size(picture, name)
    return Frame(shrink(picture, largest_edge), 0.0)


def read_content(path: Path) -> bytes:
    """Return a file's bytes; BadInput if there are too many for a picture, or they can't be read."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadInput(
                "{name} is too large for a picture", "use at most {megabytes} MB", name=shorten(path), megabytes=MAX_FILE_BYTES // 10**6
            )
        return path.read_bytes()
    except OSError as error:
        raise BadInput(
            "{name} can't be read ({reason})", "check the path and the right to read it", name=shorten(path), reason=error.strerror
        ) from error


def check_size(picture: Picture, name: str) -> None:
    """Raise BadInput for a picture so small that nothing can be told of it."""
    height, width = picture.shape[:2]
    if min(height, width) < LEAST_EDGE:
        raise BadInput(
            "{name} is too small to show anything: {width} x {height} pixels", "use a larger picture", name=name, width=width, height=height
        )


def flattened(pixels: Pixels) -> Picture:
    """Return what OpenCV decoded, of any depth and with or without transparency, as uint8 [H, W, 3] RGB.

    What can be seen through is put on white, or on black where what is seen is nearly white itself: white letters would vanish.
    """
    levels = _eight_bits(pixels)
    if levels.ndim == 3 and levels.shape[2] == 4:
        colours, share = levels[..., :3].astype(np.float32), levels[..., 3:].astype(np.float32) / 255
        if share.min() < share.max():  # where it is the same all over it says nothing, and some programs leave it empty
            seen = float((colours.mean(2, keepdims=True) * share).sum() / max(float(share.sum()), 1e-6))
            ground = 0.0 if seen >= LIGHT else 255.0
            levels = np.rint(colours * share + ground * (1 - share)).astype(np.uint8)
        else:
            levels = np.ascontiguousarray(levels[..., :3])
    return to_rgb(levels)


def to_rgb(picture: Pixels) -> Picture:
    """Return OpenCV's BGR or grey, 8 bits deep, as RGB."""
    code = cv2.COLOR_GRAY2RGB if picture.ndim == 2 or picture.shape[2] == 1 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(picture, code), np.uint8)


def shrink(picture: Picture, largest_edge: int) -> Picture:
    """Return the picture with no edge longer than that."""
    height, width = picture.shape[:2]
    scale = largest_edge / max(height, width)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _eight_bits(pixels: Pixels) -> npt.NDArray[np.uint8]:
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:  # cameras and scanners keep 10 or 12 bits in 16
        white = next(2**bits - 1 for bits in (10, 12, 16) if pixels.max() < 2**bits)
        return np.asarray(pixels.astype(np.float32) * (255 / white), np.uint8)
    finite = np.nan_to_num(pixels.astype(np.float32), posinf=0.0, neginf=0.0)
    top, bottom = float(np.percentile(finite, 99.5)), min(0.0, float(finite.min()))
    return np.asarray(np.clip((finite - bottom) * (255 / max(top - bottom, 1e-6)), 0, 255), np.uint8)


def _read_jpeg(content: bytes, _kind: str, name: str, warnings: list[str]) -> Picture:
    mode, (width, height) = cv2.IMREAD_COLOR, _jpeg_size(content)
    if width * height > MAX_PICTURE_PIXELS:
        fitting = [n for n in JPEG_REDUCTIONS if width * height / n**2 <= MAX_PICTURE_PIXELS]
        if not fitting:
            raise _too_large(name, f"{width} x {height}")
        mode = JPEG_REDUCTIONS[fitting[0]]
    pixels = _decoded(content, mode)
    if pixels is not None:
        return to_rgb(pixels)
    if not width:
        raise BadInput("{name} is cut off or damaged: there is no picture in it", _AGAIN, name=name)
    pixels = _decoded(content + END_OF_JPEG, mode)  # without its end mark nothing is decoded from memory
    if pixels is None:
        raise BadInput("{name} is cut off or damaged, and can't be read as a picture", _AGAIN, name=name)
    return _what_is_there(content + END_OF_JPEG, pixels, mode, name, warnings)


def _what_is_there(content: bytes, upright: Pixels, mode: int, name: str, warnings: list[str]) -> Picture:
    """The part of a JPEG that was decoded before its data ended: below it there is but one colour."""
    stored = _decoded(content, mode | cv2.IMREAD_IGNORE_ORIENTATION)
    turn = next((turn for turn in TURNS if stored is not None and np.array_equal(turn(stored), upright)), None)
    if stored is None or turn is None:
        stored, turn = upright, TURNS[0]
    differs = np.flatnonzero(np.ptp(stored, axis=1).max(axis=1) > SAME_ROW)
    rows = int(differs[-1]) + 1 if len(differs) else 0
    if rows < LEAST_EDGE:
        raise BadInput("{name} is cut off before its picture begins", _AGAIN, name=name)
    if rows < len(stored):
        side = SIDES[TURNS.index(turn) % len(SIDES)]
        warnings.append(_only_a_part(_is(name, "cut off"), side, rows / len(stored)))
    elif b"\xff\xc2" in content[:HEAD_OF_FILE]:  # a progressive one gets sharper until its end
        warnings.append(_less_sharp(_is(name, "cut off")))
    return to_rgb(np.ascontiguousarray(turn(stored[:rows])))


_FAULTS = {
    "cut off": Translatable("cut off"),
    "damaged": Translatable("damaged"),
    "cut off or damaged": Translatable("cut off or damaged"),
}
_SIDES = {
    "upper": Translatable("upper"),
    "left": Translatable("left"),
    "lower": Translatable("lower"),
    "right": Translatable("right"),
}


def _is(name: str, fault: str) -> Translatable:
    return Translatable("{name} is {what}", name=name, what=_FAULTS[fault])


def _only_a_part(what: Translatable, side: str, share: float) -> Translatable:
    return Translatable("{what}: only the {side} {share:.0%} of the picture could be read", what=what, side=_SIDES[side], share=share)


def _less_sharp(what: Translatable) -> Translatable:
    return Translatable("{what}: the picture is less sharp than it was", what=what)


def _read_other(content: bytes, kind: str, name: str, warnings: list[str]) -> Picture:
    if kind == "png":
        width, height = int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
        if width * height > MAX_PICTURE_PIXELS:
            raise _too_large(name, f"{width} x {height}")
    part = None
    try:
        whole = _decoded_upright(content, kind=kind)
        if whole is not None:
            return flattened(whole)
        part = part_of(content, kind, partial(_decoded_upright, kind=kind))
    except NotAPicture as error:
        if fault_of(content, kind) != "cut off":
            raise BadInput("{name} is a HEIF file of a kind that isn't read here", "save it as JPEG", name=name) from error
    except ValueError as error:
        raise _too_large(name, str(error)) from error
    what = _is(name, fault_of(content, kind) or ("cut off" if part else "cut off or damaged"))
    if part is None and kind == "tiff" and has_no_table(content):
        raise BadInput(in_english(f"{what}: its table of contents, which stands at the end, is missing"), _AGAIN)
    if part is None:
        raise BadInput("{what}, and nothing of it can be shown", _AGAIN, what=what)
    if part.side:
        warnings.append(_only_a_part(what, part.side, part.share))
    elif part.share < 1:
        warnings.append(_less_sharp(what))
    return flattened(part.pixels)


def _decoded_upright(content: bytes, missing: int | None = None, *, kind: str) -> Pixels | None:
    """What is in a file, turned upright; None if it isn't whole, where `missing` isn't the level for what isn't there."""
    if kind == "heif":
        try:
            return np.ascontiguousarray(read_heif(content, MAX_PICTURE_PIXELS, missing)[..., ::-1])
        except EOFError:
            return None
    if kind == "gif" and missing is not None:
        return decoded_gif(content, missing)
    upright = _decoded(content, cv2.IMREAD_COLOR)
    if upright is None:
        return None
    if kind == "png" and content[24] <= 8 and content[25] not in (4, 6) and b"tRNS" not in content[:HEAD_OF_FILE]:
        return upright
    stored = _decoded(content, cv2.IMREAD_UNCHANGED)
    if stored is None or (stored.dtype == np.uint8 and (stored.ndim == 2 or stored.shape[2] < 4)):
        return upright
    if stored.dtype not in (np.uint8, np.uint16) and upright.std() > 1:
        return upright
    plain = _decoded(content, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    return np.ascontiguousarray(upright_turn(stored, plain, content)(stored))


def _decoded(content: bytes, mode: int) -> Pixels | None:
    try:
        with without_decoder_messages():
            return cv2.imdecode(np.frombuffer(content, np.uint8), mode)
    except cv2.error:
        return None


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """Width and height from a JPEG's header; (0, 0) if it doesn't tell."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # a start-of-frame marker holds the size
            return int.from_bytes(content[at + 7 : at + 9], "big"), int.from_bytes(content[at + 5 : at + 7], "big")
        at += 1 if marker == 0xFF else 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return 0, 0


def _too_large(name: str, size: str) -> BadInput:
    return BadInput(
        "{name} is too large ({size} pixels)",
        "use at most {millions} million pixels",
        name=name,
        size=size,
        millions=MAX_PICTURE_PIXELS // 10**6,
    )
