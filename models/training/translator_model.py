"""The caption translator as a network: one encoder of English, one decoder of many languages that is told which by its first token."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

PAD = 0
"""Its embedding is never looked at; SentencePiece's unknown piece, which training sentences don't have."""
LONGEST = 96
"""Positions."""


@dataclass(frozen=True)
class Shape:
    """Sizes of the network."""

    vocabulary: int
    width: int = 160
    heads: int = 4
    encoder_layers: int = 4
    decoder_layers: int = 3
    inner: int = 512

    def as_dict(self) -> dict[str, int]:
        """Return the sizes by name."""
        return asdict(self)


def positions(length: int, width: int) -> Tensor:
    """Return sinusoids, sines before cosines as CTranslate2 has them: [length, width]."""
    steps = np.exp(np.arange(width // 2) * -(np.log(10_000.0) / (width // 2 - 1)))
    angles = np.arange(length)[:, None] * steps[None]
    return torch.from_numpy(np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32))


class Dropout(nn.Module):
    """Cheap dropout for a processor: cuts its masks out of one long random mask, where drawing them took a tenth of the time."""

    LENGTH = 1 << 22

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share
        self.mask = (torch.rand(self.LENGTH) >= share).float() / (1 - share)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.share:
            return x
        start = random.randrange(self.LENGTH - x.numel())
        return x * self.mask[start : start + x.numel()].view(x.shape)


class Attention(nn.Module):
    """Multi-head attention; what is asked and what is looked at are projected apart, so that the latter is done once."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.query = nn.Linear(shape.width, shape.width)
        self.key_value = nn.Linear(shape.width, 2 * shape.width)
        self.output = nn.Linear(shape.width, shape.width)

    def memory(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return keys and values: each [batch, heads, length, width / heads]."""
        key, value = self.key_value(x).chunk(2, dim=-1)
        return self._split(key), self._split(value)

    def forward(self, x: Tensor, memory: tuple[Tensor, Tensor], mask: Tensor | None, causal: bool = False) -> Tensor:
        seen = F.scaled_dot_product_attention(self._split(self.query(x)), *memory, attn_mask=mask, is_causal=causal)
        return self.output(seen.transpose(1, 2).flatten(2))  # [batch, length, width]

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class Layer(nn.Module):
    """One layer, norms first; with a look at the encoder's output if it is the decoder's."""

    def __init__(self, shape: Shape, decodes: bool, drop: Dropout) -> None:
        super().__init__()
        self.norm_self, self.attend_self = nn.LayerNorm(shape.width), Attention(shape)
        self.norm_source: Any = nn.LayerNorm(shape.width) if decodes else None
        self.attend_source: Any = Attention(shape) if decodes else None
        self.norm_inner, self.inner, self.outer = (
            nn.LayerNorm(shape.width),
            nn.Linear(shape.width, shape.inner),
            nn.Linear(shape.inner, shape.width),
        )
        self.drop = drop

    def forward(
        self, x: Tensor, mask: Tensor | None, source: tuple[Tensor, Tensor] | None = None, source_mask: Tensor | None = None
    ) -> Tensor:
        normed = self.norm_self(x)
        x = x + self.drop(self.attend_self(normed, self.attend_self.memory(normed), mask, causal=source is not None))
        if source is not None:
            x = x + self.drop(self.attend_source(self.norm_source(x), source, source_mask))
        return x + self.drop(self.outer(F.relu(self.inner(self.norm_inner(x)))))


class CaptionTranslator(nn.Module):
    """Embeddings are shared by source, target and output."""

    def __init__(self, shape: Shape, dropout: float = 0.1) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        nn.init.normal_(self.embedding.weight, std=shape.width**-0.5)
        self.output_bias = nn.Parameter(torch.zeros(shape.vocabulary))
        self.drop = Dropout(dropout)
        self.encoder = nn.ModuleList(Layer(shape, False, self.drop) for _ in range(shape.encoder_layers))
        self.decoder = nn.ModuleList(Layer(shape, True, self.drop) for _ in range(shape.decoder_layers))
        self.encoder_norm, self.decoder_norm = nn.LayerNorm(shape.width), nn.LayerNorm(shape.width)
        self.register_buffer("positions", positions(LONGEST, shape.width), persistent=False)

    def embed(self, *ids: Tensor) -> list[Tensor]:
        """Return the shared embeddings of several tensors of ids, looked up at once, since each gradient of the table costs much."""
        rows = self.embedding(torch.cat([each.flatten() for each in ids]))
        parts = rows.split([each.numel() for each in ids])
        return [part.view(*each.shape, self.shape.width) for part, each in zip(parts, ids, strict=True)]

    def encode(self, source: Tensor, embedded: Tensor) -> tuple[Tensor, Tensor]:
        """Return the encoder's output [batch, length, width] and which of it is no padding [batch, 1, 1, length]."""
        mask = (source != PAD)[:, None, None]
        x = self._placed(embedded)
        for layer in self.encoder:
            x = layer(x, mask)
        return self.encoder_norm(x), mask

    def memories(self, encoded: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Return each decoder layer's keys and values of the encoder's output; they are the same for every language."""
        return [layer.attend_source.memory(encoded) for layer in self.decoder]

    def decode(self, embedded: Tensor, memories: list[tuple[Tensor, Tensor]], source_mask: Tensor) -> Tensor:
        """Return the decoder's output [batch, length, width]; a row begins with its language's token."""
        x = self._placed(embedded)
        for layer, memory in zip(self.decoder, memories, strict=True):
            x = layer(x, None, memory, source_mask)
        return self.decoder_norm(x)

    def _placed(self, embedded: Tensor) -> Tensor:
        x = embedded * self.shape.width**0.5
        return self.drop(x + self.positions[: x.shape[1]])


def load_weights(model: CaptionTranslator, weights: dict[str, Any]) -> None:
    """Put float arrays by parameter name into the network."""
    model.load_state_dict({name: torch.from_numpy(np.asarray(array, np.float32)) for name, array in weights.items()})
