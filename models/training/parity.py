"""Holds the finished graphs against the PyTorch model they were made from, and measures the runtime.

    python -m models.training.parity --sources MODELS_DIR --work DIR --data ../shared/data [--pictures 200]

Prints how many captions of development pictures are the same token for token (float graphs), how many change through each
quantisation, and load, look, first token, tokens per second and peak memory of the quantised model on its own.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from assistant.engines.vlm.smolvlm2 import RawAnswer, Smolvlm2Describer
from assistant.export.linear_layers import block_linear, dynamic_linear, float_linear
from assistant.export.sources import LANGUAGE_MODEL_FILE, find_source
from assistant.export.starter import BITS, adapter_file, merge_adapter, write_starter
from assistant.export.starter_form import IMAGE, extended_language_model, token_id
from assistant.messages import Frame, Keyframe
from models.training.batches import encode
from models.training.data import Example, flickr_examples
from models.training.features import WIDTH, load_features, pictures_of
from models.training.model import Batch, StarterModel

QUESTION = "What is in front of me?"
MOST_TOKENS = 24
SHIPPED = f"{BITS}-bit blocks"
FORMS = {
    "float": float_linear,
    SHIPPED: block_linear(BITS),
    "4-bit blocks": block_linear(4),
    "int8": dynamic_linear(by_row=("down_proj",)),
}
"""Of the decoder's linear layers: the starter's own, and those that `assistant models export` makes of SmolVLM2."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--speed-of", type=Path, help="only measure the speed of this folder (used on itself, for a clean memory figure)")
    options = parser.parse_args(arguments)
    examples = flickr_examples(options.data, "dev")[: options.pictures]
    pictures = pictures_of(options.data / "flickr8k" / "images.tar", {e.picture for e in examples})
    if options.speed_of:
        _print_speed(options.speed_of, [pictures[e.picture] for e in examples[:20]])
        return
    with tempfile.TemporaryDirectory() as folder:
        said: dict[str, list[RawAnswer]] = {}
        for name, linear in FORMS.items():
            write_starter(options.sources, Path(folder) / name, adapter_file(), linear)
            describer = Smolvlm2Describer(Path(folder) / name)
            frames = [Frame(pictures[e.picture], 0.0) for e in examples]
            said[name] = [describer.raw([Keyframe(f, "only")], QUESTION, False, max_tokens=MOST_TOKENS) for f in frames]
        same = sum(_torch_agrees(options, examples, said["float"]))
        print(f"float graphs: {same} of {len(examples)} captions are PyTorch's token for token", flush=True)
        for name, captions in said.items():
            changed = sum(one.token_ids != other.token_ids for one, other in zip(said["float"], captions, strict=True))
            print(f"{name} graphs: {changed} of {len(examples)} captions are not those of the float graphs", flush=True)
        again = [
            sys.executable,
            "-m",
            "models.training.parity",
            "--speed-of",
            str(Path(folder) / SHIPPED),
            "--data",
            str(options.data),
        ]
        subprocess.run([*again, "--sources", str(options.sources), "--work", str(options.work)], check=True)


def _torch_agrees(options: argparse.Namespace, examples: list[Example], said: list[RawAnswer]) -> Iterator[bool]:
    """Whether each caption is PyTorch's greedy one: shown the whole caption once, it must choose every token of it itself."""
    weights, tokenizer = extended_language_model(find_source(options.sources, LANGUAGE_MODEL_FILE))
    with np.load(adapter_file(), allow_pickle=False) as arrays:
        learned = {name: arrays[name].astype(np.float32) for name in arrays.files}
    model = StarterModel(merge_adapter(weights, learned), 1, WIDTH).eval()  # a fresh adapter of rank 1 adds nothing
    model.connector.weight.data.copy_(torch.from_numpy(learned["connector"]))
    features = load_features(options.data, options.sources, options.work, "flickr8k")
    place = {name: i for i, name in enumerate(features.names)}
    for example, raw in zip(examples, said, strict=True):
        picture = features.tokens[place[example.picture]].astype(np.float32)
        chosen = _choices(model, encode(tokenizer, raw.prompt), raw.token_ids, picture, token_id(tokenizer, IMAGE))
        yield chosen == raw.token_ids


@torch.no_grad()
def _choices(model: StarterModel, start: list[int], tokens: list[int], picture: np.ndarray, image_id: int) -> list[int]:
    """The likeliest token at the place of each of `tokens`, given those before it."""
    ids = torch.tensor([*start, *tokens])
    n = len(ids)
    batch = Batch(
        ids=ids,
        image_at=torch.nonzero(ids == image_id)[:, 0],
        features=torch.from_numpy(picture)[None],
        rows=torch.zeros(n, dtype=torch.long),
        columns=torch.arange(n),
        positions=torch.arange(n),
        mask=torch.ones(1, 1, n, n, dtype=torch.bool).tril(),
        predict_at=torch.arange(len(start) - 1, n - 1),
        targets=torch.tensor(tokens),
        weights=torch.ones(len(tokens)),
    )
    return [int(token) for token in model(batch).argmax(-1)]


def _print_speed(folder: Path, pictures: list[np.ndarray]) -> None:
    began = time.perf_counter()
    describer = Smolvlm2Describer(folder)
    load_s = time.perf_counter() - began
    looks, firsts, rates = [], [], []
    for picture in pictures:
        began = time.perf_counter()
        view = describer.look([Keyframe(Frame(picture, 0.0), "only")])
        looked = time.perf_counter()
        answer = describer.answer(view, QUESTION)
        pieces = [next(answer)]
        first = time.perf_counter()
        pieces += answer
        looks.append(looked - began)
        firsts.append(first - looked)
        rates.append((len(pieces) - 1) / max(time.perf_counter() - first, 1e-9))
    # Not getrusage: after fork and exec that still counts what the parent process held.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    peak_mb = int(status["VmHWM"].split()[0]) / 1024
    look, first, rate = (statistics.median(values) for values in (looks, firsts, rates))
    print(f"load {load_s:.2f} s; medians of {len(pictures)} pictures: look {look:.3f} s, first token {first:.3f} s, {rate:.0f} tokens/s")
    print(f"peak memory {peak_mb:.0f} MB")


if __name__ == "__main__":
    main()
