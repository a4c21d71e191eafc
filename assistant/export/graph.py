"""A thin hand on onnx.helper: add a node, get its output's name back. Knows nothing of any model."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 18
IR_VERSION = 9
FLOAT, FLOAT16, INT64, BOOL = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.INT64, TensorProto.BOOL

_BESIDE_BYTES = 1024
"""Weights from this size on go into a file beside the graph, where there is one."""
_PAGE = 4096  # so that onnxruntime can map each weight into memory


class Graph:
    """Collects nodes and weights; `save` writes them as one ONNX file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._nodes: list[onnx.NodeProto] = []
        self._weights: dict[str, onnx.TensorProto] = {}
        self._made: set[str] = set()
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, dtype: int, shape: Sequence[str | int]) -> str:
        """Add an input of ONNX type `dtype`, and return its name."""
        self._inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def output(self, name: str, dtype: int, shape: Sequence[str | int]) -> None:
        """Make the value `name`, of ONNX type `dtype`, an output."""
        self._outputs.append(helper.make_tensor_value_info(name, dtype, shape))

    def weight(self, name: str, value: np.ndarray) -> str:
        """Add a constant, and return its name; the same name twice is the same constant."""
        if name not in self._weights:
            self._weights[name] = self._keep(name, np.asarray(value, order="C"))
        return name

    def half_weight(self, name: str, value: np.ndarray) -> str:
        """Add a constant kept in half precision, and return its name as float32; onnxruntime widens it once, when it loads the graph."""
        wide = f"{name}.wide"
        return wide if self.has(wide) else self.op("Cast", self.weight(name, value.astype(np.float16)), to=FLOAT, out=wide)

    def has(self, name: str) -> bool:
        """Tell whether a node makes this output."""
        return name in self._made

    def ints(self, *values: int) -> str:
        """Add a constant int64 vector, as shapes and axes are given, and return its name."""
        return self.weight("ints_" + "_".join(map(str, values)), np.array(values, np.int64))

    def op(self, kind: str, *inputs: str, out: str | None = None, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output and return that output's name."""
        return self.multi_op(kind, inputs, [out or f"{kind}_{len(self._nodes)}"], domain, attributes)[0]

    def multi_op(
        self, kind: str, inputs: Sequence[str], outs: list[str], domain: str = "", attributes: Mapping[str, Any] | None = None
    ) -> list[str]:
        """Add a node with several outputs and return their names."""
        self._nodes.append(helper.make_node(kind, list(inputs), outs, domain=domain, **(attributes or {})))
        self._made.update(outs)
        return outs

    def model(self) -> onnx.ModelProto:
        """Return all as an ONNX model."""
        return self._model(list(self._weights.values()))

    def save(self, path: Path) -> None:
        """Write all as one ONNX file."""
        onnx.save(self.model(), path)

    def _keep(self, name: str, value: np.ndarray) -> onnx.TensorProto:
        return numpy_helper.from_array(value, name)

    def _model(self, weights: list[onnx.TensorProto]) -> onnx.ModelProto:
        graph = helper.make_graph(self._nodes, self.name, self._inputs, self._outputs, weights)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="assistant")


class FileGraph(Graph):
    """Writes each weight to disk as soon as it is given, so that memory holds one at a time. A context: the file is whole at its end.

    A protobuf message may be written in parts, one after the other; repeated fields are joined by the reader.
    """

    def __init__(self, name: str, path: Path, *, beside: bool = False) -> None:
        """Open `path` for writing; with `beside` large weights go to a file beside it (.onnx_data), as they must above 2 GB."""
        super().__init__(name)
        self._file = path.open("wb")
        self._data = path.with_suffix(".onnx_data").open("wb") if beside else None

    def __enter__(self) -> FileGraph:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._file, self._data or contextlib.nullcontext():
            if kind is None:
                self._file.write(self._model([]).SerializeToString())

    def _keep(self, name: str, value: np.ndarray) -> onnx.TensorProto:
        if self._data is not None and value.nbytes >= _BESIDE_BYTES:
            tensor = self._keep_beside(self._data, name, value)
        else:
            tensor = numpy_helper.from_array(value, name)
        self._file.write(onnx.ModelProto(graph=onnx.GraphProto(initializer=[tensor])).SerializeToString())
        return onnx.TensorProto(name=name)

    def _keep_beside(self, file: BinaryIO, name: str, value: np.ndarray) -> onnx.TensorProto:
        file.write(bytes(-file.tell() % _PAGE))
        place = {"location": Path(file.name).name, "offset": str(file.tell()), "length": str(value.nbytes)}
        file.write(value.data)
        entries = [onnx.StringStringEntryProto(key=key, value=text) for key, text in place.items()]
        kind = helper.np_dtype_to_tensor_dtype(value.dtype)
        return onnx.TensorProto(name=name, data_type=kind, dims=value.shape, data_location=TensorProto.EXTERNAL, external_data=entries)
