"""EfficientNet-lite as an ONNX vision encoder in SmolVLM2's form: pixels in, visual tokens out, and the head's logits.

Architecture: Tan & Le 2019 (EfficientNet) without squeeze-and-excite and with ReLU6 (the "lite" variants). Kernel
sizes and widths are read off the weights; only where the strides fall isn't in them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from assistant.building.graph import BOOL, FLOAT, Graph

Weights = Mapping[str, np.ndarray]

_BATCH_NORM_EPSILON = 1e-3
# lite2: stages of 1, 3, 3, 4, 4, 5, 1 blocks; the first block of stages 2, 3, 4 and 6 halves the picture.
_HALVING_BLOCKS = frozenset({1, 4, 7, 15})


def vision_encoder(weights: Weights, connector: np.ndarray | None, *, image_size: int = 256, shuffle: int = 2) -> Graph:
    """Build the graph `vision_encoder.onnx`.

    Args:
        weights: the state dict of EfficientNet-lite2.
        connector: [shuffle² * 1280, hidden] linear map to the language model, or None to output the shuffled features.
        image_size: side of a tile in pixels.
        shuffle: pixel-shuffle factor (`scale_factor` in config.json).

    Returns:
        A graph with inputs `pixel_values` f32 [batch, num_images, 3, S, S] and `pixel_attention_mask` bool
        [batch, num_images, S, S] (taken for the sake of the format; every tile given is encoded), outputs
        `image_features` f32 [tiles, tokens, hidden] and `class_logits` f32 [tiles, 1000].
    """
    graph = Graph("vision_encoder")
    size = image_size
    pixels = graph.input("pixel_values", FLOAT, ["batch", "num_images", 3, size, size])
    graph.input("pixel_attention_mask", BOOL, ["batch", "num_images", size, size])
    x = graph.op("Reshape", pixels, graph.ints(-1, 3, size, size))  # [tiles, 3, S, S]
    x = _conv(graph, weights, x, "_conv_stem", "_bn0", stride=2, relu6=True)
    for index in range(1 + max(int(m[1]) for name in weights if (m := re.match(r"_blocks\.(\d+)\.", name)))):
        x = _block(graph, weights, x, index)
    x = _conv(graph, weights, x, "_conv_head", "_bn1", stride=1, relu6=True)  # [tiles, 1280, S/32, S/32]
    pooled = graph.op("Flatten", graph.op("GlobalAveragePool", x))  # [tiles, 1280]
    head = graph.weight("head.weight", weights["_fc.weight"])
    graph.op("Gemm", pooled, head, graph.weight("head.bias", weights["_fc.bias"]), transB=1, out="class_logits")
    features = _pixel_shuffle(graph, x, channels=1280, side=size // 32, factor=shuffle)  # [tiles, tokens, f²·1280]
    if connector is None:
        graph.op("Identity", features, out="image_features")
    else:
        graph.op("MatMul", features, graph.weight("connector", connector.astype(np.float32)), out="image_features")
    graph.output("image_features", FLOAT, ["tiles", (size // 32 // shuffle) ** 2, "hidden"])
    graph.output("class_logits", FLOAT, ["tiles", 1000])
    return graph


def _block(graph: Graph, weights: Weights, x: str, index: int) -> str:
    """Inverted bottleneck: widen, filter each channel, narrow; add the input back where the shape is kept."""
    name = f"_blocks.{index}."
    stride = 2 if index in _HALVING_BLOCKS else 1
    inner = x
    if f"{name}_expand_conv.weight" in weights:
        inner = _conv(graph, weights, inner, f"{name}_expand_conv", f"{name}_bn0", stride=1, relu6=True)
    inner = _conv(graph, weights, inner, f"{name}_depthwise_conv", f"{name}_bn1", stride=stride, relu6=True)
    out = _conv(graph, weights, inner, f"{name}_project_conv", f"{name}_bn2", stride=1, relu6=False)
    first = weights.get(f"{name}_expand_conv.weight", weights[f"{name}_depthwise_conv.weight"])
    width_in = first.shape[1] if f"{name}_expand_conv.weight" in weights else first.shape[0]
    same_shape = stride == 1 and width_in == weights[f"{name}_project_conv.weight"].shape[0]
    return graph.op("Add", out, x) if same_shape else out


def _conv(graph: Graph, weights: Weights, x: str, conv: str, norm: str, *, stride: int, relu6: bool) -> str:
    """Convolution with TensorFlow's "same" padding and its batch norm folded in."""
    kernel = weights[f"{conv}.weight"]
    scale = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + _BATCH_NORM_EPSILON)
    bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
    groups = kernel.shape[0] if "depthwise" in conv else 1
    kernel_name = graph.weight(f"{conv}.weight", (kernel * scale[:, None, None, None]).astype(np.float32))
    bias_name = graph.weight(f"{conv}.bias", bias.astype(np.float32))
    side = kernel.shape[-1]
    out = graph.op(
        "Conv", x, kernel_name, bias_name, auto_pad="SAME_UPPER", strides=[stride, stride], kernel_shape=[side, side], group=groups
    )
    if not relu6:
        return out
    zero, six = graph.weight("zero", np.array(0, np.float32)), graph.weight("six", np.array(6, np.float32))
    return graph.op("Clip", out, zero, six)


def _pixel_shuffle(graph: Graph, x: str, *, channels: int, side: int, factor: int) -> str:
    """[tiles, C, side, side] -> [tiles, (side/f)², f²·C]: each f x f block of cells becomes one token (SmolVLM2's order)."""
    cells = side // factor
    x = graph.op("Reshape", x, graph.ints(-1, channels, cells, factor, cells, factor))
    x = graph.op("Transpose", x, perm=[0, 2, 4, 3, 5, 1])  # [tiles, y, x, dy, dx, C]
    return graph.op("Reshape", x, graph.ints(-1, cells * cells, factor * factor * channels))
