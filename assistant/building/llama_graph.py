"""A Llama-shaped language model as the two ONNX graphs of the SmolVLM2 layout: `embed_tokens` and `decoder_model_merged`.

Attention is onnxruntime's fused GroupQueryAttention (rotary embedding inside), linear layers go through a function so
that the same graph is written in float or in blocks of few bits. Shapes: B batch, S new tokens, P past tokens.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from assistant.building.gguf_file import LlamaShape, LlamaWeights
from assistant.building.graph import FLOAT, INT64, Graph

MS = "com.microsoft"
BLOCK = 32

Linear = Callable[[Graph, str, str, np.ndarray], str]
"""(graph, input, name, weight [out, in]) -> output [.., out]."""


def embed_tokens(embedding: np.ndarray) -> Graph:
    """`input_ids` i64 [B, S] -> `inputs_embeds` f32 [B, S, hidden]; the table is kept in half precision."""
    graph = Graph("embed_tokens")
    ids = graph.input("input_ids", INT64, ["batch", "seq"])
    rows = graph.op("Gather", graph.weight("table", embedding.astype(np.float16)), ids)
    graph.op("Cast", rows, to=FLOAT, out="inputs_embeds")
    graph.output("inputs_embeds", FLOAT, ["batch", "seq", embedding.shape[1]])
    return graph


def decoder(weights: LlamaWeights, linear: Linear) -> Graph:
    """Build `decoder_model_merged`.

    Inputs and outputs are those of the published graphs (SMOLVLM2.md section 4) and `num_logits_to_keep` i64 []: how
    many of the last positions get logits. `position_ids` is taken for the sake of the format: positions follow from
    the mask, which must be all ones.
    """
    graph, shape = Graph("decoder_model_merged"), weights.shape
    x = graph.input("inputs_embeds", FLOAT, ["batch", "seq", shape.hidden])
    mask = graph.input("attention_mask", INT64, ["batch", "total"])
    graph.input("position_ids", INT64, ["batch", "seq"])
    keep = graph.input("num_logits_to_keep", INT64, [])
    lengths = _lengths(graph, mask)
    _rotary_tables(graph, shape)
    normed, presents = _first_norm(graph, weights, x), list[str]()
    for index in range(shape.layers):
        for part in ("key", "value"):
            graph.input(f"past_key_values.{index}.{part}", FLOAT, ["batch", shape.kv_heads, "past", shape.head_dim])
        attended = _attention(graph, weights, linear, normed, lengths, index)
        normed, x = _add_and_norm(graph, weights, x, attended, f"layers.{index}.post_attention_layernorm")
        after = f"layers.{index + 1}.input_layernorm" if index + 1 < shape.layers else "norm"
        normed, x = _add_and_norm(graph, weights, x, _mlp(graph, weights, linear, normed, index), after)
        presents += [f"present.{index}.key", f"present.{index}.value"]
    first_kept = graph.op("Unsqueeze", graph.op("Neg", keep), graph.ints(0))
    last = graph.op("Slice", normed, first_kept, graph.ints(np.iinfo(np.int64).max), graph.ints(1))  # [B, kept, hidden]
    graph.op("Identity", linear(graph, last, "lm_head", weights.arrays["lm_head"]), out="logits")
    graph.output("logits", FLOAT, ["batch", "kept", weights.arrays["lm_head"].shape[0]])
    for name in presents:
        graph.output(name, FLOAT, ["batch", shape.kv_heads, "total", shape.head_dim])
    return graph


def float_linear(graph: Graph, x: str, name: str, weight: np.ndarray) -> str:
    """Full precision."""
    return graph.op("MatMul", x, graph.weight(name, weight.T))


def block_linear(bits: int) -> Linear:
    """Weight-only quantisation to `bits` (4 or 8) in blocks of 32 inputs with a scale each (onnxruntime's MatMulNBits)."""

    def linear(graph: Graph, x: str, name: str, weight: np.ndarray) -> str:
        packed, scales = quantise_blocks(weight, bits)
        inputs = (x, graph.weight(f"{name}.q{bits}", packed), graph.weight(f"{name}.scales", scales))
        out, width = weight.shape
        # accuracy_level 4: activations are rounded to int8 too, for the fast integer kernels.
        return graph.op("MatMulNBits", *inputs, domain=MS, K=width, N=out, bits=bits, block_size=BLOCK, accuracy_level=4)

    return linear


def quantise_blocks(weight: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """[out, in] -> (uint8 [out, blocks, 32 * bits / 8], f32 scales [out, blocks]), symmetric about the middle level.

    The value furthest from zero falls on the lowest level exactly, as in llama.cpp's Q4_0.
    """
    middle = 1 << (bits - 1)
    blocks = weight.reshape(weight.shape[0], -1, BLOCK)
    furthest = np.take_along_axis(blocks, np.abs(blocks).argmax(-1, keepdims=True), -1)
    scales = furthest / -middle
    levels = np.round(np.divide(blocks, scales, out=np.zeros_like(blocks), where=scales != 0)) + middle
    packed = np.clip(levels, 0, 2 * middle - 1).astype(np.uint8)
    if bits == 4:
        packed = packed[..., 0::2] | (packed[..., 1::2] << 4)
    return packed, np.ascontiguousarray(scales[..., 0], np.float32)


def _lengths(graph: Graph, mask: str) -> tuple[str, str]:
    """What GroupQueryAttention asks for: past + new length minus one [B], and the longest of them as a scalar."""
    int32 = 6
    last = graph.op("Sub", graph.op("ReduceSum", mask, graph.ints(1), keepdims=0), graph.ints(1))
    total = graph.op("Gather", graph.op("Shape", mask), graph.weight("one", np.array(1, np.int64)))
    return graph.op("Cast", last, to=int32), graph.op("Cast", total, to=int32)


def _rotary_tables(graph: Graph, shape: LlamaShape) -> None:
    frequencies = shape.rope_base ** (-np.arange(0, shape.head_dim, 2) / shape.head_dim)
    angles = np.arange(shape.max_positions)[:, None] * frequencies  # [positions, head_dim / 2]
    graph.weight("cos_cache", np.cos(angles).astype(np.float32))
    graph.weight("sin_cache", np.sin(angles).astype(np.float32))


def _attention(graph: Graph, weights: LlamaWeights, linear: Linear, x: str, lengths: tuple[str, str], index: int) -> str:
    shape, name = weights.shape, f"layers.{index}.self_attn"
    q, k, v = (linear(graph, x, f"{name}.{part}", weights.arrays[f"{name}.{part}"]) for part in ("q_proj", "k_proj", "v_proj"))
    past = (f"past_key_values.{index}.key", f"past_key_values.{index}.value")
    outputs = [f"attended.{index}", f"present.{index}.key", f"present.{index}.value"]
    heads = {"num_heads": shape.heads, "kv_num_heads": shape.kv_heads, "do_rotary": 1}
    graph.multi_op("GroupQueryAttention", (q, k, v, *past, *lengths, "cos_cache", "sin_cache"), outputs, MS, heads)
    return linear(graph, outputs[0], f"{name}.o_proj", weights.arrays[f"{name}.o_proj"])


def _mlp(graph: Graph, weights: LlamaWeights, linear: Linear, x: str, index: int) -> str:
    name = f"layers.{index}.mlp"
    gate, up = (linear(graph, x, f"{name}.{part}", weights.arrays[f"{name}.{part}"]) for part in ("gate_proj", "up_proj"))
    silu = graph.op("Mul", gate, graph.op("Sigmoid", gate))
    return linear(graph, graph.op("Mul", silu, up), f"{name}.down_proj", weights.arrays[f"{name}.down_proj"])


def _first_norm(graph: Graph, weights: LlamaWeights, x: str) -> str:
    weight = graph.weight("layers.0.input_layernorm", weights.arrays["layers.0.input_layernorm"])
    return graph.op("SimplifiedLayerNormalization", x, weight, axis=-1, epsilon=weights.shape.norm_epsilon, stash_type=1)


def _add_and_norm(graph: Graph, weights: LlamaWeights, x: str, update: str, norm: str) -> tuple[str, str]:
    """(RMS norm of x + update, x + update) in one fused node."""
    outputs = [f"{norm}.normed", f"{norm}.mean", f"{norm}.inverse", f"{norm}.sum"]
    inputs = (x, update, graph.weight(norm, weights.arrays[norm]))
    graph.multi_op("SkipSimplifiedLayerNormalization", inputs, outputs, MS, {"epsilon": weights.shape.norm_epsilon})
    return outputs[0], outputs[3]
