"""Measures a model folder on the development splits, through the same path that users have.

    python -m models.training.evaluate --model DIR [--data ../shared/data] [--pictures N] [--thresholds FILE] [--name-thresholds FILE]
        [--plots DIR] [--json FILE]

Prints each measure with its floor and number of pictures, and ten outputs of each kind, drawn by a fixed seed. --thresholds
fits the model's answer thresholds, on the even half of the presence questions (the figures are of the odd half) and, for what the
vision encoder's head names, on altered training pictures, and writes them; what wasn't measured stays as the model folder has it.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
from collections.abc import Sequence
from pathlib import Path

from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
from models.training.measures import MEASURES, Evaluation
from models.training.plots import draw_plots

SEED = 11
SAMPLES = 10


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="a folder in the SmolVLM2 layout")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--pictures", type=int, default=1000, help="at most this many of each collection")
    parser.add_argument("--measures", nargs="+", choices=MEASURES, default=MEASURES)
    parser.add_argument("--threads", type=int, default=0, help="0 = one per core")
    parser.add_argument("--json", type=Path, help="write measures and outputs here")
    parser.add_argument("--thresholds", type=Path, help="fit the answer thresholds and write them here")
    parser.add_argument("--name-thresholds", type=Path, help='write here what the measure "hedging" fits')
    parser.add_argument("--plots", type=Path, help="draw reliability and score plots into this folder")
    options = parser.parse_args(arguments)
    evaluation = Evaluation(Smolvlm2Describer(options.model, options.threads), options.data, options.pictures)
    measures = [measure for name in options.measures for measure in getattr(evaluation, name)()]
    for kind, outputs in evaluation.outputs.items():
        print(f"\n{kind}, {SAMPLES} of {len(outputs)} at random:")
        for asked, said in random.Random(SEED).sample(outputs, min(SAMPLES, len(outputs))):
            print(f"  {asked}  ->  {said}")
    print(f"\n{'measure':<64} {'value':>7}  {'floor':<8} pictures")
    for m in measures:
        print(f"{m.name:<64} {m.value:>7.3f}  {m.floor:<8} {m.pictures}")
    if options.thresholds:
        options.thresholds.write_text(json.dumps(dataclasses.asdict(evaluation.thresholds), indent=2) + "\n", encoding="utf-8")
    if options.name_thresholds and evaluation.name_thresholds:
        fitted = dataclasses.asdict(evaluation.name_thresholds)
        options.name_thresholds.write_text(json.dumps(fitted, indent=2) + "\n", encoding="utf-8")
    if options.plots:
        draw_plots(evaluation.presence_scores, options.plots)
    if options.json:
        report = {"measures": [vars(m) for m in measures], "outputs": evaluation.outputs}
        options.json.write_text(json.dumps(report, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
