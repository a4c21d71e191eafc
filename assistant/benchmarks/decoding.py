"""Measures how long decoder graphs take for a token, by themselves: one thread's processor time, which others at work hardly change.

    python -m assistant.benchmarks.decoding GRAPH ...          GRAPH: a decoder_model_merged*.onnx

Prints milliseconds a token after 100 and after 700 tokens, the best of several rounds in which the graphs take turns. A graph whose
layers in 4 bits leave open how exact their inputs must be is measured both as it is and as it is saved for use, with its inputs rounded.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from assistant.engines.onnx.rounded_inputs import round_inputs
from assistant.engines.onnx.session import OnnxGraph, SessionSettings
from assistant.engines.vlm.decoder import Cache, Decoder

BEFORE = (100, 700)
TOKENS, ROUNDS = 24, 8


def main(paths: Sequence[str]) -> None:
    """Print the table."""
    graphs = {f"{name}, after {length}": (decoder, cache) for path in paths for name, decoder, length, cache in _opened(Path(path))}
    best = dict.fromkeys(graphs, float("inf"))
    for _ in range(ROUNDS):
        for name, (decoder, cache) in graphs.items():
            best[name] = min(best[name], _token_s(decoder, cache))
    for name, seconds in best.items():
        print(f"{1000 * seconds:8.2f} ms  {name}")


def _opened(path: Path) -> Iterator[tuple[str, Decoder, int, Cache]]:
    """A graph's forms, each with caches of as many tokens as are read before."""
    with tempfile.TemporaryDirectory() as folder:
        rounded = Path(folder) / "rounded.onnx"
        for name, file in ((path.name, path), *([(f"{path.name}, rounded", rounded)] if round_inputs(path, rounded) else [])):
            graph = OnnxGraph(file, SessionSettings(threads=1))
            hidden = graph.input("inputs_embeds", (None, None, None), np.float32, np.float16).shape[2] or 0
            decoder = Decoder(graph, hidden=hidden, vocabulary=1)
            for length in BEFORE:
                yield name, decoder, length, decoder.read(_random(length, hidden), decoder.empty_cache)[1]


def _token_s(decoder: Decoder, cache: Cache) -> float:
    first, *embeds = _random(TOKENS + 1, decoder.hidden)
    read = decoder.continue_from(cache, TOKENS + 1)
    read(first)
    began = time.process_time()
    for embed in embeds:
        read(embed)
    return (time.process_time() - began) / TOKENS


def _random(tokens: int, hidden: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((tokens, hidden)).astype(np.float32)


if __name__ == "__main__":
    main(sys.argv[1:])
