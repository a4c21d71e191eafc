"""Reads QR codes, bar codes and their like with zxing-cpp, and tells what they hold. Nothing that a code says is done or opened."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import zxingcpp
from zxingcpp import Barcode, BarcodeFormat, BarcodeFormats, ContentType, Position, TextMode

from assistant.instruments.code_fields import clean
from assistant.instruments.codes import Code, has_check_digit, phrase_of, read_content
from assistant.interfaces import Instrument
from assistant.messages import Ask, Detail, Finding, Picture, Region, View

QUICK_PIXELS = 1280 * 720
"""Pixels of the first look, which must not take more than 60 ms where there is no code; larger pictures are shrunk to it."""
CLOSE_PIXELS, MOST_PIXELS = 4 * QUICK_PIXELS, 24_000_000
"""Pixels to which the closer look enlarges a picture, at most twice, and to which it shrinks one."""
ASKEW_DEGREES = ((45, 2.0), (30, 1.0), (60, 1.0))
"""Turns of the closer look, and how often each enlarges: bars are only found along rows and columns, and held askew no row crosses all."""
CONFIRMING_SCALE, MARGIN = 1.5, 0.15
"""By which a bar code is enlarged, with so many of its sizes around it, to be read again: one check digit lets one misreading in ten by."""
LEAST_CHARACTERS = 4
"""Of a Code 39, which has no check digit."""
LONGEST_EDGE = 65_535
"""Pixels that zxing-cpp takes."""
MOST_CODES = 8
"""Codes told of one picture, the largest first."""
MOST_KEYFRAMES = 4
"""Of a View, the newest first."""
PROBABILITY = 0.99
RELIABILITY = 0.97

Grey = npt.NDArray[np.uint8]
Matrix = npt.NDArray[np.float64]
"""[3, 3], of homogeneous points (x, y, 1)."""

_LINEAR = (
    BarcodeFormat.EANUPC,
    BarcodeFormat.Code128,
    BarcodeFormat.Code39,
    BarcodeFormat.Code93,
    BarcodeFormat.ITF,
    BarcodeFormat.DataBar,
)
_STRIPED = BarcodeFormats([BarcodeFormat.PDF417, *_LINEAR])
_SHAPED = BarcodeFormats([BarcodeFormat.QRCode, BarcodeFormat.Aztec])
_ALL = BarcodeFormats([BarcodeFormat.QRCode, BarcodeFormat.Aztec, BarcodeFormat.DataMatrix, BarcodeFormat.PDF417, *_LINEAR])
"""Without those that are rare and say little surely: Codabar, Telepen, MaxiCode, film edges."""
_MARKED = (BarcodeFormat.QRCode, BarcodeFormat.QRCodeModel2, BarcodeFormat.Aztec, BarcodeFormat.AztecCode)
"""What has a mark of its own that nothing else has: an unreadable Data Matrix or bar code may be any texture."""


class CodeReader:
    """Finds and reads codes in pictures. Keeps nothing, so threads may share it."""

    def read(self, picture: Picture, *, closely: bool = False) -> list[Code]:
        """Return the codes of uint8 [H, W, 3], the largest first, at most MOST_CODES; most often none.

        `closely` looks again where there is none at first, which takes ten times as long: for small, askew and pale ones.
        """
        if not picture.size:
            return []
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        found = _codes(*_scaled(grey, QUICK_PIXELS, 1.0), _ALL, grey.shape)
        if found or not closely:
            return found
        return next((codes for look in _closer(grey) if (codes := _codes(*look, grey.shape))), [])

    def near_code(self, picture: Picture) -> Region | None:
        """Return where a QR or Aztec code stands in uint8 [H, W, 3] that can't be read since it is damaged or half covered; else None.

        Of one that is too blurred or too far away the marks aren't found either: that is no proof that there is no code. Other kinds of
        code have no mark that textures haven't.
        """
        if not picture.size:
            return None
        grey, back = _scaled(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), QUICK_PIXELS, 1.0)
        unread = [each for each in _read_barcodes(grey, _SHAPED, return_errors=True) if not each.valid and each.format in _MARKED]
        regions = [_region(each.position, back, picture.shape) for each in unread]
        return max(regions, key=_area, default=None)


class CodeInstrument(Instrument):
    """Implements `interfaces.Instrument`: what the codes of a View hold."""

    def __init__(self, reader: CodeReader) -> None:
        self._reader = reader

    def reliability(self, ask: Ask) -> float:
        """Return how often what it tells is right: it answers only what asks for a code."""
        return RELIABILITY if ask.intent == "code" else 0.0

    def examine(self, view: View, ask: Ask, detail: Detail = "brief") -> Iterator[Finding]:
        """Yield the codes of the newest keyframe that has any; else that there is none, or one that can't be read.

        Only the very newest is looked at closely: that takes ten times as long, and the user moves the camera for it.
        """
        pictures = [keyframe.frame.picture for keyframe in reversed(view.keyframes[-MOST_KEYFRAMES:])]
        codes = next((codes for picture in pictures if (codes := self._reader.read(picture))), [])
        codes = codes or (self._reader.read(pictures[0], closely=True) if pictures else [])
        for code in codes:
            yield Finding("code", phrase_of(code), PROBABILITY, "codes", ask.thing, region=code.region)
        if not codes:
            region = self._reader.near_code(pictures[0]) if pictures else None
            yield Finding("refusal", "code_unreadable" if region else "no_code", PROBABILITY, "codes", ask.thing, region=region)

    def forget(self) -> None:
        """Do nothing: it remembers no picture and holds no memory."""


def _closer(grey: Grey) -> Iterator[tuple[Grey, Matrix, BarcodeFormats]]:
    """Ways to look again, the likeliest first: (picture, matrix from its pixels to those of `grey`, what to look for)."""
    enlarged, back = _scaled(grey, CLOSE_PIXELS, 2.0)
    yield enlarged, back, _ALL
    plain, back = _scaled(grey, QUICK_PIXELS, 1.0)
    yield 255 - plain, back, _STRIPED  # light bars on dark, which the library tries for the others alone
    for degrees, scale in ASKEW_DEGREES:
        straight, back = _scaled(grey, int(scale**2 * QUICK_PIXELS), scale)
        turned, unturned = _turned(straight, degrees)
        yield turned, back @ unturned, _STRIPED


def _read_barcodes(grey: Grey, formats: BarcodeFormats, **options: Any) -> list[Barcode]:
    """What zxing-cpp finds; nothing in a strip longer than it takes."""
    return list(zxingcpp.read_barcodes(grey, formats, **options)) if max(grey.shape) <= LONGEST_EDGE else []


def _codes(grey: Grey, back: Matrix, formats: BarcodeFormats, shape: tuple[int, ...]) -> list[Code]:
    """The codes in a picture that was scaled or turned by the inverse of `back`, of one of `shape`."""
    found: dict[tuple[str, str], Code] = {}
    for each in _read_barcodes(grey, formats, text_mode=TextMode.Plain):
        if each.valid and not _is_chance(each) and (each.symbology not in _LINEAR or _is_confirmed(grey, each)):
            kind, is_gs1 = str(each.format), each.content_type == ContentType.GS1
            content = read_content(each.text, kind, is_binary=each.content_type == ContentType.Binary, is_gs1=is_gs1)
            found.setdefault((kind, each.text), Code(kind, clean(each.text), _region(each.position, back, shape), content))
    return sorted(found.values(), key=lambda code: -_area(code.region))[:MOST_CODES]


def _is_chance(code: Barcode) -> bool:
    """Whether stripes may look like it by chance: it has no check digit and says little."""
    if code.format in (BarcodeFormat.ITF, BarcodeFormat.ITF14):
        return len(code.text) != 14 or not has_check_digit(code.text)
    return code.symbology == BarcodeFormat.Code39 and len(code.text) < LEAST_CHARACTERS


def _is_confirmed(grey: Grey, code: Barcode) -> bool:
    """Whether a bar code reads the same again, from close by."""
    place = code.position
    across, down = zip(
        *((each.x, each.y) for each in (place.top_left, place.top_right, place.bottom_right, place.bottom_left)), strict=True
    )
    around = int(MARGIN * max(max(across) - min(across), max(down) - min(down))) + 8
    part = grey[max(0, min(down) - around) : max(down) + around, max(0, min(across) - around) : max(across) + around]
    enlarged = cv2.resize(part, None, fx=CONFIRMING_SCALE, fy=CONFIRMING_SCALE, interpolation=cv2.INTER_CUBIC)
    again = _read_barcodes(enlarged, BarcodeFormats([code.symbology]), text_mode=TextMode.Plain)
    return any(each.text == code.text for each in again)


def _scaled(grey: Grey, pixels: int, most: float) -> tuple[Grey, Matrix]:
    """A picture of about so many pixels, enlarged at most `most` times and never shrunk below them, and the way back."""
    height, width = grey.shape
    scale = min(most, math.sqrt(pixels / (height * width)))
    if most > 1:  # a closer look never sees less than there is, as far as memory allows
        scale = max(scale, min(1.0, math.sqrt(MOST_PIXELS / (height * width))))
    if scale == 1:
        return grey, np.eye(3)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    scaled = cv2.resize(grey, size, interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)
    return np.asarray(scaled, np.uint8), np.diag([width / size[0], height / size[1], 1.0])


def _turned(grey: Grey, degrees: float) -> tuple[Grey, Matrix]:
    """A whole picture turned, and the way back."""
    height, width = grey.shape
    turn = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0), [0.0, 0.0, 1.0]])
    cos, sin = abs(turn[0, 0]), abs(turn[0, 1])
    size = (math.ceil(width * cos + height * sin), math.ceil(width * sin + height * cos))
    turn[:2, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    return np.asarray(cv2.warpAffine(grey, turn[:2], size, borderValue=128), np.uint8), np.linalg.inv(turn)


def _region(position: Position, back: Matrix, shape: tuple[int, ...]) -> Region:
    """Where a code stands in a picture of `shape`, as shares of it."""
    corners = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    points = np.array([[corner.x, corner.y, 1.0] for corner in corners]) @ back.T  # [4, 3]
    shares = np.clip(points[:, :2] / (shape[1], shape[0]), 0.0, 1.0)
    (left, top), (right, bottom) = shares.min(axis=0).tolist(), shares.max(axis=0).tolist()
    return Region(left, top, right - left, bottom - top)


def _area(region: Region) -> float:
    return region.width * region.height
