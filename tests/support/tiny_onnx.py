"""Makes a tiny random model in the SmolVLM2 layout, so that the real sessions, cache and prompts run in tests within milliseconds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from assistant.export.gguf_file import LlamaShape, LlamaWeights
from assistant.export.graph import BOOL, FLOAT, Graph
from assistant.export.linear_layers import float_linear
from assistant.export.llama_graph import decoder, embed_tokens
from tests.support.tiny_tokenizer import byte_level_tokenizer

GRAPHS = ("vision_encoder", "embed_tokens", "decoder_model_merged")
TILE = 32
BLOCK = 16  # pixels a side of what becomes one visual token
TOKENS = (TILE // BLOCK) ** 2
CLASS_NAMES = ("tabby", "espresso", "lemon")
WORDS = (("dog", 0.2), ("grass", 0.1))
"""With how usual they are."""
PAIRS = (("brown_dog", 0.05), ("the_grass", 0.08))

_SPECIALS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<global-img>",
    *(f"<row_{row}_col_{col}>" for row in range(1, 7) for col in range(1, 7)),
    "<fake_token_around_image>",
    "<image>",
    "<end_of_utterance>",
)


@dataclass(frozen=True)
class TinyModel:
    """The folder, and what is needed to compute by hand what its graphs should give."""

    folder: Path
    tokenizer: Tokenizer
    language: LlamaWeights
    connector: np.ndarray
    """f32 [3 * 16 * 16, hidden]: from a block of pixels to a visual token."""


def write_tiny_model(folder: Path, *, seed: int = 0, labels: bool = False, **config_changes: Any) -> TinyModel:
    """Write a model of two layers, hidden 32, one key/value head and some 300 tokens; `labels` gives it a classification head."""
    rng = np.random.default_rng(seed)
    tokenizer = byte_level_tokenizer(_SPECIALS)
    shape = LlamaShape(
        layers=2, hidden=32, heads=2, kv_heads=1, head_dim=16, intermediate=48, rope_base=1e4, norm_epsilon=1e-5, max_positions=1024
    )
    language = LlamaWeights(shape, _random_arrays(shape, tokenizer.get_vocab_size(), rng))
    connector = _matrix(rng, shape.hidden, 3 * BLOCK * BLOCK).T
    (folder / "onnx").mkdir(parents=True)
    decoder(language, float_linear).save(folder / "onnx" / "decoder_model_merged.onnx")
    embed_tokens(language.arrays["embed_tokens"]).save(folder / "onnx" / "embed_tokens.onnx")
    outputs = {"class_logits": len(CLASS_NAMES), "word_logits": len(WORDS + PAIRS)} if labels else {}
    heads = {output: _matrix(rng, width, 3 * BLOCK * BLOCK).T * 20 for output, width in outputs.items()}
    _vision_encoder(connector, heads).save(folder / "onnx" / "vision_encoder.onnx")
    tokenizer.save(str(folder / "tokenizer.json"))
    if labels:
        (folder / "seen_labels.txt").write_text("\n".join(CLASS_NAMES) + "\n", encoding="utf-8")
        (folder / "seen_words.txt").write_text("".join(f"{word}\t{share}\n" for word, share in WORDS + PAIRS), encoding="utf-8")
    for name, content in _configs(shape, tokenizer, config_changes).items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return TinyModel(folder, tokenizer, language, connector)


def _matrix(rng: np.random.Generator, out: int, width: int) -> np.ndarray:
    return np.asarray(rng.standard_normal((out, width)) / np.sqrt(width), np.float32)


def _random_arrays(shape: LlamaShape, vocabulary: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    kv_width = shape.kv_heads * shape.head_dim
    sizes = {
        "self_attn.q_proj": (shape.hidden, shape.hidden),
        "self_attn.k_proj": (kv_width, shape.hidden),
        "self_attn.v_proj": (kv_width, shape.hidden),
        "self_attn.o_proj": (shape.hidden, shape.hidden),
        "mlp.gate_proj": (shape.intermediate, shape.hidden),
        "mlp.up_proj": (shape.intermediate, shape.hidden),
        "mlp.down_proj": (shape.hidden, shape.intermediate),
    }
    arrays = {f"layers.{layer}.{name}": _matrix(rng, *size) for layer in range(shape.layers) for name, size in sizes.items()}
    norms = [f"layers.{layer}.{name}" for layer in range(shape.layers) for name in ("input_layernorm", "post_attention_layernorm")]
    arrays |= {name: np.ones(shape.hidden, np.float32) for name in (*norms, "norm")}
    table = rng.standard_normal((vocabulary, shape.hidden)).astype(np.float16).astype(np.float32)  # the graph keeps halves
    return arrays | {"embed_tokens": table, "lm_head": _matrix(rng, vocabulary, shape.hidden)}


def _vision_encoder(connector: np.ndarray, heads: dict[str, np.ndarray]) -> Graph:
    """Each 16 x 16 block of pixels through one matrix."""
    graph = Graph("vision_encoder")
    pixels = graph.input("pixel_values", FLOAT, ["batch", "num_images", 3, TILE, TILE])
    graph.input("pixel_attention_mask", BOOL, ["batch", "num_images", TILE, TILE])
    side = TILE // BLOCK
    blocks = graph.op("Reshape", pixels, graph.ints(-1, 3, side, BLOCK, side, BLOCK))
    blocks = graph.op("Transpose", blocks, perm=[0, 2, 4, 1, 3, 5])
    blocks = graph.op("Reshape", blocks, graph.ints(-1, TOKENS, 3 * BLOCK * BLOCK))  # [tiles, tokens, 768]
    graph.op("MatMul", blocks, graph.weight("connector", connector), out="image_features")
    graph.output("image_features", FLOAT, ["tiles", TOKENS, connector.shape[1]])
    for output, head in heads.items():
        mean = graph.op("ReduceMean", blocks, graph.ints(1), keepdims=0)
        graph.op("MatMul", mean, graph.weight(f"{output}.weight", head), out=output)
        graph.output(output, FLOAT, ["tiles", head.shape[1]])
    return graph


def _configs(shape: LlamaShape, tokenizer: Tokenizer, changes: dict[str, Any]) -> dict[str, dict[str, Any]]:
    config = {
        "image_token_id": tokenizer.token_to_id("<image>"),
        "scale_factor": 2,
        "text_config": {"max_position_embeddings": shape.max_positions},
        "vision_config": {"image_size": TILE, "patch_size": BLOCK // 2},
    }
    preprocessor = {
        "do_image_splitting": True,
        "size": {"longest_edge": 2 * TILE},
        "max_image_size": {"longest_edge": TILE},
        "rescale_factor": 1 / 255,
        "image_mean": [0.5] * 3,
        "image_std": [0.5] * 3,
    }
    generation = {"eos_token_id": tokenizer.token_to_id("<end_of_utterance>")}
    return {"config.json": config | changes, "preprocessor_config.json": preprocessor, "generation_config.json": generation}
