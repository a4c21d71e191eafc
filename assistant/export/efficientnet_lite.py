"""Builds EfficientNet-lite as an ONNX vision encoder in SmolVLM2's form: pixels in, visual tokens out, and its heads' logits.

Architecture: Tan & Le 2019 (EfficientNet) without squeeze-and-excite and with ReLU6 (the "lite" variants). Kernel
sizes and widths are read off the weights; only where the strides fall isn't in them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from assistant.export.graph import BOOL, FLOAT, Graph
from assistant.export.word_classifier import WordClassifier

Weights = Mapping[str, np.ndarray]

_BATCH_NORM_EPSILON = 1e-3
# lite2: stages of 1, 3, 3, 4, 4, 5, 1 blocks; the first block of stages 2, 3, 4 and 6 halves the picture.
_HALVING_BLOCKS = frozenset({1, 4, 7, 15})
_NORM_OF = {"stem": "_bn0", "head": "_bn1", "expand": "_bn0", "depthwise": "_bn1", "project": "_bn2"}
FIRST_TUNED_BLOCK = 17
"""The first of the blocks of which the word classifier has its own."""
_TUNED = "tuned."


def vision_encoder(
    weights: Weights,
    connector: np.ndarray | None,
    word_classifier: WordClassifier | None = None,
    *,
    image_size: int = 256,
    shuffle: int = 2,
) -> Graph:
    """Build the graph `vision_encoder.onnx`.

    Args:
        weights: the state dict of EfficientNet-lite2.
        connector: [shuffle² * 1280, hidden] linear map to the language model, or None to output the shuffled features and what goes
            into block FIRST_TUNED_BLOCK, as training needs them.
        word_classifier: the second head with its own last blocks, or None.
        image_size: side of a tile in pixels.
        shuffle: pixel-shuffle factor (`scale_factor` in config.json).

    Returns:
        A graph with inputs `pixel_values` f32 [batch, num_images, 3, S, S] and `pixel_attention_mask` bool
        [batch, num_images, S, S] (taken for the sake of the format; every tile given is encoded), outputs
        `image_features` f32 [tiles, tokens, hidden] and `class_logits` f32 [tiles, 1000]; with a word classifier `word_logits`
        f32 [tiles, words]; without a connector `trunk` f32 [tiles, channels, S/32, S/32].
    """
    graph, convs = Graph("vision_encoder"), folded_convolutions(weights)
    size = image_size
    pixels = graph.input("pixel_values", FLOAT, ["batch", "num_images", 3, size, size])
    graph.input("pixel_attention_mask", BOOL, ["batch", "num_images", size, size])
    x = graph.op("Reshape", pixels, graph.ints(-1, 3, size, size))  # [tiles, 3, S, S]
    x = _conv(graph, convs, x, "_conv_stem", stride=2, relu6=True)
    for index in range(FIRST_TUNED_BLOCK):
        x = _block(graph, convs, x, index)
    trunk, x = x, _last_blocks(graph, convs, x)  # x [tiles, 1280, S/32, S/32]
    _head(graph, x, weights["_fc.weight"], weights["_fc.bias"], "class_logits")
    if word_classifier is not None:
        tuned = {name: convs[name] + change for name, change in word_classifier.changes.items()}
        _head(graph, _last_blocks(graph, tuned, trunk, _TUNED), word_classifier.weight, word_classifier.bias, "word_logits")
    features = _pixel_shuffle(graph, x, channels=1280, side=size // 32, factor=shuffle)  # [tiles, tokens, f²·1280]
    if connector is None:
        graph.op("Identity", features, out="image_features")
        graph.op("Identity", trunk, out="trunk")
        graph.output("trunk", FLOAT, ["tiles", "channels", size // 32, size // 32])
    else:
        graph.op("MatMul", features, graph.weight("connector", connector.astype(np.float32)), out="image_features")
    graph.output("image_features", FLOAT, ["tiles", (size // 32 // shuffle) ** 2, "hidden"])
    return graph


def folded_convolutions(weights: Weights) -> dict[str, np.ndarray]:
    """Return each convolution with its batch norm folded in: "_conv_head.weight" f32 [out, in, k, k], "_conv_head.bias" f32 [out], ..."""
    folded = {}
    for name in weights:
        if match := re.fullmatch(r"((?:_blocks\.\d+\.)?_)(conv_)?(stem|head|expand|depthwise|project)(_conv)?\.weight", name):
            conv, norm = name.removesuffix(".weight"), f"{match[1].removesuffix('_')}{_NORM_OF[match[3]]}"
            scale = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + _BATCH_NORM_EPSILON)
            folded[f"{conv}.weight"] = (weights[name] * scale[:, None, None, None]).astype(np.float32)
            folded[f"{conv}.bias"] = (weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale).astype(np.float32)
    return folded


def last_blocks(convs: Weights) -> list[int]:
    """Return the numbers of the blocks from FIRST_TUNED_BLOCK on."""
    numbers = {int(match[1]) for name in convs if (match := re.match(r"_blocks\.(\d+)\.", name))}
    return sorted(number for number in numbers if number >= FIRST_TUNED_BLOCK)


def last_convolutions(convs: Weights) -> dict[str, np.ndarray]:
    """Return the convolutions of the blocks from FIRST_TUNED_BLOCK on, and of what follows them."""
    places = (*(f"_blocks.{number}." for number in last_blocks(convs)), "_conv_head.")
    return {name: value for name, value in convs.items() if name.startswith(places)}


def _last_blocks(graph: Graph, convs: Weights, x: str, prefix: str = "") -> str:
    """From FIRST_TUNED_BLOCK to the features that are pooled for a head."""
    for number in last_blocks(convs):
        x = _block(graph, convs, x, number, prefix)
    return _conv(graph, convs, x, "_conv_head", prefix, stride=1, relu6=True)


def _head(graph: Graph, x: str, weight: np.ndarray, bias: np.ndarray, out: str) -> None:
    pooled = graph.op("Flatten", graph.op("GlobalAveragePool", x))  # [tiles, 1280]
    graph.op("Gemm", pooled, graph.weight(f"{out}.weight", weight), graph.weight(f"{out}.bias", bias), transB=1, out=out)
    graph.output(out, FLOAT, ["tiles", len(bias)])


def _block(graph: Graph, convs: Weights, x: str, index: int, prefix: str = "") -> str:
    """Inverted bottleneck: widen, filter each channel, narrow; add the input back where the shape is kept."""
    name = f"_blocks.{index}."
    stride = 2 if index in _HALVING_BLOCKS else 1
    widens = f"{name}_expand_conv.weight" in convs
    inner = _conv(graph, convs, x, f"{name}_expand_conv", prefix, stride=1, relu6=True) if widens else x
    inner = _conv(graph, convs, inner, f"{name}_depthwise_conv", prefix, stride=stride, relu6=True)
    out = _conv(graph, convs, inner, f"{name}_project_conv", prefix, stride=1, relu6=False)
    first = convs[f"{name}_expand_conv.weight" if widens else f"{name}_depthwise_conv.weight"]
    same_shape = stride == 1 and first.shape[int(widens)] == convs[f"{name}_project_conv.weight"].shape[0]
    return graph.op("Add", out, x) if same_shape else out


def _conv(graph: Graph, convs: Weights, x: str, name: str, prefix: str = "", *, stride: int, relu6: bool) -> str:
    """Convolution with TensorFlow's "same" padding; its weights are kept under the prefixed name."""
    kernel, bias = (graph.weight(f"{prefix}{name}.{part}", convs[f"{name}.{part}"]) for part in ("weight", "bias"))
    out_channels, _, side, _ = convs[f"{name}.weight"].shape
    groups = out_channels if "depthwise" in name else 1
    out = graph.op("Conv", x, kernel, bias, auto_pad="SAME_UPPER", strides=[stride, stride], kernel_shape=[side, side], group=groups)
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
