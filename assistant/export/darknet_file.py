"""Reads Darknet's networks: a .cfg that lists the layers and a .weights file with their numbers one after the other.

The layout is that of Darknet's parser.c (https://github.com/AlexeyAB/darknet). Convolutions leave here with their batch norm folded in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float32]

_HEADER_BYTES = 20
"""Three int32 of the version, and the pictures seen as an int64."""
_BATCH_NORM_EPSILON = 1e-5


@dataclass(frozen=True)
class Layer:
    """One section of a .cfg: its kind and what is set of it."""

    kind: str
    options: dict[str, str] = field(default_factory=dict)

    def number(self, name: str, default: int = 0) -> int:
        """Return a whole number. ValueError if it is none."""
        return int(self.options.get(name, default))

    def numbers(self, name: str) -> list[int]:
        """Return whole numbers that commas part. ValueError if they are none."""
        return [int(each) for each in self.options.get(name, "").split(",") if each.strip()]


@dataclass(frozen=True, eq=False)
class Convolution:
    """The numbers of a convolution, its batch norm folded in."""

    kernel: Numbers
    """float32 [out, in, side, side]"""
    bias: Numbers
    """float32 [out]"""


def read_layers(path: Path) -> list[Layer]:
    """Return the layers of a .cfg after its [net]. FileNotFoundError, or ValueError if it is none."""
    layers: list[Layer] = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if match := re.fullmatch(r"\[(\w+)\]", line.strip()):
            layers.append(Layer(match[1]))
        elif (match := re.fullmatch(r"(\w+)\s*=\s*(.*)", line.partition("#")[0].strip())) and layers:
            layers[-1].options[match[1]] = match[2]
    if not layers or layers[0].kind != "net":
        raise ValueError(f"{path.name} is no Darknet network")
    return layers[1:]


def read_convolutions(path: Path, layers: Sequence[Layer], channels: Sequence[int]) -> Iterator[Convolution]:
    """Yield the convolutions among `layers`, in order.

    Args:
        path: the .weights file.
        layers: of the network.
        channels: what goes into each of the layers.

    Raises:
        FileNotFoundError: it isn't there.
        ValueError: it holds fewer or more numbers than the layers have.
    """
    numbers = np.frombuffer(path.read_bytes()[_HEADER_BYTES:], np.float32)

    def take(*shape: int) -> Numbers:
        nonlocal numbers
        count = int(np.prod(shape))
        taken, numbers = numbers[:count], numbers[count:]
        if len(taken) != count:
            raise ValueError(f"{path.name} ends too early")
        return taken.reshape(shape)

    for layer, inputs in zip(layers, channels, strict=True):
        if layer.kind != "convolutional":
            continue
        outputs, side = layer.number("filters", 1), layer.number("size", 1)
        bias = take(outputs)
        if not layer.number("batch_normalize"):
            yield Convolution(take(outputs, inputs, side, side), bias)
            continue
        scale, mean, variance = take(outputs), take(outputs), take(outputs)
        scale = scale / np.sqrt(variance + _BATCH_NORM_EPSILON)
        yield Convolution(take(outputs, inputs, side, side) * scale[:, None, None, None], bias - mean * scale)
    if len(numbers):
        raise ValueError(f"{path.name} holds more than its network has")
