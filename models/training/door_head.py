"""Trains heads for doors, handles, cabinet doors and refrigerator doors on what YOLOv4-tiny sees, which itself stays as it is.

    python -m models.training.door_head --data ../shared/data --detector MODELS_DIR/yolov4-tiny --work DIR [--epochs N]

Writes DIR/door_head.npz after each epoch and goes on from it when run again; prints average precision and recall on a fifth of the
pictures that is held out. The heads have Darknet's form (Redmon & Farhadi 2018), so what reads YOLOv4-tiny's reads them too.
"""

from __future__ import annotations

import argparse
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from assistant.benchmarks.detection_measures import Seen, average_precision, judge
from assistant.benchmarks.labelled_pictures import LabelledPicture, boxed_pictures
from assistant.engines.detection.boxes import Boxes, corners_around, region_of, resized, size_with_area, thin_out
from assistant.messages import DetectedThing, Picture, Region

LABELS = ("door", "handle", "cabinet door", "refrigerator door")
STRIDES, SIDE, WIDTH = (32, 16), 416, 128
SEEN_BY = ("27.kernel", "23.kernel")
"""Convolutions of YOLOv4-tiny: what goes into the first, at the coarser stride, and what comes out of the second, are the features."""
CROPS = 2
"""Random parts of each picture to learn from, beside the whole."""
ANCHORS = 3
BATCH, EPOCHS, RATE, DECAY = 8, 10, 1e-3, 0.01
HELD_OUT = 5
"""Every how many pictures, by their names, one is held out."""
SEED, FLOOR, MOST_OVERLAP = 7, 0.02, 0.45


@dataclass(frozen=True, eq=False)
class Example:
    """What the detector sees of a picture, and what stands in it."""

    features: tuple[np.ndarray, ...]
    """f16 [channels, rows, columns], one for each of STRIDES."""
    boxes: np.ndarray
    """f32 [n, 5]: label, middle and size as shares."""
    labelled: LabelledPicture


class DoorHeads(nn.Module):
    """A neck like YOLOv4-tiny's own: the coarse features are mixed, and enlarged beside the finer ones."""

    def __init__(self, channels: Sequence[int], anchors: Tensor) -> None:
        super().__init__()
        self.register_buffer("anchors", anchors)  # [strides, ANCHORS, 2] shares of a square of SIDE
        outs = ANCHORS * (5 + len(LABELS))
        self.narrow = convolution(channels[0], WIDTH, 1)
        self.enlarge = convolution(WIDTH, WIDTH // 2, 1)
        self.mix = nn.ModuleList([convolution(WIDTH, WIDTH, 3), convolution(WIDTH // 2 + channels[1], WIDTH, 3)])
        self.tell = nn.ModuleList(nn.Conv2d(WIDTH, outs, 1) for _ in channels)
        for layer in self.tell:
            nn.init.constant_(layer.bias.view(ANCHORS, -1)[:, 4], -4.0)  # nearly nothing is there

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Return [n, ANCHORS, 5 + labels, rows, columns] for each stride."""
        coarse, fine = (F.dropout2d(each, 0.1, self.training) for each in features)
        narrow = self.narrow(coarse)
        larger = F.interpolate(self.enlarge(narrow), size=fine.shape[2:], mode="nearest")
        mixed = (self.mix[0](narrow), self.mix[1](torch.cat([larger, fine], 1)))
        maps = [tell(each) for tell, each in zip(self.tell, mixed, strict=True)]
        return [each.view(len(each), ANCHORS, -1, *each.shape[2:]) for each in maps]


def convolution(ins: int, outs: int, side: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(ins, outs, side, padding=side // 2, bias=False), nn.BatchNorm2d(outs), nn.LeakyReLU(0.1))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--detector", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    options = parser.parse_args(arguments)
    torch.manual_seed(SEED)
    options.work.mkdir(parents=True, exist_ok=True)
    learned, held_out = list[Example](), list[Example]()
    see, chance = feature_extractor(options.detector), np.random.default_rng(SEED)
    for half in ("fit", "report"):
        for each in boxed_pictures(options.data / "doors", half, 10_000):
            if zlib.crc32(each.name.encode()) // 2 % HELD_OUT == 0:
                held_out.append(example(see, each, each.picture))
            else:
                parts = [each, *(part_of(each, chance) for _ in range(CROPS))]
                learned += [made for part in parts for made in (example(see, part, part.picture), mirrored(see, part))]
    print(f"{len(learned)} pictures, parts of them and mirrored ones to learn from, {len(held_out)} held out", flush=True)
    heads = DoorHeads([len(each) for each in learned[0].features], torch.from_numpy(anchors_of(learned)))
    train(heads, learned, held_out, options.work / "door_head.pt", options.epochs)
    save(heads, options.work / "door_head.npz")


def feature_extractor(folder: Path) -> onnxruntime.InferenceSession:
    """Open yolov4-tiny's graph so that it gives what its own neck begins with, at both strides."""
    model = onnx.load(folder / "detection.onnx")
    by_kernel = {node.input[1]: node for node in model.graph.node if node.op_type == "Conv"}
    coarse, fine = (by_kernel[kernel] for kernel in SEEN_BY)
    activation = next(node for node in model.graph.node if node.input[0] == fine.output[0])
    del model.graph.output[:]
    for name in (coarse.input[0], activation.output[0]):
        model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def example(see: onnxruntime.InferenceSession, labelled: LabelledPicture, picture: Picture) -> Example:
    """Return what is learned of one picture."""
    pixels = cv2.dnn.blobFromImage(resized(picture, *size_with_area(picture, SIDE, STRIDES[0])), 1 / 255)
    rows = [
        (LABELS.index(label), place.left + place.width / 2, place.top + place.height / 2, place.width, place.height)
        for label, place in labelled.things
        if label in LABELS
    ]
    features = tuple(each[0].astype(np.float16) for each in see.run(None, {"picture": pixels}))
    return Example(features, np.array(rows, np.float32).reshape(-1, 5), labelled)


def part_of(labelled: LabelledPicture, chance: np.random.Generator) -> LabelledPicture:
    """Return a random part of a picture with the things of which half or more is left."""
    share = chance.uniform(0.45, 0.9)
    height, width = labelled.picture.shape[:2]
    left, top = chance.uniform(0, 1 - share, 2)
    picture = labelled.picture[int(top * height) : int((top + share) * height), int(left * width) : int((left + share) * width)]
    things = []
    for label, place in labelled.things:
        low = np.clip([(place.left - left) / share, (place.top - top) / share], 0, 1)
        high = np.clip([(place.left + place.width - left) / share, (place.top + place.height - top) / share], 0, 1)
        size = high - low
        if size.prod() * share * share >= 0.5 * place.width * place.height:
            things.append((label, Region(float(low[0]), float(low[1]), float(size[0]), float(size[1]))))
    return replace(labelled, picture=np.ascontiguousarray(picture), things=tuple(things))


def mirrored(see: onnxruntime.InferenceSession, labelled: LabelledPicture) -> Example:
    """Return the same with left and right swapped."""
    made = example(see, labelled, np.ascontiguousarray(labelled.picture[:, ::-1]))
    made.boxes[:, 1] = 1 - made.boxes[:, 1]
    return made


def anchors_of(examples: Sequence[Example]) -> np.ndarray:
    """Return f32 [strides, ANCHORS, 2]: the middle sizes of six groups of boxes by area, the largest for the coarsest stride."""
    sizes = np.concatenate([each.boxes[:, 3:] for each in examples])
    groups = np.array_split(sizes[np.argsort(sizes.prod(axis=1))], len(STRIDES) * ANCHORS)
    return np.stack([np.median(group, axis=0) for group in groups])[::-1].reshape(len(STRIDES), ANCHORS, 2).astype(np.float32).copy()


def train(heads: DoorHeads, learned: Sequence[Example], held_out: Sequence[Example], checkpoint: Path, epochs: int) -> None:
    """Train from the checkpoint on, if there is one, and measure after every other epoch."""
    optimizer = torch.optim.AdamW(heads.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE * 2, epochs=epochs, steps_per_epoch=len(list(batches(learned, 0))))
    begin = 0
    if checkpoint.is_file():
        kept = torch.load(checkpoint, weights_only=True)
        begin = kept["epoch"]
        for part, name in ((heads, "heads"), (optimizer, "optimizer"), (schedule, "schedule")):
            part.load_state_dict(kept[name])
    for epoch in range(begin, epochs):
        heads.train()
        losses = []
        for batch in batches(learned, epoch):
            loss = loss_of(heads, batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        states = {"heads": heads.state_dict(), "optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
        torch.save({"epoch": epoch + 1, **states}, checkpoint)
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.3f}", flush=True)
        if epoch % 3 == 2 or epoch + 1 == epochs:
            print(measure(heads, held_out), flush=True)


def batches(examples: Sequence[Example], epoch: int) -> Iterator[list[Example]]:
    """Yield batches of pictures of one form, in a new order each epoch."""
    chance = np.random.default_rng(SEED + epoch)
    by_form = defaultdict[tuple[int, ...], list[int]](list)
    for number in chance.permutation(len(examples)):
        by_form[examples[number].features[0].shape].append(number)
    all_batches = [form[start : start + BATCH] for form in by_form.values() for start in range(0, len(form), BATCH)]
    for number in chance.permutation(len(all_batches)):
        yield [examples[index] for index in all_batches[number]]


def loss_of(heads: DoorHeads, batch: Sequence[Example]) -> Tensor:
    """Return the loss: whether something is there, what it is, and where (1 - generalised intersection over union)."""
    maps = heads([torch.from_numpy(np.stack([each.features[level] for each in batch])).float() for level in range(len(STRIDES))])
    total = torch.zeros(())
    for level, told in enumerate(maps):
        rows, columns = told.shape[3:]
        there = torch.zeros(told.shape[0], ANCHORS, rows, columns)
        places, targets = assign(batch, heads.anchors[level].numpy(), heads.anchors.reshape(-1, 2).numpy(), rows, columns)
        if len(places):
            item, anchor, row, column = torch.from_numpy(places).T
            there[item, anchor, row, column] = 1
            chosen = told[item, anchor, :, row, column]  # [n, 5 + labels]
            boxes = decode(chosen, heads.anchors[level][anchor], row, column, rows, columns)
            target = torch.from_numpy(targets)
            total = total + 2 * (1 - overlap(boxes, target[:, 1:])).sum() / len(batch) / 5
            labels = F.one_hot(target[:, 0].long(), len(LABELS)).float()
            total = total + F.binary_cross_entropy_with_logits(chosen[:, 5:], labels, reduction="sum") / len(batch) / 5
        total = total + F.binary_cross_entropy_with_logits(told[:, :, 4], there, reduction="sum") / len(batch) / 5
    return total


def assign(
    batch: Sequence[Example], anchors: np.ndarray, every_anchor: np.ndarray, rows: int, columns: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return (item, anchor, row, column) and box of each thing that these anchors are to find: those of its size, or the nearest of all."""
    places, targets = list[tuple[int, int, int, int]](), list[np.ndarray]()
    for item, each in enumerate(batch):
        for box in each.boxes:
            fits, best = (size_fit(box[3:], some) for some in (anchors, every_anchor))
            for anchor in np.nonzero((fits > 0.4) | (fits >= best.max()))[0]:
                places.append((item, int(anchor), min(int(box[2] * rows), rows - 1), min(int(box[1] * columns), columns - 1)))
                targets.append(box)
    return np.array(places, np.int64).reshape(-1, 4), np.array(targets, np.float32).reshape(-1, 5)


def size_fit(size: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """Return the intersection over union of a box with each anchor, if they had one middle."""
    common = np.minimum(size, anchors).prod(axis=1)
    return np.asarray(common / (size.prod() + anchors.prod(axis=1) - common))


def decode(chosen: Tensor, anchors: Tensor, row: Tensor, column: Tensor, rows: int, columns: int) -> Tensor:
    """Return middles and sizes as shares [n, 4] of what the maps tell of some cells."""
    middles = (torch.sigmoid(chosen[:, :2]) * 1.05 - 0.025 + torch.stack([column, row], 1)) / torch.tensor([columns, rows])
    return torch.cat([middles, torch.exp(chosen[:, 2:4].clamp(max=4)) * anchors], 1)


def overlap(first: Tensor, second: Tensor) -> Tensor:
    """Return the generalised intersection over union (Rezatofighi et al. 2019) of boxes [n, 4] by middles and sizes."""
    low = [each[:, :2] - each[:, 2:] / 2 for each in (first, second)]
    high = [each[:, :2] + each[:, 2:] / 2 for each in (first, second)]
    common = (torch.minimum(*high) - torch.maximum(*low)).clamp(min=0).prod(1)
    union = first[:, 2:].prod(1) + second[:, 2:].prod(1) - common
    around = (torch.maximum(*high) - torch.minimum(*low)).prod(1)
    return common / union - (around - union) / around


def found_in(heads: DoorHeads, each: Example) -> tuple[DetectedThing, ...]:
    """Return what the heads find in a picture, as the engine would."""
    parts = []
    with torch.no_grad():
        for level, told in enumerate(heads([torch.from_numpy(each.features[level][None]).float() for level in range(len(STRIDES))])):
            rows, columns = told.shape[3:]
            sure = torch.sigmoid(told[0, :, 4])
            anchor, row, column = torch.nonzero(sure >= FLOOR, as_tuple=True)
            chosen = told[0, anchor, :, row, column]
            best, label = torch.sigmoid(chosen[:, 5:]).max(1)
            boxes = decode(chosen, heads.anchors[level][anchor], row, column, rows, columns).numpy()
            scores = (sure[anchor, row, column] * best).numpy()
            parts.append(Boxes(corners_around(boxes[:, :2], boxes[:, 2:]), scores, label.numpy()))
    kept = thin_out(Boxes.joined(parts), MOST_OVERLAP)
    triples = zip(kept.labels, kept.scores, kept.corners, strict=True)
    return tuple(DetectedThing(LABELS[label], float(score), region_of(corners)) for label, score, corners in triples)


def measure(heads: DoorHeads, held_out: Sequence[Example]) -> str:
    """Say for each label its AP50, and the recall where nine, and eight, of ten boxes are right."""
    heads.eval()
    seen = [Seen(each.labelled, found_in(heads, each)) for each in held_out]
    lines = []
    for label in LABELS:
        there = sum(name == label for each in held_out for name, _ in each.labelled.things)
        right = np.cumsum([each.is_right for each in sorted(judge(seen, label), key=lambda each: -each.probability)])
        precision = right / np.arange(1, len(right) + 1)
        recalls = [max(right[precision >= least], default=0) / max(there, 1) for least in (0.8, 0.7, 0.5)]
        shown = ", ".join(f"{recall:.2f} at {least}" for recall, least in zip(recalls, (0.8, 0.7, 0.5), strict=True))
        lines.append(f"  {label}: AP50 {average_precision(seen, label) or 0:.3f} of {there}; recall {shown} precision")
    return "\n".join(lines)


def save(heads: DoorHeads, path: Path) -> None:
    """Write the heads in half precision."""
    np.savez_compressed(path, **{name: value.numpy().astype(np.float16) for name, value in heads.state_dict().items()})
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
