"""Makes the files that llama_cpp.py measures: a model as GGUF, its vision encoder as llama.cpp's "mmproj", and the prompts (extra [llama]).

    python -m assistant.benchmarks.llama_cpp_model DIR f16|q8_0|q4_0 OUT          DIR: a transformers folder

Every linear layer is of the one kind, as our own variants are; norms are float32. Quantised models get an encoder in 8 bits, as llama.cpp's
makers publish SmolVLM2. A prompt is written down embedded, with what transformers' encoder makes of the pictures in it, so that it is read
in one piece by llama.cpp as by all others.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, TokenType
from gguf.quants import quantize
from tokenizers import Tokenizer

from assistant.benchmarks.llama_cpp_files import MODEL_FILE, PICTURES_FILE, PROMPTS_FILE
from assistant.export.gguf_file import GGUF_NAMES, LlamaShape, LlamaWeights
from assistant.export.safetensors_file import Safetensors
from assistant.export.siglip_graph import CONNECTOR
from assistant.export.smolvlm_config import VisionShape, read_shape
from assistant.export.smolvlm_export import find_weights

KINDS = {"f16": GGMLQuantizationType.F16, "q8_0": GGMLQuantizationType.Q8_0, "q4_0": GGMLQuantizationType.Q4_0}
_TOP = {"embed_tokens": "token_embd", "norm": "output_norm", "lm_head": "output"}
_VISION = {
    "layer_norm1": "ln1",
    "layer_norm2": "ln2",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.out_proj": "attn_out",
    "mlp.fc1": "ffn_up",
    "mlp.fc2": "ffn_down",
}
_VISION_TOP = {
    "embeddings.patch_embedding": "v.patch_embd",
    "embeddings.position_embedding": "v.position_embd",
    "post_layernorm": "v.post_ln",
}


def main(folder: Path, kind: str, made: Path) -> None:
    """Fill the folder `made`."""
    shape = read_shape(folder)
    language, vision = find_weights(Safetensors(folder), shape)
    write_language_model(made / MODEL_FILE, language, Tokenizer.from_file(str(folder / "tokenizer.json")), KINDS[kind])
    pictures = KINDS[kind] if kind == "f16" else KINDS["q8_0"]
    write_vision_encoder(made / PICTURES_FILE, dict(vision), shape.vision, pictures)
    _write_prompts(folder, made / PROMPTS_FILE)


def write_language_model(path: Path, weights: LlamaWeights, tokenizer: Tokenizer, kind: GGMLQuantizationType) -> None:
    """Write a Llama with SmolVLM2's tokenizer."""
    shape, writer = weights.shape, GGUFWriter(path, "llama")
    _write_shape(writer, shape)
    _write_tokenizer(writer, tokenizer)
    for name in weights.arrays:
        values = np.asarray(weights.arrays[name], np.float32)
        if name in _TOP:
            _add(writer, f"{_TOP[name]}.weight", values, kind)
            continue
        _, layer, part = name.split(".", 2)
        heads = {"self_attn.q_proj": shape.heads, "self_attn.k_proj": shape.kv_heads}.get(part)
        _add(writer, f"blk.{layer}.{GGUF_NAMES[part]}.weight", _permute(values, heads) if heads else values, kind)
    _finish(writer)


def write_vision_encoder(path: Path, weights: dict[str, np.ndarray], shape: VisionShape, kind: GGMLQuantizationType) -> None:
    """Write SigLIP and the connector; `weights` under the names of `smolvlm_config.vision_shapes`, with CONNECTOR."""
    writer = GGUFWriter(path, "clip")
    writer.add_clip_has_vision_encoder(True)
    writer.add_clip_projector_type("idefics3")
    writer.add_vision_image_size(shape.image_size)
    writer.add_vision_preproc_image_size(shape.image_size)  # no tiles: a picture is the one that is timed
    writer.add_vision_patch_size(shape.patch_size)
    writer.add_vision_embedding_length(shape.hidden)
    writer.add_vision_feed_forward_length(shape.intermediate)
    writer.add_vision_block_count(shape.layers)
    writer.add_vision_head_count(shape.heads)
    writer.add_vision_attention_layernorm_eps(shape.norm_epsilon)
    writer.add_vision_projection_dim(shape.text_hidden)
    writer.add_vision_projector_scale_factor(shape.shuffle)
    writer.add_vision_use_gelu(True)
    writer.add_vision_image_mean([0.5] * 3)
    writer.add_vision_image_std([0.5] * 3)
    for name, values in weights.items():
        _add(writer, _vision_name(name), np.asarray(values, np.float32), kind)
    _finish(writer)


def _vision_name(name: str) -> str:
    if name == CONNECTOR:
        return "mm.model.fc.weight"
    stem, _, part = name.rpartition(".")
    if stem in _VISION_TOP:
        return f"{_VISION_TOP[stem]}.{part}"
    layer, _, inner = stem.removeprefix("encoder.layers.").partition(".")
    return f"v.blk.{layer}.{_VISION[inner]}.{part}"


def _add(writer: GGUFWriter, name: str, values: np.ndarray, kind: GGMLQuantizationType) -> None:
    """A matrix in its kind where its rows have whole blocks, a filter in half precision, a vector as it is."""
    if values.ndim == 1 or "position_embd" in name:
        writer.add_tensor(name, values)
    elif values.ndim > 2 or values.shape[-1] % 32 or kind is GGMLQuantizationType.F16:
        writer.add_tensor(name, values.astype(np.float16))
    else:
        writer.add_tensor(name, quantize(values, kind), raw_dtype=kind)


def _write_shape(writer: GGUFWriter, shape: LlamaShape) -> None:
    writer.add_context_length(shape.max_positions)
    writer.add_embedding_length(shape.hidden)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.intermediate)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head_dim)
    writer.add_value_length(shape.head_dim)
    writer.add_rope_dimension_count(shape.head_dim)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.norm_epsilon)


def _write_tokenizer(writer: GGUFWriter, tokenizer: Tokenizer) -> None:
    vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    added = {token.content for token in tokenizer.get_added_tokens_decoder().values()}
    tokens = sorted(vocabulary, key=vocabulary.__getitem__)
    merges: list[Any] = json.loads(tokenizer.to_str())["model"]["merges"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([TokenType.CONTROL if token in added else TokenType.NORMAL for token in tokens])
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in merges])
    writer.add_bos_token_id(vocabulary["<|im_start|>"])
    writer.add_eos_token_id(vocabulary["<end_of_utterance>"])
    writer.add_add_bos_token(False)


def _permute(rows: np.ndarray, heads: int) -> np.ndarray:
    """Interleave the two rotary halves, as llama.cpp has them. Undone by `gguf_file`."""
    out, width = rows.shape
    return rows.reshape(heads, 2, out // heads // 2, width).swapaxes(1, 2).reshape(out, width)


def _finish(writer: GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_prompts(folder: Path, path: Path) -> None:
    """One picture, a second question about it, the video: embedded f32 [n, hidden] and their token ids."""
    import torch

    from assistant.benchmarks.figures import QUESTION, SECOND_QUESTION, VIDEO_FRAMES
    from assistant.benchmarks.reference import Reference

    with torch.inference_mode():
        reference = Reference(str(folder), torch.float32)
        arrays = dict[str, np.ndarray]()
        features = {count: reference.encode(reference.pixels(count)) for count in (1, VIDEO_FRAMES)}
        for name, count, question in (("picture", 1, QUESTION), ("second", 1, SECOND_QUESTION), ("video", VIDEO_FRAMES, QUESTION)):
            ids = reference.prompt(count, question)
            embeds = reference.model.get_input_embeddings()(ids)
            embeds[0, ids[0] == reference.model.config.image_token_id] = features[count]
            arrays |= {name: embeds[0].float().numpy(), f"{name}_ids": ids[0].numpy()}
        np.savez(path, **arrays)  # type: ignore[arg-type]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
