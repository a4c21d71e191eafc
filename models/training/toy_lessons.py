"""Many lessons about a picture as one sequence, so that the picture is read once for all of them.

The lessons stand behind the picture one after the other; each sees the picture and itself, at the positions that it has when it stands
alone. In the shapes: B pictures, L the longest sequence, M answer tokens of the whole batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models.training.smolvlm_prompts import Looked, SmolVlmPrompts

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Packed:
    """Lessons about B pictures.

    `ids`, `positions` i64 [B, L]; `image_at` bool [B, L]; `sees` bool [B, 1, L, L], what each place reads; `targets` [M], each predicted at
    (`rows`, `columns`) [M]; `weights` f32 [M].
    """

    ids: Tensor
    positions: Tensor
    image_at: Tensor
    sees: Tensor
    rows: Tensor
    columns: Tensor
    targets: Tensor
    weights: Tensor


def pack(prompts: SmolVlmPrompts, looked: Sequence[Looked], told: Sequence[Sequence[tuple[str, str]]]) -> Packed:
    """Lay out (what is asked, what is to be said) about each picture. A longer answer weighs more, by the root of its length."""
    import torch

    sequences = [_sequence(prompts, *each) for each in zip(looked, told, strict=True)]
    longest = max(len(sequence.ids) for sequence in sequences)
    size = len(sequences), longest
    ids, positions, block = np.zeros(size, np.int64), np.zeros(size, np.int64), np.full(size, -1)
    rows, columns, weights = list[int](), list[int](), list[float]()
    for row, sequence in enumerate(sequences):
        length = len(sequence.ids)
        ids[row, :length], positions[row, :length], block[row, :length] = sequence.ids, sequence.positions, sequence.block
        for first, last in sequence.answers:
            rows += [row] * (last - first)
            columns += range(first - 1, last - 1)
            weights += [(last - first) ** -0.5] * (last - first)
    seen, seer = block[:, None, None, :], block[:, None, :, None]
    sees = ((seen == 0) | (seen == seer)) & np.tri(longest, dtype=bool)
    targets = ids[rows, [column + 1 for column in columns]]
    image_at = (ids == prompts.image_id) & (block >= 0)
    parts = (ids, positions, image_at, sees, rows, columns, targets, np.array(weights, np.float32))
    return Packed(*(torch.from_numpy(np.asarray(part)) for part in parts))


def packed_logits(network: Any, lessons: Packed, features: Tensor) -> Tensor:
    """f32 [M, V]: what the network expects at each place of the answers; `features` of all tiles as `encode_tiles` makes them."""
    from models.training.smolvlm_torch import embed_prompts

    embeds = embed_prompts(network, lessons.ids, lessons.image_at, features)
    text = network.model.text_model
    hidden = text(inputs_embeds=embeds, attention_mask=lessons.sees, position_ids=lessons.positions, use_cache=False).last_hidden_state
    logits: Tensor = network.lm_head(hidden[lessons.rows, lessons.columns])
    return logits


@dataclass(frozen=True)
class _Sequence:
    ids: list[int]
    positions: list[int]
    block: list[int]
    """0 for the picture and what stands before it, else the lesson's number from 1 on."""
    answers: list[tuple[int, int]]


def _sequence(prompts: SmolVlmPrompts, looked: Looked, told: Sequence[tuple[str, str]]) -> _Sequence:
    packed = _Sequence([], [], [], [])
    for number, (asked, said) in enumerate(told, start=1):
        sample = prompts.sample(looked, asked, prompts.answer(said))
        shared = max(place for place, token in enumerate(sample.ids) if token == prompts.image_id) + 1
        first = 0 if number == 1 else shared
        packed.ids.extend(sample.ids[first:])
        packed.positions.extend(range(first, len(sample.ids)))
        packed.block.extend([0] * (shared - first) + [number] * (len(sample.ids) - shared))
        packed.answers.append((len(packed.ids) - sample.answer_tokens, len(packed.ids)))
    return packed
