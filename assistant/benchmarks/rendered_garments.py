"""Renders garments before a camera: fabric, folds, patterns, backgrounds, lamps, white balance, exposure and noise. For measurements.

Two sets that share nothing but the outlines: "fit" for choosing numbers, "report" for the figures. They differ in colours (every second
name of the XKCD survey), fabrics, backgrounds and seeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from assistant.messages import Pattern, Picture
from assistant.seeing.colours import ANCHORS, difference, to_lab
from assistant.seeing.white_balance import planckian

Plane = npt.NDArray[np.float64]
Part = Literal["fit", "report"]

HELD_OUT = {
    "black": "000000",
    "dark_grey": "343837",
    "grey": "6f828a 978a84",
    "light_grey": "fdfdfe",
    "white": "ffffff",
    "cream": "ffffd4 ffffb6",
    "beige": "fffeb6 d1b26f ada587 aaa662 fbdd7e",
    "light_brown": "af6f09 a57e52 ac9362",
    "brown": "3d1c02 836539 a2653e 8b2e16 742802 411900 b66325",
    "dark_brown": "410200",
    "red": "8c000f f7022a 9a0200 c0022f cf0234 ef4026",
    "dark_red": "650021 680018 7b0323 3c0008",
    "pink": "f36196 ff7fa7 f6688e fe7b7c c87f89 fb5581",
    "light_pink": "ffb7ce ffbacd ffc5cb",
    "magenta": "ed0dd9 f504c9 de0c62 fe019a b00149 ff0490",
    "orange": "c65102 ff9408 c45508 dc4d01 fc5a50 fb7d07 c14a09 ff7855",
    "peach": "ffb16d ffb19a fea993 ffe5ad",
    "yellow": "fdff52 fec615 fffe40 ffc512 fdff38 ffda03 feb209",
    "light_yellow": "fffe71 fffd74 fddc5c fdde6c ffff81",
    "mustard": "d2bd0a b59410 c69c04 c9b003 fac205",
    "olive": "373e02 728639 828344 667c3e 6f7632 acbf69 748500 696112",
    "lime": "c1f80a b0dd16 c9ff27 cbf85f 9db92c 76cd26 99cc04",
    "light_green": "9ffeb0 8fff9f 80f9ad c0fa8b b2fba5 b1fc99 bdf8a3",
    "green": "02ab2e 39ad48 5ca904 01b44c 5cac2d 019529 658b38 0add08",
    "dark_green": "044a05 0b5509 05480d 05472a 35530a 2b5d34",
    "grey_green": "82a67d 658d6d 77926f 76a973 bcecac 598556",
    "turquoise": "00ffff 0ffef9 02d8e9 06b1c4 8cffdb 41fdfe acfffc 82cbb2",
    "teal": "014d4e 016795 05696b 017374 0a888a 25a36f 0b8b87",
    "light_blue": "a2cffe b1d1fc 82cafc d5ffff c6fcff 7bc8f6 d6fffe",
    "blue": "0485d1 030aa7 276ab3 0165fc 3b638c 1e488f 03719c 0e87cc",
    "navy": "001146 03012d 000435 02066f 040348 214761 0c1793",
    "grey_blue": "5a7d9a 607c8e 59656d 5a86ad 647d8e 4984b8 29465b b7c9e2",
    "lilac": "bf77f6 ae7181 a87dc2 dfc5fe eecffe 8b88f8 8e82fe c292a1",
    "purple": "4b006e be03fd 9b5fc0 6c3461 856798 966ebd 825f87 ad03de",
    "dark_purple": "380835 36013f 2a0134 280137 5d1451 490648 750851",
    "grey_brown": "7a6a4f 9d7651 86775f a8a495 876e4b 875f42",
}
"""Name -> colours that people called so and that are not in `seeing.colours.ANCHORS`."""
LAMPS = {
    "warm bulb 2700 K": planckian(2700),
    "white tube 4000 K": planckian(4000),
    "daylight 6500 K": planckian(6500),
    "shade 8000 K": planckian(8000),
    "greenish tube 4200 K": planckian(4200) * (1.0, 1.15, 1.0),
}
"""Name -> linear RGB, of mean 1."""
HEIGHT, WIDTH = 360, 640
DARKEST, LIGHTEST = 0.03, 0.85
"""Reflectance of black and of white cloth."""
_OUTLINES = {
    "shirt": ((-1, -0.8), (-0.35, -1), (0.35, -1), (1, -0.8), (1.1, -0.3), (0.65, -0.3), (0.6, 1), (-0.6, 1), (-0.65, -0.3), (-1.1, -0.3)),
    "trousers": ((-0.5, -1), (0.5, -1), (0.65, 1), (0.15, 1), (0, -0.3), (-0.15, 1), (-0.65, 1)),
    "skirt": ((-0.4, -0.8), (0.4, -0.8), (0.9, 0.8), (-0.9, 0.8)),
    "sock": ((-0.5, -1), (0.1, -1), (0.15, 0.3), (0.9, 0.6), (0.9, 1), (-0.4, 1), (-0.55, 0.5)),
    "scarf": ((-0.35, -1.1), (0.35, -1.1), (0.35, 1.1), (-0.35, 1.1)),
}


@dataclass(frozen=True, eq=False)
class Garment:
    """A rendered picture and the truth about it."""

    picture: Picture
    """uint8 [360, 640, 3]"""
    name: str
    """Key of its main colour."""
    other: str | None
    """Key of its second colour; None for one colour."""
    pattern: Pattern
    lamp: str


def render(seed: int, part: Part, lamp: str, shown: int = 0) -> Garment:
    """Return the garment of a seed as it is shown for the first, second, ... time: on another ground, in another place, with other folds.

    The two parts never share one.
    """
    rng = np.random.default_rng((seed, part == "report"))
    pool = ANCHORS if part == "fit" else HELD_OUT
    name, colour = _pick(rng, pool)
    pattern: Pattern = rng.choice(["plain", "plain", "plain", "striped", "striped", "checked", "dotted", "patterned"])
    other, second = None, colour
    while pattern != "plain" and (other is None or difference(*map(_seen, (colour, second))) < 25):
        other, second = _pick(rng, pool)
    kept = 1.0 if rng.random() < 1 / 3 else rng.uniform(0, 0.6)  # of the lamp's tint: one camera in three takes nothing out
    rng = np.random.default_rng((seed, part == "report", shown + 1))
    cloth = colour + _pattern(rng, pattern)[..., None] * (second - colour)
    cloth = cloth * _fabric(rng, part)[..., None] * _folds(rng)[..., None]
    ground = _ground(rng, part, pool, colour)
    mask = cv2.GaussianBlur(_mask(rng), (0, 0), 0.8)[..., None]
    light = (ground + mask * (cloth - ground)) * _lighting(rng)[..., None] * _left_by_camera(rng, LAMPS[lamp] ** kept, cloth, mask)
    return Garment(_developed(rng, light), name, other, pattern, lamp)


def _pick(rng: np.random.Generator, pool: dict[str, str]) -> tuple[str, Plane]:
    """A name and a reflectance [3] near one of its colours."""
    name = str(rng.choice(list(pool)))
    code = np.array(list(bytes.fromhex(str(rng.choice(pool[name].split())))), np.float64)
    linear = np.clip(code / 255 + rng.normal(0, 0.012, 3), 0, 1) ** 2.2
    return name, DARKEST + (LIGHTEST - DARKEST) * linear


def _seen(reflectance: Plane) -> Plane:
    return to_lab(np.clip(reflectance, 0, 1).astype(np.float32) ** np.float32(1 / 2.2))


def _noise(rng: np.random.Generator, size: float, stretch: float = 1.0) -> Plane:
    """Smooth noise of standard deviation 1 whose bumps are `size` pixels wide."""
    grid = rng.normal(size=(max(2, int(HEIGHT / size / stretch)) + 2, max(2, int(WIDTH / size)) + 2))
    plane = cv2.resize(grid, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.asarray((plane - plane.mean()) / plane.std(), np.float64)


def _axes(rng: np.random.Generator, angle: float) -> tuple[Plane, Plane]:
    """Coordinates along and across an angle, in pixels, a little bent as cloth is."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float64)
    bend = 3 * _noise(rng, 120)
    return np.cos(angle) * x + np.sin(angle) * y + bend, -np.sin(angle) * x + np.cos(angle) * y + bend


def _pattern(rng: np.random.Generator, pattern: Pattern) -> Plane:
    """The share of the second colour at each pixel, [H, W]."""
    along, across = _axes(rng, rng.choice([0, np.pi / 2]) + rng.normal(0, 0.15))
    period, width = rng.uniform(14, 40), rng.uniform(0.25, 0.45)
    if pattern == "striped":
        return np.asarray(along % period < width * period, np.float64)
    if pattern == "checked":
        return ((along % period < width * period) * 0.5 + (across % period < width * period) * 0.5).astype(np.float64)
    if pattern == "dotted":
        from_dot = np.hypot(along % period - period / 2, across % period - period / 2)
        return np.asarray(from_dot < period * rng.uniform(0.22, 0.32), np.float64)
    if pattern == "patterned":
        return np.asarray(_noise(rng, rng.uniform(14, 30)) > rng.uniform(0.2, 0.7), np.float64)
    return np.zeros((HEIGHT, WIDTH))


def _fabric(rng: np.random.Generator, part: Part) -> Plane:
    """Texture, of mean 1: a weave or fleece to fit on, a knit or twill to report."""
    along, across = _axes(rng, rng.uniform(0, np.pi))
    depth = rng.uniform(0.02, 0.1)
    if part == "fit":
        weave = np.sin(along * 1.5) * np.sin(across * 1.5)
        return 1 + depth * (weave if rng.random() < 0.6 else _noise(rng, 3))
    knit = np.abs((along % 6) - 3) / 1.5 - 1 + np.sin(across * 1.1 + np.abs((along % 6) - 3))
    twill = np.sign(np.sin(along * 1.2)) * 0.7 + 0.5 * _noise(rng, 2)
    return 1 + depth * (knit if rng.random() < 0.5 else twill)


def _folds(rng: np.random.Generator) -> Plane:
    deep = rng.uniform(0.05, 0.25)
    return np.asarray(np.clip(1 - deep + deep * (0.8 * _noise(rng, 50, 3.0) + 0.3 * _noise(rng, 15)), 0.15, 1.2), np.float64)


def _lighting(rng: np.random.Generator) -> Plane:
    """A lamp nearer to one side, and the lens that darkens the corners."""
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    angle = rng.uniform(0, 2 * np.pi)
    return np.asarray((1 + rng.uniform(0, 0.3) * (np.cos(angle) * x + np.sin(angle) * y)) * (1 - 0.12 * (x * x + y * y)), np.float64)


def _mask(rng: np.random.Generator) -> Plane:
    """Where the garment is, [H, W]; one in eight fills the picture."""
    if rng.random() < 1 / 8:
        return np.ones((HEIGHT, WIDTH))
    points = np.array(_OUTLINES[str(rng.choice(list(_OUTLINES)))]) * HEIGHT * rng.uniform(0.3, 0.48)
    turn, centre = rng.normal(0, 0.2), np.array([WIDTH / 2, HEIGHT / 2]) + rng.normal(0, (45, 20))
    points = points @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + centre
    mask = np.zeros((HEIGHT, WIDTH))
    cv2.fillPoly(mask, [points.astype(np.int32)], 1.0)
    return mask


def _ground(rng: np.random.Generator, part: Part, pool: dict[str, str], garment: Plane) -> Plane:
    """What lies behind, [H, W, 3], of another colour than the garment."""
    while True:
        pale = ("white", "cream", "beige", "light_grey", "light_brown", "brown")
        base = _pick(rng, {key: pool[key] for key in pale} if rng.random() < 0.7 else pool)[1]
        if difference(_seen(base), _seen(garment)) > 12:
            break
    kind = rng.integers(3)
    if part == "fit":  # a wall, a bed sheet, tiles
        shade = (1 + 0.03 * _noise(rng, 2), _folds(rng), 1 - 0.5 * _lines(rng, rng.uniform(60, 120)))[kind]
        return np.asarray(base * shade[..., None], np.float64)
    if kind == 0:  # boards
        brown = _pick(rng, {key: pool[key] for key in ("brown", "light_brown", "dark_brown", "beige")})[1]
        return np.asarray(brown * (1 + 0.15 * _noise(rng, 150, 0.04) - 0.4 * _lines(rng, 70))[..., None], np.float64)
    if kind == 1:  # a carpet
        return np.asarray(base * np.clip(1 + 0.2 * _noise(rng, 4) + 0.1 * _noise(rng, 2), 0.2, 2)[..., None], np.float64)
    room = np.broadcast_to(base, (HEIGHT, WIDTH, 3)).copy()  # a room with things in it
    for _ in range(rng.integers(4, 10)):
        x, y = int(rng.integers(WIDTH)), int(rng.integers(HEIGHT))
        room[y : y + int(rng.integers(30, 200)), x : x + int(rng.integers(30, 200))] = _pick(rng, pool)[1]
    return room * (1 + 0.05 * _noise(rng, 60))[..., None]


def _lines(rng: np.random.Generator, period: float) -> Plane:
    along, across = _axes(rng, rng.uniform(0, np.pi))
    return np.asarray((along % period < 2) | (across % period < 2), np.float64)


def _left_by_camera(rng: np.random.Generator, tint: Plane, cloth: Plane, mask: Plane) -> Plane:
    """The tint that is left of a lamp's, RGB: all cameras are led astray by large colours."""
    mean = (cloth * mask).mean((0, 1)) + 0.3 * (1 - mask.mean())
    return np.asarray(tint * (mean / mean.mean()) ** -rng.uniform(0, 0.25), np.float64)


def _developed(rng: np.random.Generator, light: Plane) -> Picture:
    """What a camera with automatic exposure makes of light, uint8 [H, W, 3]."""
    light = np.maximum(light, 0)
    light *= min(0.2 * 2 ** rng.normal(0, 0.3) / light.mean(), 1.0 / np.percentile(light, 97))
    light += rng.normal(0, 1, light.shape) * np.sqrt(light * rng.uniform(0.00005, 0.0008) + 1e-6)
    encoded = np.clip(light, 0, 1) ** (1 / 2.2)
    encoded = cv2.GaussianBlur(encoded, (0, 0), rng.uniform(0.4, 1.2))
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(75, 95))]
    packed = cv2.imencode(".jpg", np.asarray(encoded[..., ::-1] * 255 + 0.5, np.uint8), quality)[1]
    return np.asarray(cv2.cvtColor(cv2.imdecode(packed, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), np.uint8)
