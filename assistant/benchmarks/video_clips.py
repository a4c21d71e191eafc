"""Makes videos with known scenes for the benchmark: photographs of a folder, each a scene of its own, seen through a crop that moves."""

from __future__ import annotations

import csv
import random
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from assistant.messages import Picture

FPS, EDGE = 10, 256
CROP_SHARE = 0.85
"""Share of the picture's edge that is seen at a time."""
SHORTEST_S, LONGEST_S = 3.0, 8.0


@dataclass(frozen=True)
class Photograph:
    """One picture of the collection and what people wrote about it."""

    name: str
    captions: tuple[str, ...]

    @property
    def one_caption(self) -> str:
        """Return one of the captions, always the same."""
        return random.Random(self.name).choice(self.captions)


@dataclass(frozen=True)
class Clip:
    """A video file with known scenes."""

    path: Path
    photographs: tuple[Photograph, ...]
    starts_s: tuple[float, ...]
    end_s: float

    def span(self, scene: int) -> tuple[float, float]:
        """Return when a scene begins and ends, in seconds."""
        return self.starts_s[scene], (*self.starts_s[1:], self.end_s)[scene]


def read_photographs(data: Path) -> list[Photograph]:
    """Read the development split of `data`/flickr8k, in the order of its list."""
    captions: dict[str, list[str]] = {}
    with (data / "flickr8k" / "captions.tsv").open(newline="", encoding="utf-8") as file:
        for name, where, caption in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if where == "dev":
                captions.setdefault(name, []).append(" ".join(caption.split()).rstrip(" ."))
    return [Photograph(name, tuple(texts)) for name, texts in captions.items()]


def write_clip(path: Path, data: Path, photographs: Sequence[Photograph], rng: random.Random, scene_s: float | None = None) -> Clip:
    """Write a video with a scene for each photograph, of `scene_s` or of a random length; MPEG-4 at FPS."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, (EDGE, EDGE))
    starts_s, frames = [], 0
    for picture in read_pictures(data, photographs):
        starts_s.append(frames / FPS)
        count = round(FPS * (scene_s or rng.uniform(SHORTEST_S, LONGEST_S)))
        for frame in _moving_crop(picture, min(count, round(FPS * LONGEST_S)), rng):
            writer.write(frame)
        for _ in range(count - round(FPS * LONGEST_S)):  # a longer scene comes to rest
            writer.write(frame)
        frames += count
    writer.release()
    return Clip(path, tuple(photographs), tuple(starts_s), frames / FPS)


def read_pictures(data: Path, photographs: Sequence[Photograph]) -> Iterator[Picture]:
    """Yield them as uint8 [H, W, 3] BGR."""
    with tarfile.open(data / "flickr8k" / "images.tar") as tar:
        members = {Path(member.name).name: member for member in tar if member.isfile()}
        for photograph in photographs:
            file = tar.extractfile(members[photograph.name])
            assert file is not None
            yield np.asarray(cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR), np.uint8)


def _moving_crop(picture: Picture, count: int, rng: random.Random) -> Iterator[Picture]:
    """`count` frames of a crop that goes straight from one random place to another."""
    side = round(CROP_SHARE * min(picture.shape[:2]))
    (y0, x0), (y1, x1) = [[rng.uniform(0, length - side) for length in picture.shape[:2]] for _ in range(2)]
    for number in range(count):
        share = number / max(count - 1, 1)
        shift = np.array([[1.0, 0.0, -(x0 + share * (x1 - x0))], [0.0, 1.0, -(y0 + share * (y1 - y0))]])
        crop = cv2.warpAffine(picture, shift, (side, side), flags=cv2.INTER_LINEAR)  # parts of pixels, as a hand moves
        yield np.asarray(cv2.resize(crop, (EDGE, EDGE), interpolation=cv2.INTER_LINEAR), np.uint8)
