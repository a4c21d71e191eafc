"""The word classifier as it is kept: a second head on the vision encoder, and how its last blocks differ from those of the first.

Kept in 8 bits a weight, each row with a scale of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class WordClassifier:
    """A linear head over pooled features, and what is added to the convolutions before it."""

    weight: np.ndarray
    """f32 [words, 1280]"""
    bias: np.ndarray
    """f32 [words]"""
    changes: Mapping[str, np.ndarray]
    """What is added to each convolution, by its name, e.g. "_blocks.17._expand_conv.weight" f32 [out, in, k, k]."""


def read_word_classifier(path: Path) -> WordClassifier:
    """Read a word classifier. Raises FileNotFoundError, ValueError or KeyError if the file isn't there or holds something else."""
    with np.load(path, allow_pickle=False) as kept:
        whole = {name: kept[name].astype(np.float32) for name in kept.files if kept[name].dtype == np.float16}
        for name in kept.files:
            if kept[name].dtype == np.int8:
                scale = whole.pop(f"{name}.scale")
                whole[name] = kept[name] * scale.reshape(-1, *[1] * (kept[name].ndim - 1))
    return WordClassifier(whole.pop("weight"), whole.pop("bias"), whole)


def save_word_classifier(path: Path, classifier: WordClassifier) -> None:
    """Write a word classifier with its weights rounded to 8 bits, its biases to half precision."""
    kept = dict[str, np.ndarray]()
    for name, value in {"weight": classifier.weight, "bias": classifier.bias, **classifier.changes}.items():
        kept |= _rounded(name, value)
    np.savez_compressed(path, allow_pickle=False, **kept)


def replace_rows(path: Path, first: int, weight: np.ndarray, bias: np.ndarray) -> None:
    """Keep a file's rows before `first` to the last bit, and put these in place of the others.

    Args:
        path: of a word classifier.
        first: number of the first row to replace.
        weight: f32 [new rows, 1280].
        bias: f32 [new rows].
    """
    with np.load(path, allow_pickle=False) as arrays:
        kept = {name: arrays[name] for name in arrays.files}
    for name, value in (_rounded("weight", weight) | _rounded("bias", bias)).items():
        kept[name] = np.concatenate([kept[name][:first], value])
    np.savez_compressed(path, allow_pickle=False, **kept)


def _rounded(name: str, value: np.ndarray) -> dict[str, np.ndarray]:
    if value.ndim == 1:
        return {name: value.astype(np.float16)}
    scale = (np.abs(value).reshape(len(value), -1).max(1).clip(1e-8) / 127).astype(np.float16).clip(np.float16(6e-8))
    rounded = np.rint(value / scale.astype(np.float32).reshape(-1, *[1] * (value.ndim - 1))).clip(-127, 127).astype(np.int8)
    return {f"{name}.scale": scale, name: rounded}
