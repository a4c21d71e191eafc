"""Finds each layer's attention in a decoder of standard operators: where it begins, where it ends, and all between as a function.

Exporters write rotary embedding, repeated heads, masks and scales in many ways. None of that is recognised here: only where
queries, keys and values leave their projections, and where what was attended to goes on.

Shapes: B batch, S new tokens, W width of a head.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx
from onnx.external_data_helper import load_external_data_for_tensor, uses_external_data

EMBEDS = "inputs_embeds"

_PRODUCTS = ("MatMul", "FusedMatMul")
_OF_ALL_INPUTS = ("Mul", "Add", "Sub", "Concat")
_OF_FIRST_INPUT = ("Transpose", "Neg", "Slice", "Split", "Cast", "Div", "Unsqueeze", "Squeeze", "Identity")
"""Both: what may stand between a projection, reshaped into heads, and the scores, such as rotary embedding and scales."""


class UnfusableError(Exception):
    """Says why a graph's attention stays as it is."""


@dataclass(frozen=True)
class Attention:
    """Names the tensors of one layer's attention."""

    query: str
    """What the projection gives, [B, S, heads * W]."""
    key: str
    """What the projection gives, [B, S, key/value heads * W]."""
    value: str
    """What the projection gives, [B, S, key/value heads * W]."""
    past: tuple[str, str]
    """The cache's keys and values that go in."""
    present: tuple[str, str]
    """The cache's keys and values that come out, the new ones appended."""
    attended: str
    """What goes into the output projection, [B, S, heads * W]."""

    @property
    def projected(self) -> tuple[str, str, str]:
        """Return the names of query, key and value."""
        return self.query, self.key, self.value

    @property
    def outputs(self) -> tuple[str, str, str]:
        """Return the names of what attention gives: the heads' output and the longer cache."""
        return self.attended, *self.present


@dataclass(frozen=True)
class Subgraph:
    """Holds what is needed to compute some tensors of a graph."""

    nodes: list[onnx.NodeProto]
    inputs: list[str]
    constants: list[onnx.TensorProto]


class GraphIndex:
    """Knows which node makes and which nodes read each tensor of a graph."""

    def __init__(self, model: onnx.ModelProto) -> None:
        """Index the graph. UnfusableError if it has branches."""
        if any(attribute.type == onnx.AttributeProto.GRAPH for node in model.graph.node for attribute in node.attribute):
            raise UnfusableError("the graph has branches")
        self.model = model
        self.inputs = {value.name: value for value in model.graph.input}
        self._constants = {tensor.name: tensor for tensor in model.graph.initializer}
        self._makers = {name: node for node in model.graph.node for name in node.output if name}
        self._readers: dict[str, list[onnx.NodeProto]] = {}
        for node in model.graph.node:
            for name in node.input:
                self._readers.setdefault(name, []).append(node)
        self._activations = self._downstream([EMBEDS])

    def attentions(self) -> list[Attention]:
        """Return each layer's attention. UnfusableError if one can't be made out."""
        layers = sum(name.startswith("past_key_values.") and name.endswith(".key") for name in self.inputs)
        return [self._attention(layer) for layer in range(layers)]

    def subgraph(self, attention: Attention, outputs: Sequence[str], folder: Path) -> Subgraph:
        """Return what computes `outputs` from projections and cache. UnfusableError if something else flows in.

        Hidden states are asked for nothing but their shape, and that is the same in all layers: it is taken from the graph's
        input. Weights that lie beside the graph in `folder` are read.
        """
        inside = self._downstream([*attention.projected, *attention.past])
        nodes, inputs, constants = dict[int, onnx.NodeProto](), dict[str, None](), dict[str, onnx.TensorProto]()
        left = list(outputs)
        while left:
            name = left.pop()
            if name in attention.projected or name in self.inputs:
                inputs[name] = None
            elif name in self._constants:
                constants[name] = _loaded(self._constants[name], folder)
            elif name and id(self._makers[name]) not in nodes:
                made_by = self._makers[name]
                nodes[id(made_by)] = self._standing_alone(made_by, inside)
                left += nodes[id(made_by)].input
        in_order = [nodes[id(node)] for node in self.model.graph.node if id(node) in nodes]
        return Subgraph(in_order, list(inputs), list(constants.values()))

    def _attention(self, layer: int) -> Attention:
        past = (f"past_key_values.{layer}.key", f"past_key_values.{layer}.value")
        present = (f"present.{layer}.key", f"present.{layer}.value")
        new_key, new_value = (self._appended(*pair) for pair in zip(past, present, strict=True))
        scores, context = (self._product(name) for name in present)
        keys = self._downstream([present[0]])
        query = next((name for name in scores.input[:2] if name not in keys), "")
        query, key, value = (self._projected(name) for name in (query, new_key, new_value))
        return Attention(query, key, value, past, present, self._flattened(context.output[0]))

    def _downstream(self, names: Iterable[str]) -> set[str]:
        """Everything computed from the numbers in these tensors; who asks for their shape only doesn't count."""
        left = list(names)
        found = set(left)
        while left:
            for node in self._computing(left.pop()):
                left += [name for name in node.output if name not in found]
                found.update(node.output)
        return found

    def _computing(self, name: str) -> list[onnx.NodeProto]:
        return [node for node in self._readers.get(name, []) if node.op_type != "Shape"]

    def _appended(self, past: str, present: str) -> str:
        """What a Concat adds to the cache."""
        copies = [node.output[0] for node in self._computing(past) if len(node.input) == 1 and node.op_type in ("Identity", "Concat")]
        node = self._makers.get(present)
        if node is None or node.op_type != "Concat" or len(node.input) != 2 or node.input[0] not in (past, *copies):
            raise UnfusableError(f"{present} is not {past} with something added")
        return str(node.input[1])

    def _product(self, name: str) -> onnx.NodeProto:
        """The one matrix product that what is cached goes into."""
        products, left = dict[int, onnx.NodeProto](), [name]
        seen = set(left)
        while left:
            for node in self._computing(left.pop()):
                if node.op_type in _PRODUCTS:
                    products[id(node)] = node
                elif node.output[0] not in seen:
                    seen.add(node.output[0])
                    left.append(node.output[0])
        if len(products) != 1:
            raise UnfusableError(f"{name} goes into {len(products)} matrix products")
        return products.popitem()[1]

    def _projected(self, name: str) -> str:
        """Back to what was reshaped into heads."""
        found, left = set[str](), [name]
        while left:
            node = self._makers.get(left.pop())
            if node is not None and node.op_type == "Reshape":
                found.add(str(node.input[0]))
            elif node is not None and node.op_type in _OF_ALL_INPUTS:
                left += node.input
            elif node is not None and node.op_type in _OF_FIRST_INPUT:
                left.append(node.input[0])
        if len(found) != 1:
            raise UnfusableError(f"{name or 'the query'} doesn't come from one projection")
        return found.pop()

    def _flattened(self, name: str) -> str:
        """On to where the heads lie side by side again: the first Reshape after a Transpose."""
        transposed = False
        while True:
            nodes = self._computing(name)
            if len(nodes) != 1 or nodes[0].op_type not in ("Transpose", "Cast", "Reshape"):
                raise UnfusableError(f"the heads in {name} aren't put side by side")
            name = str(nodes[0].output[0])
            if nodes[0].op_type == "Reshape" and transposed:
                return name
            transposed |= nodes[0].op_type == "Transpose"

    def _standing_alone(self, node: onnx.NodeProto, inside: set[str]) -> onnx.NodeProto:
        strange = [name for name in node.input if name in self._activations and name not in inside and name != EMBEDS]
        if not strange:
            return node
        if node.op_type != "Shape":
            raise UnfusableError(f"attention depends on {strange[0]} too")
        alone = copy.deepcopy(node)
        alone.input[0] = EMBEDS
        return alone


def _loaded(tensor: onnx.TensorProto, folder: Path) -> onnx.TensorProto:
    if not uses_external_data(tensor):
        return tensor
    tensor = copy.deepcopy(tensor)
    load_external_data_for_tensor(tensor, str(folder))
    return tensor
