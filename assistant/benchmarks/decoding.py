"""Measures how long decoder graphs take for a token, by themselves: one thread's processor time, which others at work hardly change.

    python -m assistant.benchmarks.decoding GRAPH ...          GRAPH: a decoder_model_merged*.onnx, or a *.gguf, which llama.cpp runs

Prints milliseconds a token after 100 and after 700 tokens, the best of several rounds in which the graphs take turns. A graph whose
layers in 4 bits leave open how exact their inputs must be is measured both as it is and as it is saved for use, with its inputs rounded.
A GGUF needs the extra [llama]; `python -m assistant.benchmarks.llama_cpp_model` makes one.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant.benchmarks.figures import ONE_THREAD
from assistant.engines.onnx.rounded_inputs import round_inputs
from assistant.engines.onnx.session import OnnxGraph, SessionSettings
from assistant.engines.vlm.decoder import Cache, Decoder

if TYPE_CHECKING:
    from assistant.benchmarks.llama_cpp import LanguageModel

BEFORE = (100, 700)
TOKENS, ROUNDS = 24, 8


def main(paths: Sequence[str]) -> None:
    """Print the table."""
    os.environ[ONE_THREAD] = "1"
    forms = {name: token_s for path in map(Path, paths) for name, token_s in (_gguf(path) if path.suffix == ".gguf" else _graph(path))}
    best = dict.fromkeys(forms, float("inf"))
    for _ in range(ROUNDS):
        for name, token_s in forms.items():
            best[name] = min(best[name], token_s())
    for name, seconds in best.items():
        print(f"{1000 * seconds:8.2f} ms  {name}")


def _graph(path: Path) -> Iterator[tuple[str, Callable[[], float]]]:
    """A graph's forms, each after as many tokens as are read before."""
    with tempfile.TemporaryDirectory() as folder:
        rounded = Path(folder) / "rounded.onnx"
        for name, file in ((path.name, path), *([(f"{path.name}, rounded", rounded)] if round_inputs(path, rounded) else [])):
            graph = OnnxGraph(file, SessionSettings(threads=1))
            hidden = graph.input("inputs_embeds", (None, None, None), np.float32, np.float16).shape[2] or 0
            decoder = Decoder(graph, hidden=hidden, vocabulary=1)
            for length in BEFORE:
                cache = decoder.read(_random(length, hidden), decoder.empty_cache)[1]
                yield f"{name}, after {length}", partial(_token_s, decoder, cache)


def _gguf(path: Path) -> Iterator[tuple[str, Callable[[], float]]]:
    from assistant.benchmarks.llama_cpp import LanguageModel

    for length in BEFORE:
        model = LanguageModel(path, length + TOKENS)
        model.read(_random(length, model.hidden))
        yield f"{path.name}, after {length}", partial(_gguf_token_s, model, length)


def _token_s(decoder: Decoder, cache: Cache) -> float:
    first, *embeds = _random(TOKENS + 1, decoder.hidden)
    read = decoder.continue_from(cache, TOKENS + 1)
    read(first)
    began = time.process_time()
    for embed in embeds:
        read(embed)
    return (time.process_time() - began) / TOKENS


def _gguf_token_s(model: LanguageModel, length: int) -> float:
    model.forget(length)
    began = time.process_time()
    model.decode(0, TOKENS)
    return (time.process_time() - began) / TOKENS


def _random(tokens: int, hidden: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((tokens, hidden)).astype(np.float32)


if __name__ == "__main__":
    main(sys.argv[1:])
