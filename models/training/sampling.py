"""Answers drawn at random from the model in training, several for each picture at once.

In the shapes: B pictures, S answers of each, R = B * S rows, L longest prompt, T room of the cache, K kv heads, d head_dim.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from tokenizers import Tokenizer
from torch import Tensor

from assistant.building.starter_form import END, token_id
from models.training.batches import Row, collate
from models.training.model import StarterModel
from models.training.questions import Exchange

LONGEST_ANSWER = 24
"""Tokens; nine in ten captions are shorter than 20."""


@torch.no_grad()
def sample_answers(model: StarterModel, rows: Sequence[Row], tokenizer: Tokenizer, spoken: Tensor, count: int) -> list[list[str]]:
    """`count` answers to the one question of each row, drawn from the model's own probabilities of the `spoken` token ids."""
    # The empty answer's only logits are those of an answer's first token.
    prompts = [Row(row.seen, (Exchange(row.exchanges[0].question, ("",)),), row.features) for row in rows]
    batch = collate(prompts, tokenizer)
    kept: list[tuple[Tensor, Tensor]] = []
    logits = model(batch, spoken, kept).float().repeat_interleave(count, 0)  # [R, spoken]
    lengths = torch.bincount(batch.rows).repeat_interleave(count)  # [R]
    caches = [tuple(_roomy(part, count) for part in pair) for pair in kept]
    longest, end = batch.mask.shape[-1], token_id(tokenizer, END)
    seen = torch.arange(longest + LONGEST_ANSWER)[None, :] < lengths[:, None]  # bool [R, T]
    drawn = []
    for place in range(LONGEST_ANSWER):
        ids = spoken[torch.multinomial(logits.softmax(-1), 1)[:, 0]]
        drawn.append(ids)
        if all((torch.stack(drawn) == end).any(0)):
            break
        seen[:, longest + place] = True
        logits = model.step(ids, lengths + place, caches, longest + place, seen[:, None, None], spoken).float()
    texts = [_text(column, end, tokenizer) for column in torch.stack(drawn).T.tolist()]
    return [texts[first : first + count] for first in range(0, len(texts), count)]


def _roomy(part: Tensor, count: int) -> Tensor:
    """[B, K, L, d] -> [R, K, T, d]."""
    part = part.repeat_interleave(count, 0)
    return torch.cat((part, part.new_zeros(*part.shape[:2], LONGEST_ANSWER, part.shape[3])), 2)


def _text(ids: list[int], end: int, tokenizer: Tokenizer) -> str:
    ids = ids[: ids.index(end)] if end in ids else ids
    return str(tokenizer.decode(ids)).strip()
