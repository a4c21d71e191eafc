"""SmolVLM2 models in PyTorch for `finetune` and `distil`: loading, what is trained, batches, resumable steps, the merged folder.

LoRA: Hu et al. 2021, through the library peft. In the shapes: B samples, L the longest, M answer tokens of the whole batch, T tiles,
S a tile's side, P patches of a tile and W the encoder's width, D hidden, V vocabulary.
"""

from __future__ import annotations

import functools
import math
import os
import re
import shutil
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import SmolVLMForConditionalGeneration
from transformers.utils import logging

from assistant.problems import BadInput, shorten
from models.training.commands import writing
from models.training.smolvlm_prompts import Sample

LANGUAGE_LAYERS = r"text_model\.layers\.\d+\.(self_attn|mlp)\.\w+_proj"
CONNECTOR_LAYER = r"connector\.modality_projection\.proj"
WARM_UP_STEPS, FINAL_RATE_SHARE, CLIP_NORM = 20, 0.05, 1.0
SEED = 7
REPORT_EVERY = 10
_COPIED = (".json", ".jinja", ".txt", ".model")

# What the libraries tell each other is nothing that the user can act on.
warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
logging.set_verbosity_error()
logging.disable_progress_bar()


@dataclass(frozen=True)
class Trained:
    """Which weights of a model learn."""

    rank: int
    connector: str = "lora"
    """"lora", or "whole": its weights themselves."""
    everything: bool = False
    """All weights, and no LoRA."""


@dataclass(frozen=True)
class Plan:
    """How long and how fast to learn."""

    steps: int
    rate: float
    """Of AdamW at its peak: a short warm-up, then a cosine down to FINAL_RATE_SHARE of it."""
    batch: int
    save_every: int


@dataclass(frozen=True)
class PaddedBatch:
    """Samples padded at the right.

    `ids`, `mask` [B, L]; `image_at` bool [B, L], the places of the pictures' tokens; `pictures` the tiles of all samples,
    f32 [T, 3, S, S], or what the vision encoder made of them, f16 [T, P, W]; the answers' token `targets` [M], each predicted at
    (`rows`, `columns`) [M] of `ids`.
    """

    ids: Tensor
    mask: Tensor
    image_at: Tensor
    pictures: Tensor
    rows: Tensor
    columns: Tensor
    targets: Tensor

    def to(self, device: torch.device) -> PaddedBatch:
        return PaddedBatch(*(getattr(self, field.name).to(device) for field in fields(self)))


def collate(samples: Sequence[Sample], image_id: int) -> PaddedBatch:
    """Lay them out; `image_id` is the number of the pictures' token."""
    longest = max(len(sample.ids) for sample in samples)
    ids, mask = np.zeros((2, len(samples), longest), np.int64)
    rows, columns = list[int](), list[int]()
    for row, sample in enumerate(samples):
        ids[row, : len(sample.ids)], mask[row, : len(sample.ids)] = sample.ids, 1
        rows += [row] * sample.answer_tokens
        columns += range(len(sample.ids) - sample.answer_tokens - 1, len(sample.ids) - 1)
    targets = ids[rows, [column + 1 for column in columns]]
    pictures = np.concatenate([sample.looked.values for sample in samples])
    image_at = (ids == image_id) & (mask == 1)
    return PaddedBatch(*(torch.from_numpy(np.asarray(part)) for part in (ids, mask, image_at, pictures, rows, columns, targets)))


def encode_tiles(network: Any, tiles: Tensor) -> Tensor:
    """f32 [T, 3, S, S] -> [T, P, W]: the vision encoder alone."""
    vision = core_of(network).model.vision_model
    features: Tensor = vision(pixel_values=tiles.to(vision.dtype)).last_hidden_state
    return features


def embed_prompts(network: Any, ids: Tensor, image_at: Tensor, pictures: Tensor) -> Tensor:
    """[B, L, D]: the prompts with the pictures in them; ids, image_at [B, L], `pictures` as in PaddedBatch."""
    model = core_of(network).model
    features = encode_tiles(network, pictures) if pictures.ndim == 4 else pictures.to(model.vision_model.dtype)
    embeds: Tensor = model.text_model.get_input_embeddings()(ids)
    embeds[image_at] = model.connector(features).flatten(0, 1).to(embeds.dtype)
    return embeds


def answer_logits(network: Any, batch: PaddedBatch) -> Tensor:
    """f32 [M, V]: what the network expects at each place of the answers, after all that stands before it."""
    core = core_of(network)
    embeds = embed_prompts(network, batch.ids, batch.image_at, batch.pictures)
    hidden = core.model.text_model(inputs_embeds=embeds, attention_mask=batch.mask, use_cache=False).last_hidden_state  # [B, L, D]
    logits: Tensor = core.lm_head(hidden[batch.rows, batch.columns])
    return logits.float()


def core_of(network: Any) -> Any:
    """transformers' model, also where peft has wrapped it."""
    return network.get_base_model() if hasattr(network, "get_base_model") else network


def choose_device(name: str) -> torch.device:
    """ "auto" is a CUDA device where there is one; BadInput if it is asked for and isn't there."""
    if name == "cuda" and not torch.cuda.is_available():
        raise BadInput("PyTorch finds no CUDA device here", "use --device cpu, or install PyTorch for CUDA and the card's driver")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def compute_type(device: torch.device) -> torch.dtype:
    """bfloat16, or float32 where the hardware has none and would only emulate it."""
    if device.type == "cuda":
        has_it = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        has_it = torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.bfloat16 if has_it else torch.float32


@contextmanager
def autocast(device: torch.device) -> Iterator[None]:
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=compute_type(device) is torch.bfloat16):
        yield


def load_network(folder: Path, dtype: torch.dtype, device: torch.device | None = None) -> Any:
    """transformers' model, its weights in `dtype`; SmolVlmPrompts has checked the folder before."""
    loader: Any = SmolVLMForConditionalGeneration
    network = loader.from_pretrained(folder, dtype=dtype, local_files_only=True, use_safetensors=True)
    return network.to(device or torch.device("cpu")).eval()


def trainable_network(folder: Path, trained: Trained, dtype: torch.dtype, device: torch.device | None = None) -> nn.Module:
    """The model with what is `trained` in float32 and the rest frozen in `dtype`; always the same LoRA start."""
    network = load_network(folder, torch.float32 if trained.everything else dtype, device)
    if trained.everything:
        return network.requires_grad_(True)
    whole = trained.connector == "whole"
    config = LoraConfig(
        r=trained.rank,
        lora_alpha=2 * trained.rank,
        target_modules=f".*({LANGUAGE_LAYERS})" if whole else f".*({LANGUAGE_LAYERS}|{CONNECTOR_LAYER})",
        modules_to_save=["connector"] if whole else None,
    )
    torch.manual_seed(SEED)
    adapted: nn.Module = get_peft_model(network, config)
    for parameter in adapted.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    return adapted


def trained_weights(network: nn.Module) -> dict[str, Tensor]:
    """By name, everything that learns."""
    return {name: parameter.data for name, parameter in network.named_parameters() if parameter.requires_grad}


def train(
    network: nn.Module,
    loss_of: Callable[[list[int]], Tensor],
    samples: int,
    plan: Plan,
    checkpoint: Path,
    settings: Mapping[str, Any],
    report: Callable[[str], None],
) -> None:
    """Take the plan's steps from the checkpoint on, or from the first if there is none.

    Args:
        network: learns in place; ends in the state of the last step.
        loss_of: the mean loss of the samples with these numbers.
        samples: how many there are. Each epoch takes all of them in another, reproducible order.
        plan: what to do.
        checkpoint: the file; written every `plan.save_every` steps and at the end.
        settings: whatever must not differ between a run and its resumption.
        report: told lines for people.

    Raises:
        BadInput: the checkpoint is of another run or can't be read, or the loss is no number any more.
    """
    weights = trained_weights(network)
    optimiser = torch.optim.AdamW((p for p in network.parameters() if p.requires_grad), lr=plan.rate, betas=(0.9, 0.98), weight_decay=0.0)
    first = _resume(checkpoint, weights, optimiser, dict(settings))
    report(f"{sum(w.numel() for w in weights.values()) / 1e6:.2f} million weights learn; {first} of {plan.steps} steps are done")
    began, mean = time.monotonic(), math.nan
    for step in range(first, plan.steps):
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * rate_share(step, plan.steps)
        loss = loss_of(batch_numbers(step, plan.batch, samples))
        value = loss.item()
        if not math.isfinite(value):
            raise BadInput(f"the loss is no number any more in step {step + 1}", "give --out a new folder and a smaller --rate")
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        mean = value if math.isnan(mean) else 0.9 * mean + 0.1 * value
        if (step + 1) % plan.save_every == 0 or step + 1 == plan.steps:
            _save(checkpoint, {"settings": dict(settings), "step": step + 1, "weights": weights, "optimiser": optimiser.state_dict()})
        if (step + 1) % REPORT_EVERY == 0 or step + 1 == plan.steps:
            report(f"step {step + 1} of {plan.steps}: loss {mean:.3f}, {(time.monotonic() - began) / (step - first + 1):.2f} s a step")


def rate_share(step: int, steps: int) -> float:
    """Of the peak learning rate: up in WARM_UP_STEPS (a tenth of a short run), then a cosine down."""
    warm = min(1.0, (step + 1) / max(1, min(WARM_UP_STEPS, steps // 10)))
    cosine = 0.5 * (1 + math.cos(math.pi * step / steps))
    return warm * (FINAL_RATE_SHARE + (1 - FINAL_RATE_SHARE) * cosine)


def batch_numbers(step: int, batch: int, samples: int) -> list[int]:
    """The samples of a step: a function of its number alone, so that a resumed run goes on where it was."""
    places = range(step * batch, (step + 1) * batch)
    return [int(_order(samples, place // samples)[place % samples]) for place in places]


@functools.lru_cache(maxsize=2)
def _order(samples: int, epoch: int) -> np.ndarray:
    return np.random.default_rng((SEED, epoch)).permutation(samples)


def save_merged(source: Path, out: Path, trained: Trained, weights: Mapping[str, Tensor]) -> None:
    """Write a plain transformers folder: the source's model with the trained weights merged into its own.

    Merged and kept in float32, whatever the source has: bfloat16 would round away part of what was learnt. Unless everything
    was trained, the adapter alone goes to `out`/adapter.
    """
    network = trainable_network(source, trained, torch.float32)
    network.load_state_dict(weights, strict=False)
    with writing(out), _safetensors_errors():
        if not trained.everything:
            network.save_pretrained(out / "adapter", save_embedding_layers=False)
            network = network.merge_and_unload()
        network.save_pretrained(out)
        for path in source.iterdir():
            if path.is_file() and path.suffix in _COPIED and not path.name.endswith("index.json") and path.name != "config.json":
                shutil.copyfile(path, out / path.name)


@contextmanager
def _safetensors_errors() -> Iterator[None]:
    """The library has an error of its own for what the system refuses, with the number in its text."""
    try:
        yield
    except SafetensorError as error:
        number = re.search(r"os error (\d+)", str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), os.strerror(int(number[1]))) from error


def _resume(path: Path, weights: Mapping[str, Tensor], optimiser: torch.optim.Optimizer, settings: dict[str, Any]) -> int:
    """Load the checkpoint into the weights and the optimiser; returns the number of steps it has behind it."""
    if not path.exists():
        return 0
    try:
        saved = torch.load(path, weights_only=True, map_location="cpu")
        known, step, state = saved["settings"], int(saved["step"]), saved["weights"]
    except Exception as error:  # torch raises a dozen kinds for a damaged file
        raise BadInput(f"the checkpoint {shorten(path)} can't be read", "delete it to begin again") from error
    for name, value in settings.items():
        if known.get(name) != value:
            what = f"the run in {shorten(path.parent.parent)} was begun with another {name} ({known.get(name)}, now {value})"
            raise BadInput(what, "go on with the same, or give --out a new folder")
    for name, weight in weights.items():
        weight.copy_(state[name])
    optimiser.load_state_dict(saved["optimiser"])
    return step


def _save(path: Path, state: Mapping[str, Any]) -> None:
    part = path.with_suffix(".part")
    with writing(path.parent):
        with part.open("wb") as file:
            torch.save(state, file)
        part.replace(path)
