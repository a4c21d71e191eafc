"""Decoders in 4 bits, as they are published, round their inputs too once they are saved, where that answers about the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from assistant.engines.onnx.saved_graphs import read_notes
from assistant.engines.onnx.session import OnnxGraph, SessionSettings
from assistant.engines.vlm.decoder import Decoder
from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
from assistant.export.linear_layers import block_linear
from assistant.export.llama_graph import decoder
from tests.support.tiny_onnx import TinyModel, write_tiny_model

DECODER = Path("onnx/decoder_model_merged.onnx")
LAYERS = 9
"""Of the tiny model: two times query, key and value; output; gate and up; down; and the head."""
Weights = dict[str, np.ndarray]


def write_published(folder: Path, level: int | None, change: Callable[[Weights], None] = lambda weights: None) -> TinyModel:
    """A tiny model in 4 bits whose maker said how exact its inputs must be, or, as usual, didn't."""
    model = write_tiny_model(folder)
    change(dict(model.language.arrays))
    decoder(model.language, block_linear(4)).save(folder / DECODER)
    graph = onnx.load(folder / DECODER)
    for node in graph.graph.node:
        for attribute in [each for each in node.attribute if each.name == "accuracy_level"]:
            if level is None:
                node.attribute.remove(attribute)
            else:
                attribute.i = level
    onnx.save(graph, folder / DECODER)
    return model


def open_saving(model: TinyModel, saved: Path) -> Path:
    """Load the model as the program does; returns the saved decoder."""
    Smolvlm2Describer(model.folder, session=SessionSettings(1, saved_graphs=saved))
    [graph] = saved.glob("*/decoder_model_merged-*/graph.onnx")
    return graph


def levels(graph: Path) -> list[int]:
    nodes = [node for node in onnx.load(graph, load_external_data=False).graph.node if node.op_type == "MatMulNBits"]
    return [next((each.i for each in node.attribute if each.name == "accuracy_level"), 0) for node in nodes]


def logits(graph: Path, model: TinyModel) -> np.ndarray:
    opened = Decoder(OnnxGraph(graph, SessionSettings(1)), hidden=model.language.shape.hidden, vocabulary=model.tokenizer.get_vocab_size())
    embeds = np.random.default_rng(1).standard_normal((60, opened.hidden)).astype(np.float32)
    return opened.read(embeds, opened.empty_cache, every_logit=True)[0]


def test_what_a_maker_left_open_is_rounded_and_answers_about_the_same(tmp_path: Path) -> None:
    model = write_published(tmp_path / "model", None)
    graph = open_saving(model, tmp_path / "saved")
    assert levels(graph) == [4] * LAYERS
    assert list(read_notes(tmp_path / "saved").values()) == [f"inputs of {LAYERS} layers are rounded to 8 bits"]
    exact = logits(model.folder / DECODER, model)
    assert 0 < np.sqrt(np.square(logits(graph, model) - exact).mean()) < 0.1 * exact.std()


@pytest.mark.parametrize("level", [1, 4])
def test_what_a_maker_asked_for_stays(tmp_path: Path, level: int) -> None:
    graph = open_saving(write_published(tmp_path / "model", level), tmp_path / "saved")
    assert levels(graph) == [level] * LAYERS and not read_notes(tmp_path / "saved")


def test_a_model_whose_small_inputs_stand_beside_a_huge_one_keeps_them_exact(tmp_path: Path) -> None:
    """One channel in a block is a thousand times the others and weighs a thousandth: rounded with it, the others would be lost."""

    def put_outliers(weights: Weights) -> None:
        for layer in range(2):
            for norm, parts in (
                ("input_layernorm", ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")),
                ("post_attention_layernorm", ("mlp.gate_proj", "mlp.up_proj")),
            ):
                weights[f"layers.{layer}.{norm}"][5] *= 1000
                for part in parts:
                    weights[f"layers.{layer}.{part}"][:, 5] /= 1000

    graph = open_saving(write_published(tmp_path / "model", None, put_outliers), tmp_path / "saved")
    assert levels(graph) == [0] * LAYERS
    [note] = read_notes(tmp_path / "saved").values()
    assert note.startswith("inputs are not rounded: its logits would be ")
