"""Builds a Llama-shaped language model as two ONNX graphs of the SmolVLM2 layout: `embed_tokens` and `decoder_model_merged`.

Attention is onnxruntime's fused GroupQueryAttention (rotary embedding inside), linear layers go through a function so
that the same graph is written with weights of any kind. Shapes: B batch, S new tokens, P past tokens.
"""

from __future__ import annotations

import numpy as np

from assistant.export.gguf_file import LlamaShape, LlamaWeights
from assistant.export.graph import FLOAT, FLOAT16, INT64, Graph
from assistant.export.linear_layers import MS, Linear, embedding_rows


def embed_tokens(embedding: np.ndarray, kind: str = "float16", *, graph: Graph | None = None) -> Graph:
    """Build `embed_tokens`: `input_ids` i64 [B, S] -> `inputs_embeds` f32 [B, S, hidden].

    The table is kept as "float32", "float16" or "int8".
    """
    graph = graph or Graph("embed_tokens")
    ids = graph.input("input_ids", INT64, ["batch", "seq"])
    graph.op("Identity", embedding_rows(graph, embedding, ids, kind), out="inputs_embeds")
    graph.output("inputs_embeds", FLOAT, ["batch", "seq", embedding.shape[1]])
    return graph


def decoder(weights: LlamaWeights, linear: Linear, *, half_cache: bool = False, graph: Graph | None = None) -> Graph:
    """Build `decoder_model_merged`.

    Inputs and outputs are those of the published graphs (SMOLVLM2.md section 4) and `num_logits_to_keep` i64 []: how
    many of the last positions get logits, 0 = all. `position_ids` is taken for the sake of the format: positions follow
    from the mask, which must be all ones. With `half_cache` keys and values are f16, all other inputs and outputs stay.
    """
    graph, shape = graph or Graph("decoder_model_merged"), weights.shape
    x = graph.input("inputs_embeds", FLOAT, ["batch", "seq", shape.hidden])
    mask = graph.input("attention_mask", INT64, ["batch", "total"])
    graph.input("position_ids", INT64, ["batch", "seq"])
    keep = graph.input("num_logits_to_keep", INT64, [])
    lengths = _lengths(graph, mask)
    _rotary_tables(graph, shape, half_cache)
    normed, presents = _first_norm(graph, weights, x), list[str]()
    for index in range(shape.layers):
        attended = _attention(graph, weights, linear, normed, lengths, index, half_cache)
        normed, x = _add_and_norm(graph, weights, x, attended, f"layers.{index}.post_attention_layernorm")
        after = f"layers.{index + 1}.input_layernorm" if index + 1 < shape.layers else "norm"
        normed, x = _add_and_norm(graph, weights, x, _mlp(graph, weights, linear, normed, index), after)
        presents += [f"present.{index}.key", f"present.{index}.value"]
    first_kept = graph.op("Unsqueeze", graph.op("Neg", keep), graph.ints(0))
    last = graph.op("Slice", normed, first_kept, graph.ints(np.iinfo(np.int64).max), graph.ints(1))  # [B, kept, hidden]
    head = weights.arrays["lm_head"]
    graph.op("Identity", linear(graph, last, "lm_head", head), out="logits")
    graph.output("logits", FLOAT, ["batch", "kept", head.shape[0]])
    for name in presents:
        graph.output(name, FLOAT16 if half_cache else FLOAT, ["batch", shape.kv_heads, "total", shape.head_dim])
    return graph


def _lengths(graph: Graph, mask: str) -> tuple[str, str]:
    """What GroupQueryAttention asks for: past + new length minus one [B], and the longest of them as a scalar."""
    int32 = 6
    last = graph.op("Sub", graph.op("ReduceSum", mask, graph.ints(1), keepdims=0), graph.ints(1))
    total = graph.op("Gather", graph.op("Shape", mask), graph.weight("one", np.array(1, np.int64)))
    return graph.op("Cast", last, to=int32), graph.op("Cast", total, to=int32)


def _rotary_tables(graph: Graph, shape: LlamaShape, half: bool) -> None:
    frequencies = shape.rope_base ** (-np.arange(0, shape.head_dim, 2) / shape.head_dim)
    angles = np.arange(shape.max_positions)[:, None] * frequencies  # [positions, head_dim / 2]
    dtype = np.float16 if half else np.float32
    graph.weight("cos_cache", np.cos(angles).astype(dtype))
    graph.weight("sin_cache", np.sin(angles).astype(dtype))


def _attention(graph: Graph, weights: LlamaWeights, linear: Linear, x: str, lengths: tuple[str, str], index: int, half: bool) -> str:
    shape, name = weights.shape, f"layers.{index}.self_attn"
    past = [f"past_key_values.{index}.{part}" for part in ("key", "value")]
    for each in past:
        graph.input(each, FLOAT16 if half else FLOAT, ["batch", shape.kv_heads, "past", shape.head_dim])
    query, key, value = (weights.arrays[f"{name}.{part}_proj"] for part in "qkv")
    query = query * np.float32(shape.head_dim**-0.5)  # with a scale of its own, attention doesn't take the kernel for one row
    qkv = _joined(graph, linear, x, f"{name}.q_k_v", query, key, value)
    if half:
        qkv = graph.op("Cast", qkv, to=FLOAT16)
    outputs = [f"attended.{index}", f"present.{index}.key", f"present.{index}.value"]
    heads = {"num_heads": shape.heads, "kv_num_heads": shape.kv_heads, "do_rotary": 1, "scale": 1.0}
    graph.multi_op("GroupQueryAttention", (qkv, "", "", *past, *lengths, "cos_cache", "sin_cache"), outputs, MS, heads)
    attended = graph.op("Cast", outputs[0], to=FLOAT) if half else outputs[0]
    return linear(graph, attended, f"{name}.o_proj", weights.arrays[f"{name}.o_proj"])


def _mlp(graph: Graph, weights: LlamaWeights, linear: Linear, x: str, index: int) -> str:
    name = f"layers.{index}.mlp"
    both = _joined(graph, linear, x, f"{name}.gate_up", *(weights.arrays[f"{name}.{part}_proj"] for part in ("gate", "up")))
    gate, up = graph.multi_op("Split", [both], [f"{name}.gate", f"{name}.up"], attributes={"axis": -1, "num_outputs": 2})
    silu = graph.op("QuickGelu", gate, domain=MS, alpha=1.0)
    return linear(graph, graph.op("Mul", silu, up), f"{name}.down_proj", weights.arrays[f"{name}.down_proj"])


def _joined(graph: Graph, linear: Linear, x: str, name: str, *weights: np.ndarray) -> str:
    """Layers that read the same input as one: a token has so little work for each that starting it costs as much."""
    return linear(graph, x, name, np.concatenate(weights))


def _first_norm(graph: Graph, weights: LlamaWeights, x: str) -> str:
    weight = graph.weight("layers.0.input_layernorm", weights.arrays["layers.0.input_layernorm"])
    return graph.op("SimplifiedLayerNormalization", x, weight, axis=-1, epsilon=weights.shape.norm_epsilon, stash_type=1)


def _add_and_norm(graph: Graph, weights: LlamaWeights, x: str, update: str, norm: str) -> tuple[str, str]:
    """(RMS norm of x + update, x + update) in one fused node."""
    outputs = [f"{norm}.normed", f"{norm}.mean", f"{norm}.inverse", f"{norm}.sum"]
    inputs = (x, update, graph.weight(norm, weights.arrays[norm]))
    graph.multi_op("SkipSimplifiedLayerNormalization", inputs, outputs, MS, {"epsilon": weights.shape.norm_epsilon})
    return outputs[0], outputs[3]
