"""Makes SmolVLM models with random weights: the folder that transformers would save, and the published layout exported from it.

    python -m tests.support.make_smolvlm 256m|500m DIR [--variants fp32 int8 q4] [--models-dir DIR]

writes DIR/transformers and DIR/published. Needs no torch. The tiny shapes are for tests; speed is measured at 256m and 500m.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from tokenizers import Tokenizer

from assistant.export.safetensors_file import Safetensors
from assistant.export.smolvlm_config import SmolVlmShape, connector_shape, language_shapes, read_shape, vision_shapes
from assistant.export.smolvlm_export import DEFAULT_VARIANTS, VARIANTS, export_smolvlm
from assistant.export.sources import LANGUAGE_MODEL_FILE, find_source
from assistant.export.starter_form import ADDED_TOKENS
from assistant.store.model_store import models_dir
from tests.support.tiny_tokenizer import byte_level_tokenizer

CHAT_TEMPLATE = (
    "<|im_start|>{% for message in messages %}{{message['role'] | capitalize}}{% if message['content'][0]['type'] == 'image' %}"
    "{{':'}}{% else %}{{': '}}{% endif %}{% for line in message['content'] %}{% if line['type'] == 'text' %}{{line['text']}}"
    "{% elif line['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}<end_of_utterance>\n{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)
_SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *(t for t in ADDED_TOKENS if "reserved" not in t)]
_STOPS = ("<|endoftext|>", "<|im_end|>", "<end_of_utterance>")
_DTYPES = {"F32": np.float32, "F16": np.float16}


@dataclass(frozen=True)
class Shape:
    """What config.json says of a model, as far as models differ."""

    text: dict[str, Any]
    vision: dict[str, Any]
    shuffle: int
    longest_edge: int
    tied: bool = False
    spread: float = 1.0
    """Of the weights, in units of 1 / sqrt(inputs): enough that what is generated varies, not so much that a grey level decides."""
    embedding: float = 1.0
    """Spread of the embeddings. Where the head is tied to them it must be small, or each token is followed by itself."""
    quiet_stops: bool = True
    """The tokens that end an answer are hardly ever said, so that answers get long enough to compare; training must be able to."""
    seed: int = 0


TINY = {
    # Two query heads a key head, four tokens a tile, an own head.
    "tiny-a": Shape(
        text={"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}
        | {"rope_theta": 1e5, "rms_norm_eps": 1e-5, "max_position_embeddings": 2048, "head_dim": 16},
        vision={"hidden_size": 48, "intermediate_size": 80, "num_hidden_layers": 2, "num_attention_heads": 4}
        | {"image_size": 64, "patch_size": 16},
        shuffle=2,
        longest_edge=192,
        spread=1.2,
    ),
    # Three query heads a key head, nine tokens a tile, a head tied to the embedding; what equals the defaults is left out.
    "tiny-b": Shape(
        text={"hidden_size": 96, "intermediate_size": 160, "num_hidden_layers": 3, "num_attention_heads": 3, "num_key_value_heads": 1}
        | {"rope_parameters": {"rope_theta": 13e4, "rope_type": "default"}},
        vision={"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 2}
        | {"image_size": 86, "patch_size": 7},
        shuffle=4,
        longest_edge=256,
        tied=True,
        spread=1.4,
        embedding=0.1,
        seed=4,
    ),
}
TEACHABLE = {
    "tiny-a": replace(TINY["tiny-a"], spread=2.0, quiet_stops=False),
    "tiny-b": replace(TINY["tiny-b"], spread=2.0, embedding=1.0, quiet_stops=False, seed=1),
}
"""The same with weights strong enough to be trained in a few dozen steps."""


def _smolvlm2(**text: int) -> Shape:
    """A true one: the two differ in the text model alone."""
    return Shape(
        text=text | {"rope_theta": 1e5, "rms_norm_eps": 1e-5, "max_position_embeddings": 8192, "head_dim": 64},
        vision={"hidden_size": 768, "num_attention_heads": 12, "image_size": 512, "patch_size": 16},
        shuffle=4,
        longest_edge=2048,
    )


SHAPES = TINY | {
    "256m": _smolvlm2(hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9, num_key_value_heads=3),
    "500m": _smolvlm2(hidden_size=960, intermediate_size=2560, num_hidden_layers=32, num_attention_heads=15, num_key_value_heads=5),
}


def write_transformers_folder(
    folder: Path, shape: Shape, tokenizer: Tokenizer | None = None, *, kind: str = "F32", shards: int = 1
) -> Path:
    """Write what transformers' save_pretrained writes, with random weights.

    Args:
        folder: a new folder.
        shape: of the model.
        tokenizer: one with SmolVLM2's special tokens; a tiny one if None.
        kind: of the numbers: "F32", "F16" or "BF16".
        shards: how many weight files.

    Returns:
        The folder.
    """
    folder.mkdir(parents=True)
    tokenizer = tokenizer or tiny_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    for name, content in _json_files(shape, tokenizer).items():
        (folder / name).write_text(json.dumps(content, indent=2), encoding="utf-8")
    stops = [number for token in _STOPS if (number := tokenizer.token_to_id(token)) is not None]
    write_weights(folder, random_weights(read_shape(folder), shape, stops), kind, shards)
    return folder


def write_published_folder(folder: Path, source: Path, variants: Sequence[str] = ("fp32",)) -> Path:
    """Export `source` to the new folder `folder`."""
    export_smolvlm(source, folder, variants, lambda line: None, compare=False)
    return folder


def tiny_tokenizer() -> Tokenizer:
    """With SmolVLM2's added tokens; some 300 tokens."""
    return byte_level_tokenizer(_SPECIALS)


Weights = dict[str, tuple[tuple[int, ...], Callable[[], np.ndarray]]]
"""Names to shapes and to what makes the array: only one need be in memory."""


def random_weights(numbers: SmolVlmShape, shape: Shape, stops: Sequence[int] = ()) -> Weights:
    """Under the names that transformers saves. The tokens `stops` are hardly ever said, so that answers get long enough to compare."""
    sizes = {f"model.text_model.{name}.weight": size for name, size in language_shapes(numbers).items()}
    sizes |= {f"model.vision_model.{name}": size for name, size in vision_shapes(numbers.vision).items()}
    sizes["model.connector.modality_projection.proj.weight"] = connector_shape(numbers.vision)
    if not shape.tied:
        sizes["lm_head.weight"] = (numbers.vocabulary, numbers.text.hidden)
    head = "model.text_model.embed_tokens.weight" if shape.tied else "lm_head.weight"
    quiet = {head: stops} if shape.quiet_stops else {}
    return {name: (size, _maker(name, size, shape, number, quiet.get(name, ()))) for number, (name, size) in enumerate(sizes.items())}


def _maker(name: str, size: tuple[int, ...], shape: Shape, number: int, quiet: Sequence[int]) -> Callable[[], np.ndarray]:
    def make() -> np.ndarray:
        values = np.random.default_rng((shape.seed, number)).standard_normal(size, np.float32)
        if len(size) == 1:  # norms about 1, biases about 0
            return np.asarray(values * np.float32(0.1) + np.float32("norm" in name and name.endswith(".weight")))
        values[list(quiet)] *= np.float32(0.1)
        if "embed_tokens" in name or "position_embedding" in name:
            return np.asarray(values * np.float32(shape.embedding))
        return np.asarray(values * np.float32(shape.spread / np.sqrt(np.prod(size[1:]))))

    return make


def write_weights(folder: Path, weights: Weights, kind: str = "F32", shards: int = 1) -> None:
    """As safetensors files of numbers of this kind, with an index if there are several."""
    names = list(weights)
    if shards == 1:
        _write_safetensors(folder / "model.safetensors", weights, kind)
        return
    weight_map: dict[str, str] = {}
    for shard in range(shards):
        file = f"model-{shard + 1:05d}-of-{shards:05d}.safetensors"
        mine = names[shard::shards]
        _write_safetensors(folder / file, {name: weights[name] for name in mine}, kind)
        weight_map |= dict.fromkeys(mine, file)
    index = {"metadata": {}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")


def change_weights(source: Path, change: Callable[[Weights], Weights]) -> None:
    """Read the weights of a transformers folder and write what `change` makes of them."""
    arrays = {name: np.array(values) for name, values in Safetensors(source).items()}
    write_weights(source, change({name: (array.shape, partial(np.array, array)) for name, array in arrays.items()}))


def change_config(source: Path, text_config: dict[str, Any] | None = None, **changes: Any) -> None:
    """Change config.json at the top and in text_config."""
    config = json.loads((source / "config.json").read_text(encoding="utf-8")) | changes
    config["text_config"] |= text_config or {}
    (source / "config.json").write_text(json.dumps(config), encoding="utf-8")


def _write_safetensors(path: Path, weights: Weights, kind: str) -> None:
    width, header, start = 4 if kind == "F32" else 2, dict[str, Any](), 0
    for name, (size, _) in weights.items():
        end = start + int(np.prod(size)) * width
        header[name] = {"dtype": kind, "shape": list(size), "data_offsets": [start, end]}
        start = end
    raw = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    raw += b" " * (-len(raw) % 8)
    with path.open("wb") as file:
        file.write(len(raw).to_bytes(8, "little") + raw)
        for _, make in weights.values():
            _write_numbers(file, make(), kind)


def _write_numbers(file: BinaryIO, values: np.ndarray, kind: str) -> None:
    if kind == "BF16":  # rounded to nearest
        bits = values.astype(np.float32).view(np.uint32)
        file.write(((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16).tobytes())
    else:
        file.write(values.astype(_DTYPES[kind]).tobytes())


def _json_files(shape: Shape, tokenizer: Tokenizer) -> Mapping[str, Any]:
    end, size = tokenizer.token_to_id("<end_of_utterance>"), shape.vision["image_size"]
    config = {
        "architectures": ["SmolVLMForConditionalGeneration"],
        "model_type": "smolvlm",
        "image_token_id": tokenizer.token_to_id("<image>"),
        "scale_factor": shape.shuffle,
        "tie_word_embeddings": shape.tied,
        "text_config": {"model_type": "llama", "vocab_size": tokenizer.get_vocab_size(with_added_tokens=True), **shape.text},
        "vision_config": {"model_type": "smolvlm_vision", **shape.vision},
    }
    preprocessor = {
        **dict.fromkeys(("do_convert_rgb", "do_resize", "do_rescale", "do_normalize", "do_pad", "do_image_splitting"), True),
        "image_processor_type": "SmolVLMImageProcessor",
        "image_mean": [0.5] * 3,
        "image_std": [0.5] * 3,
        "rescale_factor": 1 / 255,
        "resample": 1,
        "size": {"longest_edge": shape.longest_edge},
        "max_image_size": {"longest_edge": size},
        "video_sampling": {"fps": 1, "max_frames": 64, "video_size": {"longest_edge": size}},
    }
    tokens = (size // shape.vision["patch_size"] // shape.shuffle) ** 2
    return {
        "config.json": config,
        "preprocessor_config.json": preprocessor,
        "processor_config.json": {"image_seq_len": tokens, "processor_class": "SmolVLMProcessor"},
        "generation_config.json": {"bos_token_id": 0, "eos_token_id": end, "pad_token_id": tokenizer.token_to_id("<|im_end|>")},
        "chat_template.json": {"chat_template": CHAT_TEMPLATE},
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<end_of_utterance>"},
    }


def full_tokenizer(models_folder: Path) -> Tokenizer:
    """SmolVLM2's, rebuilt from the SmolLM2 file that `assistant setup` fetched."""
    from assistant.export.gguf_file import read_tokenizer

    return read_tokenizer(find_source(models_folder, LANGUAGE_MODEL_FILE), ADDED_TOKENS)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shape", choices=sorted(SHAPES))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(DEFAULT_VARIANTS))
    parser.add_argument("--models-dir", type=Path, help="where SmolLM2's file is (also: ASSISTANT_MODELS)")
    options = parser.parse_args(arguments)
    shape = SHAPES[options.shape]
    tokenizer = tiny_tokenizer() if options.shape in TINY else full_tokenizer(models_dir(options.models_dir))
    source = write_transformers_folder(options.folder / "transformers", shape, tokenizer)
    for tried in export_smolvlm(source, options.folder / "published", options.variants, print):
        print(tried)


if __name__ == "__main__":
    main()
