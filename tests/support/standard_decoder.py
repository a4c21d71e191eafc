"""The tiny models' decoder in ONNX's standard operators alone, as exporters write it: what fusing begins with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.export.gguf_file import LlamaWeights
from assistant.export.graph import FLOAT, FLOAT16, INT64, Graph
from assistant.export.linear_layers import Linear, float_linear

_FAR = -1e9


@dataclass(frozen=True)
class Oddity:
    """In what a decoder's attention differs from Llama's."""

    window: int | None = None
    """Tokens it looks back at most."""
    soft_cap: float | None = None
    scale: float = 1.0
    bases: Sequence[float] = ()
    """Of the rotary embedding, one a layer."""
    interleaved: bool = False
    """Rotary embedding turns neighbours in place of halves."""
    norm_keys: bool = False


def standard_decoder(
    weights: LlamaWeights, linear: Linear = float_linear, oddity: Oddity | None = None, *, half_cache: bool = False, logits: str = "logits"
) -> Graph:
    """Inputs and outputs as of the published graphs; `logits` by another name are for a node still to come."""
    graph, shape, oddity = Graph("decoder_model_merged"), weights.shape, oddity or Oddity()
    x = graph.input("inputs_embeds", FLOAT, ["batch", "seq", shape.hidden])
    graph.input("attention_mask", INT64, ["batch", "total"])
    graph.input("position_ids", INT64, ["batch", "seq"])
    bias, kind = _mask(graph, oddity.window), FLOAT16 if half_cache else FLOAT
    for index in range(shape.layers):
        normed = _norm(graph, weights, x, f"layers.{index}.input_layernorm")
        x = graph.op("Add", x, _attention(graph, weights, linear, normed, bias, index, oddity, kind))
        x = graph.op("Add", x, _mlp(graph, weights, linear, _norm(graph, weights, x, f"layers.{index}.post_attention_layernorm"), index))
        for part in ("key", "value"):
            graph.output(f"present.{index}.{part}", kind, ["batch", shape.kv_heads, "total", shape.head_dim])
    graph.op("Identity", linear(graph, _norm(graph, weights, x, "norm"), "lm_head", weights.arrays["lm_head"]), out=logits)
    graph.output("logits", FLOAT, ["batch", "seq", len(weights.arrays["lm_head"])])
    return graph


def _mask(graph: Graph, window: int | None) -> str:
    """f32 [B, 1, S, total]: nothing where a token may look, far below elsewhere."""
    zero, one = (graph.weight(name, np.array(value, np.int64)) for name, value in (("zero", 0), ("one", 1)))
    columns = graph.op("Range", zero, graph.op("Gather", graph.op("Shape", "attention_mask"), one), one)
    rows = graph.op("Unsqueeze", "position_ids", graph.ints(1, 3))
    seen = graph.op("LessOrEqual", columns, rows)
    if window:
        seen = graph.op("And", seen, graph.op("Greater", columns, graph.op("Sub", rows, graph.ints(window))))
    return graph.op("Where", seen, graph.weight("near", np.zeros(1, np.float32)), graph.weight("far", np.full(1, _FAR, np.float32)))


def _attention(graph: Graph, weights: LlamaWeights, linear: Linear, x: str, bias: str, index: int, oddity: Oddity, kind: int) -> str:
    shape, name = weights.shape, f"layers.{index}.self_attn"
    q, k, v = (
        _heads(graph, linear(graph, x, f"{name}.{p}", weights.arrays[f"{name}.{p}"]), x, shape.head_dim)
        for p in ("q_proj", "k_proj", "v_proj")
    )
    if oddity.norm_keys:
        k = graph.op("LpNormalization", k, axis=-1)
    base = oddity.bases[index] if oddity.bases else shape.rope_base
    q, k = (_rotated(graph, each, base, shape.head_dim, oddity.interleaved) for each in (q, k))
    cached = []
    for part, new in (("key", k), ("value", v)):
        past = graph.input(f"past_key_values.{index}.{part}", kind, ["batch", shape.kv_heads, "past", shape.head_dim])
        present = graph.op("Concat", past, graph.op("Cast", new, to=kind), axis=2, out=f"present.{index}.{part}")
        cached.append(_repeated(graph, graph.op("Cast", present, to=FLOAT), shape.heads // shape.kv_heads, shape.head_dim))
    scale = graph.weight("scale", np.array(oddity.scale / np.sqrt(shape.head_dim), np.float32))
    scores = graph.op("Mul", graph.op("MatMul", q, graph.op("Transpose", cached[0], perm=[0, 1, 3, 2])), scale)
    if oddity.soft_cap:
        cap = graph.weight("cap", np.array(oddity.soft_cap, np.float32))
        scores = graph.op("Mul", graph.op("Tanh", graph.op("Div", scores, cap)), cap)
    attended = graph.op("MatMul", graph.op("Softmax", graph.op("Add", scores, bias), axis=-1), cached[1])
    flat = graph.op("Reshape", graph.op("Transpose", attended, perm=[0, 2, 1, 3]), graph.ints(0, 0, -1))
    return linear(graph, flat, f"{name}.o_proj", weights.arrays[f"{name}.o_proj"])


def _heads(graph: Graph, x: str, hidden: str, width: int) -> str:
    """[B, S, heads * width] -> [B, heads, S, width]; asks the hidden states for their shape, as exporters do."""
    lengths = graph.op("Slice", graph.op("Shape", hidden), graph.ints(0), graph.ints(2))
    split = graph.op("Reshape", x, graph.op("Concat", lengths, graph.ints(-1, width), axis=0))
    return graph.op("Transpose", split, perm=[0, 2, 1, 3])


def _rotated(graph: Graph, x: str, base: float, width: int, interleaved: bool) -> str:
    frequencies = (base ** (-np.arange(0, width, 2) / width)).astype(np.float32)
    frequencies = np.repeat(frequencies, 2) if interleaved else np.tile(frequencies, 2)
    positions = graph.op("Cast", graph.op("Unsqueeze", "position_ids", graph.ints(1, 3)), to=FLOAT)
    angles = graph.op("Mul", positions, graph.weight(f"frequencies_{base}_{interleaved}", frequencies))  # [B, 1, S, width]
    if interleaved:
        turn = np.kron(np.eye(width // 2), [[0, 1], [-1, 0]]).astype(np.float32)
        turned = graph.op("MatMul", x, graph.weight("turn", turn))
    else:
        half, end = graph.ints(width // 2), graph.ints(width)
        back = graph.op("Neg", graph.op("Slice", x, half, end, graph.ints(3)))
        turned = graph.op("Concat", back, graph.op("Slice", x, graph.ints(0), half, graph.ints(3)), axis=-1)
    return graph.op("Add", graph.op("Mul", x, graph.op("Cos", angles)), graph.op("Mul", turned, graph.op("Sin", angles)))


def _repeated(graph: Graph, x: str, times: int, width: int) -> str:
    """[B, kv heads, total, width] -> [B, heads, total, width]."""
    wide = graph.op("Expand", graph.op("Unsqueeze", x, graph.ints(2)), graph.ints(1, 1, times, 1, 1))
    lengths = graph.op("Slice", graph.op("Shape", x), graph.ints(2), graph.ints(3))
    first = graph.op("Slice", graph.op("Shape", x), graph.ints(0), graph.ints(1))
    return graph.op("Reshape", wide, graph.op("Concat", first, graph.ints(-1), lengths, graph.ints(width), axis=0))


def _mlp(graph: Graph, weights: LlamaWeights, linear: Linear, x: str, index: int) -> str:
    gate, up = (linear(graph, x, f"layers.{index}.mlp.{p}", weights.arrays[f"layers.{index}.mlp.{p}"]) for p in ("gate_proj", "up_proj"))
    inner = graph.op("Mul", graph.op("Mul", gate, graph.op("Sigmoid", gate)), up)
    return linear(graph, inner, f"layers.{index}.mlp.down_proj", weights.arrays[f"layers.{index}.mlp.down_proj"])


def _norm(graph: Graph, weights: LlamaWeights, x: str, name: str) -> str:
    squares = graph.op("ReduceMean", graph.op("Pow", x, graph.weight("two", np.array(2, np.float32))), graph.ints(-1), keepdims=1)
    size = graph.op("Sqrt", graph.op("Add", squares, graph.weight("epsilon", np.array(weights.shape.norm_epsilon, np.float32))))
    return graph.op("Mul", graph.op("Div", x, size), graph.weight(name, weights.arrays[name]))
