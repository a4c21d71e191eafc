"""Trains the starter model's connector and LoRA pairs. Resumable: run the same command again.

    python -m models.training.train --data ../shared/data --sources MODELS_DIR --work DIR [--steps N] [--from-adapter]

A larger --steps goes on from the last checkpoint with the learning rate of the longer plan; --from-adapter starts from the
committed adapter where no checkpoint is left. The word classifier comes first: python -m models.training.word_classifier.
"""

from __future__ import annotations

import argparse
import math
import re
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn import functional as F

from assistant.export.sources import LANGUAGE_MODEL_FILE, find_source
from assistant.export.starter import adapter_file
from assistant.export.starter_form import END, extended_language_model, token_id
from models.training.batches import collate, encode
from models.training.caption_scores import typical
from models.training.data import CANT_TELL, class_names, flickr_examples
from models.training.features import WIDTH
from models.training.first_guess import connector_guess
from models.training.lessons import Lessons
from models.training.model import Batch, StarterModel
from models.training.word_classifier import read_words

RANK = 24
CONNECTOR_RATE, LORA_RATE, FINAL_RATE_SHARE = 1e-3, 8e-4, 0.02
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
    worth = typical({e.picture: list(e.answers) for e in flickr_examples(data, "train")})
    lessons = Lessons(data, sources, work, class_names(data), read_words(), worth)
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
        guess = connector_guess(lessons, weights.arrays["embed_tokens"], tokenizer)
        model.connector.weight.data.copy_(torch.from_numpy(guess))
    model.freeze_in(torch.bfloat16)
    spoken = spoken_tokens(lessons, tokenizer)
    began, loss_mean = time.monotonic(), math.nan
    for step, rows in enumerate(lessons.steps(first), first):
        if step >= steps:
            break
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * rate_share(step, steps)
        loss = learn(model, collate(rows, tokenizer), spoken)
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        loss_mean = loss if math.isnan(loss_mean) else 0.98 * loss_mean + 0.02 * loss
        if step % 10 == 0:
            pace = (time.monotonic() - began) / (step - first + 1)
            print(f"step {step} of {steps}: loss {loss_mean:.3f}, {pace:.2f} s a step", flush=True)
        if (step + 1) % SAVE_EVERY_STEPS == 0 or step + 1 == steps:
            _save(checkpoint, {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step + 1})


def learn(model: StarterModel, batch: Batch, spoken: torch.Tensor) -> float:
    """Gradients of the mean loss of a batch; the softmax runs over the tokens that answers need and some random others."""
    others = torch.randint(model.head.shape[0], (RANDOM_CANDIDATES,))
    candidates = torch.unique(torch.cat((spoken, batch.targets, others)))
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(batch, candidates)
    losses = F.cross_entropy(logits.float(), torch.searchsorted(candidates, batch.targets), reduction="none")
    loss = (losses * batch.weights).sum() / batch.weights.sum()
    loss.backward()
    return float(loss.detach())


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


def spoken_tokens(lessons: Lessons, tokenizer: Tokenizer) -> torch.Tensor:
    """Ids of every token that descriptions need."""
    texts = {f" {answer}" for group in lessons.examples.values() for e in group for answer in e.answers}
    texts |= {f" {CANT_TELL}", *(f" {name}" for name in lessons.class_names)}
    ids = {token for text in texts for token in encode(tokenizer, text)} | {token_id(tokenizer, END)}
    return torch.tensor(sorted(ids))


def _save(path: Path, state: dict[str, object]) -> None:
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    main()
