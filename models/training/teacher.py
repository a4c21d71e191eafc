"""A teacher's answers to the same questions about every picture, with what else it would have said at each token; kept on disk.

In the shapes: n tokens of an answer, k most probable tokens at each place, D hidden.
"""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from assistant.devices.picture_file import open_picture
from assistant.messages import Picture
from models.training.commands import digest, writing
from models.training.media_pictures import file_key
from models.training.smolvlm_prompts import SmolVlmPrompts
from models.training.smolvlm_torch import autocast, compute_type, embed_prompts, encode_tiles, load_network

REPORT_EVERY_S = 30.0


@dataclass(frozen=True)
class Asking:
    """How the teacher is asked."""

    questions: tuple[str, ...]
    max_tokens: int
    """Of an answer."""
    top: int
    """k"""
    temperature: float
    split: bool


@dataclass(frozen=True)
class Taught:
    """An answer: `ids` [n]; of each place the k most probable tokens `top` i32 [n, k] and their `log_probabilities` f32 [n, k] at the
    temperature."""

    ids: list[int]
    top: np.ndarray
    log_probabilities: np.ndarray


class AnswerCache:
    """A file a picture. Another teacher, other questions or another temperature have other files."""

    def __init__(self, folder: Path, teacher: Path, asking: Asking) -> None:
        weights = [file_key(path) for path in sorted(teacher.glob("*.safetensors"))]
        self.key = digest([*weights, asking])
        self._folder = folder / self.key
        self._questions = len(asking.questions)
        with writing(folder):
            self._folder.mkdir(parents=True, exist_ok=True)

    def read(self, picture: Path) -> list[Taught] | None:
        """The answers in the questions' order; None if they aren't there or not whole."""
        try:
            with np.load(self._path(picture), allow_pickle=False) as arrays:
                return [Taught([int(i) for i in arrays[f"ids{n}"]], arrays[f"top{n}"], arrays[f"log{n}"]) for n in range(self._questions)]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def write(self, picture: Path, answers: Sequence[Taught]) -> None:
        arrays: dict[str, Any] = {}
        for number, answer in enumerate(answers):
            arrays |= {f"ids{number}": np.array(answer.ids), f"top{number}": answer.top, f"log{number}": answer.log_probabilities}
        path = self._path(picture)
        with writing(path.parent):
            with path.with_suffix(".part").open("wb") as file:
                np.savez(file, **arrays)
            path.with_suffix(".part").replace(path)

    def _path(self, picture: Path) -> Path:
        return self._folder / f"{file_key(picture)}.npz"


def answer_all(
    prompts: SmolVlmPrompts,
    pictures: Sequence[Path],
    asking: Asking,
    cache: AnswerCache,
    device: torch.device,
    report: Callable[[str], None],
) -> None:
    """Fill the cache; the teacher is loaded only if an answer is missing."""
    missing = [picture for picture in pictures if cache.read(picture) is None]
    report(f"the teacher answers {len(asking.questions)} questions about each of {len(pictures)} pictures; {len(missing)} are still to do")
    if not missing:
        return
    network = load_network(prompts.folder, compute_type(device), device)
    told = time.monotonic()
    for number, picture in enumerate(missing):
        if time.monotonic() - told > REPORT_EVERY_S:
            told = time.monotonic()
            report(f"the teacher has answered about {number} of {len(missing)} pictures")
        cache.write(picture, ask(network, prompts, open_picture(picture).picture, asking))


@torch.inference_mode()
def ask(network: Any, prompts: SmolVlmPrompts, picture: Picture, asking: Asking) -> list[Taught]:
    """The teacher's greedy answers; the picture is encoded once, and all questions are answered side by side."""
    device = network.device
    looked = prompts.look(picture, split=asking.split)
    rows = [prompts.sample(looked, question, []).ids for question in asking.questions]
    ids, mask = (part.to(device) for part in _pad_left(rows))  # [questions, L]
    with autocast(device):
        features = encode_tiles(network, torch.from_numpy(looked.values).to(device)).repeat(len(rows), 1, 1)
        embeds = embed_prompts(network, ids, (ids == prompts.image_id) & (mask == 1), features)  # [questions, L, D]
        output = network.generate(
            inputs_embeds=embeds,
            attention_mask=mask,
            max_new_tokens=asking.max_tokens,
            do_sample=False,
            eos_token_id=prompts.stop_ids,
            pad_token_id=prompts.end_id,
            use_cache=True,
            output_logits=True,
            return_dict_in_generate=True,
        )
    tops = [torch.log_softmax(logits.float() / asking.temperature, -1).topk(min(asking.top, logits.shape[-1])) for logits in output.logits]
    top, logs = (torch.stack([getattr(t, name) for t in tops], 1).cpu().numpy() for name in ("indices", "values"))  # [questions, n, k]
    answers = [_until_stop(row, prompts.stop_ids) for row in output.sequences.tolist()]
    return [Taught(row, top[i, : len(row)].astype(np.int32), logs[i, : len(row)].astype(np.float32)) for i, row in enumerate(answers)]


def _pad_left(rows: Sequence[list[int]]) -> tuple[Tensor, Tensor]:
    """i64 ids and mask, [rows, longest]."""
    longest = max(map(len, rows))
    ids = torch.tensor([[0] * (longest - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
    return ids, mask


def _until_stop(ids: list[int], stop_ids: Sequence[int]) -> list[int]:
    """With the stop token, without the padding behind."""
    return next((ids[: place + 1] for place, token in enumerate(ids) if token in stop_ids), ids)
