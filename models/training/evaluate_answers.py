"""Measures what users get: asks as a user would, of pictures that nothing was fitted on, and counts what is right.

    python -m models.training.evaluate_answers [--data ../shared/data] [--model NAME|DIR] [--pictures N] [--kinds KIND ...] [--half HALF]
        [--alone] [--json]

Prints, for every kind of question, how many were answered right, right with a hedge ("I think so"), wrong with a hedge, wrong and
plain, or not at all (of these, after how many something plainly wrong was told), then the figures that are wanted, presence by kind of
thing, and some questions and answers drawn by a fixed seed. The pictures: `coco_small` (boxes and captions), of which a hash of the
file's name keeps one half for fitting and reports the other; Flickr8k `dev`; ImageNet samples of the classes kept out of training; the
groceries' `dev` pictures; clothing; rooms with doors. --pictures takes the same N of each at every call, --kinds only the kinds of
questions that begin so ("description"), --half "fitted" the half that may be looked at; --json prints everything as one JSON object.
Asked is as `assistant ask` does, with every instrument that is installed; with --alone the model has none beside it.

Right is a description that names anything that captions or boxes name, or a kind above or below it; captions don't tell everything, so
that some of what counts as wrong, or as absent, isn't. Of a colour, a number or a place, that the thing is seen counts as no answer.
"Untrue" counts the descriptions, right ones too, that plainly name a thing that neither captions nor boxes have.
"""

from __future__ import annotations

import argparse
import functools
import json
import random
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np

from assistant.answering.answer_checks import SCENE_QUESTION
from assistant.answering.presence import thresholds_of
from assistant.assembly import open_describer, open_instruments
from assistant.conversation import Conversation
from assistant.interfaces import Instrument, SceneDescriber
from assistant.languages.nouns import labels_to_nouns, nouns_by_label
from assistant.messages import AnswerThresholds, Frame, Picture, Sentence
from assistant.seeing.keyframe_selector import select_keyframes
from assistant.settings import AnswerSettings, EarSettings, KeyframeSettings
from assistant.store.model_store import ModelStore, models_dir
from models.training.answer_judging import (
    OUTCOMES,
    Judged,
    Outcome,
    Posed,
    Row,
    Truth,
    balanced,
    judge,
    merged,
    tally,
    things_named,
    untrue_things,
)
from models.training.answer_questions import (
    GROUPS,
    SEED,
    coco_questions,
    is_reported,
    object_questions,
    presence_pools,
    presence_questions,
    read_coco,
    scene_question,
    shuffled,
    things_in_boxes,
)
from models.training.data import flickr_examples, imagenet_examples, read_rows

SAMPLES = 3
HALVES = ("reported", "fitted")
WRONG_AND_PLAIN: tuple[Outcome, ...] = ("wrong", "refused, then wrong")
WANTED = {
    "descriptions": ("description",),
    "yes or no": ("yes or no, there", "yes or no, absent"),
    "where": ("where, there", "where, absent"),
    "what": ("what",),
    "who": ("who",),
}
"""Kinds of questions about `coco_small` that count in each wanted figure."""

Answers = Callable[[Picture, Sequence[str]], list[list[Sentence]]]
"""What is said to each of several questions about one picture."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--model", default=AnswerSettings().model, help="its name, or a folder in the SmolVLM2 layout")
    parser.add_argument("--pictures", type=int, default=120, help="at most this many of each collection")
    parser.add_argument("--kinds", nargs="+", default=[""], metavar="KIND", help="only the kinds of questions that begin with one of these")
    parser.add_argument("--half", choices=HALVES, default="reported", help="of coco_small and of the rooms with doors")
    parser.add_argument("--alone", action="store_true", help="without any instrument")
    parser.add_argument("--threads", type=int, default=0, help="0 = one per core")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    store = ModelStore(models_dir(None))
    describer = open_describer(AnswerSettings(model=options.model, threads=options.threads), store)
    instruments = [] if options.alone else open_instruments(store, options.threads, describer=describer)
    posed = pose_all(options.data, options.pictures, is_reported_half=options.half == HALVES[0])
    wanted = (one for one in posed if one.kind.startswith(tuple(options.kinds)))
    judged = list(ask_all(wanted, options.data, answers_of(describer, instruments), thresholds_of(describer)))
    print(json.dumps(as_json(judged)) if options.json else report(judged))


def pose_all(data: Path, pictures: int, *, is_reported_half: bool = True) -> Iterator[Posed]:
    """Pose every question, those about one picture together, about so many pictures of each collection."""
    yield from _pose_coco(data / "coco_small", pictures, is_reported_half)
    flickr = {example.picture: example.answers for example in flickr_examples(data, "dev")}
    for picture in shuffled(flickr)[:pictures]:
        yield scene_question("flickr8k", picture, flickr[picture])
    place = {picture: number for number, (picture, _) in enumerate(read_rows(data / "imagenet_samples" / "labels.tsv"))}
    classes = labels_to_nouns()
    for picture in shuffled(example.picture for example in imagenet_examples(data, "dev"))[:pictures]:
        yield from object_questions("imagenet_samples", picture, classes[place[picture]], classes)
    fine = {picture: label for picture, split, label, _ in read_rows(data / "grocery" / "labels.tsv") if split == "dev"}
    kinds = {picture: kind for picture, kind, _ in read_rows(data / "clothing" / "labels.tsv")}
    for collection, labels in (("grocery", fine), ("clothing", kinds)):
        known = nouns_by_label(collection)
        for picture in [one for one in shuffled(labels) if labels[one] in known][:pictures]:
            yield from object_questions(collection, picture, known[labels[picture]])
    rooms = read_coco(read_rows(data / "doors" / "boxes.tsv"), ())
    for picture in [one for one in shuffled(rooms) if is_reported(one) == is_reported_half][:pictures]:
        parts = (things_named(word) for name in rooms[picture].classes for word in name.split())  # a refrigerator's door: a refrigerator
        truth = Truth(things_in_boxes("doors", rooms[picture]).union(*parts))
        yield Posed("doors", picture, "description, doors", SCENE_QUESTION, "description", truth)


def ask_all(posed: Iterable[Posed], data: Path, answers: Answers, thresholds: AnswerThresholds) -> Iterator[Judged]:
    """Ask every question and judge what is said; those about one picture must come together."""
    for (collection, name), each in groupby(posed, key=lambda one: (one.collection, one.picture)):
        asked = list(each)
        answered = answers(read_picture(data / collection / "images.tar", name), [one.question for one in asked])
        for one, sentences in zip(asked, answered, strict=True):
            said = " ".join(sentence.text for sentence in sentences)
            yield Judged(one, said, judge(one, sentences, thresholds), untrue_things(sentences, one.truth.things))


def answers_of(describer: SceneDescriber, instruments: Sequence[Instrument] = ()) -> Answers:
    """Answer as `assistant ask` does, every question in a conversation that has begun with that picture."""

    def answers(picture: Picture, questions: Sequence[str]) -> list[list[Sentence]]:
        conversation = Conversation(None, describer, EarSettings(), instruments=instruments)
        seen = conversation.look(select_keyframes([Frame(picture, 0.0)], KeyframeSettings()))
        return [list(conversation.answer(seen, conversation.written(question, "en"))) for question in questions]

    return answers


def report(judged: Sequence[Judged]) -> str:
    """Return the tables and samples as lines for people."""
    rows = tally(judged)
    lines = [f"{'question':<34}{'number':>7}" + "".join(f"{outcome:>21}" for outcome in OUTCOMES)]
    lines += [_line(kind, row) for kind, row in rows.items()]
    lines += ["", "wrong and plain (wanted: at most 5 %)"]
    lines += [f"  {name:<32}{row.questions:>7}{row.share(*WRONG_AND_PLAIN):>10.1%}" for name, row in _wanted(rows).items()]
    described = rows.get("description", Row())
    lines += [f"something right said in descriptions (wanted: at least 55 %): {described.share('right', 'hedged right'):.1%}"]
    lines += [f"untrue: {name}: {share:.1%}" for name, share in _untrue(judged).items()]
    lines += [
        "",
        f"{'presence by kind of thing':<34}{'number':>7}{'balanced accuracy':>19}{'told':>8}{'yes on absent':>15}{'plain yes':>11}",
    ]
    for group, (there, absent) in _presence(rows).items():
        told, yes = 1 - Row(there.counts + absent.counts).share("refused"), absent.share("wrong", "hedged wrong")
        lines.append(
            f"  {group:<32}{there.questions + absent.questions:>7}{balanced(there, absent):>19.1%}{told:>8.1%}"
            f"{yes:>15.1%}{absent.share('wrong'):>11.1%}"
        )
    return "\n".join([*lines, "", *_samples(judged)])


def as_json(judged: Sequence[Judged]) -> dict[str, object]:
    """Return the counts and every answer, ready for JSON."""
    rows = tally(judged)
    return {
        "questions": {kind: dict(row.counts) for kind, row in rows.items()},
        "untrue": _untrue(judged),
        "wrong_and_plain": {name: row.share(*WRONG_AND_PLAIN) for name, row in _wanted(rows).items()},
        "presence": {
            group: {"balanced_accuracy": balanced(there, absent), "yes_on_absent": absent.share("wrong", "hedged wrong")}
            for group, (there, absent) in _presence(rows).items()
        },
        "answers": [
            {
                **{"picture": one.posed.picture, "kind": one.posed.kind, "question": one.posed.question},
                **{"said": one.said, "outcome": one.outcome, "untrue": sorted(one.untrue)},
            }
            for one in judged
        ],
    }


def _pose_coco(folder: Path, most: int, is_reported_half: bool) -> Iterator[Posed]:
    pictures = read_coco(read_rows(folder / "boxes.tsv"), read_rows(folder / "captions.tsv"))
    pools = presence_pools(pictures.values())
    for name in [name for name in shuffled(pictures) if is_reported(name) == is_reported_half][:most]:
        yield from coco_questions(pictures[name])
        yield from presence_questions(pictures[name], pools)


def _untrue(judged: Sequence[Judged]) -> dict[str, float]:
    """By kind of description, the share in which something is plainly named that isn't known to be there."""
    kinds = dict.fromkeys(one.posed.kind for one in judged if one.posed.kind.startswith("description"))
    return {kind: float(np.mean([bool(one.untrue) for one in judged if one.posed.kind == kind])) for kind in kinds}


def _wanted(rows: Mapping[str, Row]) -> dict[str, Row]:
    return {name: merged(rows, *kinds) for name, kinds in WANTED.items()}


def _presence(rows: Mapping[str, Row]) -> dict[str, tuple[Row, Row]]:
    """Things that are there and that aren't, by group."""
    groups = (*GROUPS, "imagenet_samples")
    return {group: (merged(rows, f"presence, {group}, there"), merged(rows, f"presence, {group}, absent")) for group in groups}


def _line(kind: str, row: Row) -> str:
    return f"{kind:<34}{row.questions:>7}" + "".join(f"{row.counts[outcome]:>12}{row.share(outcome):>8.1%} " for outcome in OUTCOMES)


def _samples(judged: Sequence[Judged]) -> Iterator[str]:
    rng = random.Random(SEED)
    for kind in tally(judged):
        of_kind = [one for one in judged if one.posed.kind == kind]
        for one in rng.sample(of_kind, min(SAMPLES, len(of_kind))):
            yield f"{one.outcome:<20} {one.posed.picture:<34} {one.posed.question} -> {one.said}"


@functools.cache
def _archive(path: Path) -> tarfile.TarFile:
    return tarfile.open(path)


def read_picture(archive: Path, name: str) -> Picture:
    """As uint8 [H, W, 3] RGB."""
    file = _archive(archive).extractfile(name)
    assert file is not None, f"{name} is no file"
    picture: Picture = cv2.cvtColor(cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    return picture


if __name__ == "__main__":
    main()
