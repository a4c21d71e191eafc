"""Makes a Piper voice of 1 kB that hums for a moment at each phoneme. So Piper's real path runs without the real voice."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

RATE_HZ = 22050
SAMPLES_PER_PHONEME = 512
LETTERS = "_^$ .,;:!?abcdefghijklmnopqrstuvwxyzæðŋɐɑɔəɚɛɜɡɪɹɾʃʊʌʒˈˌːθᵻ"


def make_tiny_voice(folder: Path, name: str) -> None:
    """Write `folder`/`name`.onnx and .onnx.json. Length follows the number of phonemes and the length scale, as in a real voice."""
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(_graph(), folder / f"{name}.onnx")
    description = {
        "audio": {"sample_rate": RATE_HZ},
        "espeak": {"voice": "en-us"},
        "inference": {"noise_scale": 0.6, "length_scale": 1.0, "noise_w": 0.8},
        "phoneme_type": "espeak",
        "phoneme_id_map": {letter: [number] for number, letter in enumerate(LETTERS)},
        "num_symbols": len(LETTERS),
        "num_speakers": 1,
        "speaker_id_map": {},
    }
    (folder / f"{name}.onnx.json").write_text(json.dumps(description), encoding="utf-8")


def _graph() -> onnx.ModelProto:
    """output [1, 1, 1, lengths * scales[1] * SAMPLES_PER_PHONEME], a hum of 200 Hz"""
    nodes = [
        helper.make_node("Gather", ["scales", "one"], ["length_scale"]),  # [1]
        helper.make_node("Cast", ["input_lengths"], ["lengths"], to=TensorProto.FLOAT),  # [1]
        helper.make_node("Mul", ["lengths", "length_scale"], ["phonemes"]),
        helper.make_node("Mul", ["phonemes", "samples_per_phoneme"], ["samples"]),
        helper.make_node("Cast", ["samples"], ["count"], to=TensorProto.INT64),
        helper.make_node("Squeeze", ["count", "zero"], ["limit"]),  # []
        helper.make_node("Range", ["start", "limit", "step"], ["index"]),  # [n]
        helper.make_node("Cast", ["index"], ["time"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["time", "pitch"], ["phase"]),
        helper.make_node("Sin", ["phase"], ["hum"]),
        helper.make_node("Unsqueeze", ["hum", "axes"], ["output"]),  # [1, 1, 1, n]
    ]
    constants: dict[str, npt.NDArray[np.generic]] = {
        "zero": np.array([0], np.int64),
        "one": np.array([1], np.int64),
        "samples_per_phoneme": np.array([SAMPLES_PER_PHONEME], np.float32),
        "start": np.array(0, np.int64),
        "step": np.array(1, np.int64),
        "pitch": np.array(2 * np.pi * 200 / RATE_HZ, np.float32),
        "axes": np.array([0, 1, 2], np.int64),
    }
    inputs = [
        helper.make_tensor_value_info("input", TensorProto.INT64, ["batch", "phonemes"]),
        helper.make_tensor_value_info("input_lengths", TensorProto.INT64, [1]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
    ]
    outputs = [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, 1, "samples"])]
    initializers = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "tiny_voice", inputs, outputs, initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
