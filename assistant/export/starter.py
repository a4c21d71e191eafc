"""Assembles the starter model from public weights and what this project trained: a folder in the SmolVLM2 layout.

Needs neither torch nor a network; `assistant setup` calls it. The three graphs are written, then tried on a stored picture.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from assistant.engines.vlm.starter.encoder_heads import HEAD_FILES
from assistant.engines.vlm.starter.garments import HEAD_FILE
from assistant.export.efficientnet_lite import vision_encoder
from assistant.export.gguf_file import LlamaShape, LlamaWeights
from assistant.export.linear_layers import Linear, block_linear
from assistant.export.llama_graph import decoder, embed_tokens
from assistant.export.sources import LANGUAGE_MODEL_FILE, VISION_MODEL_FILE, find_source
from assistant.export.starter_form import END, IMAGE, IMAGE_SIZE, SHUFFLE, extended_language_model, token_id
from assistant.export.torch_file import read_state_dict
from assistant.export.word_classifier import read_word_classifier
from assistant.messages import Frame, Keyframe
from assistant.problems import DamagedModel
from assistant.store.package_data import data_folder

SEARCH = {"num_beams": 4, "length_penalty": 1.0, "rescored_draws": 8}
"""How the starter model's answers are searched for, as its generation_config.json says."""
BITS = 8
"""Bits a weight of the decoder's linear layers. 4 bits change too many answers of so small a model (see the model card)."""
_TOLERANCE = 0.35
"""Nats a token by which the stored example's likelihood may differ: processors round int8 sums differently."""


def build_starter(sources: Path, destination: Path, report: Callable[[str], None]) -> None:
    """Write the starter model's folder.

    Args:
        sources: a folder somewhere below which lie SmolLM2's GGUF and EfficientNet-lite2's weights.
        destination: an empty or missing folder.
        report: called with what is being done, a line at a time.

    Raises:
        DamagedModel: a source can't be read, or the finished graphs don't give the stored example's answer.
    """
    report("reading SmolLM2-135M, EfficientNet-lite2 and the adapter")
    try:
        write_starter(sources, destination, adapter_file(), block_linear(BITS))
    except (FileNotFoundError, ValueError, KeyError) as error:
        raise DamagedModel(
            f"the starter model can't be assembled: {error}", "run: assistant models verify, then assistant setup"
        ) from error
    report("trying the new graphs on the stored example")
    check_example(destination)


def adapter_file() -> Path:
    """Return the path of the language model's adapter and the connector."""
    return _stored() / "adapter.npz"


def word_classifier_file() -> Path:
    """Return the path of the word classifier."""
    return _stored() / "word_head.npz"


def _stored() -> Path:
    """What this project trained, measured and keeps."""
    return data_folder("models") / "starter"


def write_starter(sources: Path, destination: Path, adapter: Path, linear: Linear) -> None:
    """Write graphs and json files; `linear` decides how the decoder's weights are kept.

    FileNotFoundError, ValueError or KeyError if a source can't be read.
    """
    weights, tokenizer = extended_language_model(find_source(sources, LANGUAGE_MODEL_FILE))
    with np.load(adapter, allow_pickle=False) as arrays:
        learned = {name: arrays[name].astype(np.float32) for name in arrays.files}
    graphs = destination / "onnx"
    graphs.mkdir(parents=True, exist_ok=True)
    decoder(merge_adapter(weights, learned), linear).save(graphs / "decoder_model_merged.onnx")
    embed_tokens(weights.arrays["embed_tokens"]).save(graphs / "embed_tokens.onnx")
    vision = read_state_dict(find_source(sources, VISION_MODEL_FILE))
    encoder = vision_encoder(
        vision, learned["connector"].T, read_word_classifier(word_classifier_file()), image_size=IMAGE_SIZE, shuffle=SHUFFLE
    )
    encoder.save(graphs / "vision_encoder.onnx")
    tokenizer.save(str(destination / "tokenizer.json"))
    for name in (
        *HEAD_FILES.values(),
        HEAD_FILE,
        "answer_thresholds.json",
        "moment_thresholds.json",
        "name_thresholds.json",
        "reliability.json",
    ):
        shutil.copyfile(_stored() / name, destination / name)
    for name, content in _configs(weights.shape, token_id(tokenizer, IMAGE), token_id(tokenizer, END)).items():
        (destination / name).write_text(json.dumps(content, indent=2), encoding="utf-8")


def merge_adapter(weights: LlamaWeights, learned: dict[str, np.ndarray]) -> LlamaWeights:
    """Return the weights with W + B A for each adapted layer (LoRA, Hu et al. 2021).

    Args:
        weights: W of each layer.
        learned: A as "layers.0.self_attn.q_proj.a" [rank, in], B as "layers.0.self_attn.q_proj.b" [out, rank], and so on.
    """
    merged = dict(weights.arrays)
    for name in learned:
        if name.endswith(".a"):
            layer = name.removesuffix(".a")
            merged[layer] = merged[layer] + learned[f"{layer}.b"] @ learned[name]
    return LlamaWeights(weights.shape, merged)


def check_example(folder: Path) -> None:
    """Score the stored picture's answer with the graphs in `folder`. DamagedModel if it is not as likely as it should be."""
    from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer

    example = json.loads((_stored() / "example.json").read_text(encoding="utf-8"))
    picture = cv2.cvtColor(cv2.imdecode(np.fromfile(_stored() / "example.png", np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    describer = Smolvlm2Describer(folder)
    view = describer.look([Keyframe(Frame(picture, 0.0), "only")])
    found = describer.log_likelihood(view, example["question"], example["answer"])
    if not abs(found - example["log_likelihood"]) <= _TOLERANCE * example["tokens"]:
        raise DamagedModel(
            f"the assembled starter model scores its stored example {found:.2f} instead of {example['log_likelihood']:.2f}",
            "run: assistant models remove starter, then assistant setup",
        )


def _configs(shape: LlamaShape, image_token: int, end_token: int) -> dict[str, dict[str, Any]]:
    text = {
        "model_type": "llama",
        "hidden_size": shape.hidden,
        "intermediate_size": shape.intermediate,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head_dim,
        "rope_theta": shape.rope_base,
        "rms_norm_eps": shape.norm_epsilon,
        "max_position_embeddings": shape.max_positions,
    }
    # EfficientNet's cells of 32 pixels stand where SmolVLM2 has patches of 16.
    vision = {"model_type": "efficientnet-lite2", "image_size": IMAGE_SIZE, "patch_size": 32}
    config = {
        "model_type": "smolvlm",
        "image_token_id": image_token,
        "scale_factor": SHUFFLE,
        "max_pictures": 1,  # trained on single pictures
        "text_config": text,
        "vision_config": vision,
    }
    preprocessor = {
        "do_image_splitting": False,
        "size": {"longest_edge": IMAGE_SIZE},
        "max_image_size": {"longest_edge": IMAGE_SIZE},
        "resample": 1,
        "rescale_factor": 1 / 255,
        "image_mean": [127 / 255] * 3,
        "image_std": [128 / 255] * 3,
    }
    return {
        "config.json": config,
        "preprocessor_config.json": preprocessor,
        "processor_config.json": {"image_seq_len": (IMAGE_SIZE // 32 // SHUFFLE) ** 2, "processor_class": "SmolVLMProcessor"},
        "generation_config.json": {"bos_token_id": 1, "eos_token_id": end_token, "pad_token_id": 2, **SEARCH},
    }
