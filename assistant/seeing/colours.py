"""Names colours as people use them: a table over CIELAB, nearest by CIEDE2000. Pure.

The table's colours are medians of the XKCD colour survey (https://blog.xkcd.com/2010/05/03/color-survey-results, CC0): what some 200,000
people called the colours of their screens. Each of our names has those of one to a dozen names of the survey that mean it in
everyday speech ("maroon", "burgundy" and "wine" are dark red); every second one was left out of the table and is what
`benchmarks.colours` measures with.
"""

from __future__ import annotations

import functools

import cv2
import numpy as np
import numpy.typing as npt

Labs = npt.NDArray[np.float64]
"""[..., 3]: L* in [0, 100], a*, b* (D65)."""

ANCHORS = {
    "black": "000000 070d0d",
    "dark_grey": "363737 3c4142 536267",
    "grey": "929591 7d7f7c 95a3a6",
    "light_grey": "d8dcd6 c5c9c7",
    "white": "ffffff ffffe4",
    "cream": "ffffc2 ffffcb feffca",
    "beige": "e6daa6 e2ca76 b1916e c9ae74",
    "light_brown": "ad8150 c69f59 af884a a88f59 cfaf7b",
    "brown": "653700 7f5112 a9561e 7f4e1e 964e02 7f2b0a b2713d ac4f06",
    "dark_brown": "341c02 1d0200",
    "red": "e50000 ff000d be0119 ec2d01 980002 8f1402 fb2943 fe0002",
    "dark_red": "840000 610023 80013f 7b002c 4a0100 730039",
    "pink": "ff81c0 f7879a fe83cc d58a94 cf6275 ff6163 cb416b",
    "light_pink": "ffd1df ffcfdc fdb0c0 fe828c",
    "magenta": "c20078 ff028d fe01b1 cb0162 ff08e8 fe02a2 960056 ff0789",
    "orange": "f97306 ff5b00 e17701 c04e01 fd411e a83c09 f8481c fc824a ff796c",
    "peach": "ffb07c fdaa48 ffa756 ffd8b1 ff964f d99b82",
    "yellow": "ffff14 fffd01 fffd37 ffdf22 fcb001 fcc006 fedf08 f9bc08 feb308",
    "light_yellow": "fffe7a ffff84 feff7f fffd78 fdee73 fcf679",
    "mustard": "ceb301 d5b60a bf9005 dbb40c cdc50a a88905",
    "olive": "6e750e 677a04 4b5d16 645403 769958 3c4d03 706c11 698339 9b8f55",
    "lime": "aaff32 c0fb2d 89fe05 87fd05 8eab12 90b134 d0fe1d adf802 8ffe09",
    "light_green": "96f97b c7fdb5 b0ff9d b6ffbb c1fd95 8cff9e befdb7 98f6b0 bcf5a6",
    "green": "15b01a 3f9b0b 01a049 01ff07 089404 5cb200 028f1e 1fa774 58bc08 50a747 63a950 2a7e19",
    "dark_green": "033500 06470c 0b4008 0a481e 014600 062e03 002d04",
    "grey_green": "789b73 87ae73 88b378 74a662 5fa052 96ae8d b7e1a1",
    "turquoise": "06c2ac 13eac9 04d8b2 7ef4cc 90e4c1 a5fbd5 0bf9ea b7fffa 2ee8bb 98eff9",
    "teal": "029386 045c5a 00555a 005f6a 137e6d 01889f 017371 10a674 005249",
    "light_blue": "95d0fc 75bbfd d0fefe a2bffe 8ab8fe 6488ea bdf6fe cafffb",
    "blue": "0343df 0504aa 069af3 2c6fbb 5170d7 3b5b92 010fcc 040273 0652ff 3e82fc 0c06f7 3778bf",
    "navy": "01153e 00035b 020035 000133 00022e 01386a 004577 042e60",
    "grey_blue": "6b8ba4 5b7c99 5e819d 516572 748b97 9dbcd4 89a0b0 758da3 507b9c 738595",
    "lilac": "cea2fd c79fef b790d4 d6b4fc caa0ff ceaefa e4cbff edc8ff d94ff5 ca9bf7 a66fb5",
    "purple": "7e1e9c 9a0eea 9e43a2 8d5eb7 720058 9c6da5 ad0afd a00498 9900fa 94568c 632de9 c875c4",
    "dark_purple": "35063e 580f41 3d0734 34013f 3f012c 4e0550 1f0954 430541",
    "grey_brown": "7f7053 b9a281 ba9e88 7f684e 8d8468",
}
"""Name -> colours that are called so, as hexadecimal sRGB."""
NEIGHBOURS = {
    "black": "dark_grey navy dark_brown dark_purple dark_green",
    "dark_grey": "grey grey_blue grey_green grey_brown",
    "grey": "light_grey grey_blue grey_green grey_brown",
    "light_grey": "white beige",
    "white": "cream",
    "cream": "beige light_yellow peach",
    "beige": "light_brown grey_brown peach",
    "light_brown": "brown mustard grey_brown",
    "brown": "dark_brown grey_brown dark_red olive orange",
    "dark_brown": "dark_red grey_brown",
    "red": "dark_red orange pink magenta",
    "dark_red": "dark_purple",
    "pink": "light_pink magenta peach",
    "light_pink": "lilac peach",
    "magenta": "purple",
    "orange": "peach yellow",
    "yellow": "light_yellow mustard lime",
    "light_yellow": "lime light_green",
    "mustard": "olive",
    "olive": "dark_green grey_green grey_brown lime",
    "lime": "green light_green",
    "light_green": "green turquoise grey_green",
    "green": "dark_green teal grey_green",
    "dark_green": "teal grey_green",
    "turquoise": "teal light_blue",
    "teal": "blue grey_blue navy",
    "light_blue": "blue grey_blue lilac",
    "blue": "navy grey_blue purple",
    "navy": "dark_purple grey_blue",
    "lilac": "purple",
    "purple": "dark_purple",
}
"""Name -> names that people would as soon give to many a colour; each pair stands once."""
SPREAD = 7.0
"""Standard deviation, in CIEDE2000 units, of what is called by one name around its nearest colour of the table."""


@functools.cache
def _anchors() -> tuple[tuple[str, ...], npt.NDArray[np.intp], Labs]:
    """The names, the place in them of each anchor [n], and the anchors [n, 3]."""
    names = tuple(ANCHORS)
    pairs = [(names.index(name), bytes.fromhex(code)) for name, codes in ANCHORS.items() for code in codes.split()]
    return names, np.array([place for place, _ in pairs]), to_lab(np.array([list(code) for _, code in pairs], np.uint8))


def to_lab(pixels: npt.NDArray[np.uint8] | npt.NDArray[np.float32]) -> Labs:
    """Return the CIELAB of sRGB [..., 3], uint8 or float32 in [0, 1], as [..., 3]."""
    scaled = pixels.astype(np.float32) / 255 if pixels.dtype == np.uint8 else pixels.astype(np.float32)
    return np.asarray(cv2.cvtColor(scaled.reshape(-1, 1, 3), cv2.COLOR_RGB2Lab), np.float64).reshape(pixels.shape)


def difference(first: Labs, second: Labs) -> npt.NDArray[np.float64]:
    """Return CIEDE2000 between colours [..., 3] and [..., 3], broadcast: below 2 hardly anybody sees it.

    After Sharma, Wu and Dalal, The CIEDE2000 color-difference formula (2005).
    """
    (l1, a1, b1), (l2, a2, b2) = np.moveaxis(first, -1, 0), np.moveaxis(second, -1, 0)
    mean7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    grown = 1.5 - 0.5 * np.sqrt(mean7 / (mean7 + 25.0**7))
    a1, a2 = a1 * grown, a2 * grown
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    is_hued = c1 * c2 > 0
    turn = np.where(is_hued, (h2 - h1 + 180) % 360 - 180, 0.0)
    mean_h = np.where(is_hued, (h1 + turn / 2) % 360, h1 + h2)
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    tone = 1 - 0.17 * _cos(mean_h - 30) + 0.24 * _cos(2 * mean_h) + 0.32 * _cos(3 * mean_h + 6) - 0.20 * _cos(4 * mean_h - 63)
    lightness = (l2 - l1) / (1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2))
    chroma = (c2 - c1) / (1 + 0.045 * mean_c)
    hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2)) / (1 + 0.015 * mean_c * tone)
    bend = -np.sin(np.radians(60 * np.exp(-(((mean_h - 275) / 25) ** 2)))) * 2 * np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7))
    return np.asarray(np.sqrt(np.maximum(lightness**2 + chroma**2 + hue**2 + bend * chroma * hue, 0.0)), np.float64)


def name_probabilities(lab: Labs, spread: float = SPREAD) -> dict[str, float]:
    """Return how likely each name is for a colour [3], the likeliest first; they sum to 1."""
    names, owners, anchors = _anchors()
    distances = difference(anchors, lab[None])
    nearest = np.array([distances[owners == place].min() for place in range(len(names))])
    weights = np.exp((nearest.min() ** 2 - nearest**2) / (2 * spread**2))
    order = np.argsort(-weights)
    return {names[place]: float(weights[place] / weights.sum()) for place in order}


@functools.cache
def are_near(one: str, other: str) -> bool:
    """Return whether two names are the same or neighbours, so that people would take either for right."""
    return one == other or other in NEIGHBOURS.get(one, "").split() or one in NEIGHBOURS.get(other, "").split()


def _cos(degrees: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(np.cos(np.radians(degrees)), np.float64)
