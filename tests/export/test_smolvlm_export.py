"""`assistant models export`: a transformers folder becomes the published layout, whole or not at all. Needs no torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from assistant.command_line import main
from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
from assistant.export import smolvlm_export
from assistant.export.safetensors_file import Safetensors
from assistant.export.smolvlm_check import VariantCheck
from assistant.export.smolvlm_config import VisionShape, read_shape
from assistant.export.smolvlm_export import VARIANTS, export_smolvlm
from assistant.messages import Frame, Keyframe
from tests.support.make_smolvlm import SHAPES, TINY, change_config, change_weights, random_weights, write_transformers_folder

A = TINY["tiny-a"]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("sources")
    return {name: write_transformers_folder(folder / name, shape) for name, shape in TINY.items()}


@pytest.fixture(scope="module")
def exported(sources: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every variant of both tiny models."""
    folder = tmp_path_factory.mktemp("exported")
    for name, source in sources.items():
        export(source, folder / name, *VARIANTS)
    return {name: folder / name for name in sources}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """One that a test may spoil."""
    return write_transformers_folder(tmp_path / "source", A)


def export(source: Path, destination: Path, *variants: str) -> list[VariantCheck]:
    return export_smolvlm(source, destination, variants or ("fp32",), lambda line: None, compare=False)


def session(path: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options)


def pixels_for(size: int, tiles: int = 1) -> np.ndarray:
    return np.random.default_rng(5).uniform(-1, 1, (1, tiles, 3, size, size)).astype(np.float32)


def look(path: Path, pixels: np.ndarray) -> np.ndarray:
    """f32 [tiles, tokens, hidden]"""
    mask = np.ones((*pixels.shape[:2], *pixels.shape[3:]), np.bool_)
    return np.asarray(session(path).run(["image_features"], {"pixel_values": pixels, "pixel_attention_mask": mask})[0])


# What comes out


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_answers_about_a_picture(exported: dict[str, Path], name: str, variant: str) -> None:
    suffix = VARIANTS[variant].suffix.removeprefix("_")
    describer = Smolvlm2Describer(exported[name], threads=1, variant=suffix)
    scores = [describer.log_likelihood(describer.look([keyframe(seed)]), "What is it?", "A cup.") for seed in (0, 1)]
    assert -100 < scores[0] < 0 and scores[0] != scores[1], "the picture doesn't reach the answer"
    assert describer.raw([keyframe(0)], "What is it?", False, max_tokens=5).text


@pytest.mark.parametrize("name", TINY)
def test_pictures_become_what_siglip_and_the_connector_make_of_them(sources: dict[str, Path], exported: dict[str, Path], name: str) -> None:
    shape, weights = read_shape(sources[name]).vision, Safetensors(sources[name])
    pixels = pixels_for(shape.image_size, tiles=2)
    expected = np.stack([siglip_by_hand(weights, shape, tile) for tile in pixels[0].astype(np.float64)])
    found = look(exported[name] / "onnx" / "vision_encoder.onnx", pixels)
    assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("name", TINY)
def test_narrower_weights_say_nearly_the_same(sources: dict[str, Path], name: str, tmp_path: Path) -> None:
    """Random weights are the worst case for few bits, so the bounds are wide. The logits' spread is about 1."""
    tried = {each.variant: each.largest_difference for each in export(sources[name], tmp_path / "out", *VARIANTS)}
    assert tried["fp32"] < 1e-4 < tried["fp16"] < 0.05
    assert tried["fp16"] < tried["int8"] < 1.5
    assert tried["int8"] < tried["q4"] < 4
    assert abs(tried["q4f16"] - tried["q4"]) < 0.3


def test_half_precision_variants_take_floats_and_keep_a_half_cache(exported: dict[str, Path]) -> None:
    for suffix in ("_fp16", "_q4f16"):
        decoder = session(exported["tiny-a"] / "onnx" / f"decoder_model_merged{suffix}.onnx")
        kinds = {each.name: each.type for each in (*decoder.get_inputs(), *decoder.get_outputs())}
        assert kinds["inputs_embeds"] == kinds["logits"] == "tensor(float)"
        assert kinds["past_key_values.1.value"] == kinds["present.0.key"] == "tensor(float16)"


def test_the_json_files_come_along_and_the_weights_do_not(exported: dict[str, Path], sources: dict[str, Path]) -> None:
    names = {path.name for path in exported["tiny-a"].iterdir()}
    assert names == {path.name for path in sources["tiny-a"].iterdir()} - {"model.safetensors"} | {"onnx"}


def test_a_decoder_too_large_for_one_file_keeps_its_weights_beside_it(
    source: Path, exported: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smolvlm_export, "_LARGEST_FILE", 1)
    (tried,) = export(source, tmp_path / "out")
    graph, data = (tmp_path / "out" / "onnx" / f"decoder_model_merged.{end}" for end in ("onnx", "onnx_data"))
    assert graph.stat().st_size < 50_000 < data.stat().st_size
    assert data.name in tried.files
    answers = [
        Smolvlm2Describer(folder, variant="").raw([keyframe(0)], "Why?", False).text for folder in (tmp_path / "out", exported["tiny-a"])
    ]
    assert answers[0] == answers[1]


def test_the_true_sizes_are_those_published() -> None:
    """SMOLVLM2.md section 2: 256.5 million weights, the untied head among them."""
    shape = SHAPES["256m"]
    config = {"model_type": "smolvlm", "scale_factor": 4, "text_config": shape.text | {"vocab_size": 49280}, "vision_config": shape.vision}
    assert 256.4e6 < count(config) < 256.6e6


def count(config: dict[str, Any]) -> int:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.json").write_text(json.dumps(config), encoding="utf-8")
        return sum(int(np.prod(size)) for size, _ in random_weights(read_shape(Path(folder)), SHAPES["256m"]).values())


# What goes in


@pytest.mark.parametrize(("kind", "step"), [("F32", 0.0), ("F16", 2**-11), ("BF16", 2**-8)])
def test_weights_of_every_float_kind_are_read(tmp_path: Path, kind: str, step: float) -> None:
    exact = Safetensors(write_transformers_folder(tmp_path / "exact", A))
    read = Safetensors(write_transformers_folder(tmp_path / "other", A, kind=kind))
    for name, values in exact.items():
        assert read[name].dtype == np.float32
        assert (np.abs(read[name] - values) <= step * np.abs(values) + 1e-7 * bool(step)).all()


def test_weights_in_several_files_are_read_as_one(tmp_path: Path) -> None:
    one = Safetensors(write_transformers_folder(tmp_path / "one", A))
    three = Safetensors(write_transformers_folder(tmp_path / "three", A, shards=3))
    assert set(one) == set(three) and all((one[name] == three[name]).all() for name in one)
    export(tmp_path / "three", tmp_path / "out")
    assert not (tmp_path / "out" / "model.safetensors.index.json").exists()


def test_a_model_saved_without_its_head_class_is_read(tmp_path: Path, sources: dict[str, Path]) -> None:
    """transformers' SmolVLMModel saves the same names without "model."; only a tied head can do without weights of its own."""
    source = write_transformers_folder(tmp_path / "source", TINY["tiny-b"])
    change_weights(source, lambda weights: {name.removeprefix("model."): value for name, value in weights.items()})
    export(source, tmp_path / "out")
    export(sources["tiny-b"], tmp_path / "expected")
    for graph in (tmp_path / "out" / "onnx").iterdir():
        assert graph.read_bytes() == (tmp_path / "expected" / "onnx" / graph.name).read_bytes()


def test_the_rotary_base_is_found_where_either_transformers_puts_it(source: Path) -> None:
    assert read_shape(source).text.rope_base == 1e5
    change_config(source, text_config={"rope_theta": None, "rope_parameters": {"rope_theta": 7e4, "rope_type": "default"}})
    assert read_shape(source).text.rope_base == 7e4


def test_what_config_leaves_out_means_the_class_defaults(source: Path) -> None:
    """As in the 2.2B's config.json (heads, head_dim) and the 256M's (vision layers and width)."""
    config = {"model_type": "smolvlm", "text_config": {"hidden_size": 2048}, "vision_config": {"image_size": 384, "patch_size": 14}}
    (source / "config.json").write_text(json.dumps(config | {"scale_factor": 3}), encoding="utf-8")
    shape = read_shape(source)
    assert (shape.text.heads, shape.text.kv_heads, shape.text.head_dim, shape.text.rope_base) == (32, 32, 64, 1e4)
    assert (shape.vision.layers, shape.vision.intermediate, shape.vision.tokens) == (12, 3072, 81)
    assert not shape.tied


# The command


def test_the_command_says_what_it_wrote(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["models", "export", str(source), "--out", str(out), "--variants", "q4", "fp32", "--no-compare", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["variant"] for line in lines] == ["fp32", "q4"]
    assert lines[0]["same_tokens"] == lines[0]["tokens"] == 20 and lines[0]["compared_with"] == "fp32"
    assert lines[1]["size_bytes"] == sum(path.stat().st_size for path in (out / "onnx").glob("*_q4.onnx"))


# By hand


def keyframe(seed: int) -> Keyframe:
    picture = np.random.default_rng(seed).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    return Keyframe(Frame(picture, 0.0), "only")


def siglip_by_hand(weights: Safetensors, shape: VisionShape, tile: np.ndarray) -> np.ndarray:
    """f64 [3, S, S] -> [tokens, text hidden], after transformers' modeling_smolvlm.py."""

    def of(name: str) -> np.ndarray:
        return weights[f"model.vision_model.{name}"].astype(np.float64)

    def linear(x: np.ndarray, name: str) -> np.ndarray:
        return np.asarray(x @ of(f"{name}.weight").T + of(f"{name}.bias"))

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + shape.norm_epsilon)
        return np.asarray(scaled * of(f"{name}.weight") + of(f"{name}.bias"))

    def heads(x: np.ndarray) -> np.ndarray:
        return x.reshape(len(x), shape.heads, -1).swapaxes(0, 1)

    step, side = shape.patch_size, shape.side
    patches = [tile[:, y * step : (y + 1) * step, x * step : (x + 1) * step].ravel() for y in range(side) for x in range(side)]
    kernel = of("embeddings.patch_embedding.weight").reshape(shape.hidden, -1)
    x = np.stack(patches) @ kernel.T + of("embeddings.patch_embedding.bias") + of("embeddings.position_embedding.weight")
    for layer in range(shape.layers):
        name = f"encoder.layers.{layer}"
        h = norm(x, f"{name}.layer_norm1")
        q, k, v = (heads(linear(h, f"{name}.self_attn.{part}_proj")) for part in "qkv")
        scores = np.exp(q @ k.swapaxes(1, 2) / np.sqrt(q.shape[2]))
        attended = (scores / scores.sum(-1, keepdims=True) @ v).swapaxes(0, 1).reshape(len(x), -1)
        x = x + linear(attended, f"{name}.self_attn.out_proj")
        h = linear(norm(x, f"{name}.layer_norm2"), f"{name}.mlp.fc1")
        h = 0.5 * h * (1 + np.tanh(np.sqrt(2 / np.pi) * (h + 0.044715 * h**3)))
        x = x + linear(h, f"{name}.mlp.fc2")
    grid = norm(x, "post_layernorm").reshape(side, side, -1)
    f = shape.shuffle
    tokens = [grid[y : y + f, x : x + f].reshape(-1) for y in range(0, side, f) for x in range(0, side, f)]
    return np.stack(tokens) @ weights["model.connector.modality_projection.proj.weight"].astype(np.float64).T
