"""Reads Marian's binary model files with 8-bit weights, as Firefox's translators are published. Knows no network.

A model is, in little-endian numbers: u64 version (1), u64 number of tensors; for each four u64 (length of its name, type, number
of dimensions, bytes); the names, each with a 0 at its end; the shapes, i32; u64 and that many bytes of filling; the tensors.
One of 8 bits holds its levels and then an f32, how many levels make 1; a layer's weight [in, out] is stored as [out, in].
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

EMBEDDING = "Wemb"
"""Name of the embedding, which is the output layer too."""
_SETTINGS = "special:model.yml"
_FLOAT32, _INT8, _INTGEMM8 = 0x404, 0x101, 0x4101
_LARGEST_COUNT = 100_000


@dataclass(frozen=True, eq=False)
class QuantizedWeight:
    """Holds a weight in 8 bits; its values are `levels / per_unit`."""

    levels: npt.NDArray[np.int8]
    """[out, in]; the embedding [vocabulary, width]."""
    per_unit: np.float32


@dataclass(frozen=True, eq=False)
class MarianModel:
    """Holds what the file holds."""

    settings: dict[str, str]
    """Those of the top level, as they are written: {"type": "transformer", "enc-depth": "6"}."""
    weights: dict[str, QuantizedWeight]
    vectors: dict[str, Floats]
    """Biases, and scales and biases of layer norms: f32 [n]."""


def read_model(path: Path) -> MarianModel:
    """Read a model. ValueError or KeyError (in words for developers) if it isn't such a file; OSError if it can't be read."""
    settings: dict[str, str] = {}
    weights: dict[str, QuantizedWeight] = {}
    vectors: dict[str, Floats] = {}
    for name, kind, shape, data in _tensors(path.read_bytes()):
        size = int(np.prod(shape))
        if name == _SETTINGS and kind == _INT8:
            settings = _read_settings(data)
        elif kind == _FLOAT32:
            vectors[name] = np.frombuffer(data, "<f4", size)
        elif kind == _INTGEMM8:
            levels = np.frombuffer(data, np.int8, size).reshape(shape if name == EMBEDDING else shape[::-1])
            weights[name] = QuantizedWeight(levels, np.frombuffer(data, "<f4", 1, size)[0])
        else:
            raise ValueError(f"tensor {name} is of the unknown type {kind:#x}")
    return MarianModel(settings, weights, vectors)


def _tensors(content: bytes) -> list[tuple[str, int, tuple[int, ...], memoryview]]:
    """(name, type, shape, bytes) of each."""
    try:
        version, count = struct.unpack_from("<2Q", content)
        if version != 1 or count > _LARGEST_COUNT:
            raise ValueError("not a Marian binary of version 1")
        headers = [struct.unpack_from("<4Q", content, 16 + 32 * index) for index in range(count)]
        at = 16 + 32 * count
        names, shapes = [], []
        for length, *_ in headers:
            names.append(content[at : at + length - 1].decode("ascii"))
            at += length
        for _, _, dimensions, _ in headers:
            shapes.append(struct.unpack_from(f"<{dimensions}i", content, at))
            at += 4 * dimensions
        at += 8 + struct.unpack_from("<Q", content, at)[0]
    except struct.error as error:
        raise ValueError("cut short") from error
    found = []
    for name, shape, (_, kind, _, length) in zip(names, shapes, headers, strict=True):
        if at + length > len(content):
            raise ValueError("cut short")
        found.append((name, kind, shape, memoryview(content)[at : at + length]))
        at += length
    return found


def _read_settings(data: memoryview) -> dict[str, str]:
    """The lines `name: value` of the top level; nothing else of YAML is needed."""
    lines = bytes(data).rstrip(b"\0").decode("utf-8").splitlines()
    return {name: value.strip() for name, colon, value in (line.partition(":") for line in lines) if colon and name[:1].isalpha()}
