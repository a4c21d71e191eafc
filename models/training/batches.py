"""Rows to tensors: one row a picture, its questions side by side behind one prefix, and their answers behind each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer

from assistant.export.starter_form import END, IMAGE, prompt_closing, prompt_opening, token_id
from models.training.model import Batch
from models.training.questions import Exchange

SHORT_ANSWER_TOKENS, DECIDING_WEIGHT = 3, 4.0
"""The first token of so short an answer ("Yes.", "Blue.") decides it, and weighs this much more than a caption's."""


@dataclass(frozen=True)
class Row:
    """One picture's part of a batch: what its encoder's head sees, what is asked and answered, and its features f32 [16, 5120]."""

    seen: str
    exchanges: tuple[Exchange, ...]
    features: np.ndarray


@dataclass(frozen=True)
class _Piece:
    """Tokens that see the piece they follow (`parent`, by number), the picture's prefix (number 0), and each other backwards."""

    number: int
    parent: int
    starts_at: int
    """Position of the first token, counted along its own line of pieces."""
    ids: list[int]
    learned: bool


def collate(rows: Sequence[Row], tokenizer: Tokenizer) -> Batch:
    """Lay the rows end to end; see `Batch`."""
    image_id, end_id = token_id(tokenizer, IMAGE), token_id(tokenizer, END)
    ids: list[int] = []
    columns, positions, owners, parents = ([] for _ in range(4))
    predict_at: list[int] = []
    targets: list[int] = []
    weights: list[float] = []
    for row in rows:
        start, last_of = len(ids), dict[int, int]()
        row_positions, row_owners, row_parents = [], [], []
        for piece in _pieces(row, tokenizer):
            first, n = len(ids), len(piece.ids)
            if piece.learned:
                predict_at += [last_of[piece.parent], *range(first, first + n)]
                targets += [*piece.ids, end_id]
                weights += [DECIDING_WEIGHT if n <= SHORT_ANSWER_TOKENS else 1.0, *[1.0] * n]
            ids += piece.ids
            last_of[piece.number] = len(ids) - 1
            row_positions.append(piece.starts_at + np.arange(n))
            row_owners.append(np.full(n, piece.number))
            row_parents.append(np.full(n, piece.parent))
        columns.append(np.arange(len(ids) - start))
        positions.append(np.concatenate(row_positions))
        owners.append(np.concatenate(row_owners))
        parents.append(np.concatenate(row_parents))
    flat = np.array(ids)
    return Batch(
        ids=torch.from_numpy(flat),
        image_at=torch.from_numpy(np.flatnonzero(flat == image_id)),
        features=torch.from_numpy(np.stack([row.features for row in rows])),
        rows=torch.from_numpy(np.repeat(np.arange(len(rows)), [len(c) for c in columns])),
        columns=torch.from_numpy(np.concatenate(columns)),
        positions=torch.from_numpy(np.concatenate(positions)),
        mask=torch.from_numpy(_mask(owners, parents)),
        predict_at=torch.tensor(predict_at),
        targets=torch.tensor(targets),
        weights=torch.tensor(weights),
    )


def encode(tokenizer: Tokenizer, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False).ids)


def _pieces(row: Row, tokenizer: Tokenizer) -> Iterator[_Piece]:
    prefix = encode(tokenizer, prompt_opening(row.seen))
    yield _Piece(0, 0, 0, prefix, learned=False)
    number = 0
    for exchange in row.exchanges:
        number += 1
        asked = _Piece(number, 0, len(prefix), encode(tokenizer, prompt_closing(exchange.question)), learned=False)
        yield asked
        for answer in exchange.answers:
            number += 1
            yield _Piece(number, asked.number, len(prefix) + len(asked.ids), encode(tokenizer, f" {answer}"), learned=True)


def _mask(owners: list[np.ndarray], parents: list[np.ndarray]) -> np.ndarray:
    """bool [B, 1, L, L]: a token sees earlier tokens of its own piece, its parent and the prefix; padding sees itself."""
    longest = max(map(len, owners))
    mask = np.zeros((len(owners), 1, longest, longest), bool)
    for row, (owner, parent) in enumerate(zip(owners, parents, strict=True)):
        n = len(owner)
        seen = (owner[None, :] == owner[:, None]) | (owner[None, :] == parent[:, None]) | (owner[None, :] == 0)
        mask[row, 0, :n, :n] = np.tril(seen)
        mask[row, 0, np.arange(n, longest), np.arange(n, longest)] = True
    return mask
