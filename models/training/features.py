"""What the frozen vision encoder makes of every training picture, computed once and kept on disk.

Pictures go through the same resizing and the same ONNX graph as at run time, so training sees what the user's model sees.
"""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from assistant.engines.vlm.image import ImageSettings, make_tiles
from assistant.export.efficientnet_lite import vision_encoder
from assistant.export.sources import VISION_MODEL_FILE, find_source
from assistant.export.torch_file import read_state_dict
from models.training.augment import UNREADABLE_KINDS, mirrored_variation, unreadable

COLLECTIONS = ("flickr8k", "grocery", "imagenet_samples")
VARIATIONS = {"flickr8k": 2, "grocery": 2, "imagenet_samples": 3}
"""Varied copies of each training picture; the smaller the collection, the more."""
UNREADABLE = "unreadable"
UNREADABLE_PICTURES = 700
STARTER_IMAGES = ImageSettings(256, 256, False, (127 / 255,) * 3, (128 / 255,) * 3)
TOKENS, WIDTH, TRUNK = 16, 5120, (208, 8, 8)
_WORDS = "words.npy"


@dataclass(frozen=True)
class Features:
    """Pictures' names and, in the same order, what the vision encoder makes of them."""

    folder: Path | None
    """None where they aren't kept."""
    names: list[str]
    tokens: np.ndarray
    """f16 [N, 16, 5120], memory-mapped."""
    trunk: np.ndarray
    """f16 [N, 208, 8, 8], memory-mapped: what goes into the blocks that the word classifier has for itself."""
    logits: np.ndarray
    """f32 [N, 1000]"""
    words: np.ndarray | None
    """f16 [N, words]: logits of the word classifier (word_classifier.py); None until that was trained."""

    def keep_words(self, logits: np.ndarray) -> None:
        """f32 [N, words], found from the next loading on."""
        assert self.folder is not None
        np.save(self.folder / _WORDS, logits.astype(np.float16))


def load_copies(data: Path, sources: Path, work: Path, collection: str, names: set[str]) -> list[Features]:
    """Features of the pictures as they are, with those of other names, and of the varied copies of these."""
    varied = [load_variation(data, sources, work, collection, n, names) for n in range(1, VARIATIONS[collection] + 1)]
    return [load_features(data, sources, work, collection), *varied]


def load_features(data: Path, sources: Path, work: Path, collection: str) -> Features:
    """Features of one collection of `shared/data`, computed on first use (some 30 pictures a second on two cores)."""
    return _stored(work / "features" / collection, sources, lambda: _pictures(data / collection / "images.tar"))


def load_variation(data: Path, sources: Path, work: Path, collection: str, number: int, names: set[str]) -> Features:
    """Features of the `number`th varied copy (from 1) of the pictures of these names."""

    def pictures() -> Iterator[tuple[str, np.ndarray]]:
        for name, picture in _pictures(data / collection / "images.tar"):
            if name in names:
                yield name, mirrored_variation(picture, np.random.default_rng([number, zlib.crc32(name.encode())]))

    return _stored(work / "features" / f"{collection}-{number}", sources, pictures)


def load_unreadable(data: Path, sources: Path, work: Path, names: set[str]) -> Features:
    """Features of pictures that show nothing, some of them made from Flickr8k's pictures of these names."""

    def pictures() -> Iterator[tuple[str, np.ndarray]]:
        grounds = _pictures(data / "flickr8k" / "images.tar")
        for number, (_, picture) in zip(range(UNREADABLE_PICTURES), (g for g in grounds if g[0] in names), strict=False):
            kind = UNREADABLE_KINDS[number % len(UNREADABLE_KINDS)]
            yield f"{number:04d} {kind}", unreadable(kind, picture, np.random.default_rng([0, number]))

    return _stored(work / "features" / UNREADABLE, sources, pictures)


def _stored(folder: Path, sources: Path, pictures: Callable[[], Iterator[tuple[str, np.ndarray]]]) -> Features:
    if not (folder / "names.txt").exists():
        _compute(pictures(), sources, folder)
    names = (folder / "names.txt").read_text().split("\n")
    tokens = np.memmap(folder / "tokens.f16", np.float16, "r", shape=(len(names), TOKENS, WIDTH))
    trunk = np.memmap(folder / "trunk.f16", np.float16, "r", shape=(len(names), *TRUNK))
    words = np.load(folder / _WORDS) if (folder / _WORDS).exists() else None
    return Features(folder, names, tokens, trunk, np.load(folder / "logits.npy"), words)


def _compute(pictures: Iterator[tuple[str, np.ndarray]], sources: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    weights = read_state_dict(find_source(sources, VISION_MODEL_FILE))
    session = onnxruntime.InferenceSession(vision_encoder(weights, None).model().SerializeToString())
    names, logits = list[str](), list[np.ndarray]()
    mask = np.ones((1, 1, 256, 256), bool)
    with (folder / "tokens.f16").open("wb") as tokens, (folder / "trunk.f16").open("wb") as trunk:
        for name, picture in pictures:
            pixels = make_tiles(picture, STARTER_IMAGES, split=False).pixels[None]
            outputs = session.run(["image_features", "trunk", "class_logits"], {"pixel_values": pixels, "pixel_attention_mask": mask})
            tokens.write(outputs[0][0].astype(np.float16).tobytes())
            trunk.write(outputs[1][0].astype(np.float16).tobytes())
            names.append(name)
            logits.append(outputs[2][0])
            if len(names) % 500 == 0:
                print(f"{folder.name}: {len(names)} pictures", flush=True)
    np.save(folder / "logits.npy", np.stack(logits))
    (folder / "names.txt").write_text("\n".join(names))  # last: its presence says the folder is whole


def _pictures(archive: Path) -> Iterator[tuple[str, np.ndarray]]:
    with tarfile.open(archive) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isfile() else None
            if file is not None:
                bgr = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR)
                yield Path(member.name).name, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def pictures_of(archive: Path, names: set[str]) -> dict[str, np.ndarray]:
    """The pictures of these names: uint8 [H, W, 3] RGB each."""
    return {name: picture for name, picture in _pictures(archive) if name in names}
