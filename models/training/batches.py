"""Examples to tensors: one row a picture, its answers side by side behind one prefix."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from assistant.building.starter_form import END, IMAGE, prompt, token_id
from assistant.runtimes.seen_labels import seen_text, softmax
from models.training.data import CANT_TELL, Example
from models.training.features import COLLECTIONS, Features, load_features
from models.training.model import Batch

# A head that is this sure of a wrong class would teach the model to doubt what is usually right: such pictures are left out.
_MISLEADING = 0.5


@dataclass(frozen=True)
class Row:
    """One picture's part of a batch."""

    seen: str
    question: str
    answers: tuple[str, ...]
    features: np.ndarray


class Library:
    """All features, by picture, with the words of the encoder's head."""

    def __init__(self, data: Path, sources: Path, work: Path, names: list[str]) -> None:
        self.class_names = names
        self._features: dict[str, Features] = {c: load_features(data, sources, work, c) for c in COLLECTIONS}
        self._place = {(c, name): i for c, f in self._features.items() for i, name in enumerate(f.names)}

    def features(self, example: Example) -> np.ndarray:
        """f32 [16, 5120]."""
        place = self._place[example.collection, example.picture]
        return np.asarray(self._features[example.collection].tokens[place], np.float32)

    def logits(self, example: Example) -> np.ndarray:
        return np.asarray(self._features[example.collection].logits[self._place[example.collection, example.picture]])

    def seen(self, example: Example) -> str:
        return seen_text(self.logits(example), self.class_names)

    def row(self, example: Example, rng: random.Random) -> Row | None:
        """A training row; a class the head doesn't name becomes "I can't tell". None: leave the picture out."""
        seen, answers = self.seen(example), example.answers
        if example.collection == "imagenet_samples" and example.label not in seen:
            if softmax(self.logits(example)).max() >= _MISLEADING:
                return None
            answers = (CANT_TELL,)
        if example.collection == "grocery":
            answers = tuple(rng.sample(answers, 2))
        return Row(seen, rng.choice(example.questions), answers, self.features(example))


def collate(rows: Sequence[Row], tokenizer: Tokenizer) -> Batch:
    """Lay the rows end to end; see `Batch`."""
    image_id = token_id(tokenizer, IMAGE)
    columns: list[np.ndarray] = []
    ids: list[int] = []
    positions: list[np.ndarray] = []
    segments: list[np.ndarray] = []
    predict_at: list[int] = []
    targets: list[int] = []
    for row in rows:
        start, prefix = len(ids), encode(tokenizer, prompt(row.seen, row.question))
        row_ids, row_positions, row_segments = list(prefix), [np.arange(len(prefix))], [np.zeros(len(prefix), int)]
        for number, answer in enumerate(row.answers, 1):
            tokens = encode(tokenizer, f" {answer}")
            predict_at += [start + len(prefix) - 1, *range(start + len(row_ids), start + len(row_ids) + len(tokens))]
            targets += [*tokens, token_id(tokenizer, END)]
            row_ids += tokens
            row_positions.append(len(prefix) + np.arange(len(tokens)))
            row_segments.append(np.full(len(tokens), number))
        ids += row_ids
        columns.append(np.arange(len(row_ids)))
        positions.append(np.concatenate(row_positions))
        segments.append(np.concatenate(row_segments))
    flat = np.array(ids)
    return Batch(
        ids=torch.from_numpy(flat),
        image_at=torch.from_numpy(np.flatnonzero(flat == image_id)),
        features=torch.from_numpy(np.stack([row.features for row in rows])),
        rows=torch.from_numpy(np.repeat(np.arange(len(rows)), [len(c) for c in columns])),
        columns=torch.from_numpy(np.concatenate(columns)),
        positions=torch.from_numpy(np.concatenate(positions)),
        mask=torch.from_numpy(_mask(segments)),
        predict_at=torch.tensor(predict_at),
        targets=torch.tensor(targets),
    )


def encode(tokenizer: Tokenizer, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False).ids)


def _mask(segments: list[np.ndarray]) -> np.ndarray:
    """bool [B, 1, L, L]: a token sees earlier tokens of its own answer and of the prefix (segment 0); padding sees itself."""
    longest = max(map(len, segments))
    mask = np.zeros((len(segments), 1, longest, longest), bool)
    for row, segment in enumerate(segments):
        n = len(segment)
        same_or_prefix = (segment[:, None] == segment[None, :]) | (segment[None, :] == 0)
        mask[row, 0, :n, :n] = np.tril(same_or_prefix)
        mask[row, 0, np.arange(n, longest), np.arange(n, longest)] = True
    return mask
