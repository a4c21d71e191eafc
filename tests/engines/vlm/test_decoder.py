"""Every layout of decoder that is published gives the same numbers, read at once, in chunks or token by token."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.engines.onnx.session import OnnxGraph, SessionSettings
from assistant.engines.vlm import decoder as smolvlm2_decoder
from assistant.engines.vlm.decoder import Cache, Decoder
from assistant.export.graph import BOOL, FLOAT, INT64, Graph
from assistant.export.linear_layers import Linear, block_linear, dynamic_linear
from assistant.export.llama_graph import decoder as llama_decoder
from assistant.problems import DamagedModel
from tests.support.tiny_onnx import write_tiny_model

HALF = 10
WIDTH, WORDS = 8, 12
HEAD = np.random.default_rng(5).integers(-3, 4, (WIDTH, WORDS)).astype(np.float32)


def write_summing_decoder(path: Path, *, half: bool = False, keep: bool = False, branch: bool = False) -> OnnxGraph:
    """Of standard operators, its cache the inputs themselves: what follows a token is the sum of all up to it, times a matrix.

    `branch` adds 100 to all but the first run, so that a wrong `use_cache_branch` shows.
    """
    kind, graph = HALF if half else FLOAT, Graph("decoder_model_merged")
    x = graph.input("inputs_embeds", kind, ["batch", "seq", WIDTH])
    graph.input("attention_mask", INT64, ["batch", "total"])
    graph.input("position_ids", INT64, ["batch", "seq"])
    new = graph.op("Unsqueeze", x, graph.ints(1))
    for part in ("key", "value"):
        past = graph.input(f"past_key_values.0.{part}", kind, ["batch", 1, "past", WIDTH])
        graph.op("Concat", past, new, axis=2, out=f"present.0.{part}")
    sums = graph.op("CumSum", graph.op("Cast", "present.0.value", to=FLOAT), graph.weight("axis", np.array(2, np.int64)))
    length = graph.op("Shape", "past_key_values.0.value", start=2, end=3)
    rows = graph.op("Slice", sums, length, graph.ints(np.iinfo(np.int64).max), graph.ints(2))
    if keep:
        kept = graph.op("Unsqueeze", graph.op("Neg", graph.input("num_logits_to_keep", INT64, [])), graph.ints(0))
        rows = graph.op("Slice", rows, kept, graph.ints(np.iinfo(np.int64).max), graph.ints(2))
    scores = graph.op("MatMul", graph.op("Squeeze", rows, graph.ints(1)), graph.weight("head", HEAD))
    if branch:
        used = graph.op("Cast", graph.input("use_cache_branch", BOOL, [1]), to=FLOAT)
        scores = graph.op("Add", scores, graph.op("Mul", used, graph.weight("hundred", np.array([100], np.float32))))
    graph.op("Cast", scores, to=kind, out="logits")
    graph.output("logits", kind, ["batch", "kept", WORDS])
    for part in ("key", "value"):
        graph.output(f"present.0.{part}", kind, ["batch", 1, "total", WIDTH])
    graph.save(path)
    return OnnxGraph(path, SessionSettings(1))


def steps(decoder: Decoder, embeds: np.ndarray, cache: Cache) -> np.ndarray:
    """f32 [n, V]: token by token, as decoding does."""
    read = decoder.continue_from(cache, len(embeds))
    return np.stack([read(embed).copy() for embed in embeds])


@pytest.mark.parametrize("half", [False, True], ids=["float32", "float16"])
@pytest.mark.parametrize("keep", [False, True], ids=["logits of all", "logits of the last asked for"])
@pytest.mark.parametrize("branch", [False, True], ids=["no branch", "use_cache_branch"])
def test_every_published_layout_gives_what_is_computed_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, half: bool, keep: bool, branch: bool
) -> None:
    monkeypatch.setattr(smolvlm2_decoder, "PREFILL_CHUNK", 4)
    decoder = Decoder(write_summing_decoder(tmp_path / "d.onnx", half=half, keep=keep, branch=branch), hidden=WIDTH, vocabulary=WORDS)
    embeds = np.random.default_rng(1).integers(-2, 3, (13, WIDTH)).astype(np.float32)  # whole numbers: exact in halves too
    by_hand = embeds.cumsum(0) @ HEAD
    by_hand[4:] += 100 * branch
    every, _ = decoder.read(embeds, decoder.empty_cache, every_logit=True)
    np.testing.assert_array_equal(every, by_hand)
    last, cache = decoder.read(embeds[:10], decoder.empty_cache)
    np.testing.assert_array_equal(last, by_hand[9:10])
    assert (cache.length, cache.size_bytes) == (10, 2 * 10 * WIDTH * (2 if half else 4))
    for _ in range(2):  # the cache stays as it is
        np.testing.assert_array_equal(steps(decoder, embeds[10:], cache), by_hand[10:])
    assert last.dtype == np.float32


def fused_decoder(folder: Path) -> Decoder:
    model = write_tiny_model(folder)
    hidden = model.language.shape.hidden
    return Decoder(
        OnnxGraph(folder / "onnx" / "decoder_model_merged.onnx", SessionSettings(1)),
        hidden=hidden,
        vocabulary=model.tokenizer.get_vocab_size(),
    )


def test_only_a_graph_that_can_write_its_cache_in_place_does(tmp_path: Path) -> None:
    assert fused_decoder(tmp_path / "tiny")._writes_in_place
    assert not Decoder(write_summing_decoder(tmp_path / "d.onnx"), hidden=WIDTH, vocabulary=WORDS)._writes_in_place


@pytest.mark.parametrize("linear", [dynamic_linear(), block_linear(4), block_linear(8)], ids=["int8", "4 bits", "8 bits in blocks"])
def test_layers_that_round_several_answers_otherwise_than_one_write_in_place_too(tmp_path: Path, linear: Linear) -> None:
    """int8 shares a scale among all answers, so two at once aren't to the last digit what each is alone: that isn't the cache's fault."""
    model = write_tiny_model(tmp_path / "tiny")
    llama_decoder(model.language, linear).save(tmp_path / "d.onnx")
    graph = OnnxGraph(tmp_path / "d.onnx", SessionSettings(1))
    assert Decoder(graph, hidden=model.language.shape.hidden, vocabulary=model.tokenizer.get_vocab_size())._writes_in_place


def test_a_cache_written_in_place_gives_exactly_what_copies_of_it_give(tmp_path: Path) -> None:
    in_place, copying = fused_decoder(tmp_path / "one"), fused_decoder(tmp_path / "two")
    copying.__dict__["_writes_in_place"] = False
    embeds = np.random.default_rng(2).standard_normal((150, 32)).astype(np.float32)
    both = []
    for decoder in (in_place, copying):
        _, cache = decoder.read(embeds[:90], decoder.empty_cache)
        before = [value.numpy().copy() for value in cache.values]
        both.append(steps(decoder, embeds[90:], cache))
        for value, was in zip(cache.values, before, strict=True):
            np.testing.assert_array_equal(value.numpy(), was)
    np.testing.assert_array_equal(both[0], both[1])


@pytest.mark.parametrize("in_place", [True, False], ids=["in place", "copied"])
def test_answers_read_side_by_side_are_what_each_is_alone(tmp_path: Path, in_place: bool) -> None:
    decoder = fused_decoder(tmp_path / "tiny")
    decoder.__dict__["_writes_in_place"] = in_place
    rng = np.random.default_rng(4)
    _, cache = decoder.read(rng.standard_normal((9, 32)).astype(np.float32), decoder.empty_cache)
    before = [value.numpy().copy() for value in cache.values]
    read, alone = decoder.continue_side_by_side(cache, 4, 6), [cache]
    for parents in ([0, 0, 0], [2, 0, 1, 2], [3, 3], [0, 1], [1], [0, 0]):  # more, fewer, in another order
        embeds = rng.standard_normal((len(parents), 32)).astype(np.float32)
        expected = [decoder.read(embed[None], alone[parent]) for parent, embed in zip(parents, embeds, strict=True)]
        alone = [longer for _, longer in expected]
        np.testing.assert_allclose(read(parents, embeds), np.concatenate([logits for logits, _ in expected]), rtol=1e-4, atol=1e-4)
    for value, was in zip(cache.values, before, strict=True):
        np.testing.assert_array_equal(value.numpy(), was)


def test_graphs_of_standard_operators_read_side_by_side_too(tmp_path: Path) -> None:
    decoder = Decoder(write_summing_decoder(tmp_path / "d.onnx", half=True, keep=True), hidden=WIDTH, vocabulary=WORDS)
    embeds = np.random.default_rng(6).integers(-2, 3, (6, WIDTH)).astype(np.float32)
    _, cache = decoder.read(embeds[:2], decoder.empty_cache)
    read = decoder.continue_side_by_side(cache, 2, 2)
    prompt = embeds[:2].sum(0)
    np.testing.assert_array_equal(read([0, 0], embeds[2:4]), (prompt + embeds[2:4]) @ HEAD)
    np.testing.assert_array_equal(read([1, 0], embeds[4:]), (prompt + embeds[[3, 2]] + embeds[4:]) @ HEAD)


def test_two_answers_that_continue_one_cache_take_turns_without_harm(tmp_path: Path) -> None:
    decoder = fused_decoder(tmp_path / "tiny")
    embeds = np.random.default_rng(3).standard_normal((3, 10, 32)).astype(np.float32)
    _, cache = decoder.read(embeds[0], decoder.empty_cache)
    alone = [steps(decoder, answer, cache) for answer in embeds[1:]]
    first, second = decoder.continue_from(cache, 10), decoder.continue_from(cache, 10)
    turns = [(first(a).copy(), second(b).copy()) for a, b in zip(*embeds[1:], strict=True)]
    np.testing.assert_array_equal([np.stack(rows) for rows in zip(*turns, strict=True)], alone)


def test_a_graph_that_computes_no_numbers_is_refused(tmp_path: Path) -> None:
    decoder = Decoder(write_summing_decoder(tmp_path / "d.onnx"), hidden=WIDTH, vocabulary=WORDS)
    with pytest.raises(DamagedModel, match="no number"):
        decoder.read(np.full((2, WIDTH), np.nan, np.float32), decoder.empty_cache)


def test_a_graph_that_scores_fewer_tokens_than_the_tokenizer_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedModel, match="scores 12 tokens where tokenizer.json has 13"):
        Decoder(write_summing_decoder(tmp_path / "d.onnx"), hidden=WIDTH, vocabulary=13)
