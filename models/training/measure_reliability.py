"""Measures how often a model's plain answers are right, by kind of question: what the router asks before it asks the model.

    python -m models.training.measure_reliability [--data ../shared/data] [--model NAME|DIR] [--write FOLDER]

Asks what the captions of `coco_small` answer by rule (`models.training.questions`), of the half that is kept for fitting, and takes the
first sentence as the model says it, neither checked nor hedged. Every right answer counts alike, whether it is frequent or rare: a model
that says "One." of everything counts no better than it should. --write stores the shares in reliability.json of a model's folder.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from assistant.answering.sentences import SentenceSplitter
from assistant.assembly import open_describer
from assistant.interfaces import SceneDescriber
from assistant.messages import Frame, Intent, Keyframe
from assistant.settings import AnswerSettings
from assistant.store.model_store import ModelStore, models_dir
from models.training.answer_questions import is_reported, read_coco
from models.training.data import read_rows
from models.training.evaluate_answers import read_picture
from models.training.judging import matches
from models.training.measures import RULES, SEED

INTENTS: dict[str, Intent] = {"colour": "colour", "count": "how_many", "doing": "doing", "where": "where"}
"""By kind of rule."""
FEWEST = 20
"""Questions of a kind below which nothing is told of it."""

Outcome = tuple[str, bool]
"""A right answer, and whether the model gave one."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--model", default=AnswerSettings().model, help="its name, or a folder in the SmolVLM2 layout")
    parser.add_argument("--write", type=Path, help="the model's folder")
    options = parser.parse_args(arguments)
    describer = open_describer(AnswerSettings(model=options.model), ModelStore(models_dir(None)))
    outcomes = defaultdict(list)
    for intent, outcome in ask_all(describer, options.data / "coco_small"):
        outcomes[intent].append(outcome)
    for intent, each in outcomes.items():
        plainly = sum(right for _, right in each) / len(each)
        print(f"{intent:<10}{len(each):>5} questions, plainly right {plainly:.3f}, balanced {balanced(each):.3f}")
    if options.write:
        shares = {intent: round(balanced(each), 3) for intent, each in outcomes.items() if len(each) >= FEWEST}
        (options.write / "reliability.json").write_text(json.dumps(shares, indent=2) + "\n", encoding="utf-8")


def ask_all(describer: SceneDescriber, folder: Path) -> Iterator[tuple[Intent, Outcome]]:
    """Ask every question that the captions answer."""
    pictures = read_coco(read_rows(folder / "boxes.tsv"), read_rows(folder / "captions.tsv"))
    for name, picture in pictures.items():
        if is_reported(name) or not picture.captions:
            continue
        view = describer.look([Keyframe(Frame(read_picture(folder / "images.tar", name), 0.0), "only")])
        for kind, intent in INTENTS.items():
            if exchange := RULES[kind](list(picture.captions), random.Random(f"{SEED} {name}")):
                said = first_sentence(describer.answer(view, exchange.question))
                yield intent, (exchange.answers[0], matches(kind, said, exchange.answers))


def first_sentence(pieces: Iterator[str]) -> str:
    """Return the first sentence of what a model says; "" where it says nothing."""
    splitter = SentenceSplitter()
    for piece in pieces:
        if sentences := list(splitter.feed(piece)):
            return sentences[0]
    return next(iter(splitter.flush()), "")


def balanced(outcomes: Sequence[Outcome]) -> float:
    """Return the share of right answers, in [0, 1], as the mean over the answers that were right."""
    by_answer: Mapping[str, list[bool]] = defaultdict(list)
    for answer, right in outcomes:
        by_answer[answer.lower()].append(right)
    return sum(sum(each) / len(each) for each in by_answer.values()) / len(by_answer)


if __name__ == "__main__":
    main()
