"""Builds the network inside Firefox's translators as two ONNX graphs: a transformer encoder, and a decoder of simple recurrent units.

Published as Marian's `transformer` with `dec-cell: ssru` (Kim et al. 2019, "From Research to Production and Back: Ludicrously
Fast Neural Machine Translation"), which CTranslate2 doesn't have. A layer's sum is normalised after it ("dan": dropout, add,
norm). The published 8-bit levels are kept as they are; one sentence at a time, so that there is no batch.
Shapes: S source pieces, T new positions, D width, H heads.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from assistant.export.graph import FLOAT, INT64, Graph
from assistant.export.linear_layers import BLOCK, MS
from assistant.export.marian_file import EMBEDDING, MarianModel

UNKNOWN = 1
"""The piece that stands for what the vocabulary lacks; Marian never writes it."""

_NEEDED = {
    "type": "transformer",
    "transformer-decoder-autoreg": "rnn",
    "dec-cell": "ssru",
    "transformer-preprocess": '""',
    "transformer-postprocess": "dan",
    "transformer-ffn-activation": "relu",
    "transformer-ffn-depth": "2",
    "tied-embeddings-all": "true",
}
_EPSILON = 1e-6
_MIDDLE = 128
"""The level that stands for 0 in MatMulNBits."""
_NEVER = np.float32(-1e9)


def write_graphs(model: MarianModel, folder: Path) -> None:
    """Write `encoder.onnx` and `decoder.onnx`. ValueError or KeyError if the model isn't of this kind.

    encoder: `pieces` i64 [S], the end among them -> `key.L` f32 [H, D / H, S], `value.L` f32 [H, S, D / H] for each decoder layer.
    decoder: `piece` i64 [1] (any at position 0), `position` i64 [1], `cell.L` f32 [1, D], keys and values
        -> `next` i64 [1], the likeliest piece, and `next_cell.L`.
    """
    wrong = [f"{name}: {model.settings.get(name)}" for name, value in _NEEDED.items() if model.settings.get(name) != value]
    if wrong:
        raise ValueError(f"a network of another kind ({wrong[0]})")
    _Network(model, "encoder").encoder().save(folder / "encoder.onnx")
    _Network(model, "decoder").decoder().save(folder / "decoder.onnx")


class _Network:
    """One of the graphs being written."""

    def __init__(self, model: MarianModel, name: str) -> None:
        self._model = model
        self._graph = Graph(name)
        self._heads = int(model.settings["transformer-heads"])
        self._width = model.weights[EMBEDDING].levels.shape[1]
        self._depth = {side: int(model.settings[f"{side[:3]}-depth"]) for side in ("encoder", "decoder")}

    def encoder(self) -> Graph:
        graph = self._graph
        pieces = graph.input("pieces", INT64, ["source"])
        length = graph.op("Squeeze", graph.op("Shape", pieces))
        zero, one = (graph.weight(f"number_{n}", np.array(n, np.int64)) for n in (0, 1))
        x = graph.op("Add", self._embed(pieces), self._places(graph.op("Range", zero, length, one)))  # [S, D]
        for layer in self._layers("encoder"):
            x = self._attend(f"{layer}_self", x, *self._keys_values(f"{layer}_self", x))
            x = self._feed_forward(layer, x)
        for index, layer in enumerate(self._layers("decoder")):
            for kind, found in zip(("key", "value"), self._keys_values(f"{layer}_context", x), strict=True):
                graph.op("Identity", found, out=f"{kind}.{index}")
                graph.output(f"{kind}.{index}", FLOAT, self._memory_shape(kind))
        return graph

    def decoder(self) -> Graph:
        graph = self._graph
        piece, position = graph.input("piece", INT64, [1]), graph.input("position", INT64, [1])
        begun = graph.op("Cast", graph.op("Greater", position, graph.ints(0)), to=FLOAT)
        x = graph.op("Add", graph.op("Mul", self._embed(piece), begun), self._places(position))  # [1, D]
        for index, layer in enumerate(self._layers("decoder")):
            memory = [graph.input(f"{kind}.{index}", FLOAT, self._memory_shape(kind)) for kind in ("key", "value")]
            x = self._recur(layer, x, graph.input(f"cell.{index}", FLOAT, [1, self._width]), f"next_cell.{index}")
            x = self._attend(f"{layer}_context", x, memory[0], memory[1])
            x = self._feed_forward(layer, x)
            graph.output(f"next_cell.{index}", FLOAT, [1, self._width])
        bias = self._model.vectors["decoder_ff_logit_out_b"].copy()
        bias[UNKNOWN] = _NEVER
        scores = graph.op("Add", self._scores(x), graph.weight("output_bias", bias))
        graph.op("ArgMax", scores, axis=-1, keepdims=0, out="next")
        graph.output("next", INT64, [1])
        return graph

    def _layers(self, side: str) -> list[str]:
        return [f"{side}_l{number}" for number in range(1, self._depth[side] + 1)]

    def _memory_shape(self, kind: str) -> list[str | int]:
        size = self._width // self._heads
        return [self._heads, size, "source"] if kind == "key" else [self._heads, "source", size]

    def _embed(self, pieces: str) -> str:
        """i64 [T] -> f32 [T, D]: rows of the output layer's own table, times the root of D."""
        graph, table = self._graph, self._model.weights[EMBEDDING]
        rows = graph.op("Reshape", graph.op("Gather", self._packed_table(), pieces), graph.ints(-1, self._width))
        centred = graph.op("Sub", graph.op("Cast", rows, to=FLOAT), self._number("middle", _MIDDLE))
        return graph.op("Mul", centred, self._number("embedding_scale", math.sqrt(self._width) / float(table.per_unit)))

    def _places(self, positions: str) -> str:
        """i64 [T] -> f32 [T, D]: sines in the first half, cosines in the second."""
        graph, half = self._graph, self._width // 2
        frequencies = np.exp(np.arange(half) * (-math.log(10_000) / (half - 1)))[None].astype(np.float32)
        column = graph.op("Unsqueeze", graph.op("Cast", positions, to=FLOAT), graph.ints(1))
        angles = graph.op("Mul", column, graph.weight("frequencies", frequencies))
        return graph.op("Concat", graph.op("Sin", angles), graph.op("Cos", angles), axis=1)

    def _keys_values(self, name: str, x: str) -> tuple[str, str]:
        """[S, D] -> [H, D / H, S] and [H, S, D / H]"""
        return self._split(x, f"{name}_Wk", f"{name}_bk", [1, 2, 0]), self._split(x, f"{name}_Wv", f"{name}_bv", [1, 0, 2])

    def _split(self, x: str, weight: str, bias: str, order: list[int]) -> str:
        """A linear layer whose output [T, H, D / H] is turned to `order`."""
        heads = self._graph.op("Reshape", self._linear(x, weight, bias), self._graph.ints(0, self._heads, -1))
        return self._graph.op("Transpose", heads, perm=order)

    def _attend(self, name: str, x: str, keys: str, values: str) -> str:
        graph = self._graph
        queries = self._split(x, f"{name}_Wq", f"{name}_bq", [1, 0, 2])  # [H, T, D / H]
        scaled = graph.op("Mul", queries, self._number("attention_scale", 1 / math.sqrt(self._width // self._heads)))
        weights = graph.op("Softmax", graph.op("MatMul", scaled, keys), axis=-1)  # [H, T, S]
        mixed = graph.op("Transpose", graph.op("MatMul", weights, values), perm=[1, 0, 2])
        joined = graph.op("Reshape", mixed, graph.ints(0, -1))  # [T, D]
        return self._add_and_norm(x, self._linear(joined, f"{name}_Wo", f"{name}_bo"), f"{name}_Wo")

    def _feed_forward(self, layer: str, x: str) -> str:
        inner = self._graph.op("Relu", self._linear(x, f"{layer}_ffn_W1", f"{layer}_ffn_b1"))
        return self._add_and_norm(x, self._linear(inner, f"{layer}_ffn_W2", f"{layer}_ffn_b2"), f"{layer}_ffn_ffn")

    def _recur(self, layer: str, x: str, cell: str, out: str) -> str:
        """forget = sigmoid(Wf x + bf); next cell = forget cell + (1 - forget) W x; the layer adds relu(next cell)."""
        graph = self._graph
        forget = graph.op("Sigmoid", self._linear(x, f"{layer}_rnn_Wf", f"{layer}_rnn_bf"))
        new = self._matmul(x, f"{layer}_rnn_W")
        graph.op("Add", new, graph.op("Mul", forget, graph.op("Sub", cell, new)), out=out)
        return self._add_and_norm(x, graph.op("Relu", out), f"{layer}_rnn_ffn")

    def _add_and_norm(self, x: str, more: str, name: str) -> str:
        scale, bias = self._vector(f"{name}_ln_scale"), self._vector(f"{name}_ln_bias")
        return self._graph.op("LayerNormalization", self._graph.op("Add", x, more), scale, bias, axis=-1, epsilon=_EPSILON)

    def _linear(self, x: str, weight: str, bias: str) -> str:
        return self._graph.op("Add", self._matmul(x, weight), self._vector(bias))

    def _matmul(self, x: str, name: str) -> str:
        """A layer: levels in the file, floats once onnxruntime has loaded it."""
        weight = self._model.weights[name]
        levels = self._graph.op("Cast", self._graph.weight(name, weight.levels.T), to=FLOAT)
        return self._graph.op("MatMul", x, self._graph.op("Mul", levels, self._number(f"{name}.scale", 1 / float(weight.per_unit))))

    def _scores(self, x: str) -> str:
        """[1, D] -> [1, vocabulary]. The output layer is larger than all others together and read at each step, so it stays in 8 bits."""
        table = self._model.weights[EMBEDDING]
        out, width = table.levels.shape
        scales = self._graph.weight("output_scales", np.full((out, width // BLOCK), 1 / table.per_unit, np.float32))
        # accuracy_level 4: inputs are rounded to 8 bits too, as Marian does.
        attributes = {"K": width, "N": out, "bits": 8, "block_size": BLOCK, "accuracy_level": 4}
        return self._graph.op("MatMulNBits", x, self._packed_table(), scales, domain=MS, **attributes)

    def _packed_table(self) -> str:
        """The embedding as MatMulNBits takes it: uint8 [vocabulary, blocks, 32]."""
        levels = self._model.weights[EMBEDDING].levels
        if levels.shape[1] % BLOCK:
            raise ValueError(f"the embedding is {levels.shape[1]} wide, which is no multiple of {BLOCK}")
        return self._graph.weight(EMBEDDING, (levels.astype(np.int16) + _MIDDLE).astype(np.uint8).reshape(len(levels), -1, BLOCK))

    def _vector(self, name: str) -> str:
        return self._graph.weight(name, self._model.vectors[name])

    def _number(self, name: str, value: float) -> str:
        return self._graph.weight(name, np.array(value, np.float32))
