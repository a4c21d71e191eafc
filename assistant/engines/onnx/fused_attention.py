"""Rewrites a decoder's attention from standard operators to onnxruntime's GroupQueryAttention, rotary embedding inside.

Each layer's attention is cut out as a function and run: a probe tells its rotary tables, and on random numbers it must give
what the fused node gives, after nothing and at the last position. So a window, a soft cap, another scale or another kind of
rotary embedding is never fused by mistake. (onnxruntime's transformers.optimizer, as of 1.32, fuses these graphs' norms only.)

Shapes: S new tokens, W width of a head.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from assistant.engines.onnx.attention_search import EMBEDS, Attention, GraphIndex, Subgraph, UnfusableError

_MASK, _POSITIONS, _PAST = "attention_mask", "position_ids", "past_key_values."
_COS, _SIN, _SCALE, _LAST, _TOTAL = "fused.cos", "fused.sin", "fused.scale", "fused.last", "fused.total"
_TYPES: dict[str, tuple[int, type[np.floating]]] = {
    "tensor(float)": (TensorProto.FLOAT, np.float32),
    "tensor(float16)": (TensorProto.FLOAT16, np.float16),
}
_KEEP = "num_logits_to_keep"
_ROW_BY_ROW = ("MatMul", "MatMulNBits", "MatMulIntegerToFloat")
"""Products that give a row the same alone as among others; DynamicQuantizeMatMul would round it more finely."""
_FATAL_ONLY = 4
_NEW = 9
"""Tokens of the short prompt."""
_SPREAD = 2.0
"""Scale of the random queries and keys: scores reach 16 or so, where a soft cap of 50 shows."""
_SAME = {np.float32: 1e-4, np.float16: 1e-2}
"""Largest difference that rounding may make, in units of the largest value."""


def fuse_attention(path: Path, out: Path, positions: int) -> int:
    """Write the graph `path` with its attention fused, and the input `num_logits_to_keep` where that is simple to add.

    Args:
        path: a decoder in the published layout, as onnxruntime saved it, its weights in a file beside it.
        out: a file in the same folder, for it takes the same weights.
        positions: how many tokens there may be, prompt and answer together.

    Returns:
        The number of layers; 0 where there is nothing to fuse and nothing was written.

    Raises:
        UnfusableError: there is attention, but none that the fused node computes.
    """
    model = onnx.load(path, load_external_data=False)
    if not any(node.op_type == "Softmax" for node in model.graph.node):
        return 0
    if positions < 2 * _NEW:
        raise UnfusableError(f"there is room for {positions} tokens only")
    index = GraphIndex(model)
    attentions = index.attentions()
    if not attentions:
        raise UnfusableError("there is no key/value cache")
    kinds = _kinds(model, path.parent, [name for each in attentions for name in (*each.projected, each.attended)])
    layers = [_Layer(index, attention, kinds, path.parent) for attention in attentions]
    tables = layers[0].constants(positions)  # a layer that has its own differs when compared
    for layer in layers:
        layer.compare(tables, positions)
    fused = [node for layer in layers for node in layer.fused_nodes()]
    _replace(model, [name for each in attentions for name in each.outputs], [*_length_nodes(), *fused], tables)
    _keep_last_logits(model)
    onnx.save(model, out)
    return len(layers)


@dataclass(frozen=True)
class _Kind:
    """What a tensor is."""

    onnx_type: int
    dtype: type[np.floating]
    width: int
    """Its last length; 0 if the graph leaves it open."""


def _kinds(model: onnx.ModelProto, folder: Path, names: Sequence[str]) -> dict[str, _Kind]:
    """As onnxruntime finds these tensors to be."""
    asked = onnx.ModelProto()
    asked.CopyFrom(model)
    asked.graph.output.extend(onnx.ValueInfoProto(name=name) for name in dict.fromkeys(names))
    file = folder / "asked.onnx"  # beside the weights
    onnx.save(asked, file)
    try:
        ports = {port.name: port for port in _session(str(file)).get_outputs()}
    finally:
        file.unlink()
    if strange := [name for name in names if ports[name].type not in _TYPES]:
        raise UnfusableError(f"{strange[0]} is of type {ports[strange[0]].type}")
    widths = {name: ports[name].shape[-1] if ports[name].shape else None for name in names}
    return {name: _Kind(*_TYPES[ports[name].type], width if isinstance(width, int) else 0) for name, width in widths.items()}


class _Layer:
    """One layer's attention, as it is in the graph and fused."""

    def __init__(self, index: GraphIndex, attention: Attention, kinds: dict[str, _Kind], folder: Path) -> None:
        """UnfusableError if the widths of queries, keys and values don't fit the cache."""
        self._index, self._names, self._kinds, self._folder = index, attention, kinds, folder
        cache = index.inputs[attention.past[0]].type.tensor_type
        _, self._kv_heads, _, self._width = (length.dim_value for length in cache.shape.dim)
        query, key, value = (kinds[name].width for name in attention.projected)
        known = dict(_TYPES.values())
        if cache.elem_type not in known or self._width < 2 or self._width % 2 or not 0 < key == value == self._kv_heads * self._width:
            raise UnfusableError(f"keys are {key} and values {value} wide, the cache has {self._kv_heads} heads of {self._width}")
        if not query or query % key:
            raise UnfusableError(f"queries are {query} wide and keys {key}")
        self._heads = query // self._width
        self._cache_type, self._dtype = int(cache.elem_type), known[cache.elem_type]

    def constants(self, positions: int) -> list[onnx.TensorProto]:
        """Cosines and sines, each [positions, W / 2]: what becomes of a vector with ones in its first half. And what scales queries."""
        half = self._width // 2
        key = np.tile(np.repeat([1, 0], half), self._kv_heads)
        keys = np.broadcast_to(key, (1, positions, len(key))).astype(self._kinds[self._names.key].dtype)
        session = self._original(self._names.present[:1])
        (turned,) = session.run(None, self._feed(session, 0, positions, {self._names.key: keys}))
        if turned.shape != (1, self._kv_heads, positions, self._width):
            raise UnfusableError(f"keys become {turned.shape}")
        tables = {_COS: turned[0, 0, :, :half], _SIN: turned[0, 0, :, half:], _SCALE: np.array([self._width**-0.5], self._dtype)}
        return [numpy_helper.from_array(np.ascontiguousarray(table), name) for name, table in tables.items()]

    def fused_nodes(self) -> list[onnx.NodeProto]:
        """GroupQueryAttention of scaled queries, and casts where projections compute in another precision than the cache has."""
        names = self._names
        before = {name: name if self._kinds[name].onnx_type == self._cache_type else f"{name}.cast" for name in names.projected}
        nodes = [helper.make_node("Cast", [name], [cast], to=self._cache_type) for name, cast in before.items() if cast != name]
        kind = self._kinds[names.attended].onnx_type
        attended = names.attended if kind == self._cache_type else f"{names.attended}.cast"
        scaled, (query, key, value) = f"{names.query}.scaled", before.values()
        nodes.append(helper.make_node("Mul", [query, _SCALE], [scaled]))  # with a scale of its own, it doesn't take the kernel for one row
        inputs = [scaled, key, value, *names.past, _LAST, _TOTAL, _COS, _SIN]
        heads = {"num_heads": self._heads, "kv_num_heads": self._kv_heads, "do_rotary": 1, "scale": 1.0}
        nodes.append(helper.make_node("GroupQueryAttention", inputs, [attended, *names.present], domain="com.microsoft", **heads))
        if attended != names.attended:
            nodes.append(helper.make_node("Cast", [attended], [names.attended], to=kind))
        return nodes

    def compare(self, tables: list[onnx.TensorProto], positions: int) -> None:
        """UnfusableError unless fused it is the same: a short prompt, one read on, and the last token there is room for."""
        subgraph = Subgraph([*_length_nodes(), *self.fused_nodes()], [*self._names.projected, *self._names.past, _MASK], tables)
        fused, original = self._open(subgraph, self._names.outputs), self._original(self._names.outputs)
        cache = self._kv_heads * self._width
        for past, new in ((0, _NEW), (_NEW, _NEW), (positions - 1, 1)):
            given = {
                name: _random(seed, new, self._kinds[name].width)[None].astype(self._kinds[name].dtype)
                for seed, name in enumerate(self._names.projected)
            }
            for seed, name in enumerate(self._names.past, 3):
                given[name] = _random(seed, past, cache).reshape(1, self._kv_heads, past, self._width).astype(self._dtype)
            pairs = zip(*(each.run(None, self._feed(each, past, new, given)) for each in (fused, original)), strict=True)
            if not all(_alike(one, other, _SAME[self._dtype]) for one, other in pairs):
                raise UnfusableError(f"{self._names.attended} after {past} tokens is not what the fused node gives")

    def _original(self, outputs: Sequence[str]) -> onnxruntime.InferenceSession:
        return self._open(self._index.subgraph(self._names, outputs, self._folder), outputs)

    def _open(self, subgraph: Subgraph, outputs: Sequence[str]) -> onnxruntime.InferenceSession:
        inputs = [
            self._index.inputs[name]
            if name in self._index.inputs
            else helper.make_tensor_value_info(name, self._kinds[name].onnx_type, [None, None, self._kinds[name].width])
            for name in subgraph.inputs
        ]
        graph = helper.make_graph(
            subgraph.nodes, "attention", inputs, [onnx.ValueInfoProto(name=name) for name in outputs], subgraph.constants
        )
        model = self._index.model
        return _session(helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version).SerializeToString())

    def _feed(self, session: onnxruntime.InferenceSession, past: int, new: int, given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """`given`, and what else the function reads."""
        feed = dict[str, np.ndarray]()
        for port in session.get_inputs():
            if port.name in given:
                feed[port.name] = given[port.name]
            elif port.name == _MASK:
                feed[port.name] = np.ones((1, past + new), np.int64)
            elif port.name == _POSITIONS:
                feed[port.name] = np.arange(past, past + new)[None]
            elif port.name == EMBEDS:
                feed[port.name] = np.zeros((1, new, port.shape[-1]), _TYPES[port.type][1])
            elif port.name.startswith(_PAST):
                feed[port.name] = np.zeros((1, self._kv_heads, past, self._width), self._dtype)
            else:
                raise UnfusableError(f"attention depends on {port.name}")
        return feed


@lru_cache(maxsize=16)
def _random(seed: int, rows: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, width), np.float32) * np.float32(_SPREAD)


def _alike(one: np.ndarray, other: np.ndarray, share: float) -> bool:
    if one.shape != other.shape:
        return False
    one, other = one.astype(np.float32), other.astype(np.float32)
    return bool(np.abs(one - other).max() <= share * np.abs(other).max())  # False if one is no number


def _length_nodes() -> list[onnx.NodeProto]:
    """What the fused node asks for, i32: all tokens but one of each row [batch], and the tokens of the longest row []."""
    one = numpy_helper.from_array(np.array([1], np.int64))
    return [
        helper.make_node("Constant", [], ["fused.one"], value=one),
        helper.make_node("ReduceSum", [_MASK, "fused.one"], ["fused.tokens"], keepdims=0),
        helper.make_node("Sub", ["fused.tokens", "fused.one"], ["fused.before"]),
        helper.make_node("Cast", ["fused.before"], [_LAST], to=TensorProto.INT32),
        helper.make_node("ReduceMax", ["fused.tokens"], ["fused.most"], keepdims=0),
        helper.make_node("Cast", ["fused.most"], [_TOTAL], to=TensorProto.INT32),
    ]


def _replace(model: onnx.ModelProto, made: Sequence[str], new: Sequence[onnx.NodeProto], constants: Sequence[onnx.TensorProto]) -> None:
    """Let `new` make what is in `made`, and drop what nobody reads any more. onnxruntime puts the nodes in order."""
    nodes = [*new, *(node for node in model.graph.node if not set(made) & set(node.output))]
    makers = {name: node for node in nodes for name in node.output}
    left = [output.name for output in model.graph.output]
    read, used = set(left), set[int]()
    while left:
        node = makers.get(left.pop())
        if node is not None and id(node) not in used:
            used.add(id(node))
            left += node.input
            read.update(node.input)
    kept = [copy.deepcopy(node) for node in nodes if id(node) in used]
    weights = [copy.deepcopy(tensor) for tensor in (*model.graph.initializer, *constants) if tensor.name in read]
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(kept)
    model.graph.initializer.extend(weights)


def _keep_last_logits(model: onnx.ModelProto) -> None:
    """Score the last `num_logits_to_keep` positions only, 0 = all: a fifth of the work at a prompt, in SmolVLM2-256M."""
    makers = {name: node for node in model.graph.node for name in node.output}
    node = makers.get("logits")
    while node is not None and node.op_type in ("Cast", "Identity", "Mul"):
        node = makers.get(node.input[0])
    if node is None or node.op_type not in _ROW_BY_ROW or any(value.name == _KEEP for value in model.graph.input):
        return
    first, end, axis = (f"{_KEEP}.{part}" for part in ("first", "end", "axis"))
    numbers = {f"{_KEEP}.zero": [0], end: [np.iinfo(np.int64).max], axis: [1]}
    model.graph.initializer.extend(numpy_helper.from_array(np.array(value, np.int64), name) for name, value in numbers.items())
    kept = f"{node.input[0]}.kept"
    model.graph.node.extend(
        [
            helper.make_node("Neg", [_KEEP], [f"{_KEEP}.negative"]),
            helper.make_node("Unsqueeze", [f"{_KEEP}.negative", f"{_KEEP}.zero"], [first]),
            helper.make_node("Slice", [node.input[0], first, end, axis], [kept]),
        ]
    )
    node.input[0] = kept
    model.graph.input.append(helper.make_tensor_value_info(_KEEP, TensorProto.INT64, []))
    logits = next(value for value in model.graph.output if value.name == "logits")
    logits.type.tensor_type.shape.dim[1].dim_param = "kept"


def _session(source: str | bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL_ONLY
    options.intra_op_num_threads = 1  # they are small
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"], enable_fallback=0)
