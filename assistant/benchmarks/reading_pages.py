"""Renders pictures of everyday text whose wording and reading order are known: seeded, from Debian's fonts."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, features

from assistant.benchmarks.picture_faults import FAULTS, damaged
from assistant.benchmarks.reading_texts import DECIMAL_POINT, TEXTS
from assistant.messages import Picture
from assistant.reading.page import is_wide

KINDS = ("page", "sign", "label", "receipt", "screen")
HEIGHTS_PX = (8, 10, 12, 14, 16, 20, 28, 40)
"""Of a capital letter or an ideograph, before the picture is spoiled."""
_TRUETYPE = Path("/usr/share/fonts/truetype")
_CJK = {"ja": 0, "ko": 1, "zh": 2}
"""The face of each language in Noto's collections for Chinese, Japanese and Korean."""
_FONTS = {
    "ar": ("noto/NotoNaskhArabic-Regular.ttf", "dejavu/DejaVuSans.ttf"),
    "hi": ("noto/NotoSansDevanagari-Regular.ttf", "noto/NotoSerifDevanagari-Regular.ttf"),
    **dict.fromkeys(_CJK, ("../opentype/noto/NotoSansCJK-Regular.ttc", "../opentype/noto/NotoSerifCJK-Regular.ttc")),
}
"""Of the scripts that need their own, below /usr/share/fonts/truetype."""
_USUAL_FONTS = (
    "dejavu/DejaVuSans.ttf", "dejavu/DejaVuSerif.ttf", "dejavu/DejaVuSansMono.ttf",
    "liberation/LiberationSans-Regular.ttf", "liberation/LiberationSerif-Regular.ttf", "liberation/LiberationMono-Regular.ttf",
    "noto/NotoSans-Regular.ttf", "noto/NotoSerif-Regular.ttf",
)  # fmt: skip
_NEEDS_SHAPING = {"ar", "hi"}
_PAPER = ((250, 248, 240), (255, 255, 255), (232, 226, 210))
_BOARDS = ((20, 60, 140), (170, 30, 30), (20, 100, 60), (245, 205, 40), (240, 240, 240))
_DARK, _LIGHT = (25, 25, 30), (245, 245, 245)


@dataclass(frozen=True, eq=False)
class TextPicture:
    """A picture, and the text that stands in it."""

    name: str
    kind: str
    language: str
    """Two letters; "" where it isn't known."""
    fault: str
    """What spoils it; "" if nothing."""
    letter_px: int
    """Height of the ordinary letters; 0 where it isn't known."""
    picture: Picture
    """uint8 [H, W, 3]."""
    text: str
    """In reading order; lines end it nowhere."""
    also: str = ""
    """What stands there too, and needn't be read."""


def render(count: int, seed: int = 1, languages: Sequence[str] = ()) -> Iterator[TextPicture]:
    """Yield pictures, of kinds and of languages by turns, of the ten main ones twice as many. Same seed, same pictures."""
    usable = languages or [language for language in TEXTS if fonts_of(language)]
    turns = [*usable, *usable[:10]]
    for number in range(count):
        chance = random.Random(f"{seed} {number}")
        kind, language = KINDS[number % len(KINDS)], turns[(number // len(KINDS) + number) % len(turns)]
        height, fault = chance.choice(HEIGHTS_PX), chance.choice(FAULTS)
        sheet = _Sheet(language, Path(chance.choice(fonts_of(language))), height, chance)
        _LAYOUTS[kind](sheet)
        picture = damaged(sheet.picture(), fault, height, np.random.default_rng([seed, number]))
        yield TextPicture(f"{kind} {number}", kind, language, fault, height, picture, " ".join(sheet.read))


@cache
def fonts_of(language: str) -> tuple[str, ...]:
    """Return the fonts on this machine that have every sign of a language's texts; none where it can't be set."""
    if language in _NEEDS_SHAPING and not features.check("raqm"):
        return ()
    parts = TEXTS[language]
    text = "".join(
        [parts.heading, *parts.sentences, *parts.product, *parts.wares, *parts.screen, *(line for sign in parts.signs for line in sign)]
    )
    paths = [_TRUETYPE / name for name in _FONTS.get(language, _USUAL_FONTS)]
    return tuple(str(path) for path in paths if path.exists() and not _lacks(_font(path, 30, language), text))


def _lacks(font: ImageFont.FreeTypeFont, text: str) -> bool:
    """Whether a font draws some sign as it draws those that it doesn't have."""
    missing = bytes(font.getmask("\U0010fffe"))
    return any(bytes(font.getmask(sign)) == missing for sign in set(text) if not sign.isspace() and sign not in "{}")


@cache
def _font(path: Path, size: int, language: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size, index=_CJK.get(language, 0) if path.suffix == ".ttc" else 0)


class _Sheet:
    """Takes text from top to bottom, and becomes a picture as high as that."""

    def __init__(self, language: str, path: Path, height_px: int, chance: random.Random) -> None:
        self.texts, self.chance, self.height_px = TEXTS[language], chance, height_px
        self.ground, self.ink = chance.choice(_PAPER), _DARK
        self.read: list[str] = []
        """What stands there, in reading order."""
        self.width = min(1600, max(480, 46 * height_px))
        self.top = self.margin = 2 * height_px
        self.language, self._path = language, path
        self._drawn: list[tuple[int, int, str, ImageFont.FreeTypeFont]] = []

    def filled(self, text: str) -> str:
        """Return a text with numbers in place of {n} and its like."""
        chance, point = self.chance, "." if self.language in DECIMAL_POINT else ","
        makers: dict[str, Callable[[], str]] = {
            "{n}": lambda: str(chance.randint(2, 480)),
            "{m}": lambda: f"{chance.randint(0, 89)}{point}{chance.randint(0, 99):02}",
            "{d}": lambda: f"{chance.randint(1, 28):02}.{chance.randint(1, 12):02}.{chance.randint(2026, 2031)}",
            "{t}": lambda: f"{chance.randint(6, 22)}:{chance.randint(0, 59):02}",
            "{p}": lambda: f"{chance.randint(1000, 9999)} {chance.randint(100000, 999999)}",
        }
        for mark, make in makers.items():
            while mark in text:
                text = text.replace(mark, make(), 1)
        return text

    def line(self, text: str, scale: float = 1.0, centred: bool = False) -> None:
        """Add a line, or several where it is too long."""
        self.paragraph(self.filled(text), self.margin, self.width - self.margin, scale, centred)

    def paragraph(self, text: str, left: int, right: int, scale: float = 1.0, centred: bool = False) -> None:
        """Add running text between two columns of pixels."""
        font = self.font(scale)
        self.read.append(text)
        for line in _wrapped(text, font, right - left):
            free = right - left - font.getlength(line)
            at = left + (free / 2 if centred else free if self.language == "ar" else 0)
            self._drawn.append((int(at), self.top, line, font))
            self.top += round(1.9 * scale * self.height_px)

    def row(self, text: str, figure: str) -> None:
        """Add a text, and a figure at the other end of its line."""
        text, figure = self.filled(text), self.filled(figure)
        font = self.font()
        ends = [self.margin, int(self.width - self.margin - font.getlength(figure))]
        if self.language == "ar":
            ends = [int(self.width - self.margin - font.getlength(text)), self.margin]
        self._drawn += [(ends[0], self.top, text, font), (ends[1], self.top, figure, font)]
        self.read += [text, figure]
        self.top += round(1.9 * self.height_px)

    def gap(self, share: float = 1.0) -> None:
        """Leave space between two parts, in letters' heights."""
        self.top += round(share * self.height_px)

    def font(self, scale: float = 1.0) -> ImageFont.FreeTypeFont:
        """Return the font in which a capital letter or an ideograph is as high as it should be."""
        box: tuple[float, ...] = _font(self._path, 100, self.language).getbbox("国" if self.language in ("ja", "zh") else "H")
        return _font(self._path, max(6, round(100 * scale * self.height_px / (box[3] - box[1]))), self.language)

    def picture(self) -> Picture:
        """Return uint8 [H, W, 3]."""
        image = Image.new("RGB", (self.width, self.top + self.margin), self.ground)
        draw = ImageDraw.Draw(image)
        for left, top, text, font in self._drawn:
            draw.text((left, top), text, font=font, fill=self.ink)
        return np.array(image)


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> Iterator[str]:
    """Cut a text where a line is full: between words, or between the signs of a script without spaces."""
    joint = "" if any(map(is_wide, text)) and " " not in text else " "
    line = ""
    for part in list(text) if not joint else text.split(" "):
        longer = f"{line}{joint}{part}" if line else part
        if line and font.getlength(longer) > width:
            yield line
            longer = part
        line = longer
    yield line


def _page(sheet: _Sheet) -> None:
    """A heading and paragraphs, with small letters sometimes in two columns."""
    sheet.line(sheet.texts.heading, 1.6)
    sheet.gap()
    joint = "" if any(map(is_wide, sheet.texts.heading)) else " "
    paragraphs = [sheet.filled(joint.join(sheet.chance.sample(sheet.texts.sentences, 3))) for _ in range(4)]
    if sheet.height_px > 16 or sheet.language == "ar" or sheet.chance.random() < 0.5:
        for text in paragraphs[: 4 if sheet.height_px < 20 else 2]:
            sheet.paragraph(text, sheet.margin, sheet.width - sheet.margin)
            sheet.gap()
        return
    sheet.width = min(1600, 80 * sheet.height_px)
    start, middle, ends = sheet.top, sheet.width // 2, []
    for left, right, part in (
        (sheet.margin, middle - sheet.margin, paragraphs[:2]),
        (middle + sheet.margin // 2, sheet.width - sheet.margin, paragraphs[2:]),
    ):
        sheet.top = start
        for text in part:
            sheet.paragraph(text, left, right)
            sheet.gap()
        ends.append(sheet.top)
    sheet.top = max(ends)


def _sign(sheet: _Sheet) -> None:
    sheet.ground = sheet.chance.choice(_BOARDS)
    sheet.ink = _DARK if sum(sheet.ground) > 400 else _LIGHT
    sheet.width = 28 * sheet.height_px
    sheet.top = 6 * sheet.height_px
    for line in sheet.chance.choice(sheet.texts.signs):
        sheet.line(line, centred=True)
    sheet.gap(4)


def _label(sheet: _Sheet) -> None:
    sheet.ground = sheet.chance.choice((*_PAPER, *_BOARDS))
    sheet.ink = _DARK if sum(sheet.ground) > 400 else _LIGHT
    sheet.width = 36 * sheet.height_px
    name, *rest = sheet.texts.product
    sheet.line(name, 1.8, centred=True)
    sheet.gap()
    for line in rest:
        sheet.line(line, centred=True)
        sheet.gap(0.4)


def _receipt(sheet: _Sheet) -> None:
    sheet.width = 30 * sheet.height_px
    sheet.row("{d}", "{t}")
    sheet.gap()
    *wares, total = sheet.texts.wares
    for ware in sheet.chance.sample(wares * 2, 6):
        sheet.row(ware, "{m}")
    sheet.gap()
    sheet.row(total, "{m}")


def _screen(sheet: _Sheet) -> None:
    """A list of settings, light on dark every other time."""
    if sheet.chance.random() < 0.5:
        sheet.ground, sheet.ink = (18, 18, 22), (220, 220, 225)
    sheet.width = 34 * sheet.height_px
    title, *entries = sheet.texts.screen
    sheet.line(title, 1.4)
    for entry in entries:
        sheet.gap(0.8)
        sheet.line(entry)


_LAYOUTS = {"page": _page, "sign": _sign, "label": _label, "receipt": _receipt, "screen": _screen}
