"""Builds a Darknet detector as an ONNX graph: a picture of any size in, the raw map of each head out.

What a head's numbers mean is told by `heads_of`, and read by engines/detection/yolo.py. Layers that YOLOv4-tiny hasn't aren't known.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assistant.export.darknet_file import Convolution, Layer, read_convolutions, read_layers
from assistant.export.graph import FLOAT, Graph

_LEAK = 0.1
_COLOURS = 3


def detector_graph(network: Path, weights: Path) -> Graph:
    """Return the graph of a .cfg and its .weights file.

    Its input is `picture` f32 [n, 3, h, w], red first, in [0, 1], both sides multiples of the largest stride; its outputs `head_0`,
    `head_1` ... f32 [n, anchors * (5 + classes), h / stride, w / stride]. FileNotFoundError, or ValueError for what isn't known.
    """
    layers = read_layers(network)
    channels = [each for each, _ in _shapes(layers)]
    convolutions = read_convolutions(weights, layers, channels)
    graph, outs, heads = Graph("detector"), list[str](), 0
    x = graph.input("picture", FLOAT, ["n", _COLOURS, "h", "w"])
    for index, layer in enumerate(layers):
        if layer.kind == "convolutional":
            x = _convolve(graph, x, index, layer, next(convolutions))
        elif layer.kind == "maxpool":
            side, stride = layer.number("size", 1), layer.number("stride", 1)
            x = graph.op("MaxPool", x, kernel_shape=[side, side], strides=[stride, stride])
        elif layer.kind == "upsample":
            scales = graph.weight("twice", np.array([1, 1, layer.number("stride", 2), layer.number("stride", 2)], np.float32))
            x = graph.op("Resize", x, "", scales, mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
        elif layer.kind == "route":
            x = _route(graph, [outs[index + n if n < 0 else n] for n in layer.numbers("layers")], layer, index)
        else:  # a head, which `_shapes` has made sure of
            graph.op("Identity", x, out=f"head_{heads}")
            graph.output(f"head_{heads}", FLOAT, ["n", channels[index], f"h{heads}", f"w{heads}"])
            heads += 1
        outs.append(x)
    next(convolutions, None)  # there it looks whether anything is left
    return graph


def heads_of(network: Path) -> list[dict[str, Any]]:
    """Return what each head's numbers mean: its `stride` and `anchors` [[width, height], ...] in pixels, its `stretch` of the middle."""
    layers = read_layers(network)
    heads = []
    for (_, stride), layer in zip(_shapes(layers), layers, strict=True):
        if layer.kind == "yolo":
            sides = np.reshape(layer.numbers("anchors"), (-1, 2)).tolist()
            anchors = [sides[number] for number in layer.numbers("mask")]
            heads.append({"stride": stride, "anchors": anchors, "stretch": float(layer.options.get("scale_x_y", 1.0))})
    return heads


def _shapes(layers: Sequence[Layer]) -> list[tuple[int, int]]:
    """Channels that go into each layer, and how many pixels of the picture one of their steps is."""
    into, out = list[tuple[int, int]](), list[tuple[int, int]]()
    channels, stride = _COLOURS, 1
    for index, layer in enumerate(layers):
        into.append((channels, stride))
        if layer.kind == "convolutional":
            channels, stride = layer.number("filters", 1), stride * layer.number("stride", 1)
        elif layer.kind == "maxpool":
            stride *= layer.number("stride", 1)
        elif layer.kind == "upsample":
            stride //= layer.number("stride", 2)
        elif layer.kind == "route":
            joined = [out[index + n if n < 0 else n] for n in layer.numbers("layers")]
            channels, stride = sum(each for each, _ in joined) // layer.number("groups", 1), joined[0][1]
        elif layer.kind != "yolo":
            raise ValueError(f"a layer {layer.kind!r} isn't known")
        out.append((channels, stride))
    return into


def _convolve(graph: Graph, x: str, index: int, layer: Layer, numbers: Convolution) -> str:
    side, stride = layer.number("size", 1), layer.number("stride", 1)
    kernel, bias = graph.weight(f"{index}.kernel", numbers.kernel), graph.weight(f"{index}.bias", numbers.bias)
    pads = [side // 2 if layer.number("pad") else 0] * 4
    x = graph.op("Conv", x, kernel, bias, kernel_shape=[side, side], strides=[stride, stride], pads=pads)
    activation = layer.options.get("activation", "linear")
    if activation not in ("leaky", "linear"):
        raise ValueError(f"an activation {activation!r} isn't known")
    return graph.op("LeakyRelu", x, alpha=_LEAK) if activation == "leaky" else x


def _route(graph: Graph, joined: list[str], layer: Layer, index: int) -> str:
    """Join maps, or keep one of the groups that one's channels make."""
    x = graph.op("Concat", *joined, axis=1) if len(joined) > 1 else joined[0]
    groups = layer.number("groups", 1)
    if groups == 1:
        return x
    parts = [f"{index}.group_{number}" for number in range(groups)]
    return graph.multi_op("Split", [x], parts, attributes={"axis": 1, "num_outputs": groups})[layer.number("group_id")]
