"""Reads what a SmolVLM folder's config.json says about the model's shape, with transformers' defaults for what it leaves out.

Knows the names and shapes of the weights, not how they are computed with. Defaults: LlamaConfig and SmolVLMVisionConfig
of transformers (Idefics3's, the older name of the same network, are equal).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.export.gguf_file import LlamaShape
from assistant.problems import BadInput, DamagedModel, MissingModel, shorten

MODEL_TYPES = ("smolvlm", "idefics3")
"""Values of `model_type` that are read."""

Shapes = dict[str, tuple[int, ...]]
"""Weights' names to shapes."""


@dataclass(frozen=True)
class VisionShape:
    """The numbers of a SigLIP vision encoder and of the connector behind it."""

    layers: int
    hidden: int
    heads: int
    intermediate: int
    image_size: int
    """Side of a tile, in pixels."""
    patch_size: int
    norm_epsilon: float
    shuffle: int
    """Side of the blocks of patches that become one token (`scale_factor`)."""
    text_hidden: int

    @property
    def side(self) -> int:
        """Return the patches along a side of the tile; pixels that fill no patch are left out."""
        return self.image_size // self.patch_size

    @property
    def tokens(self) -> int:
        """Return the number of a tile's visual tokens."""
        return (self.side // self.shuffle) ** 2


@dataclass(frozen=True)
class SmolVlmShape:
    """The numbers of a whole model."""

    text: LlamaShape
    vision: VisionShape
    vocabulary: int
    tied: bool
    """Whether the head may use the embedding's weights."""


def read_shape(folder: Path) -> SmolVlmShape:
    """Read config.json.

    Raises:
        MissingModel: it isn't there.
        DamagedModel: it is no JSON, or a number in it makes no sense.
        BadInput: it is of another model, or asks for something that the graphs don't have.
    """
    path = folder / "config.json"
    if not path.is_file():
        raise MissingModel(f"the file {shorten(path)} is missing", "give a folder as transformers' save_pretrained writes it")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise DamagedModel(f"the file {shorten(path)} is not valid JSON", "give a whole folder") from error
    top = _Section(path, config if isinstance(config, dict) else {})
    top.require("model_type", *MODEL_TYPES)
    text, vision = top.section("text_config"), top.section("vision_config")
    _refuse_what_is_not_built(text, vision)
    shape = SmolVlmShape(
        text=_text_shape(text),
        vision=_vision_shape(vision, shuffle=top.whole("scale_factor", 2), text_hidden=text.whole("hidden_size", 4096)),
        vocabulary=text.whole("vocab_size", 32000),
        tied=bool(top.get("tie_word_embeddings") or text.get("tie_word_embeddings")),
    )
    if shape.vision.side == 0 or shape.vision.side % shape.vision.shuffle:
        raise top.wrong(f"has {shape.vision.side} patches a side, which don't go into blocks of {shape.vision.shuffle}")
    return shape


def language_shapes(shape: SmolVlmShape) -> Shapes:
    """Return the shapes of the language model's weights, by their names behind `text_model.` without `.weight`."""
    text = shape.text
    inner, keys = text.heads * text.head_dim, text.kv_heads * text.head_dim
    layer: Shapes = {
        "input_layernorm": (text.hidden,),
        "post_attention_layernorm": (text.hidden,),
        "self_attn.q_proj": (inner, text.hidden),
        "self_attn.k_proj": (keys, text.hidden),
        "self_attn.v_proj": (keys, text.hidden),
        "self_attn.o_proj": (text.hidden, inner),
        "mlp.gate_proj": (text.intermediate, text.hidden),
        "mlp.up_proj": (text.intermediate, text.hidden),
        "mlp.down_proj": (text.hidden, text.intermediate),
    }
    shapes: Shapes = {"embed_tokens": (shape.vocabulary, text.hidden), "norm": (text.hidden,)}
    return shapes | {f"layers.{index}.{name}": size for index in range(text.layers) for name, size in layer.items()}


def vision_shapes(vision: VisionShape) -> Shapes:
    """Return the shapes of the vision encoder's weights, by their names behind `vision_model.`."""
    hidden, inner = vision.hidden, vision.intermediate
    linear = {f"self_attn.{part}_proj": (hidden, hidden) for part in ("q", "k", "v", "out")}
    linear |= {"mlp.fc1": (inner, hidden), "mlp.fc2": (hidden, inner)}
    layer: Shapes = {f"{norm}.{part}": (hidden,) for norm in ("layer_norm1", "layer_norm2") for part in ("weight", "bias")}
    layer |= {f"{name}.weight": size for name, size in linear.items()} | {f"{name}.bias": size[:1] for name, size in linear.items()}
    shapes: Shapes = {
        "embeddings.patch_embedding.weight": (hidden, 3, vision.patch_size, vision.patch_size),
        "embeddings.patch_embedding.bias": (hidden,),
        "embeddings.position_embedding.weight": (vision.side**2, hidden),
        "post_layernorm.weight": (hidden,),
        "post_layernorm.bias": (hidden,),
    }
    return shapes | {f"encoder.layers.{index}.{name}": size for index in range(vision.layers) for name, size in layer.items()}


def connector_shape(vision: VisionShape) -> tuple[int, int]:
    """Return the shape of `connector.modality_projection.proj.weight`."""
    return vision.text_hidden, vision.hidden * vision.shuffle**2


class _Section:
    """An object in config.json."""

    def __init__(self, path: Path, content: Mapping[str, Any], prefix: str = "") -> None:
        self._path, self._content, self._prefix = path, content, prefix

    def get(self, key: str, default: Any = None) -> Any:
        """null counts as left out, as it does in transformers."""
        value = self._content.get(key)
        return default if value is None else value

    def section(self, key: str) -> _Section:
        value = self.get(key, {})
        if not isinstance(value, dict):
            raise self.wrong(f"has no object as {key}")
        return _Section(self._path, value, f"{key}.")

    def whole(self, key: str, default: int) -> int:
        value = self.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 1 << 31:
            raise self.wrong(f"needs a whole number above 0 as {self._prefix}{key}")
        return value

    def real(self, key: str, default: float) -> float:
        value = self.get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e12:
            raise self.wrong(f"needs a number above 0 as {self._prefix}{key}")
        return float(value)

    def require(self, key: str, *values: object, default: object = None) -> None:
        found = self.get(key, default)
        if found not in values:
            what = f"the model {shorten(self._path.parent)} has {self._prefix}{key} {shorten(repr(found), 40)}"
            raise BadInput(what, f"only {' or '.join(map(str, values))} can be exported")

    def wrong(self, what: str) -> DamagedModel:
        return DamagedModel(f"the file {shorten(self._path)} {what}", "give the config.json that belongs to the weights")


def _refuse_what_is_not_built(text: _Section, vision: _Section) -> None:
    text.require("model_type", "llama", default="llama")
    text.require("hidden_act", "silu", default="silu")
    text.require("attention_bias", False, default=False)
    text.require("mlp_bias", False, default=False)
    text.section("rope_parameters").require("rope_type", "default", default="default")
    scaling = text.section("rope_scaling")
    scaling.require("rope_type", "default", default=scaling.get("type", "default"))
    vision.require("hidden_act", "gelu_pytorch_tanh", default="gelu_pytorch_tanh")
    vision.require("num_channels", 3, default=3)


def _text_shape(text: _Section) -> LlamaShape:
    hidden, heads = text.whole("hidden_size", 4096), text.whole("num_attention_heads", 32)
    rope_base = text.section("rope_parameters").real("rope_theta", text.real("rope_theta", 10000.0))  # transformers 5, 4
    shape = LlamaShape(
        layers=text.whole("num_hidden_layers", 32),
        hidden=hidden,
        heads=heads,
        kv_heads=text.whole("num_key_value_heads", heads),
        head_dim=text.whole("head_dim", max(hidden // heads, 1)),
        intermediate=text.whole("intermediate_size", 11008),
        rope_base=rope_base,
        norm_epsilon=text.real("rms_norm_eps", 1e-6),
        max_positions=text.whole("max_position_embeddings", 2048),
    )
    if shape.heads % shape.kv_heads or shape.head_dim % 2:
        raise text.wrong(f"has {shape.heads} heads of {shape.head_dim} for {shape.kv_heads} of keys")
    return shape


def _vision_shape(vision: _Section, shuffle: int, text_hidden: int) -> VisionShape:
    shape = VisionShape(
        layers=vision.whole("num_hidden_layers", 12),
        hidden=vision.whole("hidden_size", 1152),
        heads=vision.whole("num_attention_heads", 16),
        intermediate=vision.whole("intermediate_size", 3072),
        image_size=vision.whole("image_size", 224),
        patch_size=vision.whole("patch_size", 32),
        norm_epsilon=vision.real("layer_norm_eps", 1e-6),
        shuffle=shuffle,
        text_hidden=text_hidden,
    )
    if shape.hidden % shape.heads:
        raise vision.wrong(f"has a width of {shape.hidden} for {shape.heads} heads")
    return shape
