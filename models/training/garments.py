"""Trains the head that names garments, on the starter's own vision encoder, and prints how often it is right on pictures held out.

    python -m models.training.garments --data ../shared/data --work DIR [--garments N] [--write]

What the encoder makes of each picture is kept in DIR/features.npz as it goes, so it can be stopped and run again. Beside garments
(data/clothing) it sees everything else that a picture may be of: things, groceries, people outdoors, rooms.
"""

from __future__ import annotations

import argparse
import zlib
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from assistant.assembly import open_smolvlm2
from assistant.benchmarks.labelled_pictures import opened_pictures, read_rows
from assistant.engines.vlm.starter.garments import GARMENT_THRESHOLDS, HEAD_FILE, OTHER, GarmentHead
from assistant.languages.nouns import is_kind_of, nouns, nouns_by_label
from assistant.messages import SingleObject
from assistant.settings import AnswerSettings
from assistant.store.model_store import ModelStore, models_dir

OTHERS = {"imagenet_samples": 200, "grocery": 120, "flickr8k": 120, "coco_small": 80}
"""Pictures of each collection that are of no garment; of ImageNet those whose class is one are left out."""
HELD_OUT = 4
"""Every how many pictures, by their names, one is held out."""
DECAY = 3e-3
SAVE_EVERY = 100
GARMENT_WORDS = ("shirt", "jersey", "sweat", "cardigan", "jean", "skirt", "coat", "gown", "suit", "shoe", "sandal", "clog", "hat", "cap",
                 "bonnet", "sombrero", "kimono", "pajama", "swim", "bikini", "maillot", "apron", "poncho", "stole", "cloak", "sock",
                 "mitten", "boot", "loafer", "sarong", "abaya", "vest", "bow tie", "robe", "miniskirt", "brassiere", "diaper")  # fmt: skip


def wanted(data: Path, garments: int) -> Iterator[tuple[str, str, str]]:
    """Yield (collection, file, label) of each picture, OTHER for what is no garment."""
    for name, label, *_ in islice(read_rows(data / "clothing" / "labels.tsv"), garments):
        if label in nouns_by_label("clothing"):
            yield "clothing", name, label
    for collection, count in OTHERS.items():
        table = next(path for name in ("labels.tsv", "captions.tsv") if (path := data / collection / name).is_file())
        rows = [
            row for row in read_rows(table) if not any(word in row[1].lower() for word in GARMENT_WORDS) or collection != "imagenet_samples"
        ]
        names = sorted({row[0] for row in rows if len(row) < 3 or row[1] not in ("dev", "test")})
        yield from ((collection, name, OTHER) for name in names[:: max(1, len(names) // count)][:count])


def features(data: Path, work: Path, garments: int) -> dict[str, np.ndarray]:
    """Return what the encoder makes of each picture, f32 [hidden], by "collection/file"."""
    file = work / "features.npz"
    known = dict(np.load(file)) if file.is_file() else {}
    describer = open_smolvlm2(AnswerSettings(), ModelStore(models_dir()))
    missing = [(collection, name) for collection, name, _ in wanted(data, garments) if f"{collection}/{name}" not in known]
    for collection in dict.fromkeys(collection for collection, _ in missing):
        names = {name for each, name in missing if each == collection}
        for name, picture in opened_pictures(data / collection, names):
            known[f"{collection}/{name}"] = describer.see(picture).features.mean(axis=0)
            if len(known) % SAVE_EVERY == 0:
                np.savez(file, **known)
                print(f"{len(known)} pictures", flush=True)
    np.savez(file, **known)
    return known


def fit(inputs: np.ndarray, targets: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return weight f32 [classes, hidden] and bias f32 [classes] by logistic regression, rare classes counted up."""
    x, y = torch.from_numpy(inputs), torch.from_numpy(targets)
    counts = torch.bincount(y, minlength=classes).clamp(min=1)
    layer = torch.nn.Linear(x.shape[1], classes)
    mean, scale = x.mean(0), x.std(0) + 1e-6
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=200, line_search_fn="strong_wolfe")
    loss = torch.nn.CrossEntropyLoss(weight=(counts.sum() / counts / classes).sqrt())

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        value: torch.Tensor = loss(layer((x - mean) / scale), y) + DECAY * layer.weight.square().sum()
        value.backward()
        return value

    optimizer.step(closure)
    weight = (layer.weight / scale).detach()
    return weight.numpy(), (layer.bias - weight @ mean).detach().numpy()


def outcome(name: SingleObject, label: str) -> str:
    """Return what became of a picture: its garment, or a kind of it, named or not; or a garment named where none is."""
    if label == OTHER:
        return "no garment, none named" if name.noun is None else "no garment, one named"
    if name.noun is None:
        return "garment, not named"
    noun = nouns_by_label("clothing")[label]
    return "garment, named" if is_kind_of(noun, nouns()[name.noun]) else "garment, named wrongly"


def main() -> None:
    """Extract, fit, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--garments", type=int, default=3600)
    parser.add_argument("--write", action="store_true", help="put the head, trained on all of it, into models/starter")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    known = features(options.data, options.work, options.garments)
    rows = [(key, label) for each, name, label in wanted(options.data, options.garments) if (key := f"{each}/{name}") in known]
    labels = [*sorted(nouns_by_label("clothing")), OTHER]
    inputs = np.stack([known[key] for key, _ in rows]).astype(np.float32)
    targets = np.array([labels.index(label) for _, label in rows])
    held = np.array([zlib.crc32(key.encode()) % HELD_OUT == 0 for key, _ in rows])
    head = GarmentHead(labels, *fit(inputs[~held], targets[~held], len(labels)))
    told = Counter(outcome(head.name(inputs[place][None], GARMENT_THRESHOLDS), rows[place][1]) for place in np.flatnonzero(held))
    print(f"trained on {int((~held).sum())}, held out {int(held.sum())}: " + ", ".join(f"{key} {n}" for key, n in sorted(told.items())))
    if options.write:
        weight, bias = fit(inputs, targets, len(labels))
        np.savez(Path(__file__).parents[1] / "starter" / HEAD_FILE, labels=np.array(labels), weight=weight, bias=bias)


if __name__ == "__main__":
    main()
