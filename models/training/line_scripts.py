"""Trains what tells the script of a line that the recogniser of text can't read (assistant/engines/ocr/line_scripts.py).

    python -m models.training.line_scripts --fonts DIR --photographs DIR [--lines N] [--check-fonts DIR]

Lines are rendered in fonts of DIR, names of countries, languages, months and the like in many languages (Unicode's CLDR, out of babel),
spoiled as a camera spoils them, and read by PP-OCRv6's recogniser. Pieces of photographs stand for what is no text. No picture of
the benchmarks is seen, and no font of Noto's, in which they are set; `--check-fonts` tells how well the result does in others.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from babel import Locale
from PIL import Image, ImageDraw, ImageFont

from assistant.assembly import PPOCR
from assistant.engines.ocr import line_scripts
from assistant.engines.ocr.line_crops import LINE_HEIGHT
from assistant.engines.ocr.line_scripts import Features, line_features
from assistant.engines.ocr.recognition import LineRecognizer
from assistant.engines.onnx.session import SessionSettings
from assistant.messages import Picture
from assistant.store.model_store import ModelStore, models_dir

LOCALES = {
    "latin": ("en de fr es it pt nl pl tr id cs hu sv ro vi fi da", 5.0),
    "han": ("zh ja zh_Hant", 2.0),
    "arabic": ("ar fa ur", 1.0),
    "korean": ("ko", 1.0),
    "cyrillic": ("ru uk bg sr kk", 1.5),
    "devanagari": ("hi mr ne", 1.0),
    "thai": ("th", 1.0),
    "hebrew": ("he", 1.0),
    "greek": ("el", 1.0),
    "other": ("bn ta te gu ka hy am km", 2.0),
}
"""CLDR's locales of each class, and how many lines it has for each one of Korean."""
NONE_SHARE = 1.0
MOST_FONTS = 40
"""Of a language."""
CHARACTERS = 112
"""Whose log-probabilities are looked at: nearly as many as the network's last layer has inputs (120)."""
HIDDEN, EPOCHS = 48, 60
SEED = 5


def main() -> None:
    """Train as the command line says, and write the weights beside the code that uses them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fonts", type=Path, required=True, help="a folder of TrueType fonts of all these scripts")
    parser.add_argument("--check-fonts", type=Path, help="others, for a check")
    parser.add_argument("--photographs", type=Path, required=True, help="a folder of photographs")
    parser.add_argument("--lines", type=int, default=600, help="of each script with the share 1")
    options = parser.parse_args()
    network = _Network()
    data = _gathered(network, options.fonts, options.photographs, options.lines, SEED)
    written = {**fit(*data), "characters": network.looked_at, "classes": np.array(len(network.characters))}
    path = Path(line_scripts.__file__).with_name(line_scripts.WEIGHTS)
    np.savez_compressed(path, **written)  # type: ignore[arg-type]  # of numpy
    print(f"{path}: {path.stat().st_size} bytes")
    if options.check_fonts:
        features, labels = _gathered(network, options.check_fonts, options.photographs, options.lines // 4, SEED + 1)
        check(line_scripts.LineScripts(written, network.characters), features, labels)


class _Network:
    """The recogniser, and the characters that are looked at."""

    def __init__(self) -> None:
        self._recognizer = LineRecognizer(ModelStore(models_dir()).folder(PPOCR) / "recognition.onnx", SessionSettings(1, spin=False))
        self.characters = self._recognizer.characters
        rng = np.random.default_rng(SEED)
        probes = np.concatenate([self._recognizer.outputs([rng.integers(0, 255, (LINE_HEIGHT, 96, 3), np.uint8)])[0] for _ in range(40)])
        self.classes = spanning(np.log(np.maximum(probes, 1e-30)), self.characters, CHARACTERS)
        self.looked_at = np.array([self.characters[at] for at in self.classes])

    def features(self, line: Picture) -> Features:
        """Return `line_features` of uint8 [48, W, 3]."""
        return line_features(self._recognizer.outputs([line])[0], self.classes)


def spanning(logs: npt.NDArray[np.float32], characters: Sequence[str], count: int) -> npt.NDArray[np.int64]:
    """Choose columns of float32 [probes, classes] that differ most: each has most of what the ones before don't have (pivoted QR)."""
    rest = (logs - logs.mean(axis=1, keepdims=True)).astype(np.float64)
    rest -= rest.mean(axis=0)
    seen = set[str]()
    unique = np.array([not (c in seen or seen.add(c)) and c != "" for c in characters])  # type: ignore[func-returns-value]  # a set's add
    chosen = []
    for _ in range(count):
        at = int(np.where(unique, np.linalg.norm(rest, axis=0), -1).argmax())
        direction = rest[:, at] / np.linalg.norm(rest[:, at])
        rest -= np.outer(direction, direction @ rest)
        unique[at] = False
        chosen.append(at)
    return np.array(chosen)


def fit(features: Features, labels: Sequence[str]) -> dict[str, npt.NDArray[np.generic]]:
    """Fit a network of one hidden layer to float32 [lines, 2 n]; every class weighs as often as it comes."""
    torch.manual_seed(SEED)
    scripts = [*LOCALES, "none"]
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    inputs = torch.from_numpy((features - mean) / spread)
    targets = torch.tensor([scripts.index(label) for label in labels])
    network = torch.nn.Sequential(
        torch.nn.Dropout(0.1),
        torch.nn.Linear(features.shape[1], HIDDEN),
        torch.nn.ReLU(),
        torch.nn.Dropout(0.2),
        torch.nn.Linear(HIDDEN, len(scripts)),
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.02)
    for epoch in range(EPOCHS):
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * (1 - epoch / EPOCHS)
        for batch in torch.randperm(len(inputs)).split(64):
            loss = torch.nn.functional.cross_entropy(network(inputs[batch]), targets[batch], label_smoothing=0.02)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    first, last = network[1], network[4]
    halves = {
        name: value.detach().numpy().T.astype(np.float16) for name, value in (("into_hidden", first.weight), ("into_scripts", last.weight))
    }
    biases = {"hidden_bias": first.bias.detach().numpy(), "scripts_bias": last.bias.detach().numpy()}
    return {"mean": mean, "spread": spread, "scripts": np.array(scripts), **halves, **biases}


def check(classifier: line_scripts.LineScripts, features: Features, labels: Sequence[str]) -> None:
    """Print, for each class, how often it is told so, told as another script, and left to the recogniser."""
    told: dict[str, list[str]] = {name: [] for name in (*LOCALES, "none")}
    for each, label in zip(features, labels, strict=True):
        told[label].append(classifier.decide(each))
    for label, results in told.items():
        count = max(len(results), 1)
        print(f"{label:<11} {len(results):>5}  right {results.count(label) / count:.3f}  foreign {sum(map(bool, results)) / count:.3f}")


def _gathered(network: _Network, fonts: Path, photographs: Path, lines: int, seed: int) -> tuple[Features, list[str]]:
    chance = random.Random(seed)
    features, labels = [], []
    for script, (locales, share) in LOCALES.items():
        usable = {code: found for code in locales.split() if (found := fonts_with(fonts, letters_of(code)))}
        print(script, {code: len(found) for code, found in usable.items()}, flush=True)
        for number in range(int(lines * share)):
            code = list(usable)[number % len(usable)]
            path = chance.choice(usable[code])
            features.append(network.features(rendered(text_of(code, chance, has_figures=_has(path, "1,:()")), path, chance)))
            labels.append(script)
    for piece in _pieces(sorted(photographs.glob("*.jpg")), int(lines * NONE_SHARE), chance):
        features.append(network.features(piece))
        labels.append("none")
    return np.stack(features), labels


@cache
def names_in(code: str) -> list[str]:
    """Return what a language calls countries, languages, currencies, months and days."""
    locale = Locale.parse(code)
    names = [*locale.territories.values(), *locale.languages.values(), *locale.currencies.values()]
    names += [*locale.months["format"]["wide"].values(), *locale.days["format"]["wide"].values()]
    is_latin = code in LOCALES["latin"][0].split()
    native = {str(name) for name in names if is_latin or not any(sign.isascii() and sign.isalpha() for sign in str(name))}
    return sorted(native)


@cache
def letters_of(code: str) -> str:
    """Return some of a language's letters, by which a font for it is known."""
    letters = sorted({sign for name in names_in(code) for sign in name if sign.isalpha()})
    return "".join(letters[:: max(1, len(letters) // 24)])


def text_of(code: str, chance: random.Random, has_figures: bool = True) -> str:
    """Return a line of one to five names, sometimes with a number, in capitals or nothing but numbers."""
    joint = "" if code in ("zh", "ja", "zh_Hant", "th", "km") else " "
    names = names_in(code)
    words = chance.choice(names).split() if chance.random() < 0.3 else chance.sample(names, chance.randint(1, 5))
    if has_figures and chance.random() < 0.3:
        words.insert(chance.randint(0, len(words)), _number(chance))
    if has_figures and code in LOCALES["latin"][0].split() and chance.random() < 0.15:
        words = [_number(chance) for _ in range(chance.randint(1, 4))]
    text = joint.join(words)[: chance.choice((8, 20, 40, 60))].strip()
    case: Callable[[str], str] = chance.choice((str, str, str.upper, str.title, str.lower))
    return case(text)


def _number(chance: random.Random) -> str:
    kinds = (
        str(chance.randint(0, 9999)),
        f"{chance.randint(0, 99)},{chance.randint(0, 99):02}",
        f"{chance.randint(1, 12)}:{chance.randint(0, 59):02}",
        f"{chance.randint(1, 28):02}.{chance.randint(1, 12):02}.{chance.randint(1990, 2030)}",
        f"({chance.randint(1, 99)}%)",
        f"€{chance.randint(1, 99)}.90",
        f"www.{chance.choice('abcdef')}{chance.choice(('shop', 'media', 'haus'))}.com",
        f"{chance.choice('ABCDEFGHKMT')}-{chance.randint(1, 999)}/{chance.randint(1, 9)}",
    )
    return chance.choice(kinds)


def fonts_with(folder: Path, text: str) -> list[Path]:
    """Return up to MOST_FONTS in a folder that draw every sign of a text."""
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in (".ttf", ".otf", ".ttc")]
    random.Random(SEED).shuffle(paths)
    return list(islice((path for path in paths if _has(path, text)), MOST_FONTS))


@cache
def _has(path: Path, text: str) -> bool:
    try:
        font = ImageFont.truetype(path, 20)
        missing = {bytes(font.getmask(sign)) for sign in ("\U0010fffe", "\ue123")}
        return all(font.getmask(sign).getbbox() and bytes(font.getmask(sign)) not in missing for sign in text)
    except OSError:
        return False


def rendered(text: str, path: Path, chance: random.Random) -> Picture:
    """Return uint8 [48, W, 3]: a line as it is cut out of a picture, spoiled as a camera spoils it."""
    font = ImageFont.truetype(path, chance.randint(24, 48))
    left, top, right, bottom = font.getbbox(text)
    high = bottom - top
    before, above, below, after = (int(high * chance.uniform(0.05, 0.4)) for _ in range(4))
    size = max(8, int(right - left) + before + after), max(8, int(high) + above + below)
    paper = tuple(chance.randint(120, 255) for _ in range(3))
    ink = tuple(chance.randint(0, 90) for _ in range(3))
    if chance.random() < 0.3:
        paper, ink = ink, paper
    image = Image.new("RGB", size, paper)
    ImageDraw.Draw(image).text((before - left, above - top), text, font=font, fill=ink)
    picture = np.array(image)
    rng = np.random.default_rng(chance.getrandbits(32))
    if chance.random() < 0.4:
        picture = _leaning(picture, rng)
    if chance.random() < 0.6:
        share = chance.uniform(10, 30) / picture.shape[0]
        picture = cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    if chance.random() < 0.4:
        picture = cv2.GaussianBlur(picture, (0, 0), chance.uniform(0.03, 0.1) * picture.shape[0] * 0.6)
    if chance.random() < 0.4:
        picture = np.clip(picture + rng.normal(0, chance.uniform(3, 20), picture.shape), 0, 255).astype(np.uint8)
    return _as_line(picture)


def _leaning(picture: Picture, rng: np.random.Generator) -> Picture:
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + rng.uniform(-0.12, 0.12, (4, 2)).astype(np.float32) * height
    view = cv2.getPerspectiveTransform(corners, moved)
    return np.asarray(cv2.warpPerspective(picture, view, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _as_line(picture: Picture) -> Picture:
    width = int(np.clip(picture.shape[1] * LINE_HEIGHT / picture.shape[0], LINE_HEIGHT // 4, 800))
    return np.asarray(cv2.resize(picture, (width, LINE_HEIGHT), interpolation=cv2.INTER_LINEAR), np.uint8)


def _pieces(paths: Sequence[Path], count: int, chance: random.Random) -> Iterator[Picture]:
    """Pieces of photographs of the shape of lines."""
    for path in chance.sample(paths, count):
        picture = np.array(Image.open(path).convert("RGB"))
        height = chance.randint(16, picture.shape[0] // 3)
        width = min(picture.shape[1], int(height * chance.uniform(1, 8)))
        top, left = chance.randint(0, picture.shape[0] - height), chance.randint(0, picture.shape[1] - width)
        yield _as_line(picture[top : top + height, left : left + width])


if __name__ == "__main__":
    main()
