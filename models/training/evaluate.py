"""Measures a model folder on the development splits, through the same runtime that users have.

    python -m models.training.evaluate --model DIR --data ../shared/data [--pictures N] [--json FILE]

Prints each measure with its floor and number of pictures, and ten outputs of each kind, drawn by a fixed seed.
"""

from __future__ import annotations

import argparse
import json
import random
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from assistant.messages import Frame, Keyframe, View
from assistant.runtimes.smolvlm2 import Smolvlm2Describer
from models.training.caption_scores import bleu4, cider_d
from models.training.data import Example, flickr_examples, grocery_examples, imagenet_examples, mentions_person, names

OBJECT_QUESTION = "What is in front of me?"
SCENE_QUESTION = "What is happening?"  # asks for a caption rather than a name
SEED = 11
GALLERY = 20
RANKED_PICTURES = 400
SAMPLES = 10
MEASURES = ("captions", "ranking", "groceries", "objects")


@dataclass(frozen=True)
class Measure:
    name: str
    value: float
    floor: str
    pictures: int


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="a folder in the SmolVLM2 layout")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--pictures", type=int, default=1000, help="at most this many of each collection")
    parser.add_argument("--measures", nargs="+", choices=MEASURES, default=MEASURES)
    parser.add_argument("--threads", type=int, default=0, help="0 = one per core")
    parser.add_argument("--json", type=Path, help="write measures and outputs here")
    options = parser.parse_args(arguments)
    evaluation = Evaluation(Smolvlm2Describer(options.model, options.threads), options.data, options.pictures)
    measures = [measure for name in options.measures for measure in getattr(evaluation, name)()]
    for kind, outputs in evaluation.outputs.items():
        print(f"\n{kind}, {SAMPLES} of {len(outputs)} at random:")
        for example, said in random.Random(SEED).sample(outputs, min(SAMPLES, len(outputs))):
            print(f"  {example.label or example.answers[0]}  ->  {said}")
    print(f"\n{'measure':<52} {'value':>7}  {'floor':<8} pictures")
    for m in measures:
        print(f"{m.name:<52} {m.value:>7.3f}  {m.floor:<8} {m.pictures}")
    if options.json:
        said_by_kind = {kind: {e.picture: said for e, said in outputs} for kind, outputs in evaluation.outputs.items()}
        options.json.write_text(json.dumps({"measures": [vars(m) for m in measures], "outputs": said_by_kind}, indent=1), encoding="utf-8")


class Evaluation:
    """One model over the three collections; `outputs` keeps what it said."""

    def __init__(self, describer: Smolvlm2Describer, data: Path, most: int) -> None:
        self._describer = describer
        self._data = data
        self._most = most
        self.outputs: dict[str, list[tuple[Example, str]]] = {}

    def captions(self) -> Iterator[Measure]:
        said = self._say_all("flickr8k", flickr_examples(self._data, "dev"), SCENE_QUESTION)
        references, outputs = [list(e.answers) for e, _ in said], [text for _, text in said]
        yield Measure("Flickr8k: CIDEr-D", cider_d(references, outputs), ">= 0.45", len(said))
        yield Measure("Flickr8k: BLEU-4", bleu4(references, outputs), ">= 0.14", len(said))

    def ranking(self) -> Iterator[Measure]:
        """Galleries of 20 pictures: for one caption of each, is its own picture where the caption is likeliest?"""
        examples = flickr_examples(self._data, "dev")[: min(self._most, RANKED_PICTURES)]
        hits = tried = 0
        for first in range(0, len(examples) - GALLERY + 1, GALLERY):
            gallery = examples[first : first + GALLERY]
            views = [view for _, view in self._views(gallery)]
            scores = np.array(
                [[self._describer.log_likelihood(v, SCENE_QUESTION, e.answers[0]) for e in gallery] for v in views]
            )  # [picture, caption]
            hits += int((scores.argmax(0) == np.arange(GALLERY)).sum())
            tried += GALLERY
        yield Measure(f"Flickr8k: right picture among {GALLERY} by likelihood", hits / tried, ">= 0.60", tried)

    def groceries(self) -> Iterator[Measure]:
        said = self._say_all("grocery", grocery_examples(self._data, "dev"), OBJECT_QUESTION)
        yield Measure("grocery: a person is mentioned", _share(mentions_person(text) for _, text in said), "<= 0.05", len(said))
        yield Measure("grocery: coarse class named", _share(names(text, e.label) for e, text in said), ">= 0.60", len(said))

    def objects(self) -> Iterator[Measure]:
        said = self._say_all("imagenet_samples", imagenet_examples(self._data, "dev"), OBJECT_QUESTION)
        named, unsure = [names(text, e.label) for e, text in said], [text.startswith("I can't tell") for _, text in said]
        yield Measure("ImageNet, classes never trained: class word named", _share(iter(named)), ">= 0.55", len(said))
        yield Measure('ImageNet, classes never trained: "I can\'t tell"', _share(iter(unsure)), "report", len(said))

    def _say_all(self, kind: str, examples: list[Example], question: str) -> list[tuple[Example, str]]:
        chosen = random.Random(SEED).sample(examples, min(self._most, len(examples)))
        self.outputs[kind] = [(e, "".join(self._describer.answer(view, question))) for e, view in self._views(chosen)]
        return self.outputs[kind]

    def _views(self, examples: list[Example]) -> Iterator[tuple[Example, View]]:
        with tarfile.open(self._data / examples[0].collection / "images.tar") as tar:
            members = {Path(member.name).name: member for member in tar if member.isfile()}
            for example in examples:
                file = tar.extractfile(members[example.picture])
                assert file is not None
                picture = cv2.cvtColor(cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
                yield example, self._describer.look([Keyframe(Frame(picture, 0.0), "only")])


def _share(hits: Iterator[bool]) -> float:
    return float(np.mean(list(hits)))


if __name__ == "__main__":
    main()
