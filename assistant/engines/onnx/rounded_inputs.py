"""Has layers whose weights are kept in blocks of 4 or 8 bits (onnxruntime's MatMulNBits) round their inputs to 8 bits, a block at a time.

Their integer kernels then read a token in two thirds of the time. Models are published without saying how exact those layers must be
(`accuracy_level`), which means 32-bit floats; where their maker did say it, that stays.
"""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import helper

_UNSET, _EIGHT_BITS = 0, 4


def round_inputs(path: Path, out: Path) -> int:
    """Write the graph `path` with the inputs of its layers in blocks rounded.

    Args:
        path: a graph whose weights may lie in a file beside it.
        out: a file in the same folder, for it takes the same weights.

    Returns:
        The number of layers; 0 where there is none to change and nothing was written.
    """
    model = onnx.load(path, load_external_data=False)
    layers = [node for node in model.graph.node if node.op_type == "MatMulNBits" and _accuracy_level(node) == _UNSET]
    for node in layers:
        kept = [attribute for attribute in node.attribute if attribute.name != "accuracy_level"]
        del node.attribute[:]
        node.attribute.extend([*kept, helper.make_attribute("accuracy_level", _EIGHT_BITS)])
    if layers:
        onnx.save(model, out)
    return len(layers)


def _accuracy_level(node: onnx.NodeProto) -> int:
    return next((attribute.i for attribute in node.attribute if attribute.name == "accuracy_level"), _UNSET)
