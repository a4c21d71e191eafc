"""Firefox's published files: what is read of them, and that the graphs made of them compute what the network says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.engines.onnx.session import OnnxGraph
from assistant.export.firefox import build_translators
from assistant.export.marian_file import EMBEDDING, read_model
from assistant.problems import DamagedModel
from tests.support.plain_marian import PlainMarian
from tests.support.tiny_translators import write_firefox_files


def test_the_graphs_score_as_the_plain_network_does(tmp_path: Path) -> None:
    """Which piece follows is compared over whole sentences, each step fed with the plain network's own choice."""
    model = read_model(write_firefox_files(tmp_path / "published"))
    build_translators(tmp_path / "published", tmp_path / "graphs")
    plain = PlainMarian(model)
    encoder, decoder = (OnnxGraph(tmp_path / f"graphs/en-pt/{name}.onnx") for name in ("encoder", "decoder"))
    same = 0
    for seed in range(10):
        source = [*np.random.default_rng(seed).integers(2, len(model.weights[EMBEDDING].levels), 3 + seed).tolist(), 0]
        decoding = plain.encode(source)
        memory = dict(zip(encoder.outputs, encoder.run({"pieces": np.array(source)}, list(encoder.outputs)), strict=True))
        np.testing.assert_allclose(memory["key.0"], decoding.keys[0], atol=1e-5)
        np.testing.assert_allclose(memory["value.1"], decoding.values[1], atol=1e-5)
        cells = {f"cell.{layer}": np.zeros((1, 32), np.float32) for layer in range(2)}
        previous = None
        for position in range(10):
            feed = memory | cells | {"piece": np.array([previous or 0]), "position": np.array([position])}
            chosen, *states = decoder.run(feed, ["next", "next_cell.0", "next_cell.1"])
            scores = plain.step(decoding, previous)
            scores[1] = -np.inf  # the unknown piece, which is never written
            np.testing.assert_allclose(states[1][0], decoding.cells[1], atol=1e-5)
            same += int(chosen[0]) == int(scores.argmax())
            previous = int(scores.argmax())
            cells = {f"cell.{layer}": state for layer, state in enumerate(states)}
    assert same >= 97  # the output layer's inputs are rounded to 8 bits: a tie may fall the other way


def test_both_directions_and_separate_vocabularies_are_found(tmp_path: Path) -> None:
    write_firefox_files(tmp_path / "published", "enpt")
    write_firefox_files(tmp_path / "published", "jaen")
    shared = tmp_path / "published/vocab.jaen.spm"
    (tmp_path / "published/srcvocab.jaen.spm").write_bytes(shared.read_bytes())
    shared.rename(tmp_path / "published/trgvocab.jaen.spm")
    assert build_translators(tmp_path / "published", tmp_path / "graphs") == ["en-pt", "ja-en"]


@pytest.mark.parametrize("damage", [b"", b"\x01" * 100, "half", "version", "type"])
def test_a_damaged_model_file_is_refused_and_says_what_to_do(tmp_path: Path, damage: bytes | str) -> None:
    model = write_firefox_files(tmp_path / "published")
    content = model.read_bytes()
    damaged = {"half": content[: len(content) // 2], "version": b"\x02" + content[1:], "type": content[:24] + b"\x09" + content[25:]}
    model.write_bytes(damaged[damage] if isinstance(damage, str) else damage)
    with pytest.raises(DamagedModel, match="assistant setup"):
        build_translators(tmp_path / "published", tmp_path / "graphs")


def test_no_model_and_no_vocabulary_are_refused(tmp_path: Path) -> None:
    (tmp_path / "published").mkdir()
    with pytest.raises(DamagedModel, match="no model"):
        build_translators(tmp_path / "published", tmp_path / "graphs")
    write_firefox_files(tmp_path / "published")
    (tmp_path / "published/vocab.enpt.spm").unlink()
    with pytest.raises(DamagedModel, match="vocab.enpt.spm"):
        build_translators(tmp_path / "published", tmp_path / "graphs")
