"""Measures another contender: llama.cpp, through llama-cpp-python (extra [llama], which is built from source in some 25 minutes).

    python -m assistant.benchmarks.llama_cpp DIR f16|q8_0|q4_0          DIR: a transformers folder

Works in its favour where it can: prompts come embedded and are read in one piece (llama.cpp's own SmolVLM reads text and pictures in
turns), the cache is no longer than needed, a second question continues from the picture it has read. Imports no torch, so that the memory
is its own.
"""

from __future__ import annotations

import ctypes
import os
import sys
from itertools import takewhile
from pathlib import Path
from typing import Any

import llama_cpp as llama
import numpy as np
from llama_cpp import mtmd_cpp as mtmd

from assistant.benchmarks.figures import (
    DECODED_TOKENS,
    VIDEO_FRAMES,
    Figures,
    PromptFigures,
    median_s,
    now_s,
    peak_mb,
    picture,
    print_figures_of_made,
    threads,
)
from assistant.benchmarks.llama_cpp_files import MODEL_FILE, PICTURES_FILE, PROMPTS_FILE
from assistant.problems import BadInput

_SEQUENCE = 0
_QUIET = llama.llama_log_callback(lambda level, text, data: None)
"""Says nothing: stdout is for the figures."""


def main(folder: str, kind: str) -> None:
    """Make the files in a process of its own, measure them, and print the figures."""
    print_figures_of_made("llama_cpp_model", folder, kind, measure)


def measure(made: Path) -> Figures:
    """Measure the files in a folder that llama_cpp_model.py made."""
    with np.load(made / PROMPTS_FILE) as archive:
        prompts = {name: archive[name] for name in archive}
    began = now_s()
    model = LanguageModel(made / MODEL_FILE, max(map(len, prompts.values())) + DECODED_TOKENS + 1)
    encoder = PictureEncoder(made / PICTURES_FILE, model)
    load_s = now_s() - began
    encode_s = median_s(lambda _: encoder.encode(), lambda: None)
    one = _measure(model, prompts["picture"], encode_s)
    picture_peak = peak_mb()
    several = _measure(model, prompts["video"], encode_s * VIDEO_FRAMES)  # one after the other, as it has them
    second_s = _second_question_s(model, prompts)
    return Figures.of(one, several, load_s=load_s, second_question_s=second_s, picture_peak_mb=picture_peak, peak_mb=peak_mb())


def _measure(model: LanguageModel, embeds: np.ndarray, encode_s: float) -> PromptFigures:
    prefill_s = median_s(lambda _: model.read(embeds), model.forget)
    tokens = list[int]()

    def read() -> int:
        model.forget()
        return model.read(embeds)

    def decode(token: int) -> None:
        tokens[:] = model.decode(token)

    decode_s = median_s(decode, read)
    return PromptFigures(encode_s, prefill_s, DECODED_TOKENS / decode_s, tokens)


def _second_question_s(model: LanguageModel, prompts: dict[str, np.ndarray]) -> float:
    first, second = prompts["picture_ids"], prompts["second_ids"]
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))

    def read_first() -> None:
        model.forget()
        model.read(prompts["picture"])

    def ask(_: None) -> None:
        model.forget(shared)
        model.read(prompts["second"][shared:])

    return median_s(ask, read_first)


class LanguageModel:
    """One context of a model; greedy."""

    def __init__(self, path: Path, room: int) -> None:
        """Load it with a cache for `room` tokens."""
        llama.llama_log_set(_QUIET, ctypes.c_void_p())
        llama.llama_backend_init()
        self.handle = _made(llama.llama_model_load_from_file(str(path).encode(), llama.llama_model_default_params()), path)
        params = llama.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = room, room, min(room, 512)
        params.n_threads = params.n_threads_batch = _threads()
        self._context = _made(llama.llama_init_from_model(self.handle, params), path)
        self._memory = llama.llama_get_memory(self._context)
        self._vocabulary = llama.llama_n_vocab(llama.llama_model_get_vocab(self.handle))
        self.hidden = llama.llama_model_n_embd(self.handle)
        self._read = 0

    def forget(self, all_but: int = 0) -> None:
        """Drop what was read behind so many tokens."""
        llama.llama_memory_seq_rm(self._memory, _SEQUENCE, all_but, -1)
        self._read = all_but

    def read(self, embeds: np.ndarray) -> int:
        """Read embedded tokens f32 [n, hidden]; return the likeliest next one."""
        batch = llama.llama_batch_init(len(embeds), self.hidden, 1)
        ctypes.memmove(batch.embd, np.ascontiguousarray(embeds, np.float32).ctypes.data, embeds.nbytes)
        return self._run(batch, len(embeds))

    def decode(self, token: int, count: int = DECODED_TOKENS) -> list[int]:
        """Return so many tokens from this one on, whatever they are; each costs a run."""
        tokens = list[int]()
        for _ in range(count):
            tokens.append(token)
            batch = llama.llama_batch_init(1, 0, 1)
            batch.token[0] = token
            token = self._run(batch, 1)
        return tokens

    def _run(self, batch: Any, length: int) -> int:
        batch.n_tokens = length
        for place in range(length):
            batch.pos[place], batch.n_seq_id[place] = self._read + place, 1
            batch.seq_id[place][0], batch.logits[place] = _SEQUENCE, place == length - 1
        status = llama.llama_decode(self._context, batch)
        llama.llama_batch_free(batch)
        if status:
            raise BadInput(f"llama.cpp could not read {length} tokens (status {status})", "try another model")
        self._read += length
        logits = llama.llama_get_logits_ith(self._context, -1)
        return int(np.ctypeslib.as_array(logits, (self._vocabulary,)).argmax())


class PictureEncoder:
    """llama.cpp's SmolVLM vision encoder (mtmd), with one picture of one tile."""

    def __init__(self, path: Path, model: LanguageModel) -> None:
        """Load it, and prepare the picture."""
        params = mtmd.mtmd_context_params_default()
        params.use_gpu, params.print_timings, params.warmup, params.n_threads = False, False, False, _threads()
        mtmd.mtmd_helper_log_set(_QUIET, ctypes.c_void_p())
        self._context = _made(mtmd.mtmd_init_from_file(str(path).encode(), model.handle, params), path)
        pixels = picture()
        side = len(pixels)
        bitmap = mtmd.mtmd_bitmap_init(side, side, (ctypes.c_uint8 * pixels.size).from_buffer_copy(pixels.tobytes()))
        marker = mtmd.mtmd_default_marker()
        text = mtmd.mtmd_input_text(marker, len(marker), False, True)
        chunks = mtmd.mtmd_input_chunks_init()
        bitmaps = (ctypes.c_void_p * 1)(bitmap)
        if mtmd.mtmd_tokenize(self._context, chunks, ctypes.byref(text), bitmaps, 1):
            raise BadInput("llama.cpp could not prepare a picture", "try another model")
        found = [mtmd.mtmd_input_chunks_get(chunks, number) for number in range(mtmd.mtmd_input_chunks_size(chunks))]
        self._chunk = next(chunk for chunk in found if mtmd.mtmd_input_chunk_get_type(chunk) == mtmd.MTMD_INPUT_CHUNK_TYPE_IMAGE)

    def encode(self) -> None:
        """Encode the picture."""
        if status := mtmd.mtmd_encode_chunk(self._context, self._chunk):
            raise BadInput(f"llama.cpp could not encode a picture (status {status})", "try another model")


def _threads() -> int:
    """As many as onnxruntime takes by itself."""
    return threads() or len(os.sched_getaffinity(0))


def _made(handle: Any, path: Path) -> Any:
    if not handle:
        raise BadInput(f"llama.cpp can't load {path}", "see with: llama-cli -m FILE")
    return handle


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
