"""Prints what was answered about some pictures of `coco_small`, drawn by a fixed seed, as a table: the pictures may not be copied.

    python -m models.training.evaluate_answers --kinds description --json > answers.json
    python -m models.training.answer_table answers.json [--number N] [--data ../shared/data]

Beside each answer stands what the first of the people said who were asked to describe the picture (COCO's captions, CC BY 4.0).
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from models.training.data import read_rows

SEED = 24
COCO_PAGE = "https://cocodataset.org/#explore?id="


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("answers", type=Path, help="what `evaluate_answers --json` printed")
    parser.add_argument("--number", type=int, default=40, help="of pictures")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    options = parser.parse_args(arguments)
    answers = json.loads(options.answers.read_text(encoding="utf-8"))["answers"]
    captions = dict(reversed(read_rows(options.data / "coco_small" / "captions.tsv")))  # the first of each picture
    print(*table(answers, captions, options.number), sep="\n")


def table(answers: Sequence[Mapping[str, Any]], captions: Mapping[str, str], number: int) -> Iterator[str]:
    """Yield the lines of a Markdown table of so many answers to "What is in front of me?", those about pictures with captions."""
    described = {one["picture"]: one for one in answers if one["kind"] == "description"}
    yield "| | picture | a person said | the answer | by the labels |"
    yield "|---|---|---|---|---|"
    for place, name in enumerate(random.Random(SEED).sample(list(described), min(number, len(described))), start=1):
        one, identity = described[name], name.partition(".")[0].lstrip("0")
        cells = (str(place), f"[{identity}]({COCO_PAGE}{identity})", captions[name], one["said"], one["outcome"])
        yield f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


if __name__ == "__main__":
    main()
