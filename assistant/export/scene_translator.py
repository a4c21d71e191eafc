"""Makes the translator of scenes, which was trained here, into CTranslate2 models of 8 bits: a folder for each language. Needs no network.

`models/translator/` holds the weights, the SentencePiece vocabulary, and what is known about each language.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.problems import DamagedModel
from assistant.store.package_data import data_folder

NAME = "scene-translator"
WEIGHTS, ABOUT, PIECES, LEXICON, HASHES = "weights.npz", "languages.json", "pieces.spm", "lexicon.tsv", "SHA256SUMS"
BITS = "int8"
END, UNKNOWN, START = "</s>", "<unk>", "<s>"
WITHHELD = ("zh",)
"""Trained, but not told: the Chinese of the training data lacks characters, and so does what was learned ("坐在长上")."""
NEVER = -1e4
"""Bias of a piece that is never written."""

Weights = Mapping[str, npt.NDArray[Any]]


def build_scene_translator(sources: Path, destination: Path, report: Callable[[str], None]) -> None:
    """Write a folder for each language, and what they share. `sources` isn't looked at. DamagedModel if a file isn't as it was trained."""
    stored = data_folder("models") / "translator"
    try:
        check_hashes(stored)
        languages = write_translators(stored, destination, BITS, WITHHELD)
    except (OSError, ValueError, KeyError) as error:
        raise DamagedModel(f"the translator of scenes can't be made ({error})", "install the program again") from error
    report(f"made the translators of scenes into {', '.join(languages)}")


def check_hashes(stored: Path) -> None:
    """Compare the files with their hashes; ValueError names the first that differs."""
    for line in (stored / HASHES).read_text(encoding="utf-8").splitlines():
        expected, name = line.split()
        if hashlib.sha256((stored / name).read_bytes()).hexdigest() != expected:
            raise ValueError(f"{name} is damaged")


def write_translators(stored: Path, destination: Path, bits: str, withheld: tuple[str, ...] = ()) -> list[str]:
    """Write each language's folder but those withheld, with weights of `bits`, a type of CTranslate2's; return the languages."""
    about = json.loads((stored / ABOUT).read_text(encoding="utf-8"))
    with np.load(stored / WEIGHTS) as file:
        weights = {name: file[name].astype(np.float32) for name in file.files}
    languages = [language for language in about["pieces"] if language not in withheld]
    for language in languages:
        folder = destination / language
        folder.mkdir(parents=True)
        own = {name: array.copy() for name, array in weights.items()}  # CTranslate2 rounds in place
        _write(own, about, language, about["pieces"][language], folder, bits)
    for name in (ABOUT, PIECES, LEXICON):
        shutil.copyfile(stored / name, destination / name)
    return languages


def _write(weights: Weights, about: dict[str, Any], language: str, pieces: list[int], folder: Path, bits: str) -> None:
    """Write one language's model: of the embeddings that all share, its decoder has those of its own pieces alone."""
    from ctranslate2.specs import TransformerSpec

    vocabulary: list[str] = about["vocabulary"]
    token = f"<{language}>"
    kept = sorted({*pieces, vocabulary.index(END), vocabulary.index(UNKNOWN), vocabulary.index(token)})
    shape = about["shape"]
    spec = TransformerSpec.from_config((shape["encoder_layers"], shape["decoder_layers"]), shape["heads"], pre_norm=True)
    for name, part, embedding in (
        ("encoder", spec.encoder, weights["embedding.weight"]),
        ("decoder", spec.decoder, weights["embedding.weight"][kept]),
    ):
        table = part.embeddings[0] if name == "encoder" else part.embeddings
        table.weight = embedding
        part.scale_embeddings = True
        part.position_encodings.encodings = weights["positions"]
        _norm(part.layer_norm, weights, f"{name}_norm")
        for number, layer in enumerate(part.layer):
            _layer(layer, weights, f"{name}.{number}", decodes=name == "decoder")
    bias = weights["output_bias"][kept].copy()
    bias[[kept.index(vocabulary.index(piece)) for piece in (UNKNOWN, token)]] = NEVER
    spec.decoder.projection.weight, spec.decoder.projection.bias = weights["embedding.weight"][kept], bias
    spec.register_source_vocabulary(vocabulary)
    spec.register_target_vocabulary([vocabulary[piece] for piece in kept])
    spec.config.decoder_start_token = token
    spec.validate()
    spec.optimize(quantization=bits)
    spec.save(str(folder))


def _layer(layer: Any, weights: Weights, name: str, decodes: bool) -> None:
    attention = layer.self_attention
    _norm(attention.layer_norm, weights, f"{name}.norm_self")
    own = f"{name}.attend_self"
    attention.linear[0].weight = np.concatenate([weights[f"{own}.query.weight"], weights[f"{own}.key_value.weight"]])
    attention.linear[0].bias = np.concatenate([weights[f"{own}.query.bias"], weights[f"{own}.key_value.bias"]])
    _linear(attention.linear[1], weights, f"{own}.output")
    if decodes:
        _norm(layer.attention.layer_norm, weights, f"{name}.norm_source")
        for linear, part in zip(layer.attention.linear, ("query", "key_value", "output"), strict=True):
            _linear(linear, weights, f"{name}.attend_source.{part}")
    _norm(layer.ffn.layer_norm, weights, f"{name}.norm_inner")
    _linear(layer.ffn.linear_0, weights, f"{name}.inner")
    _linear(layer.ffn.linear_1, weights, f"{name}.outer")


def _linear(linear: Any, weights: Weights, name: str) -> None:
    linear.weight, linear.bias = weights[f"{name}.weight"], weights[f"{name}.bias"]


def _norm(norm: Any, weights: Weights, name: str) -> None:
    norm.gamma, norm.beta = weights[f"{name}.weight"], weights[f"{name}.bias"]
