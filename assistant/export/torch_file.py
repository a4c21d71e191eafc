"""Reads a PyTorch weight file of the old (pre-1.6, not zip) format without torch.

The file is a row of pickles (magic, protocol, system, state dict, storage keys) and then each storage's raw bytes.
Only the few globals a plain state dict needs are allowed, so a crafted file can't run code.
"""

from __future__ import annotations

import collections
import pickle
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

_MAGIC = 0x1950A86A20F9469CFC6C
_DTYPES = {"FloatStorage": np.dtype("<f4"), "HalfStorage": np.dtype("<f2"), "LongStorage": np.dtype("<i8")}


class _Storage:
    """A named block of numbers, filled in after the pickles have been read."""

    def __init__(self, dtype: np.dtype[Any], count: int) -> None:
        self.data = np.zeros(count, dtype)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _lazy_tensor
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        raise pickle.UnpicklingError(f"a weight file has no business with {module}.{name}")

    def persistent_load(self, pid: Any) -> _Storage:
        _, dtype, key, _, count, _ = pid
        return self.storages.setdefault(key, _Storage(dtype, count))


def _lazy_tensor(storage: _Storage, offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> Any:
    return storage, offset, shape, stride


def read_state_dict(path: Path) -> dict[str, np.ndarray]:
    """Return {tensor name: array}. ValueError if the file is not a state dict of this format."""
    try:
        with path.open("rb") as file:
            if pickle.Unpickler(file).load() != _MAGIC:
                raise ValueError("wrong magic number")
            for _ in ("protocol", "system"):
                _Unpickler(file).load()
            unpickler = _Unpickler(file)
            tensors = unpickler.load()
            for key in _Unpickler(file).load():
                storage = unpickler.storages[key]
                count = int.from_bytes(file.read(8), "little")
                raw = file.read(count * storage.data.dtype.itemsize)
                storage.data[:] = np.frombuffer(raw, storage.data.dtype)
    except (pickle.UnpicklingError, EOFError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a PyTorch weight file of the expected format: {error}") from error
    return {name: _to_array(*lazy) for name, lazy in tensors.items()}


def _to_array(storage: _Storage, offset: int, shape: tuple[int, ...], stride: tuple[int, ...]) -> np.ndarray:
    steps = tuple(step * storage.data.itemsize for step in stride)
    return np.lib.stride_tricks.as_strided(storage.data[offset:], shape, steps).copy()
