"""Measures what is told of things and people: whether they are there, where, and how many, right, hedged, or wrong and plain.

    python -m assistant.benchmarks.objects --data DIR [--pictures N] [--json]

Of DIR/coco_small only pictures of val2017 are used, which the detector wasn't trained on, and of those the half to which nothing was
fitted. A thing that isn't there is one that most often stands beside those that are (as POPE asks, Li et al. 2023). Of DIR/flickr8k people
are counted as at least three of five captions tell.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

from assistant.answering.wording import yes_or_no
from assistant.assembly import open_detector
from assistant.benchmarks.labelled_pictures import LabelledPicture, boxed_pictures, captioned_names, pictures_with_counts
from assistant.instruments.objects import ObjectInstrument
from assistant.messages import AnswerThresholds, Ask, Finding, Frame, Intent, Keyframe, View
from assistant.seeing.places import yaw_degrees
from assistant.settings import CameraSettings
from assistant.store.model_store import ModelStore, models_dir

OPENING_DEGREES = CameraSettings().opening_degrees
HOUR_DEGREES = 30.0
MOST_COUNTED = 4
OUTCOMES = ("right and plain", "right and hedged", "wrong and hedged", "wrong and plain", "not told")
"""What may come of a question."""


class Asker:
    """Asks an instrument about labelled pictures."""

    def __init__(self, instrument: ObjectInstrument) -> None:
        self._instrument = instrument

    def ask(self, each: LabelledPicture, intent: Intent, thing: str) -> list[Finding]:
        """Return all that is found."""
        view = View((Keyframe(Frame(each.picture, 0.0), "only"),))
        ask = Ask(intent, thing)
        return list(self._instrument.examine(view, ask)) if self._instrument.reliability(ask) else []

    def presence(self, each: LabelledPicture, thing: str, is_there: bool) -> str:
        """Return the outcome of "Is there a ...?"."""
        findings = self.ask(each, "is_there", thing)
        if not findings:
            return "not told"
        said = yes_or_no(findings[0].probability, AnswerThresholds())
        return "not told" if said == "no_answer" else _outcome(said.endswith("yes") == is_there, is_plain=not said.startswith("likely"))

    def direction(self, each: LabelledPicture, thing: str) -> str:
        """Return what comes of "Where is the ...?" about the one such thing in the picture: its direction within an hour, or not."""
        [box] = [region for name, region in each.things if name == thing]
        places = [finding for finding in self.ask(each, "where", thing) if finding.region]
        if not places or places[0].region is None:
            return "not told"
        off = abs(yaw_degrees(places[0].region, OPENING_DEGREES) - yaw_degrees(box, OPENING_DEGREES))
        return _outcome(off <= HOUR_DEGREES / 2, is_plain=True)

    def count(self, each: LabelledPicture) -> str:
        """Return the outcome of "How many people are there?"."""
        [finding] = self.ask(each, "how_many", "people")
        return _outcome(finding.value == each.people, is_plain=not finding.is_doubtful)


def measure(asker: Asker, data: Path, limit: int) -> dict[str, Any]:
    """Return the share of each outcome by question, with how many were asked."""
    coco = list(boxed_pictures(data / "coco_small", "report", limit, captioned_names(data / "coco_small")))
    flickr = list(pictures_with_counts(data / "flickr8k", limit))
    there = [(each, name) for each in coco for name in _names(each)]
    absent = list(_beside(coco))
    alone = [(each, name) for each, name in there if sum(name == other for other, _ in each.things) == 1]
    return {
        "is it there, and it is": _shares(asker.presence(each, name, True) for each, name in there),
        "is it there, and it isn't": _shares(asker.presence(each, name, False) for each, name in absent),
        "where is it, of one that is there": _shares(asker.direction(each, name) for each, name in alone),
        "where is it, and it isn't": _shares("not told" if not asker.ask(e, "where", name) else "wrong and plain" for e, name in absent),
        "how many people, COCO, 1 to 4": _shares(asker.count(each) for each in coco if 1 <= each.people <= MOST_COUNTED),
        "how many people, COCO, nobody": _shares(asker.count(each) for each in coco if not each.people),
        "how many people, Flickr8k, 1 to 4": _shares(asker.count(each) for each in flickr if 1 <= each.people <= MOST_COUNTED),
    }


def _names(each: LabelledPicture) -> set[str]:
    return {name for name, _ in each.things}


def _beside(pictures: Sequence[LabelledPicture]) -> Iterator[tuple[LabelledPicture, str]]:
    """For each picture as many things that aren't there as are: those that most often stand beside what is."""
    beside = Counter(pair for each in pictures for pair in permutations(sorted(_names(each)), 2))
    everything = sorted({name for each in pictures for name in _names(each)})
    for each in pictures:
        here = _names(each)
        absent = sorted((name for name in everything if name not in here), key=lambda name: -sum(beside[one, name] for one in here))
        yield from ((each, name) for name in absent[: len(here)])


def _outcome(is_right: bool, *, is_plain: bool) -> str:
    return f"{'right' if is_right else 'wrong'} and {'plain' if is_plain else 'hedged'}"


def _shares(outcomes: Iterable[str]) -> dict[str, Any]:
    counted = Counter(outcomes)
    asked = counted.total()
    return {"asked": asked} | {outcome: round(counted[outcome] / asked, 3) for outcome in OUTCOMES if counted[outcome]}


def format_table(data: Mapping[str, Any]) -> str:
    """Return the figures for people, a line a question."""
    return "\n".join(f"{question}: " + ", ".join(f"{key} {value}" for key, value in shares.items()) for question, shares in data.items())


def main() -> None:
    """Measure as the command line says, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=300, metavar="N", help="of each set at most")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    detector = open_detector(ModelStore(models_dir()))
    data = measure(Asker(ObjectInstrument(detector, OPENING_DEGREES)), options.data, options.pictures)
    print(json.dumps(data) if options.json else format_table(data))


if __name__ == "__main__":
    main()
