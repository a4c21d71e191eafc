"""Measures another contender: onnxruntime-genai on the language model, with weights as its own builder makes them (extra [bench]).

    python -m assistant.benchmarks.genai DIR fp32|int8|int4          DIR: a transformers folder

It has no SmolVLM: pictures are given to it encoded (see genai_model.py), and how long that takes is left out. Works in its
favour where it can: a generator is made, and its cache's memory with it, before the clock runs; the cache is no longer than
needed; a second question continues from the picture it has read. Imports no torch, so that the memory is its own.
"""

from __future__ import annotations

import json
import os
import sys
from itertools import takewhile
from pathlib import Path

import numpy as np
import onnxruntime_genai as og

from assistant.benchmarks.figures import DECODED_TOKENS, Figures, PromptFigures, median_s, now_s, peak_mb, print_figures_of_made, threads

os.environ.pop("ORT_GQA_DISABLE_FLASH_ATTENTION", None)  # as it comes: our own sessions set it, and whoever starts this may have some
_OUR_WAY = {"eos_token_id": [], "decoder": {"session_options": {"intra_op_num_threads": threads()}}}
"""Decode on, whatever is said; as many threads as onnxruntime takes by itself, as ours does."""


def main(folder: str, kind: str) -> None:
    """Make the model in a process of its own, measure it, and print the figures."""
    print_figures_of_made("genai_model", folder, kind, measure)


def measure(made: Path) -> Figures:
    """Measure the model in a folder that genai_model.py made."""
    picture, second, video = json.loads((made / "prompts.json").read_text(encoding="utf-8"))
    began = now_s()
    config = og.Config(str(made))
    config.overlay(json.dumps({"model": _OUR_WAY}))
    model = og.Model(config)
    load_s = now_s() - began
    one = _measure(model, picture)
    picture_peak = peak_mb()
    several = _measure(model, video)
    second_s = _second_question_s(model, picture, second)
    return Figures.of(one, several, load_s=load_s, second_question_s=second_s, picture_peak_mb=picture_peak, peak_mb=peak_mb())


def _measure(model: og.Model, ids: list[int]) -> PromptFigures:
    room = len(ids) + DECODED_TOKENS + 1
    prefill_s = median_s(lambda generator: _read(generator, ids), lambda: _generator(model, room))
    decode_s = median_s(_decode, lambda: _read(_generator(model, room), ids))
    tokens = _decode(_read(_generator(model, room), ids)).get_sequence(0)[len(ids) :][:DECODED_TOKENS]
    return PromptFigures(None, prefill_s, DECODED_TOKENS / decode_s, [int(token) for token in tokens])


def _second_question_s(model: og.Model, first: list[int], second: list[int]) -> float:
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))

    def ask(generator: og.Generator) -> None:
        generator.rewind_to(shared)
        _read(generator, second[shared:])

    return median_s(ask, lambda: _read(_generator(model, max(len(first), len(second)) + 1), first))


def _generator(model: og.Model, room: int) -> og.Generator:
    """A greedy one with a cache for `room` tokens."""
    params = og.GeneratorParams(model)
    params.set_search_options(max_length=room, do_sample=False)
    return og.Generator(model, params)


def _read(generator: og.Generator, ids: list[int]) -> og.Generator:
    """Up to the first token after `ids`."""
    generator.append_tokens(np.array(ids, np.int32))
    generator.generate_next_token()
    return generator


def _decode(generator: og.Generator) -> og.Generator:
    """DECODED_TOKENS runs of the decoder."""
    for _ in range(DECODED_TOKENS):
        generator.generate_next_token()
    return generator


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
