"""This project's runtime on one kind of a model's weights.

python -m assistant.benchmarks.ours DIR KIND          KIND: fp32, int8, q4, ...
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from assistant.benchmarks.figures import (
    DECODED_TOKENS,
    QUESTION,
    SECOND_QUESTION,
    VIDEO_FRAMES,
    Figures,
    median_s,
    peak_mb,
    pictures,
    print_figures,
)
from assistant.messages import Frame, Keyframe
from assistant.runtimes.onnx_session import SessionSettings
from assistant.runtimes.smolvlm2 import Smolvlm2Describer
from assistant.runtimes.smolvlm2_decoder import Cache
from assistant.runtimes.smolvlm2_files import ModelFiles, read_folder
from assistant.runtimes.smolvlm2_image import ONE_TILE, make_tiles
from assistant.runtimes.smolvlm2_prompt import closing, image_opening, picture_block, video_opening
from assistant.runtimes.smolvlm2_reader import Reader


def main(folder: Path, kind: str) -> None:
    with tempfile.TemporaryDirectory() as saved:
        print_figures(measure(folder, kind, Path(saved)))


def measure(folder: Path, kind: str, saved: Path) -> Figures:
    """`saved`: where optimised graphs are kept, as the program keeps them beside its models."""
    variant = "" if kind == "fp32" else kind
    session = SessionSettings(saved_graphs=saved)
    Smolvlm2Describer(folder, variant=variant, session=session).unload()  # the first load ever also saves the optimised graphs
    began = time.perf_counter()
    files = read_folder(folder, variant)
    reader = Reader(files, session, view_bytes=0, picture_bytes=0)
    reader.graphs()
    load_s = time.perf_counter() - began
    picture = _measure(reader, files, 1)
    picture_peak = peak_mb()
    video = _measure(reader, files, VIDEO_FRAMES)
    peak = peak_mb()
    reader.unload()
    return Figures(load_s, *picture, *video, _second_question_s(folder, variant, session), picture_peak, peak)


def _measure(reader: Reader, files: ModelFiles, count: int) -> tuple[float, float, float]:
    """Seconds to encode, seconds to prefill, tokens a second."""
    graphs, side = reader.graphs(), files.image.tile_size
    tiles = np.concatenate([make_tiles(picture, files.image, split=False, budget=ONE_TILE).pixels for picture in pictures(count, side)])
    features, _ = graphs.pictures.vision.encode(tiles)
    encode_s = median_s(lambda: graphs.pictures.vision.encode(tiles))
    ids = _prompt(files, count)

    def prefill() -> tuple[np.ndarray, Cache]:
        embeds = graphs.embedder.embed(ids)
        embeds[np.array(ids) == files.image_token_id] = features
        return graphs.decoder.read(embeds, graphs.decoder.empty_cache)

    prefill_s = median_s(prefill)
    logits, cache = prefill()

    def decode() -> None:
        token, read = int(logits[0].argmax()), graphs.decoder.continue_from(cache, DECODED_TOKENS)
        for _ in range(DECODED_TOKENS):
            token = int(read(graphs.embedder.embed([token])[0]).argmax())

    return encode_s, prefill_s, DECODED_TOKENS / median_s(decode)


def _prompt(files: ModelFiles, count: int) -> list[int]:
    blocks = [picture_block(0, 0, files.image_tokens)] * count
    times_s = [float(second) for second in range(count)]
    opening = image_opening(blocks) if count == 1 else video_opening(blocks, times_s, float(count))
    text = opening + closing(QUESTION, before="" if count == 1 else "\n\n")
    return list(files.tokenizer.encode(text, add_special_tokens=False).ids)


def _second_question_s(folder: Path, variant: str, session: SessionSettings) -> float:
    """As a user has it: the picture was looked at and asked about, now comes another question."""
    describer = Smolvlm2Describer(folder, variant=variant, session=session)
    view = describer.look([Keyframe(Frame(pictures(1)[0], 0.0), "only")])
    next(describer.answer(view, QUESTION), None)
    return median_s(lambda: next(describer.answer(view, SECOND_QUESTION), None))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
