"""Measures how fast each kind of linear layer is on this processor, by itself: what bounds the vision encoder and the decoder.

    python -m assistant.benchmarks.products

Prints thousand million multiplications with additions a second of one thread's processor time, which others at work hardly change, at the
shapes of SmolVLM2-256M: a picture's 1,024 patches (encoder), 81 tokens (prefill) and one (decoding, where memory is the bound). At last
how much of the largest sums is left where all 8 bits of a weight are used: 1 = none is lost.
"""

from __future__ import annotations

import time

import numpy as np
import onnxruntime

from assistant.export.graph import FLOAT, Graph
from assistant.export.linear_layers import BLOCK, Linear, block_linear, dynamic_linear, fit_blocks, float_linear

SHAPES = {"encoder": (1024, 768, 3072), "prefill": (81, 576, 1536), "decoding": (1, 576, 1536)}
"""Rows, inputs and outputs of a layer."""
LEAST_S = 1.5


def full_range_linear(graph: Graph, x: str, name: str, weight: np.ndarray) -> str:
    """Add a layer as others publish int8: all 8 bits of a weight, one scale."""
    scale = np.abs(weight).max() / np.float32(127)
    levels, scales = np.round(weight / scale).astype(np.int8), np.array(scale, np.float32)
    a, a_scale, a_zero = graph.multi_op("DynamicQuantizeLinear", [x], ["x.rounded", "x.scale", "x.zero"])
    b, b_scale = graph.weight(f"{name}.q8", levels.T), graph.weight(f"{name}.scale", scales)
    return graph.op("MatMulIntegerToFloat", a, b, a_scale, b_scale, a_zero, domain="com.microsoft")


def exact_inputs_linear(graph: Graph, x: str, name: str, weight: np.ndarray) -> str:
    """Add a layer as others publish 4 bits: how exact its inputs must be is left open, which means floats."""
    packed, scales, zeros = fit_blocks(weight)
    inputs = [x, *(graph.weight(f"{name}.{part}", each) for part, each in (("q4", packed), ("scales", scales), ("zeros", zeros)))]
    out, width = weight.shape
    return graph.op("MatMulNBits", *inputs, domain="com.microsoft", K=width, N=out, bits=4, block_size=BLOCK)


KINDS: dict[str, Linear] = {
    "fp32": float_linear,
    "int8": dynamic_linear(),
    "int8, all bits": full_range_linear,
    "8 bits in blocks": block_linear(8),
    "4 bits in blocks": block_linear(4),
    "the same, exact inputs": exact_inputs_linear,
}


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(1)
    print(f"{'':<24}" + "".join(f"{name:>12}" for name in SHAPES))
    for kind, linear in KINDS.items():
        speeds = []
        for rows, inputs, outputs in SHAPES.values():
            weight, x = (rng.standard_normal(size).astype(np.float32) for size in ((outputs, inputs), (rows, inputs)))
            speeds.append(rows * inputs * outputs / _seconds(_session(linear, weight), x) / 1e9)
        print(f"{kind:<24}" + "".join(f"{speed:>12.1f}" for speed in speeds), flush=True)
    print(f"largest sums left with all 8 bits of a weight: {largest_sums_left():.3f}")


def largest_sums_left() -> float:
    """Return the share of the largest sums of full 8-bit products that is told; below 1 where pairs are added in 16 bits."""
    ones = np.ones((40, 256), np.float32)
    told = _session(full_range_linear, np.ones((64, 256), np.float32)).run(["y"], {"x": ones})[0]
    return float(np.mean(told)) / 256


def _session(linear: Linear, weight: np.ndarray) -> onnxruntime.InferenceSession:
    graph, options = Graph("linear"), onnxruntime.SessionOptions()
    graph.op("Identity", linear(graph, graph.input("x", FLOAT, ["rows", weight.shape[1]]), "layer", weight), out="y")
    graph.output("y", FLOAT, ["rows", len(weight)])
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(graph.model().SerializeToString(), options, providers=["CPUExecutionProvider"])


def _seconds(session: onnxruntime.InferenceSession, x: np.ndarray) -> float:
    """Of a run; the best of several batches of runs."""
    session.run(["y"], {"x": x})
    best, began = float("inf"), time.process_time()
    runs = max(1, round(2e7 / (len(x) * x.shape[1] * 3)))
    while time.process_time() - began < LEAST_S:
        start = time.process_time()
        for _ in range(runs):
            session.run(["y"], {"x": x})
        best = min(best, (time.process_time() - start) / runs)
    return best


if __name__ == "__main__":
    main()
