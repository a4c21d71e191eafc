"""Holds the finished graphs against the PyTorch model they were made from, and measures the runtime.

    python -m models.training.parity --sources MODELS_DIR --work DIR --data ../shared/data [--pictures 200]

Prints how many captions of development pictures are the same token for token (float graphs), how many change through
quantisation, and load, look, first token, tokens per second and peak memory of the quantised model on its own.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from assistant.building.linear_layers import block_linear, float_linear
from assistant.building.sources import LANGUAGE_MODEL_FILE, find_source
from assistant.building.starter import BITS, adapter_file, merge_adapter, write_starter
from assistant.building.starter_form import END, IMAGE, extended_language_model, prompt, token_id
from assistant.messages import Frame, Keyframe
from assistant.runtimes.smolvlm2 import Smolvlm2Describer
from models.training.batches import Library, encode
from models.training.data import Example, class_names, flickr_examples
from models.training.features import WIDTH, pictures_of
from models.training.model import Batch, StarterModel

QUESTION = "What is in front of me?"
MOST_TOKENS = 24


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
    reference = _torch_captions(options, examples)
    with tempfile.TemporaryDirectory() as folder:
        for name, linear in (("float", float_linear), (f"{BITS}-bit", block_linear(BITS))):
            write_starter(options.sources, Path(folder) / name, adapter_file(), linear)
            describer = Smolvlm2Describer(Path(folder) / name)
            same = sum(
                describer.raw([Keyframe(Frame(pictures[e.picture], 0.0), "only")], QUESTION, False, max_tokens=MOST_TOKENS).token_ids == ids
                for e, ids in zip(examples, reference, strict=True)
            )
            print(f"{name} graphs: {same} of {len(examples)} captions are PyTorch's token for token", flush=True)
        again = [
            sys.executable,
            "-m",
            "models.training.parity",
            "--speed-of",
            str(Path(folder) / f"{BITS}-bit"),
            "--data",
            str(options.data),
        ]
        subprocess.run([*again, "--sources", str(options.sources), "--work", str(options.work)], check=True)


def _torch_captions(options: argparse.Namespace, examples: list[Example]) -> list[list[int]]:
    weights, tokenizer = extended_language_model(find_source(options.sources, LANGUAGE_MODEL_FILE))
    with np.load(adapter_file(), allow_pickle=False) as arrays:
        learned = {name: arrays[name].astype(np.float32) for name in arrays.files}
    model = StarterModel(merge_adapter(weights, learned), 1, WIDTH).eval()  # a fresh adapter of rank 1 adds nothing
    model.connector.weight.data.copy_(torch.from_numpy(learned["connector"]))
    library = Library(options.data, options.sources, options.work, class_names(options.data))
    captions = []
    for example in examples:
        start = encode(tokenizer, prompt(library.seen(example), QUESTION))
        captions.append(_greedy(model, start, library.features(example), token_id(tokenizer, IMAGE), token_id(tokenizer, END)))
    return captions


@torch.no_grad()
def _greedy(model: StarterModel, start: list[int], features: np.ndarray, image_id: int, end_id: int) -> list[int]:
    """Without a cache: the whole row again for every token."""
    said: list[int] = []
    while len(said) < MOST_TOKENS and end_id not in said:
        ids = torch.tensor([*start, *said])
        n = len(ids)
        batch = Batch(
            ids=ids,
            image_at=torch.nonzero(ids == image_id)[:, 0],
            features=torch.from_numpy(features)[None],
            rows=torch.zeros(n, dtype=torch.long),
            columns=torch.arange(n),
            positions=torch.arange(n),
            mask=torch.ones(1, 1, n, n, dtype=torch.bool).tril(),
            predict_at=torch.tensor([n - 1]),
            targets=torch.tensor([end_id]),
        )
        said.append(int(model(batch)[0].argmax()))
    return said


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
