"""Trains the starter model's connector and LoRA pairs. Resumable: run the same command again.

    python -m models.training.train --data ../shared/data --sources MODELS_DIR --work DIR [--steps N] [--from-adapter]

A larger --steps goes on from the last checkpoint with the learning rate of the longer plan; --from-adapter starts from the
committed adapter where no checkpoint is left.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn import functional as F

from assistant.building.sources import LANGUAGE_MODEL_FILE, find_source
from assistant.building.starter import adapter_file
from assistant.building.starter_form import END, extended_language_model, token_id
from models.training.batches import Library, Row, collate, encode
from models.training.data import CANT_TELL, Example, class_names, flickr_examples, grocery_examples, imagenet_examples
from models.training.features import WIDTH
from models.training.first_guess import connector_guess
from models.training.model import StarterModel

RANK = 24
PICTURES_A_STEP = {"flickr8k": 8, "grocery": 2, "imagenet_samples": 2}
CONNECTOR_RATE, LORA_RATE, FINAL_RATE_SHARE = 1e-3, 8e-4, 0.03
WARM_UP_STEPS, CLIP_NORM = 20, 1.0
RANDOM_CANDIDATES = 2048
SAVE_EVERY_STEPS = 25
SEED = 7


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with flickr8k, grocery, imagenet_samples")
    parser.add_argument("--sources", type=Path, required=True, help="folder with the GGUF and the .pth that `assistant setup` fetched")
    parser.add_argument("--work", type=Path, required=True, help="folder for features and checkpoints")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--from-adapter", action="store_true", help="without a checkpoint start from models/starter/adapter.npz")
    options = parser.parse_args(arguments)
    train(options.data, options.sources, options.work, options.steps, options.from_adapter)


def train(data: Path, sources: Path, work: Path, steps: int, from_adapter: bool = False) -> None:
    torch.manual_seed(SEED)
    weights, tokenizer = extended_language_model(find_source(sources, LANGUAGE_MODEL_FILE))
    library = Library(data, sources, work, class_names(data))
    examples = {
        "flickr8k": flickr_examples(data, "train"),
        "grocery": grocery_examples(data, "train"),
        "imagenet_samples": imagenet_examples(data, "train"),
    }
    model = StarterModel(weights, RANK, WIDTH)
    lora = [p for layer in model.layers for p in layer.parameters()]
    optimiser = torch.optim.AdamW(
        [{"params": [model.connector.weight], "peak": CONNECTOR_RATE}, {"params": lora, "peak": LORA_RATE}],
        betas=(0.9, 0.98),
        weight_decay=0.0,
    )
    checkpoint, first = work / "checkpoint.pt", 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        first = saved["step"]
    elif from_adapter:
        model.load_state_dict(adapter_state(adapter_file()))
    else:
        guess = connector_guess(library, examples["flickr8k"], weights.arrays["embed_tokens"], tokenizer)
        model.connector.weight.data.copy_(torch.from_numpy(guess))
    spoken = spoken_tokens(examples, tokenizer, library.class_names)
    began, loss_mean = time.monotonic(), math.nan
    for step, rows in enumerate(step_rows(library, examples, first), first):
        if step >= steps:
            break
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * rate_share(step, steps)
        batch = collate(rows, tokenizer)
        candidates = torch.unique(torch.cat((spoken, torch.randint(model.head.shape[0], (RANDOM_CANDIDATES,)))))
        loss = F.cross_entropy(model(batch, candidates), torch.searchsorted(candidates, batch.targets))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        loss_mean = loss.item() if math.isnan(loss_mean) else 0.95 * loss_mean + 0.05 * loss.item()
        if step % 10 == 0:
            print(
                f"step {step} of {steps}: loss {loss_mean:.3f}, {(time.monotonic() - began) / (step - first + 1):.2f} s a step", flush=True
            )
        if (step + 1) % SAVE_EVERY_STEPS == 0 or step + 1 == steps:
            _save(checkpoint, {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step + 1})


def adapter_state(adapter: Path) -> dict[str, torch.Tensor]:
    """The committed adapter by the model's own parameter names: "layers.0.self_attn.q_proj.a" -> "layers.0.q_proj.a"."""
    with np.load(adapter, allow_pickle=False) as arrays:
        state = {re.sub(r"\.(self_attn|mlp)\.", ".", name): torch.from_numpy(arrays[name].astype(np.float32)) for name in arrays.files}
    return {("connector.weight" if name == "connector" else name): value for name, value in state.items()}


def rate_share(step: int, steps: int) -> float:
    """Warm-up, then a cosine down to a small share of the peak learning rate."""
    warm = min(1.0, (step + 1) / WARM_UP_STEPS)
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps)))
    return warm * (FINAL_RATE_SHARE + (1 - FINAL_RATE_SHARE) * cosine)


def step_rows(library: Library, examples: dict[str, list[Example]], first_step: int) -> Iterator[list[Row]]:
    """Rows of step after step; each collection goes round in an order shuffled anew, the same however often we resume."""
    rounds = {name: _rounds(group, random.Random(f"{SEED} {name}")) for name, group in examples.items()}
    step = 0
    while True:
        chosen = [next(rounds[name]) for name, count in PICTURES_A_STEP.items() for _ in range(count)]
        if step >= first_step:
            rng = random.Random(f"{SEED} step {step}")
            yield [row for example in chosen if (row := library.row(example, rng))]
        step += 1


def spoken_tokens(examples: dict[str, list[Example]], tokenizer: Tokenizer, names: list[str]) -> torch.Tensor:
    """Ids of every token any answer could need: the softmax runs over these and some random others, a fifth of the work."""
    texts = [f" {answer}" for group in examples.values() for e in group for answer in (*e.answers, CANT_TELL)] + [f" {n}" for n in names]
    ids = {token for text in set(texts) for token in encode(tokenizer, text)} | {token_id(tokenizer, END)}
    return torch.tensor(sorted(ids))


def _rounds(group: list[Example], rng: random.Random) -> Iterator[Example]:
    while True:
        yield from rng.sample(group, len(group))


def _save(path: Path, state: dict[str, object]) -> None:
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    main()
