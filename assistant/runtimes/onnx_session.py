"""Opens ONNX graphs with our options and names the file that is missing, damaged or foreign. Knows nothing of what a graph computes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from assistant.problems import DamagedModel, MissingModel, shorten

FETCH_AGAIN = "fetch the model again with `assistant models fetch`, or give a whole copy of its folder"

_FATAL_ONLY = 4  # onnxruntime's log level; what it would print is raised as a Problem here
_DTYPES: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
}

Shape = tuple[int | None, ...]
"""None where a graph leaves a length open, or where any length will do."""


@dataclass(frozen=True)
class Port:
    """An input or output of a graph."""

    name: str
    dtype: np.dtype[np.generic]
    shape: Shape


class OnnxGraph:
    """One graph, ready to run. Its methods may be called from several threads at once."""

    def __init__(self, path: Path, threads: int = 0, *, keep_arena: bool = True) -> None:
        """Load the file.

        Args:
            path: the .onnx file.
            threads: of one run; 0 = one per core.
            keep_arena: keep working memory between runs: faster, but the largest run's memory is never given back.

        Raises:
            MissingModel: there is no such file.
            DamagedModel: onnxruntime can't load it.
        """
        if not path.is_file():
            raise MissingModel(f"the model file {shorten(path)} is missing", FETCH_AGAIN)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _FATAL_ONLY
        options.intra_op_num_threads = threads
        options.enable_cpu_mem_arena = keep_arena
        self.path = path
        try:
            # Its fallback to other processors would try again and print.
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"], enable_fallback=0)
            inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
            nodes = [(node.name, node.type, list(node.shape)) for node in (*inputs, *outputs)]  # may hold bytes that are no text
        except Exception as error:  # onnxruntime's errors have no common root
            raise DamagedModel(f"the model file {shorten(path)} can't be loaded: it is damaged or no ONNX graph", FETCH_AGAIN) from error
        ports = [self._port(*node) for node in nodes]
        self.inputs = {port.name: port for port in ports[: len(inputs)]}
        self.outputs = {port.name: port for port in ports[len(inputs) :]}

    def input(self, name: str, shape: Shape, *dtypes: type[np.generic]) -> Port:
        """The input of that name, checked: DamagedModel unless it fits `shape` and is of one of `dtypes`."""
        return self._checked(self.inputs, "input", name, shape, dtypes)

    def output(self, name: str, shape: Shape, *dtypes: type[np.generic]) -> Port:
        """The output of that name, checked in the same way."""
        return self._checked(self.outputs, "output", name, shape, dtypes)

    def refuse_other_inputs(self, known: Collection[str]) -> None:
        """DamagedModel if the graph asks for an input that nobody would give it."""
        if strange := sorted(set(self.inputs) - set(known)):
            raise self.foreign(f"asks for an unknown input {strange[0]!r}")

    def run(self, feed: Mapping[str, np.ndarray], outputs: Sequence[str]) -> list[np.ndarray]:
        """The named outputs; DamagedModel if the graph fails."""
        values = {name: onnxruntime.OrtValue.ortvalue_from_numpy(array) for name, array in feed.items()}
        return [value.numpy() for value in self.run_values(values, outputs)]

    def run_values(self, feed: Mapping[str, onnxruntime.OrtValue], outputs: Sequence[str]) -> list[onnxruntime.OrtValue]:
        """The same on onnxruntime's own values: what goes from one run to the next isn't copied through numpy."""
        try:
            return list(self._session.run_with_ort_values(list(outputs), dict(feed)))
        except Exception as error:  # onnxruntime's errors have no common root
            raise self.foreign("failed while running") from error

    def foreign(self, what: str) -> DamagedModel:
        """The Problem that says what is wrong with this file."""
        return DamagedModel(f"the model file {shorten(self.path)} {what}", FETCH_AGAIN)

    def _port(self, name: str, kind: str, lengths: list[int | str | None]) -> Port:
        if kind not in _DTYPES:
            raise self.foreign(f"has {shorten(name, 40)!r} of the unexpected type {kind}")
        return Port(name, np.dtype(_DTYPES[kind]), tuple(length if isinstance(length, int) else None for length in lengths))

    def _checked(self, ports: Mapping[str, Port], kind: str, name: str, shape: Shape, dtypes: Sequence[type[np.generic]]) -> Port:
        port = ports.get(name)
        if port is None:
            raise self.foreign(f"has no {kind} {name!r}")
        fits = len(port.shape) == len(shape) and all(None in pair or pair[0] == pair[1] for pair in zip(port.shape, shape, strict=True))
        if not fits:
            raise self.foreign(f"has the {kind} {name!r} of shape {_words(port.shape)} where {_words(shape)} is needed")
        if port.dtype not in dtypes:
            raise self.foreign(f"has the {kind} {name!r} of type {port.dtype}")
        return port


def _words(shape: Shape) -> str:
    return "[" + ", ".join("any" if length is None else str(length) for length in shape) + "]"
