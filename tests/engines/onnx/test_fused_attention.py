"""Decoders in standard operators, as they are downloaded, get fused attention where it gives the same answers, and only there."""

from __future__ import annotations

import collections
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from assistant import assembly
from assistant.engines.onnx import fused_attention
from assistant.engines.onnx.saved_graphs import read_notes
from assistant.engines.onnx.session import OnnxGraph, SessionSettings
from assistant.engines.vlm import rewriting
from assistant.engines.vlm.decoder import Decoder
from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
from assistant.export.graph import FLOAT
from assistant.export.linear_layers import Linear, block_linear, dynamic_linear, float_linear
from assistant.export.llama_graph import decoder
from assistant.messages import Frame, Keyframe
from assistant.store.model_store import SAVED_GRAPHS, ModelStore
from tests.support.standard_decoder import Oddity, standard_decoder
from tests.support.tiny_onnx import TinyModel, write_tiny_model

DECODER = Path("onnx") / "decoder_model_merged.onnx"
FUSED = "attention is fused in 2 layers and answers as before"


def write_standard_model(folder: Path, linear: Linear = float_linear, oddity: Oddity | None = None, **options: Any) -> TinyModel:
    model = write_tiny_model(folder)
    standard_decoder(model.language, linear, oddity, **options).save(folder / DECODER)
    return model


def tokens(folder: Path, saved: Path | None) -> list[int]:
    describer = Smolvlm2Describer(folder, session=SessionSettings(1, saved_graphs=saved))
    picture = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    return describer.raw([Keyframe(Frame(picture, 0.0), "only")], "What is this?", False, max_tokens=32).token_ids


def nodes(saved: Path) -> collections.Counter[str]:
    """Kinds of nodes in the saved decoder."""
    [graph] = saved.glob("*/decoder_model_merged-*/graph.onnx")
    return collections.Counter(node.op_type for node in onnx.load(graph, load_external_data=False).graph.node)


def note(saved: Path) -> str:
    return next(iter(read_notes(saved).values()), "")


def logits(graph: Path) -> np.ndarray:
    """f32 [150, V]: what follows each of 150 random embeddings."""
    opened = OnnxGraph(graph, SessionSettings(1))
    decoder = Decoder(opened, hidden=opened.input("inputs_embeds", (None, None, None), np.float32).shape[2] or 0, vocabulary=1)
    embeds = np.random.default_rng(1).standard_normal((150, decoder.hidden)).astype(np.float32)
    return decoder.read(embeds, decoder.empty_cache, every_logit=True)[0]


@pytest.mark.parametrize(
    ("linear", "rounded"), [(float_linear, 1e-4), (block_linear(4), 0.2), (dynamic_linear(), 0.2)], ids=["float32", "4 bits", "int8"]
)
def test_attention_in_standard_operators_is_fused_and_says_the_same(tmp_path: Path, linear: Linear, rounded: float) -> None:
    """Up to what the last digit of what is read may make of a logit, their spread being 1: much where activations are rounded to 8 bits."""
    model, saved = write_standard_model(tmp_path / "model", linear).folder, tmp_path / "saved"
    answer = tokens(model, saved)
    assert answer == tokens(model, None) or linear is not float_linear
    assert note(saved) == FUSED
    [graph] = saved.glob("*/decoder_model_merged-*/graph.onnx")
    np.testing.assert_allclose(logits(graph), logits(model / DECODER), atol=rounded)
    found = nodes(saved)
    assert found["GroupQueryAttention"] == 2
    assert not found.keys() & {"Softmax", "Cos", "Sin", "Expand", "Where"}
    assert tokens(model, saved) == answer


def test_the_fused_form_scores_given_answers_as_before_and_needs_not_score_each_token_of_a_prompt(tmp_path: Path) -> None:
    model, saved = write_standard_model(tmp_path / "model").folder, tmp_path / "saved"
    scores = []
    for folder in (None, saved):
        describer = Smolvlm2Describer(model, session=SessionSettings(1, saved_graphs=folder))
        view = describer.look([Keyframe(Frame(np.zeros((48, 64, 3), np.uint8), 0.0), "only")])
        scores.append(describer.log_likelihoods(view, "What is this?", ["A dog.", "No, nothing at all."]))
    np.testing.assert_allclose(scores[1], scores[0], rtol=1e-4)
    [graph] = saved.glob("*/decoder_model_merged-*/graph.onnx")
    assert "num_logits_to_keep" in OnnxGraph(graph).inputs


def test_a_cache_in_half_precision_is_fused_too(tmp_path: Path) -> None:
    model, saved = write_standard_model(tmp_path / "model", half_cache=True).folder, tmp_path / "saved"
    assert tokens(model, saved) == tokens(model, None)
    assert nodes(saved)["GroupQueryAttention"] == 2


def test_our_standard_operators_and_our_fused_graph_are_the_same_model(tmp_path: Path) -> None:
    """Else the other tests here would prove little."""
    plain, fused = write_standard_model(tmp_path / "plain"), write_tiny_model(tmp_path / "fused")
    decoder(fused.language, float_linear).save(fused.folder / DECODER)
    assert tokens(plain.folder, None) == tokens(fused.folder, None)


@pytest.mark.parametrize("implementation", ["eager", "sdpa"])
def test_what_torch_exports_of_transformers_own_llama_is_fused(tmp_path: Path, implementation: str) -> None:
    model, saved = write_tiny_model(tmp_path / "model"), tmp_path / "saved"
    export_by_torch(model, model.folder / DECODER, implementation)
    expected = tokens(model.folder, None)
    assert expected == tokens(write_tiny_model(tmp_path / "ours").folder, None)
    assert tokens(model.folder, saved) == expected
    assert note(saved) == FUSED and nodes(saved)["GroupQueryAttention"] == 2


@pytest.mark.parametrize(
    ("oddity", "why"),
    [
        pytest.param(Oddity(window=200), "after 1023 tokens", id="a window, longer than any prompt that is tried"),
        pytest.param(Oddity(soft_cap=50), "after 0 tokens", id="a soft cap"),
        pytest.param(Oddity(scale=1.05), "after 0 tokens", id="another scale"),
        pytest.param(Oddity(bases=(1e4, 1.1e4)), "after 0 tokens", id="another rotary base in each layer"),
        pytest.param(Oddity(interleaved=True), "after 0 tokens", id="rotary embedding of neighbours"),
        pytest.param(Oddity(norm_keys=True), "doesn't come from one projection", id="normed keys"),
    ],
)
def test_attention_that_the_fused_node_doesnt_compute_stays_as_it_is(tmp_path: Path, oddity: Oddity, why: str) -> None:
    model, saved = write_standard_model(tmp_path / "model", oddity=oddity).folder, tmp_path / "saved"
    assert tokens(model, saved) == tokens(model, None)
    assert note(saved).startswith("attention is not fused: ") and why in note(saved)
    assert nodes(saved)["Softmax"] == 2 and not nodes(saved)["GroupQueryAttention"]


def test_a_fused_form_that_answers_otherwise_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was overlooked in a layer's attention: here one weight of the last layer is another."""

    def fuse_wrongly(path: Path, out: Path, positions: int) -> int:
        weights = model.language.arrays["layers.1.self_attn.o_proj"]
        weights[0] *= 1.5
        decoder(model.language, float_linear).save(out)
        return 2

    model, saved = write_standard_model(tmp_path / "model"), tmp_path / "saved"
    expected = tokens(model.folder, None)
    monkeypatch.setattr(rewriting, "fuse_attention", fuse_wrongly)
    assert tokens(model.folder, saved) == expected
    assert "of 24 tokens as before" in note(saved) and nodes(saved)["Softmax"] == 2


@pytest.mark.parametrize(("height", "fused"), [(0.05, True), (0.5, False)])
def test_a_fused_form_may_differ_by_what_rounding_does_to_the_original(
    height: float, fused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever digit of a prompt it is that rounding matters to: of several, some don't reach it with one random seed alone."""
    model = write_tiny_model(tmp_path / "tiny")
    prompt = model.language.arrays["embed_tokens"][model.tokenizer.encode(rewriting._PROMPT, add_special_tokens=False).ids]
    once = [dim for dim in range(prompt.shape[1]) if (prompt[:, dim] == prompt[:, dim].max()).sum() == 1][:6]
    assert len(once) == 6
    for dim in once:
        model = write_tiny_model(tmp_path / f"{dim}")
        edge = np.full(prompt.shape[1], np.inf, np.float32)
        edge[dim] = prompt[:, dim].max()
        save_stepping_decoder(model, model.folder / DECODER, edge, 0.05)
        nearly = np.nextafter(edge, np.float32(0))

        def fuse(path: Path, out: Path, positions: int, model: TinyModel = model, nearly: np.ndarray = nearly) -> int:
            save_stepping_decoder(model, out, nearly, height)
            return 2

        monkeypatch.setattr(rewriting, "fuse_attention", fuse)
        tokens(model.folder, tmp_path / f"saved {dim}")
        assert (note(tmp_path / f"saved {dim}") == FUSED) is fused


def save_stepping_decoder(model: TinyModel, path: Path, edge: np.ndarray, height: float) -> None:
    """The tiny model's decoder, all of whose logits are `height` larger where something it reads is above `edge`, f32 [D]."""
    graph = standard_decoder(model.language, logits="smooth")
    above = graph.op("Cast", graph.op("Greater", "inputs_embeds", graph.weight("edge", edge)), to=FLOAT)
    step = graph.op("Mul", graph.op("ReduceMax", above, keepdims=0), graph.weight("height", np.array(height, np.float32)))
    graph.op("Add", "smooth", step, out="logits")
    graph.save(path)


def test_a_disk_too_full_for_the_fused_form_leaves_the_original_in_use(tmp_path: Path, small_disk: Path) -> None:
    model = write_tiny_model(tmp_path / "model", text_config={"max_position_embeddings": 30000})  # two tables of 1 MB
    standard_decoder(model.language).save(model.folder / DECODER)
    assert tokens(model.folder, small_disk) == tokens(model.folder, None)
    assert note(small_disk).startswith("attention is not fused: ") and nodes(small_disk)["Softmax"] == 2
    assert not list(small_disk.rglob("rewritten.onnx"))


def test_a_folder_that_cant_be_written_leaves_the_original_in_use(tmp_path: Path) -> None:
    model = write_standard_model(tmp_path / "model").folder
    (tmp_path / "a file").write_text("", encoding="utf-8")
    assert tokens(model, tmp_path / "a file") == tokens(model, None)


def test_there_is_nothing_to_tell_of_a_graph_that_comes_fused(tmp_path: Path) -> None:
    tokens(write_tiny_model(tmp_path / "model").folder, tmp_path / "saved")
    assert read_notes(tmp_path / "saved") == {}


def test_more_room_for_tokens_makes_another_fused_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rotary tables are as long as config.json allows prompts to be."""
    model, saved = write_standard_model(tmp_path / "model"), tmp_path / "saved"
    tokens(model.folder, saved)
    made: list[int] = []

    def fuse(path: Path, out: Path, positions: int) -> int:
        made.append(positions)
        return fused_attention.fuse_attention(path, out, positions)

    monkeypatch.setattr(rewriting, "fuse_attention", fuse)
    tokens(model.folder, saved)
    assert made == []
    config = model.folder / "config.json"
    config.write_text(config.read_text(encoding="utf-8").replace("1024", "1500"), encoding="utf-8")
    tokens(model.folder, saved)
    assert made == [1500] and note(saved) == FUSED


def test_check_is_told_what_was_done_to_which_graph(tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "store")
    tokens(write_standard_model(tmp_path / "plain").folder, store.root / SAVED_GRAPHS)
    tokens(write_standard_model(tmp_path / "odd", oddity=Oddity(soft_cap=50)).folder, store.root / SAVED_GRAPHS)
    notes = assembly.graph_notes(store)
    assert notes["plain/decoder_model_merged"] == FUSED
    assert "after 0 tokens is not what the fused node gives" in notes["odd/decoder_model_merged"]


def export_by_torch(model: TinyModel, path: Path, implementation: str) -> None:
    """transformers' LlamaForCausalLM with the tiny model's weights, through torch's own exporter."""
    torch = pytest.importorskip("torch", reason="the extra [train] is not installed")
    transformers = pytest.importorskip("transformers", reason="the extra [train] is not installed")
    shape, arrays = model.language.shape, model.language.arrays
    config = transformers.LlamaConfig(
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head_dim,
        vocab_size=len(arrays["lm_head"]),
        rms_norm_eps=shape.norm_epsilon,
        max_position_embeddings=shape.max_positions,
        rope_parameters={"rope_type": "default", "rope_theta": shape.rope_base},
        attn_implementation=implementation,
    )
    llama = transformers.LlamaForCausalLM(config).eval()
    names = {name: "lm_head.weight" if name == "lm_head" else f"model.{name}.weight" for name in arrays}
    llama.load_state_dict({names[name]: torch.from_numpy(np.array(array)) for name, array in arrays.items()})

    def forward(embeds: Any, mask: Any, positions: Any, *past: Any) -> tuple[Any, ...]:
        cache = transformers.DynamicCache(list(zip(past[::2], past[1::2], strict=True)))
        found = llama(inputs_embeds=embeds, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True)
        return (found.logits, *(each for layer in found.past_key_values.layers for each in (layer.keys, layer.values)))

    module = torch.nn.Module()
    module.llama, module.forward = llama, forward
    parts = [f"{layer}.{part}" for layer in range(shape.layers) for part in ("key", "value")]
    inputs = ["inputs_embeds", "attention_mask", "position_ids", *(f"past_key_values.{part}" for part in parts)]
    outputs = ["logits", *(f"present.{part}" for part in parts)]
    given = [torch.randn(1, 3, shape.hidden), torch.ones(1, 8, dtype=torch.int64), torch.arange(5, 8)[None]]
    given += [torch.randn(1, shape.kv_heads, 5, shape.head_dim) for _ in parts]
    open_lengths = {name: {0: "batch", 2 if "." in name else 1: "length of " + name} for name in (*inputs, *outputs)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of what it takes for fixed, and of its own age
        torch.onnx.export(
            module, tuple(given), path, input_names=inputs, output_names=outputs, dynamic_axes=open_lengths, opset_version=14, dynamo=False
        )
