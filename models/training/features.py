"""What the frozen vision encoder makes of every training picture, computed once and kept on disk.

Pictures go through the same resizing and the same ONNX graph as at run time, so training sees what the user's model sees.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from assistant.building.efficientnet_lite import vision_encoder
from assistant.building.sources import VISION_MODEL_FILE, find_source
from assistant.building.torch_file import read_state_dict
from assistant.runtimes.smolvlm2_image import ImageSettings, make_tiles

COLLECTIONS = ("flickr8k", "grocery", "imagenet_samples")
STARTER_IMAGES = ImageSettings(256, 256, False, (127 / 255,) * 3, (128 / 255,) * 3)
TOKENS, WIDTH = 16, 5120


@dataclass(frozen=True)
class Features:
    """`tokens` f16 [N, 16, 5120] (memory-mapped), `logits` f32 [N, 1000], and the picture names in the same order."""

    names: list[str]
    tokens: np.ndarray
    logits: np.ndarray


def load_features(data: Path, sources: Path, work: Path, collection: str) -> Features:
    """Features of one collection of `shared/data`, computed on first use (some 30 pictures a second on two cores)."""
    folder = work / "features" / collection
    if not (folder / "names.txt").exists():
        _compute(data / collection / "images.tar", sources, folder)
    names = (folder / "names.txt").read_text().split("\n")
    return Features(names, np.load(folder / "tokens.npy", mmap_mode="r"), np.load(folder / "logits.npy"))


def _compute(archive: Path, sources: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    weights = read_state_dict(find_source(sources, VISION_MODEL_FILE))
    session = onnxruntime.InferenceSession(vision_encoder(weights, None).model().SerializeToString())
    with tarfile.open(archive) as tar:
        names = sorted(Path(member.name).name for member in tar if member.isfile())
    place = {name: row for row, name in enumerate(names)}
    tokens = np.lib.format.open_memmap(folder / "tokens.npy", "w+", np.float16, (len(names), TOKENS, WIDTH))
    logits = np.zeros((len(names), 1000), np.float32)
    mask = np.ones((1, 1, 256, 256), bool)
    for done, (name, picture) in enumerate(_pictures(archive)):
        pixels = make_tiles(picture, STARTER_IMAGES, split=False).pixels[None]
        row = place[name]
        tokens[row], logits[row] = (out[0] for out in session.run(None, {"pixel_values": pixels, "pixel_attention_mask": mask}))
        if done % 500 == 0:
            print(f"{folder.name}: {done} of {len(names)} pictures", flush=True)
    tokens.flush()
    np.save(folder / "logits.npy", logits)
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
