"""Ways to keep a linear layer's weights, run in onnxruntime."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from assistant.export.graph import FLOAT, Graph
from assistant.export.linear_layers import Linear, block_linear, dynamic_linear, float_linear


def run_linear(linear: Linear, weight: np.ndarray, x: np.ndarray) -> np.ndarray:
    graph = Graph("linear")
    graph.op("Identity", linear(graph, graph.input("x", FLOAT, ["rows", x.shape[1]]), "layer", weight), out="y")
    graph.output("y", FLOAT, ["rows", len(weight)])
    return np.asarray(onnxruntime.InferenceSession(graph.model().SerializeToString()).run(["y"], {"x": x})[0])


def random_layer(width: int = 64) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    return rng.standard_normal((48, width)).astype(np.float32), rng.standard_normal((10, width)).astype(np.float32)


def test_one_huge_row_spoils_no_other_where_rows_have_their_own_scales() -> None:
    """What the first token does in a language model, and a few patches in a vision model."""
    weight, x = random_layer()
    x[3] *= 1000
    exact = run_linear(float_linear, weight, x)
    error = {kind: np.abs(run_linear(linear, weight, x) - exact)[4:].mean() / np.abs(exact[4:]).mean() for kind, linear in KINDS.items()}
    assert error["by row"] < 0.03 and error["shared"] > 0.5


KINDS = {"by row": dynamic_linear(by_row=("layer",)), "shared": dynamic_linear()}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_zeros_give_zeros(kind: str) -> None:
    weight, x = random_layer()
    assert (run_linear(KINDS[kind], weight, x * 0) == 0).all()
    assert np.isfinite(run_linear(KINDS[kind], weight * 0, x)).all()


@pytest.mark.parametrize(("bits", "largest"), [(4, 0.15), (8, 0.02)])
def test_a_width_that_fills_no_whole_block_is_filled_up(bits: int, largest: float) -> None:
    weight, x = random_layer(width=40)
    exact = run_linear(float_linear, weight, x)
    assert np.abs(run_linear(block_linear(bits), weight, x) - exact).mean() < largest * np.abs(exact).mean()


EIGHT_BITS = {"int8": dynamic_linear(), "int8 by row": KINDS["by row"], "blocks of 8 bits": block_linear(8), "blocks of 4": block_linear(4)}


@pytest.mark.parametrize("rows", [1, 40])
@pytest.mark.parametrize("kind", EIGHT_BITS)
def test_the_largest_products_fit_also_where_pairs_are_added_in_16_bits(kind: str, rows: int) -> None:
    """Processors with AVX2 and without VNNI (`script/test-as avx2`) lose up to half of such sums where all 8 bits of a weight are used."""
    x, weight = np.ones((rows, 256), np.float32), np.ones((64, 256), np.float32)
    for sign in (1, -1):
        told = run_linear(EIGHT_BITS[kind], weight * sign, x)
        assert np.abs(told * sign / 256 - 1).max() < 0.02


def test_four_bits_lose_less_where_they_are_fitted() -> None:
    """Blocks without a fit, as llama.cpp's Q4_0 has them, lose 8.6 % of random weights."""
    weight, one = np.random.default_rng(3).standard_normal((300, 1024)).astype(np.float32), np.eye(1024, dtype=np.float32)
    told = run_linear(block_linear(4), weight, one).T
    assert np.sqrt(np.square(told - weight).mean()) < 0.08


def test_weights_on_one_side_of_zero_use_all_levels() -> None:
    weight, x = random_layer(128)
    exact = run_linear(float_linear, np.abs(weight), np.abs(x))
    told = run_linear(block_linear(4), np.abs(weight), np.abs(x))
    assert np.abs(told / exact - 1).max() < 0.03
