"""Prints how often the frame check flags real photographs and spoilt ones. Run by hand after a change of its thresholds.

python tests/support/measure_frame_quality.py ../shared/data [pictures a collection]
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from assistant.messages import Picture
from assistant.seeing.frame_quality import picture_problem
from models.training.data import Example, flickr_examples, grocery_examples, imagenet_examples
from models.training.features import pictures_of

Spoil = Callable[[Picture, np.random.Generator], Picture]
MUST_PASS = ("as it is", "dusk, 15 to 30 % light", "low contrast", "slightly soft, sigma 2.5")
SIZE = (640, 480)


def main(data: Path, most: int) -> None:
    rng = np.random.default_rng(5)
    photographs = [cv2.resize(p, SIZE, interpolation=cv2.INTER_CUBIC) for p in _development_pictures(data, most)]
    print(f"{'kind':<28} {'flagged':>8}  of {len(photographs)}  as")
    for kind, spoil in KINDS.items():
        found = Counter(picture_problem(spoil(photograph, rng)) for photograph in photographs)
        flagged = len(photographs) - found.pop(None, 0)
        print(f"{kind:<28} {flagged / len(photographs):>8.2%}  {dict(found)}{'  (must pass)' if kind in MUST_PASS else ''}")
    frame = cv2.resize(photographs[0], (1280, 720))
    began = time.process_time()
    for _ in range(100):
        picture_problem(frame)
    print(f"{(time.process_time() - began) * 10:.2f} ms of processor time a 720p frame")


def _development_pictures(data: Path, most: int) -> list[Picture]:
    examples: list[Example] = []
    for group in (flickr_examples(data, "dev"), grocery_examples(data, "dev"), imagenet_examples(data, "dev")):
        examples += random.Random(5).sample(group, min(most, len(group)))
    archives = {e.collection: {other.picture for other in examples if other.collection == e.collection} for e in examples}
    return [p for collection, names in archives.items() for p in pictures_of(data / collection / "images.tar", names).values()]


def _noisy(picture: np.ndarray, rng: np.random.Generator, sigma: float = 2.0) -> Picture:
    return np.clip(picture + rng.normal(0, sigma, picture.shape), 0, 255).astype(np.uint8)


def _blur(sigma: float) -> Spoil:
    return lambda p, rng: _noisy(cv2.GaussianBlur(p, (0, 0), sigma), rng)


def _motion(p: Picture, rng: np.random.Generator) -> Picture:
    length, angle = int(rng.integers(60, 110)), float(rng.uniform(0, 180))
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1 / length
    turned = cv2.warpAffine(kernel, cv2.getRotationMatrix2D((length / 2, length / 2), angle, 1), (length, length))
    return _noisy(cv2.filter2D(p, -1, turned / turned.sum()), rng)


def _covered(p: Picture, rng: np.random.Generator) -> Picture:
    y, x = np.mgrid[-1:1:480j, -1:1:640j]
    glow = np.exp(-((x - rng.uniform(-1, 1)) ** 2 + (y - rng.uniform(-1, 1)) ** 2))[..., None]
    return _noisy(glow * np.array([rng.uniform(60, 150), rng.uniform(10, 40), rng.uniform(5, 30)]), rng)


def _gradient(p: Picture, rng: np.random.Generator) -> Picture:
    return _noisy(np.linspace(rng.uniform(60, 220, 3), rng.uniform(60, 220, 3), 640)[None].repeat(480, 0), rng)


KINDS: dict[str, Spoil] = {
    "as it is": lambda p, rng: p,
    "dusk, 15 to 30 % light": lambda p, rng: _noisy(p * rng.uniform(0.15, 0.3), rng),
    "low contrast": lambda p, rng: _noisy(110 + p * 0.25, rng),
    "slightly soft, sigma 2.5": _blur(2.5),
    "black": lambda p, rng: _noisy(np.full(p.shape, 4.0), rng),
    "dark room, 3 to 6 % light": lambda p, rng: _noisy(p * rng.uniform(0.03, 0.06), rng),
    "white": lambda p, rng: np.full(p.shape, 255, np.uint8),
    "uniform colour": lambda p, rng: _noisy(np.ones(p.shape) * rng.uniform(30, 225, 3), rng),
    "gradient": _gradient,
    "covered lens": _covered,
    "Gaussian blur, sigma 8": _blur(8),
    "Gaussian blur, sigma 12": _blur(12),
    "Gaussian blur, sigma 20": _blur(20),
    "motion blur, 60 to 110 px": _motion,
}

if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 300)
