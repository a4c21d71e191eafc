"""The graphs that set-up writes: weights are read exactly, and quantised ones say nearly the same."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from gguf import GGUFWriter

from assistant.export.efficientnet_lite import vision_encoder
from assistant.export.gguf_file import LlamaShape, LlamaWeights, read_llama, read_tokenizer
from assistant.export.linear_layers import Linear, block_linear, float_linear, quantise_blocks
from assistant.export.llama_graph import decoder
from assistant.export.starter import merge_adapter
from assistant.export.torch_file import read_state_dict

SHAPE = LlamaShape(
    layers=2, hidden=64, heads=2, kv_heads=1, head_dim=32, intermediate=96, rope_base=1e4, norm_epsilon=1e-5, max_positions=128
)


class TorchPickler(pickle.Pickler):
    """Writes arrays as old PyTorch does: a rebuild call with the storage kept outside the pickle."""

    def persistent_id(self, obj: object) -> object:
        return obj.pid if isinstance(obj, StorageStub) else None

    def reducer_override(self, obj: object) -> Any:
        return (TensorStub.rebuild, obj.arguments) if isinstance(obj, TensorStub) else NotImplemented


class FloatStorage: ...


class StorageStub:
    def __init__(self, key: str, count: int) -> None:
        self.pid = ("storage", FloatStorage, key, "cpu", count, None)


def _rebuild_tensor_v2(*arguments: object) -> object:
    raise AssertionError("never called: the reader replaces it")


class TensorStub:
    rebuild = staticmethod(_rebuild_tensor_v2)

    def __init__(self, *arguments: object) -> None:
        self.arguments = arguments


def write_torch_file(path: Path, values: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    """One storage; "whole" views it in rows, "column" with a stride and an offset."""
    import sys
    import types

    monkeypatch.setattr(_rebuild_tensor_v2, "__module__", "torch._utils")
    monkeypatch.setattr(FloatStorage, "__module__", "torch")
    monkeypatch.setitem(sys.modules, "torch._utils", types.SimpleNamespace(_rebuild_tensor_v2=_rebuild_tensor_v2))
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(FloatStorage=FloatStorage, _utils=sys.modules["torch._utils"]))
    storage = StorageStub("7", values.size)
    rows, columns = values.shape
    tensors = OrderedDict(
        whole=TensorStub(storage, 0, (rows, columns), (columns, 1), False, OrderedDict()),
        column=TensorStub(storage, 1, (rows,), (columns,), False, OrderedDict()),
    )
    with path.open("wb") as file:
        for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
            pickle.dump(part, file, protocol=2)
        TorchPickler(file, protocol=2).dump(tensors)
        pickle.dump(["7"], file, protocol=2)
        file.write(values.size.to_bytes(8, "little") + values.astype("<f4").tobytes())


def test_a_torch_file_is_read_without_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.arange(12, dtype=np.float32).reshape(4, 3)
    write_torch_file(tmp_path / "w.pth", values, monkeypatch)
    tensors = read_state_dict(tmp_path / "w.pth")
    np.testing.assert_array_equal(tensors["whole"], values)
    np.testing.assert_array_equal(tensors["column"], values[:, 1])


def test_a_torch_file_cant_run_code(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "boom",))

    with (tmp_path / "w.pth").open("wb") as file:
        parts: list[object] = [0x1950A86A20F9469CFC6C, 1001, {}, Bomb()]
        for part in parts:
            pickle.dump(part, file, protocol=2)
    with pytest.raises(ValueError, match="no business"):
        read_state_dict(tmp_path / "w.pth")
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip", b"\x80\x02K\x01."])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.pth").write_bytes(content)
    with pytest.raises(ValueError):
        read_state_dict(tmp_path / "w.pth")


def write_gguf(path: Path, arrays: dict[str, np.ndarray]) -> None:
    writer = GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_embedding_length(4)
    writer.add_feed_forward_length(8)
    writer.add_head_count(1)
    writer.add_head_count_kv(1)
    writer.add_context_length(16)
    writer.add_rope_freq_base(1e4)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_token_list(["<|im_start|>", "a", "b", "1", "2", "12", "ab", "Ġ"])
    writer.add_token_types([3, 1, 1, 1, 1, 1, 1, 1])
    writer.add_token_merges(["a b", "1 2"])
    for name, array in arrays.items():
        writer.add_tensor(name, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_a_gguf_is_read_with_its_rotary_halves_put_back(tmp_path: Path) -> None:
    """llama.cpp keeps rows 0 2 1 3 of a head of four: pairs side by side."""
    q = np.arange(16, dtype=np.float32).reshape(4, 4)
    write_gguf(tmp_path / "m.gguf", {"blk.0.attn_q.weight": q[[0, 2, 1, 3]], "blk.0.attn_v.weight": q})
    weights = read_llama(tmp_path / "m.gguf")
    np.testing.assert_array_equal(weights.arrays["layers.0.self_attn.q_proj"], q)
    np.testing.assert_array_equal(weights.arrays["layers.0.self_attn.v_proj"], q)
    assert weights.shape.head_dim == 4 and weights.shape.rope_base == 1e4


def test_digits_are_single_tokens_and_specials_are_whole(tmp_path: Path) -> None:
    write_gguf(tmp_path / "m.gguf", {"token_embd.weight": np.zeros((8, 4), np.float32)})
    tokenizer = read_tokenizer(tmp_path / "m.gguf", ["<image>"])
    assert tokenizer.encode("<|im_start|>ab12<image>").tokens == ["<|im_start|>", "ab", "1", "2", "<image>"]
    assert tokenizer.token_to_id("<image>") == 8


def random_weights(seed: int = 0) -> LlamaWeights:
    rng = np.random.default_rng(seed)
    kv = SHAPE.kv_heads * SHAPE.head_dim
    sizes = {"q_proj": (64, 64), "k_proj": (kv, 64), "v_proj": (kv, 64), "o_proj": (64, 64)}
    mlp = {"gate_proj": (96, 64), "up_proj": (96, 64), "down_proj": (64, 96)}
    arrays = {"lm_head": rng.normal(0, 0.2, (50, 64)).astype(np.float32), "norm": np.ones(64, np.float32)}
    for layer in range(SHAPE.layers):
        for room, parts in (("self_attn", sizes), ("mlp", mlp)):
            for part, size in parts.items():
                arrays[f"layers.{layer}.{room}.{part}"] = rng.normal(0, 0.15, size).astype(np.float32)
        for norm in ("input_layernorm", "post_attention_layernorm"):
            arrays[f"layers.{layer}.{norm}"] = rng.uniform(0.5, 1.5, 64).astype(np.float32)
    return LlamaWeights(SHAPE, arrays)


def run_decoder(weights: LlamaWeights, linear: Linear, embeds: np.ndarray) -> np.ndarray:
    """Logits [S, vocabulary] of embeddings [S, hidden], all at once."""
    session = onnxruntime.InferenceSession(decoder(weights, linear).model().SerializeToString())
    n = len(embeds)
    empty = np.zeros((1, SHAPE.kv_heads, 0, SHAPE.head_dim), np.float32)
    feeds: dict[str, Any] = {f"past_key_values.{i}.{part}": empty for i in range(SHAPE.layers) for part in ("key", "value")}
    feeds |= {"inputs_embeds": embeds[None], "attention_mask": np.ones((1, n), np.int64)}
    feeds |= {"position_ids": np.arange(n)[None], "num_logits_to_keep": np.array(n)}
    return np.asarray(session.run(["logits"], feeds)[0][0])


def reference_logits(weights: LlamaWeights, x: np.ndarray) -> np.ndarray:
    """The same Llama in plain numpy."""
    n, half = len(x), SHAPE.head_dim // 2
    angles = np.arange(n)[:, None] * SHAPE.rope_base ** (-np.arange(half) / half)
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]

    def norm(v: np.ndarray, name: str) -> np.ndarray:
        return np.asarray(v / np.sqrt((v**2).mean(-1, keepdims=True) + SHAPE.norm_epsilon) * weights.arrays[name])

    def rotate(v: np.ndarray) -> np.ndarray:
        a, b = v[..., :half], v[..., half:]
        return np.concatenate([a * cos - b * sin, b * cos + a * sin], -1)

    for i in range(SHAPE.layers):
        w = {name.split(".")[-1]: array for name, array in weights.arrays.items() if name.startswith(f"layers.{i}.")}
        y = norm(x, f"layers.{i}.input_layernorm")
        q, k, v = ((y @ w[part].T).reshape(n, -1, SHAPE.head_dim) for part in ("q_proj", "k_proj", "v_proj"))
        scores = np.einsum("qhd,kgd->hqk", rotate(q), rotate(k)) / np.sqrt(SHAPE.head_dim)
        scores = np.where(np.tril(np.ones((n, n), bool)), scores, -np.inf)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        x = x + np.einsum("hqk,kgd->qhd", shares, v).reshape(n, -1) @ w["o_proj"].T
        y = norm(x, f"layers.{i}.post_attention_layernorm")
        gate = y @ w["gate_proj"].T
        x = x + (gate / (1 + np.exp(-gate)) * (y @ w["up_proj"].T)) @ w["down_proj"].T
    return np.asarray(norm(x, "norm") @ weights.arrays["lm_head"].T)


def test_the_decoder_graph_is_a_llama() -> None:
    weights, embeds = random_weights(), np.random.default_rng(1).normal(size=(9, 64)).astype(np.float32)
    np.testing.assert_allclose(run_decoder(weights, float_linear, embeds), reference_logits(weights, embeds), atol=2e-4)


def test_eight_bits_hardly_change_the_logits() -> None:
    weights, embeds = random_weights(), np.random.default_rng(1).normal(size=(9, 64)).astype(np.float32)
    exact, rounded = run_decoder(weights, float_linear, embeds), run_decoder(weights, block_linear(8), embeds)
    assert np.abs(exact - rounded).max() < 0.05 * np.abs(exact).max()


def test_blocks_are_rounded_to_the_nearest_level() -> None:
    weight = np.random.default_rng(2).normal(size=(3, 64)).astype(np.float32)
    weight[1, :32] = 0
    levels, scales = quantise_blocks(weight)
    back = ((levels.astype(int) - 128) * scales[..., None]).reshape(3, 64)
    steps = np.repeat(np.abs(scales), 32, axis=1)
    assert (np.abs(back - weight) <= steps * 1.001).all() and np.abs(back - weight).mean() < 0.3 * steps.mean()
    assert (back[1, :32] == 0).all()


def test_merging_an_adapter_adds_its_product() -> None:
    weights = random_weights()
    a, b = np.ones((1, 64), np.float32), np.full((64, 1), 0.5, np.float32)
    name = "layers.1.self_attn.q_proj"
    merged = merge_adapter(weights, {f"{name}.a": a, f"{name}.b": b, "connector": a})
    np.testing.assert_allclose(merged.arrays[name] - weights.arrays[name], 0.5, rtol=1e-5)
    assert merged.arrays["layers.0.mlp.up_proj"] is weights.arrays["layers.0.mlp.up_proj"]


def test_the_vision_graph_shuffles_cells_into_tokens_row_by_row() -> None:
    """A connector that picks one channel of one cell: the tokens must be those cells, in reading order."""
    graph_side = 4  # cells a side at 128 pixels
    weights = tiny_efficientnet()
    mask = np.ones((1, 1, 128, 128), bool)
    pixels = np.random.default_rng(3).normal(size=(1, 1, 3, 128, 128)).astype(np.float32)

    def features(connector: np.ndarray | None) -> np.ndarray:
        session = onnxruntime.InferenceSession(vision_encoder(weights, connector, image_size=128).model().SerializeToString())
        return np.asarray(session.run(["image_features"], {"pixel_values": pixels, "pixel_attention_mask": mask})[0])

    shuffled = features(None)  # [1, 4, 4 * 1280]
    assert shuffled.shape == (1, (graph_side // 2) ** 2, 4 * 1280)
    connector = np.zeros((4 * 1280, 1), np.float32)
    connector[3 * 1280 + 5] = 1  # channel 5 of the lower right cell of each block
    np.testing.assert_allclose(features(connector)[..., 0], shuffled[..., 3 * 1280 + 5], rtol=1e-6)


def tiny_efficientnet() -> dict[str, np.ndarray]:
    """Names and kinds of EfficientNet-lite's weights with few channels: 21 blocks, so that the strides fall where they should."""
    rng = np.random.default_rng(4)
    weights: dict[str, np.ndarray] = {}

    def conv(name: str, norm: str, out: int, width: int, side: int) -> None:
        weights[f"{name}.weight"] = rng.normal(0, (width * side * side) ** -0.5, (out, width, side, side)).astype(np.float32)
        for part, value in (("weight", 1.0), ("bias", 0.1), ("running_mean", 0.0), ("running_var", 1.0)):
            weights[f"{norm}.{part}"] = np.full(out, value, np.float32)

    conv("_conv_stem", "_bn0", 8, 3, 3)
    for index in range(21):
        if index:
            conv(f"_blocks.{index}._expand_conv", f"_blocks.{index}._bn0", 16, 8, 1)
        inner = 16 if index else 8
        conv(f"_blocks.{index}._depthwise_conv", f"_blocks.{index}._bn1", inner, 1, 3)
        conv(f"_blocks.{index}._project_conv", f"_blocks.{index}._bn2", 8, inner, 1)
    conv("_conv_head", "_bn1", 1280, 8, 1)
    weights["_fc.weight"], weights["_fc.bias"] = rng.normal(size=(1000, 1280)).astype(np.float32), np.zeros(1000, np.float32)
    return weights
