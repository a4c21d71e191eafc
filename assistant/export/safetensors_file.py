"""Reads the weights of a transformers folder: `model.safetensors`, or several with an index. Knows no model.

A file is 8 bytes of length, a JSON header of that length, and raw little-endian numbers. It is mapped into memory, so
that only what is being used needs room. Format: the safetensors project's README.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.problems import DamagedModel, MissingModel, shorten

WEIGHTS_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"

_SAVE_AGAIN = "give a whole folder, as transformers' save_pretrained writes it"
_LONGEST_HEADER = 100_000_000  # the format's own limit
_DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "BF16": np.dtype("<u2")}  # numpy has no bfloat16


@dataclass(frozen=True, eq=False)
class _Tensor:
    kind: str
    shape: tuple[int, ...]
    raw: np.ndarray
    """uint8, mapped."""


class Safetensors(Mapping[str, np.ndarray]):
    """Maps the names of a folder's tensors to their values; each is read, as f32, when asked for."""

    def __init__(self, folder: Path) -> None:
        """Read the headers. MissingModel if there are no weights, DamagedModel if a file is cut off or of another kind."""
        self.folder = folder
        self._tensors: dict[str, _Tensor] = {}
        for path in _weight_files(folder):
            self._tensors.update(_read_header(path))

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def __contains__(self, name: object) -> bool:
        return name in self._tensors  # without reading it

    def shape(self, name: str) -> tuple[int, ...]:
        """Return a tensor's shape without reading it. KeyError if there is no such tensor."""
        return self._tensors[name].shape

    def __getitem__(self, name: str) -> np.ndarray:
        """Return a tensor as f32; a view of the file if it is kept so. DamagedModel if its numbers are of a kind that isn't read."""
        tensor = self._tensors[name]
        if tensor.kind not in _DTYPES:
            kinds = ", ".join(_DTYPES)
            raise DamagedModel(f"the weights {shorten(name)} in {shorten(self.folder)} are {tensor.kind}", f"save them as one of {kinds}")
        values: np.ndarray = tensor.raw.view(_DTYPES[tensor.kind]).reshape(tensor.shape)
        if tensor.kind == "BF16":  # the upper half of a float
            return (values.astype(np.uint32) << 16).view(np.float32)
        return values.astype(np.float32, copy=False)


def _weight_files(folder: Path) -> list[Path]:
    single, index = folder / WEIGHTS_FILE, folder / INDEX_FILE
    if index.is_file() and not single.is_file():
        try:
            names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
            paths = [folder / Path(name).name for name in names]  # never outside the folder
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise DamagedModel(f"the file {shorten(index)} is no index of weights", _SAVE_AGAIN) from error
    else:
        paths = [single]
    for path in paths:
        if not path.is_file():
            raise MissingModel(f"the weights {shorten(path)} are missing", _SAVE_AGAIN)
    return paths


def _read_header(path: Path) -> dict[str, _Tensor]:
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= _LONGEST_HEADER:
                raise ValueError("no safetensors header")
            header: dict[str, Any] = json.loads(file.read(length))
        data = np.memmap(path, np.uint8, "r", offset=8 + length)
        header.pop("__metadata__", None)
        return {name: _tensor(entry, data) for name, entry in header.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedModel(f"the weights {shorten(path)} are cut off, damaged or no safetensors file", _SAVE_AGAIN) from error


def _tensor(entry: Mapping[str, Any], data: np.ndarray) -> _Tensor:
    """ValueError if the entry doesn't fit the file."""
    kind, shape, (start, end) = str(entry["dtype"]), tuple(entry["shape"]), entry["data_offsets"]
    if not all(isinstance(number, int) and number >= 0 for number in (*shape, start, end)) or not start <= end <= len(data):
        raise ValueError("a tensor lies outside the file")
    if kind in _DTYPES and end - start != int(np.prod(shape, dtype=object)) * _DTYPES[kind].itemsize:
        raise ValueError("a tensor isn't as long as its shape")
    return _Tensor(kind, shape, data[start:end])
