"""Measures whether `find` asks the model about the right keyframes of a long video: those that the encoder alone finds likeliest.

python -m assistant.benchmarks.first_choice [--data DIR] [--scenes N ...]

The captions of development photographs are the queries, every second one; the photographs are the keyframes.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from assistant.assembly import open_smolvlm2
from assistant.benchmarks.video_accuracy import FIRST
from assistant.benchmarks.video_clips import read_photographs, read_pictures
from assistant.settings import AnswerSettings
from assistant.store.model_store import ModelStore, models_dir
from assistant.videos.find_moments import worth_asking
from assistant.videos.queries import EMPTY_PICTURE, Query


def main() -> None:
    """Measure as the command line says, and print a line for each length."""
    parser = argparse.ArgumentParser(prog="python -m assistant.benchmarks.first_choice", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with flickr8k/captions.tsv and images.tar")
    parser.add_argument("--scenes", type=int, nargs="+", default=[120, 240])
    options = parser.parse_args()
    memory = open_smolvlm2(AnswerSettings(model="starter", threads=1), ModelStore(models_dir(None)))
    photographs = read_photographs(options.data)[FIRST : FIRST + max(options.scenes)]
    seen = [memory.see(np.ascontiguousarray(picture[..., ::-1])) for picture in read_pictures(options.data, photographs)]
    empty = memory.look_again(memory.see(EMPTY_PICTURE))
    for scenes in options.scenes:
        kept, took_s = list[bool](), list[float]()
        for right in range(0, scenes, 2):
            query, began_s = Query(memory, photographs[right].one_caption, empty), time.process_time()
            evidence = [query.first_evidence(memory.look_again(each)) or 0.0 for each in seen[:scenes]]
            took_s.append(time.process_time() - began_s)
            kept.append(right in worth_asking(evidence))
        share = sum(kept) / len(kept)
        print(
            f"of {scenes} keyframes {len(worth_asking(evidence))} are asked about: the right one in {share:.3f}, {np.median(took_s):.3f} s"
        )
    began_s = time.process_time()
    for each in seen[:ASKED]:
        query.match(memory.look_again(each))
    print(f"a keyframe that the model is asked about: {(time.process_time() - began_s) / ASKED:.3f} s of one processor")


ASKED = 20
"""Keyframes of which it is timed how long the model takes."""


if __name__ == "__main__":
    main()
