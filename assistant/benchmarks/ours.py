"""Measures this project's runtime on one kind of a model's weights.

python -m assistant.benchmarks.ours DIR KIND          KIND: fp32, int8, q4, ...
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from assistant.benchmarks.figures import (
    DECODED_TOKENS,
    QUESTION,
    SECOND_QUESTION,
    VIDEO_FRAMES,
    Figures,
    PromptFigures,
    median_s,
    now_s,
    peak_mb,
    picture,
    pixels,
    print_figures,
    threads,
)
from assistant.engines.onnx.session import SessionSettings
from assistant.engines.vlm.decoder import Cache
from assistant.engines.vlm.model_files import ModelFiles, read_folder
from assistant.engines.vlm.prefix_cache import PrefixCache
from assistant.engines.vlm.prompt import closing, image_opening, picture_block, video_opening
from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
from assistant.messages import Frame, Keyframe


def main(folder: Path, kind: str) -> None:
    """Measure the model, and print the figures."""
    with tempfile.TemporaryDirectory() as saved:
        print_figures(measure(folder, kind, Path(saved)))


def measure(folder: Path, kind: str, saved: Path) -> Figures:
    """Measure a model's variant; optimised graphs are kept in `saved`, as the program keeps them beside its models."""
    variant = "" if kind == "fp32" else kind
    session = SessionSettings(threads(), saved_graphs=saved)
    Smolvlm2Describer(folder, variant=variant, session=session).unload()  # the first load ever also saves the optimised graphs
    began = now_s()
    files = read_folder(folder, variant)
    prefixes = PrefixCache(files, session, view_bytes=0, picture_bytes=0)
    prefixes.graphs()
    load_s = now_s() - began
    one = _measure(prefixes, files, 1)
    picture_peak = peak_mb()
    several = _measure(prefixes, files, VIDEO_FRAMES)
    peak = peak_mb()
    prefixes.unload()
    second_s = _second_question_s(folder, variant, session)
    return Figures.of(one, several, load_s=load_s, second_question_s=second_s, picture_peak_mb=picture_peak, peak_mb=peak)


def _measure(prefixes: PrefixCache, files: ModelFiles, count: int) -> PromptFigures:
    graphs, tiles = prefixes.graphs(), pixels(count, files.image.tile_size)
    features, _ = graphs.pictures.vision.encode(tiles)
    encode_s = median_s(graphs.pictures.vision.encode, lambda: tiles)
    ids = _prompt(files, count)

    def prefill() -> tuple[np.ndarray, Cache]:
        embeds = graphs.embedder.embed(ids)
        embeds[np.array(ids) == files.image_token_id] = features
        return graphs.decoder.read(embeds, graphs.decoder.empty_cache)

    prefill_s = median_s(lambda _: prefill(), lambda: None)
    logits, cache = prefill()

    def decode() -> list[int]:
        """DECODED_TOKENS greedy tokens, whatever they are."""
        tokens, read = [int(logits[0].argmax())], graphs.decoder.continue_from(cache, DECODED_TOKENS)
        for _ in range(DECODED_TOKENS):
            tokens.append(int(read(graphs.embedder.embed(tokens[-1:])[0]).argmax()))
        return tokens[:-1]

    return PromptFigures(encode_s, prefill_s, DECODED_TOKENS / median_s(lambda _: decode(), lambda: None), decode())


def _prompt(files: ModelFiles, count: int) -> list[int]:
    blocks = [picture_block(0, 0, files.image_tokens)] * count
    times_s = [float(second) for second in range(count)]
    opening = image_opening(blocks) if count == 1 else video_opening(blocks, times_s, float(count))
    text = opening + closing(QUESTION, before="" if count == 1 else "\n\n")
    return list(files.tokenizer.encode(text, add_special_tokens=False).ids)


def _second_question_s(folder: Path, variant: str, session: SessionSettings) -> float:
    """As a user has it: the picture was looked at and asked about, now comes another question."""
    describer = Smolvlm2Describer(folder, variant=variant, session=session)
    view = describer.look([Keyframe(Frame(picture(), 0.0), "only")])
    next(describer.answer(view, QUESTION), None)
    return median_s(lambda answer: next(answer, None), lambda: describer.answer(view, SECOND_QUESTION))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
