"""The starter model in PyTorch: a frozen Llama, low-rank adapters on its linear layers, and a connector from the eye.

Tokens of a whole batch lie in one flat row without padding; only attention sees them as a padded [batch, length] block.
LoRA: Hu et al. 2021. The shapes: N tokens in the batch, B pictures, L longest row, D hidden, H heads, K kv heads, d head_dim.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from assistant.export.gguf_file import LlamaShape, LlamaWeights

ADAPTED = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")


@dataclass(frozen=True)
class Batch:
    """Rows of [prefix, question, answer, answer, question, ...] laid end to end.

    `ids` [N]; `image_at` [B * 16] the places of the image tokens in it; `features` [B, 16, 5120]; `rows`, `columns` [N]
    where each token stands in the padded block; `positions` [N]; `mask` bool [B, 1, L, L] (True = may look);
    `predict_at` [M] places whose next token is `targets` [M], each with its weight in the loss, `weights` [M].
    """

    ids: Tensor
    image_at: Tensor
    features: Tensor
    rows: Tensor
    columns: Tensor
    positions: Tensor
    mask: Tensor
    predict_at: Tensor
    targets: Tensor
    weights: Tensor


class LoraLinear(nn.Module):
    """y = x W^T + (x A^T) B^T with W frozen; B starts at zero."""

    def __init__(self, weight: Tensor, rank: int) -> None:
        super().__init__()
        self.register_buffer("weight", weight, persistent=False)
        self.a = nn.Parameter(torch.randn(rank, weight.shape[1]) / weight.shape[1] ** 0.5)
        self.b = nn.Parameter(torch.zeros(weight.shape[0], rank))

    def forward(self, x: Tensor) -> Tensor:
        assert isinstance(self.weight, Tensor)
        return torch.addmm(x @ self.weight.T, x @ self.a.T, self.b.T)


class Layer(nn.Module):
    def __init__(self, arrays: Mapping[str, np.ndarray], index: int, shape: LlamaShape, rank: int) -> None:
        super().__init__()
        self.shape = shape
        for name in ADAPTED:
            self.add_module(name.split(".")[1], LoraLinear(torch.from_numpy(arrays[f"layers.{index}.{name}"].copy()), rank))
        for name in ("input_layernorm", "post_attention_layernorm"):
            self.register_buffer(name, torch.from_numpy(arrays[f"layers.{index}.{name}"].copy()), persistent=False)

    def forward(self, x: Tensor, batch: Batch, cos: Tensor, sin: Tensor) -> Tensor:
        y = self._norm(x, self.input_layernorm)
        q, k, v = (self._heads(part(y)) for part in (self.q_proj, self.k_proj, self.v_proj))  # [N, H or K, d]
        q, k, v = (_to_block(part, batch) for part in (_rotate(q, cos, sin), _rotate(k, cos, sin), v))  # [B, H or K, L, d]
        repeat = self.shape.heads // self.shape.kv_heads
        k, v = k.repeat_interleave(repeat, 1), v.repeat_interleave(repeat, 1)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=batch.mask)  # [B, H, L, d]
        x = x + self.o_proj(mixed[batch.rows, :, batch.columns].flatten(1))  # [N, D]
        y = self._norm(x, self.post_attention_layernorm)
        return x + self.down_proj(F.silu(self.gate_proj(y)) * self.up_proj(y))

    def _norm(self, x: Tensor, weight: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), weight, self.shape.norm_epsilon)

    def _heads(self, x: Tensor) -> Tensor:
        return x.view(x.shape[0], -1, self.shape.head_dim)


def _to_block(x: Tensor, batch: Batch) -> Tensor:
    """[N, heads, d] -> padded [B, heads, L, d]."""
    block = x.new_zeros(batch.mask.shape[0], batch.mask.shape[-1], *x.shape[1:])
    return block.index_put((batch.rows, batch.columns), x).transpose(1, 2)


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary position embedding on halves (Su et al. 2021; Llama's layout). x [N, heads, d]; cos, sin [N, 1, d]."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


class StarterModel(nn.Module):
    """Trainable: `connector` and each layer's LoRA pairs. Everything else is a buffer and isn't saved."""

    def __init__(self, weights: LlamaWeights, rank: int, feature_width: int) -> None:
        super().__init__()
        self.shape = weights.shape
        self.connector = nn.Linear(feature_width, self.shape.hidden, bias=False)
        self.layers = nn.ModuleList(Layer(weights.arrays, i, self.shape, rank) for i in range(self.shape.layers))
        self.register_buffer("embedding", torch.from_numpy(weights.arrays["embed_tokens"]), persistent=False)
        self.register_buffer("head", torch.from_numpy(weights.arrays["lm_head"]), persistent=False)
        self.register_buffer("norm", torch.from_numpy(weights.arrays["norm"].copy()), persistent=False)

    def freeze_in(self, dtype: torch.dtype) -> None:
        """Keep the frozen matrices in `dtype`: half the memory, and no conversion in every step."""
        for module in self.modules():
            if isinstance(module, LoraLinear):
                module.weight = module.weight.to(dtype)
        self.get_buffer("head").data = self.get_buffer("head").to(dtype)

    def forward(self, batch: Batch, candidates: Tensor | None = None) -> Tensor:
        """Logits [M, vocabulary] at the places to predict, or [M, candidates] over the given token ids alone."""
        x = self.embedding[batch.ids]  # [N, D]
        x = x.index_copy(0, batch.image_at, self.connector(batch.features).flatten(0, 1))
        half = torch.arange(0, self.shape.head_dim, 2) / self.shape.head_dim
        angles = batch.positions[:, None] * self.shape.rope_base**-half  # [N, d/2]
        cos, sin = (wave(torch.cat((angles, angles), -1))[:, None] for wave in (torch.cos, torch.sin))  # [N, 1, d]
        for layer in self.layers:
            x = layer(x, batch, cos, sin)
        x = F.rms_norm(x[batch.predict_at], (self.shape.hidden,), self.norm, self.shape.norm_epsilon)
        return x @ (self.head if candidates is None else self.head[candidates]).T
