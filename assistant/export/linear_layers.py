"""Ways to keep a linear layer's weights in a graph: floats, halves, 8-bit integers, blocks of 4 or 8 bits. Knows no model."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from assistant.export.graph import FLOAT, Graph

MS = "com.microsoft"
BLOCK = 32
"""Inputs that share a scale where weights are kept in blocks. In blocks of 64 a token is read in 0.87 of the time, for beside the weights
onnxruntime reads 8 bytes a block; but of 4 bits more is lost than a fit makes up for (docs/processors.md)."""

Linear = Callable[[Graph, str, str, np.ndarray], str]
"""(graph, input, name, weight [out, in]) -> output [.., out]. Without bias: fused nodes after it take that."""

_LEVELS = 63
"""Weights keep 7 of 8 bits, so that the sums of two products fit 16 bits: processors without VNNI saturate there
(onnxruntime's quantisation guide, "reduce_range")."""
_SMALLEST = np.array(1e-12, np.float32)
_SHARES = (1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65)
"""Of a block's range, that are tried."""
_ROWS = 4096
"""Outputs that are fitted at once, for the sake of memory."""


def float_linear(graph: Graph, x: str, name: str, weight: np.ndarray) -> str:
    """Add a linear layer with weights in full precision."""
    return graph.op("MatMul", x, graph.weight(name, weight.T))


def half_linear(graph: Graph, x: str, name: str, weight: np.ndarray) -> str:
    """Add a linear layer with weights kept as halves, widened when the graph is loaded: half the file, and full precision sums."""
    return graph.op("MatMul", x, graph.half_weight(name, weight.T))


def block_linear(bits: int, *, half_scales: bool = False) -> Linear:
    """Return weight-only quantisation to `bits` (4 or 8) in blocks of inputs with a scale each (onnxruntime's MatMulNBits)."""

    def linear(graph: Graph, x: str, name: str, weight: np.ndarray) -> str:
        packed, scales, *zeros = fit_blocks(weight) if bits == 4 else quantise_blocks(weight)
        scales_name = (graph.half_weight if half_scales else graph.weight)(f"{name}.scales", scales)
        inputs = [x, graph.weight(f"{name}.q{bits}", packed), scales_name, *(graph.weight(f"{name}.zeros", each) for each in zeros)]
        out, width = weight.shape
        # accuracy_level 4: activations are rounded to int8 too, for the fast integer kernels.
        return graph.op("MatMulNBits", *inputs, domain=MS, K=width, N=out, bits=bits, block_size=BLOCK, accuracy_level=4)

    return linear


def dynamic_linear(by_row: Collection[str] = ()) -> Linear:
    """Return int8 weights with a scale for each output, inputs rounded to uint8 as they come: the fastest for many inputs at once.

    Args:
        by_row: last parts of the names of layers whose inputs get a scale for each row. The others share one scale
            among all rows, which is quicker but loses much where one row is far larger than the rest.
    """

    def linear(graph: Graph, x: str, name: str, weight: np.ndarray) -> str:
        levels, scales = _quantise_outputs(weight)
        b, b_scale = graph.weight(f"{name}.q8", levels.T), graph.weight(f"{name}.scales", scales)
        if name.rpartition(".")[2] not in by_row:
            a, a_scale, a_zero = _round_all(graph, x)
            return graph.op("MatMulIntegerToFloat", a, b, a_scale, b_scale, a_zero, domain=MS)
        a, a_scale, a_zero, largest = _round_rows(graph, x)
        out = graph.op("MatMulIntegerToFloat", a, b, a_scale, b_scale, a_zero, domain=MS)
        return graph.op("Mul", out, largest)

    return linear


def quantise_blocks(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return [out, in] as (uint8 [out, blocks, 32], f32 scales [out, blocks]), symmetric about the middle level.

    The value furthest from zero falls on the lowest level exactly, as in llama.cpp's Q4_0. A last block that isn't
    full is filled with zeros.
    """
    blocks = _in_blocks(weight)
    furthest = np.take_along_axis(blocks, np.abs(blocks).argmax(-1, keepdims=True), -1)
    scales = furthest / -128
    levels = np.round(np.divide(blocks, scales, out=np.zeros_like(blocks), where=scales != 0)) + 128
    return np.clip(levels, 0, 255).astype(np.uint8), np.ascontiguousarray(scales[..., 0], np.float32)


def fit_blocks(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return [out, in] in 4 bits as (uint8 [out, blocks, 16], f32 scales [out, blocks], uint8 zero points [out, blocks / 2 rounded up]).

    Two levels or zero points share a byte. Of each block the range that loses least is taken, which may leave out what lies far out.
    """
    fitted = [_fit(_in_blocks(weight[start : start + _ROWS])) for start in range(0, len(weight), _ROWS)]
    levels, scales, zeros = (np.concatenate(parts) for parts in zip(*fitted, strict=True))
    return _in_pairs(levels), np.ascontiguousarray(scales[..., 0], np.float32), _in_pairs(zeros[..., 0])


def _fit(blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """[.., inputs] -> (levels uint8 [.., inputs], scales f32 [.., 1], zero points uint8 [.., 1])."""
    low, high = blocks.min(-1, keepdims=True, initial=0), blocks.max(-1, keepdims=True, initial=0)
    levels, scales, zeros = np.zeros(blocks.shape, np.uint8), np.zeros(low.shape, np.float32), np.zeros(low.shape, np.uint8)
    least = np.full(low.shape, np.inf, np.float32)
    for share in _SHARES:
        scale = np.maximum((high - low) * share / 15, _SMALLEST)
        zero = np.clip(np.round(7.5 - (low + high) / 2 / scale), 0, 15)
        centred = np.clip(np.round(blocks / scale), -zero, 15 - zero)
        scale = (blocks * centred).sum(-1, keepdims=True) / np.maximum(np.square(centred).sum(-1, keepdims=True), 1)  # least squares
        loss = np.square(blocks - centred * scale).sum(-1, keepdims=True)
        for best, found in ((levels, centred + zero), (scales, scale), (zeros, zero)):
            np.copyto(best, found, where=loss < least, casting="unsafe")
        least = np.minimum(loss, least)
    return levels, scales, zeros


def _in_blocks(weight: np.ndarray) -> np.ndarray:
    """[out, in] -> [out, blocks, BLOCK]."""
    return np.pad(weight, ((0, 0), (0, -weight.shape[1] % BLOCK))).reshape(weight.shape[0], -1, BLOCK)


def _in_pairs(levels: np.ndarray) -> np.ndarray:
    """uint8 [.., n] below 16 -> uint8 [.., n / 2 rounded up], the first of two in the lower half."""
    levels = np.pad(levels, ((0, 0),) * (levels.ndim - 1) + ((0, levels.shape[-1] % 2),))
    return np.asarray(levels[..., 0::2] | (levels[..., 1::2] << 4))


def quantise_rows(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return [rows, width] as (int8 [rows, width], f32 scales [rows, 1]); all 8 bits are used."""
    scales = np.maximum(np.abs(table).max(1, keepdims=True), _SMALLEST) / np.float32(127)
    return np.round(table / scales).astype(np.int8), scales.astype(np.float32)


def _quantise_outputs(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[out, in] -> (int8 [out, in], f32 scales [out])."""
    scales = np.maximum(np.abs(weight).max(1), _SMALLEST) / np.float32(_LEVELS)
    return np.round(weight / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def _round_all(graph: Graph, x: str) -> list[str]:
    """uint8 of x, its scale and its zero point. Layers that read the same x share them."""
    names = [f"{x}.rounded", f"{x}.scale", f"{x}.zero"]
    return names if graph.has(names[0]) else graph.multi_op("DynamicQuantizeLinear", [x], names)


def _round_rows(graph: Graph, x: str) -> tuple[str, str, str, str]:
    """Round x, divided by the largest value of each row, to uint8; with the scale, the zero point and those largest values [.., 1]."""
    step, zero = graph.weight("row_step", np.array(1 / 127, np.float32)), graph.weight("row_zero", np.array(128, np.uint8))
    rounded, largest = f"{x}.rounded_rows", f"{x}.largest"
    if not graph.has(rounded):
        height = graph.op("ReduceMax", graph.op("Abs", x), graph.ints(-1), keepdims=1)
        graph.op("Max", height, graph.weight("smallest", _SMALLEST), out=largest)  # a row of zeros stays one
        graph.op("QuantizeLinear", graph.op("Div", x, largest), step, zero, out=rounded)
    return rounded, step, zero, largest


def embedding_rows(graph: Graph, table: np.ndarray, ids: str, kind: str) -> str:
    """Add a look-up of rows of `table` [rows, width] by `ids`, and return its output, f32; kept as "float32", "float16" or "int8"."""
    if kind == "int8":
        levels, scales = quantise_rows(table)
        rows = graph.op("Cast", graph.op("Gather", graph.weight("table", levels), ids), to=FLOAT)
        return graph.op("Mul", rows, graph.op("Gather", graph.weight("scales", scales), ids))
    rows = graph.op("Gather", graph.weight("table", np.asarray(table, kind)), ids)
    return rows if kind == "float32" else graph.op("Cast", rows, to=FLOAT)
