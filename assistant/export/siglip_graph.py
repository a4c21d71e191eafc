"""Builds SigLIP and SmolVLM's connector as the ONNX graph `vision_encoder`: pixels in, visual tokens out.

Attention and GELU are onnxruntime's fused nodes, which take the biases too. Shapes: T tiles, P patches of a
tile, H hidden.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from assistant.export.graph import BOOL, FLOAT, Graph
from assistant.export.linear_layers import MS, Linear
from assistant.export.smolvlm_config import VisionShape

Weights = Mapping[str, np.ndarray]

CONNECTOR = "connector"
"""The name under which the connector's weights are looked up and kept."""


def vision_encoder(weights: Weights, vision: VisionShape, linear: Linear, *, graph: Graph | None = None) -> Graph:
    """Build `vision_encoder`.

    Inputs: `pixel_values` f32 [batch, num_images, 3, S, S]; `pixel_attention_mask` bool [batch, num_images, S, S], taken
    for the sake of the format: every tile given is encoded whole. Output: `image_features` f32 [T, tokens, text hidden].

    A whole tile's patches take the rows of the position table in order. transformers finds those rows by rounding
    fractions, which comes to the same for the published sides of 32 and 27 patches; for some others (19, 25, ...) its
    rounding skips rows, and which ones depends on the processor.

    Args:
        weights: f32, by the names in smolvlm_config.vision_shapes, and CONNECTOR.
        vision: the model's numbers.
        linear: how the weights of linear layers are kept.
        graph: where to build; a new one in memory if None.
    """
    graph, size = graph or Graph("vision_encoder"), vision.image_size
    pixels = graph.input("pixel_values", FLOAT, ["batch", "num_images", 3, size, size])
    graph.input("pixel_attention_mask", BOOL, ["batch", "num_images", size, size])
    x = _embed_patches(graph, weights, vision, pixels)
    normed = _norm(graph, weights, vision, x, "encoder.layers.0.layer_norm1")
    for index in range(vision.layers):
        name = f"encoder.layers.{index}"
        attended = _attention(graph, weights, vision, linear, normed, f"{name}.self_attn")
        normed, x = _add_and_norm(graph, weights, vision, x, attended, f"{name}.self_attn.out_proj", f"{name}.layer_norm2")
        after = f"encoder.layers.{index + 1}.layer_norm1" if index + 1 < vision.layers else "post_layernorm"
        widened = linear(graph, normed, f"{name}.mlp.fc1", weights[f"{name}.mlp.fc1.weight"])
        widened = graph.op("FastGelu", widened, _vector(graph, weights, f"{name}.mlp.fc1.bias"), domain=MS)
        narrowed = linear(graph, widened, f"{name}.mlp.fc2", weights[f"{name}.mlp.fc2.weight"])
        normed, x = _add_and_norm(graph, weights, vision, x, narrowed, f"{name}.mlp.fc2", after)
    blocks = _pixel_shuffle(graph, vision, normed)
    graph.op("Identity", linear(graph, blocks, CONNECTOR, weights[CONNECTOR]), out="image_features")
    graph.output("image_features", FLOAT, ["tiles", vision.tokens, vision.text_hidden])
    return graph


def _embed_patches(graph: Graph, weights: Weights, vision: VisionShape, pixels: str) -> str:
    """[batch, num_images, 3, S, S] -> [T, P, H]; always in full precision, it is little work."""
    size, step = vision.image_size, vision.patch_size
    tiles = graph.op("Reshape", pixels, graph.ints(-1, 3, size, size))
    kernel, bias = (_vector(graph, weights, f"embeddings.patch_embedding.{part}") for part in ("weight", "bias"))
    patches = graph.op("Conv", tiles, kernel, bias, kernel_shape=[step, step], strides=[step, step])  # [T, H, side, side]
    rows = graph.op("Transpose", graph.op("Reshape", patches, graph.ints(0, 0, -1)), perm=[0, 2, 1])
    return graph.op("Add", rows, _vector(graph, weights, "embeddings.position_embedding.weight"))


def _attention(graph: Graph, weights: Weights, vision: VisionShape, linear: Linear, x: str, name: str) -> str:
    """Without the output's bias."""
    q, k, v = (linear(graph, x, f"{name}.{part}", weights[f"{name}.{part}.weight"]) for part in ("q_proj", "k_proj", "v_proj"))
    biases = np.concatenate([weights[f"{name}.{part}.bias"] for part in ("q_proj", "k_proj", "v_proj")])
    bias = graph.weight(f"{name}.biases", biases)
    attended = graph.op("MultiHeadAttention", q, k, v, bias, domain=MS, num_heads=vision.heads)
    return linear(graph, attended, f"{name}.out_proj", weights[f"{name}.out_proj.weight"])


def _add_and_norm(graph: Graph, weights: Weights, vision: VisionShape, x: str, update: str, layer: str, norm: str) -> tuple[str, str]:
    """(layer norm of the sum, the sum) of x, `update` and the bias of the layer that made it.

    onnxruntime's fused SkipLayerNormalization takes four times as long on a processor.
    """
    total = graph.op("Sum", update, x, _vector(graph, weights, f"{layer}.bias"))
    return _norm(graph, weights, vision, total, norm), total


def _norm(graph: Graph, weights: Weights, vision: VisionShape, x: str, name: str) -> str:
    scale, bias = (_vector(graph, weights, f"{name}.{part}") for part in ("weight", "bias"))
    return graph.op("LayerNormalization", x, scale, bias, axis=-1, epsilon=vision.norm_epsilon)


def _pixel_shuffle(graph: Graph, vision: VisionShape, x: str) -> str:
    """[T, P, H] -> [T, tokens, shuffle² * H]: each block of patches becomes one token, its patches row by row."""
    factor, cells = vision.shuffle, vision.side // vision.shuffle
    x = graph.op("Reshape", x, graph.ints(-1, cells, factor, cells, factor, vision.hidden))
    x = graph.op("Transpose", x, perm=[0, 1, 3, 2, 4, 5])  # [T, y, x, dy, dx, H]
    return graph.op("Reshape", x, graph.ints(-1, cells * cells, factor * factor * vision.hidden))


def _vector(graph: Graph, weights: Weights, name: str) -> str:
    return graph.weight(name, weights[name])
