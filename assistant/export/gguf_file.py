"""Reads a Llama-shaped GGUF file into plain arrays and a tokenizer. Knows nothing of pictures or graphs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFReader, dequantize
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

_SPECIAL = 3  # llama.cpp's token type "control"


@dataclass(frozen=True)
class LlamaShape:
    """The numbers of a Llama-shaped language model."""

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    rope_base: float
    norm_epsilon: float
    max_positions: int


@dataclass(frozen=True)
class LlamaWeights:
    """Holds f32 arrays [out, in] under Hugging Face's names without the prefix "model." ("layers.0.self_attn.q_proj")."""

    shape: LlamaShape
    arrays: Mapping[str, np.ndarray]


_NAMES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
}
GGUF_NAMES = {ours: theirs for theirs, ours in _NAMES.items()}
"""A layer's weights by Hugging Face's names -> llama.cpp's names."""
_TOP_NAMES = {"token_embd": "embed_tokens", "output_norm": "norm", "output": "lm_head"}


def read_llama(path: Path) -> LlamaWeights:
    """Read and dequantise every tensor. ValueError if the file isn't a Llama-shaped GGUF."""
    reader = GGUFReader(path)
    shape = _read_shape(reader)
    arrays: dict[str, np.ndarray] = {}
    for tensor in reader.tensors:
        values = np.asarray(dequantize(tensor.data, tensor.tensor_type), np.float32).reshape(tensor.shape[::-1])
        stem = tensor.name.removesuffix(".weight")
        if stem in _TOP_NAMES:
            arrays[_TOP_NAMES[stem]] = values
            continue
        _, layer, kind = stem.split(".")
        if kind in ("attn_q", "attn_k"):
            values = _unpermute(values, shape.heads if kind == "attn_q" else shape.kv_heads)
        arrays[f"layers.{layer}.{_NAMES[kind]}"] = values
    return LlamaWeights(shape, arrays)


def _unpermute(rows: np.ndarray, heads: int) -> np.ndarray:
    """Undo llama.cpp's interleaving of the two rotary halves."""
    out, width = rows.shape
    return rows.reshape(heads, out // heads // 2, 2, width).swapaxes(1, 2).reshape(out, width)


def _read_shape(reader: GGUFReader) -> LlamaShape:
    def field(name: str) -> Any:
        if f"llama.{name}" not in reader.fields:
            raise ValueError(f"the GGUF file has no field llama.{name}")
        return reader.fields[f"llama.{name}"].contents()

    heads, hidden = int(field("attention.head_count")), int(field("embedding_length"))
    return LlamaShape(
        layers=int(field("block_count")),
        hidden=hidden,
        heads=heads,
        kv_heads=int(field("attention.head_count_kv")),
        head_dim=hidden // heads,
        intermediate=int(field("feed_forward_length")),
        rope_base=float(field("rope.freq_base")),
        norm_epsilon=float(field("attention.layer_norm_rms_epsilon")),
        max_positions=int(field("context_length")),
    )


def read_tokenizer(path: Path, added: list[str]) -> Tokenizer:
    """Return SmolLM2's byte-level BPE with single digits split, and `added` special tokens after the vocabulary, in order."""
    fields = GGUFReader(path).fields
    tokens: list[str] = fields["tokenizer.ggml.tokens"].contents()
    kinds: list[int] = fields["tokenizer.ggml.token_type"].contents()
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=merges))
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level])
    tokenizer.decoder = decoders.ByteLevel()
    specials = [token for token, kind in zip(tokens, kinds, strict=True) if kind == _SPECIAL]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in specials + added])
    return tokenizer
