"""Answers where things are, how many there are and whether they are there, by what a detector finds: nothing is guessed."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from assistant.interfaces import Instrument, ObjectDetector
from assistant.languages import FALLBACK
from assistant.languages.nouns import PERSON, Noun, ancestors, find_noun, heads, is_kind_of, name, nouns, nouns_by_label
from assistant.messages import LEFT, RIGHT, Ask, Detail, DetectedThing, Finding, Intent, Picture, Region, View
from assistant.seeing.places import place_of, stands_on

FOUND = 0.4
"""Probability from which a thing counts as found."""
UNCLEAR = (0.15, 0.6)
"""Probabilities between which a box makes a count unsure. Without such a one 80 % of the counts of one to four people were right by
Flickr8k's captions, to which nothing was fitted, and with one 36 %."""
COUNTED_UNCLEARLY = 0.36
SURE = 0.8
"""Probability from which it is told unasked."""
MOST_PLACES = 3
"""Of one kind that are told, the surest first."""
RELIABILITY: Mapping[Intent, float] = {"is_there": 0.9, "where": 0.9, "how_many": 0.8, "things": 0.9}
"""Share of its plain answers that are right (docs/objects.md)."""
PRESENCE_OFFSET = 2.17
"""What is added to the log-odds of the surest box for those of such a thing being there at all: where half of what is asked about is
there, and the other half is what most often stands beside it (as POPE asks, Li et al. 2023, https://arxiv.org/abs/2305.10355)."""
UNSEEN, NOBODY = 0.24, 0.08
"""Probability that a thing is there of which there is no box, and that a person is."""
SOURCE = "objects"
_SIDES: Mapping[str, Callable[[Region], bool]] = {
    "": lambda region: True,
    LEFT: lambda region: region.left + region.width / 2 < 0.4,
    RIGHT: lambda region: region.left + region.width / 2 > 0.6,
}
"""What is asked about -> whether a thing is there."""
_COLLECTIONS = ("coco", "doors")
_BROADER = {"tv": "04152593"}
"""Label -> what is told unasked, where the label is given to more than its name says: COCO's "tv" are the screens of computers, too."""


class ObjectInstrument(Instrument):
    """Implements `interfaces.Instrument` with an ObjectDetector. It remembers what it found in the last picture."""

    def __init__(self, detector: ObjectDetector, opening_degrees: float) -> None:
        """`opening_degrees`: how wide the camera sees from left to right."""
        self._detector = detector
        self._opening_degrees = opening_degrees
        self._last: tuple[Callable[[], Picture | None], Sequence[DetectedThing]] = (lambda: None, ())

    def reliability(self, ask: Ask) -> float:
        """Return how often its plain answer is right, in [0, 1]; 0 for what it can't find."""
        share = RELIABILITY.get(ask.intent, 0.0)
        return share if ask.intent == "things" or (share and self._wanted(ask)) else 0.0

    def examine(self, view: View, ask: Ask, detail: Detail = "brief") -> Iterator[Finding]:
        """Yield what is found of the thing in the newest picture; nothing where that wouldn't tell whether it is there."""
        picture = view.keyframes[-1].frame.picture
        if ask.intent == "things":
            yield from self._things(picture, ask)
            return
        wanted = self._wanted(ask)
        found = [thing for thing in self.detect(picture) if thing.label in wanted]
        sure = [thing for thing in found if thing.probability >= FOUND]
        match ask.intent:
            case "where":
                for thing in sure[:MOST_PLACES]:
                    yield told_place(thing, wanted[thing.label], picture, self._opening_degrees)
            case "how_many":
                counted = "" if _noun(ask) == nouns()[PERSON] else ask.thing
                unclear = any(UNCLEAR[0] <= thing.probability < UNCLEAR[1] for thing in found)
                number = max(len(sure), 1 if unclear else 0)
                share = COUNTED_UNCLEARLY if unclear else RELIABILITY["how_many"]
                yield Finding("count", number, share, SOURCE, counted, is_doubtful=unclear)
            case "is_there" if sure or self._is_label(ask):
                best = found[0] if found else None
                region = best.region if best and sure else None
                unseen = NOBODY if _noun(ask) == nouns()[PERSON] else UNSEEN
                yield Finding("presence", True, _presence(best) if best else unseen, SOURCE, ask.thing, ask.in_full, region=region)

    def detect(self, picture: Picture) -> Sequence[DetectedThing]:
        """Return what is found in uint8 [H, W, 3], the surest first; of the picture that was asked about last, without looking again."""
        last, found = self._last
        if last() is not picture:
            found = self._detector.detect(picture)
            self._last = weakref.ref(picture), found
        return found

    def find(self, view: View, ask: Ask) -> Region | None:
        """Return where the thing that is asked about is in the newest picture; None where it isn't found."""
        wanted = self._wanted(replace(ask, intent="where"))
        found = (thing for thing in self.detect(view.keyframes[-1].frame.picture) if thing.label in wanted)
        return next((thing.region for thing in found if thing.probability >= FOUND), None)

    def prepare(self, view: View) -> Iterator[None]:
        """Look for things in the newest picture."""
        self.detect(view.keyframes[-1].frame.picture)
        yield

    def forget(self) -> None:
        """Drop what it found, and free the detector's memory until it is asked again."""
        self._last = (lambda: None, ())
        self._detector.unload()

    def _things(self, picture: Picture, ask: Ask) -> Iterator[Finding]:
        """What there is on a side, or on a thing; where that thing isn't found what there is at all, and nothing where there is nothing."""
        known = self._known()
        found = [thing for thing in self.detect(picture) if thing.label in known]
        wanted = self._wanted(ask)
        below = next((thing for thing in found if thing.label in wanted and thing.probability >= FOUND), None)
        if ask.thing in _SIDES:
            sure = [thing for thing in found if thing.probability >= SURE and _SIDES[ask.thing](thing.region)]
        elif below:
            sure = [thing for thing in found if thing.probability >= FOUND and stands_on(thing.region, below.region)]
        else:
            sure = [thing for thing in found if thing.probability >= SURE]
            if not sure:
                return
            yield Finding("refusal", "cant_tell_that", 1.0, "rule")
        probability = min((thing.probability for thing in sure), default=1.0)
        told = {_BROADER.get(thing.label, known[thing.label].synset) for thing in sure}
        yield Finding("things", tuple(sorted(told)), probability, SOURCE)

    def _wanted(self, ask: Ask) -> Mapping[str, str]:
        """Labels that answer a question -> what such a thing is called in it: those that are what is named or a kind of it.

        Where there is none, a place is also told of what a name adds something to ("red cup"), or of which it is a kind ("armchair").
        """
        noun = _noun(ask)
        if noun:
            kinds = {label: ask.thing for label, known in self._known().items() if is_kind_of(known, noun)}
            if kinds or ask.intent != "where":
                return kinds
            above = ancestors(noun)
            named = {label: name(known, ask.language, article=False) for label, known in self._known().items() if known in above}
            return {label: said for label, said in named.items() if said}
        if ask.intent == "where" and ask.language == FALLBACK:
            for head in heads(ask.thing):
                if find_noun(head, FALLBACK):
                    return dict.fromkeys(self._wanted(replace(ask, thing=head)), head)
        return {}

    def _is_label(self, ask: Ask) -> bool:
        """Whether the thing itself can be found, so that its absence says something, and not only some kinds of it."""
        return _noun(ask) in self._known().values()

    def _known(self) -> Mapping[str, Noun]:
        return {
            label: known
            for collection in _COLLECTIONS
            for label, known in nouns_by_label(collection).items()
            if label in self._detector.labels
        }


def told_place(found: DetectedThing, thing: str, picture: Picture, opening_degrees: float) -> Finding:
    """Return where something is in uint8 [H, W, 3], under the name that it has in the question."""
    height, width = picture.shape[:2]
    place = place_of(found.label, found.region, width / height, opening_degrees)
    return Finding("place", place.keys, found.probability, SOURCE, thing, region=found.region)


def _noun(ask: Ask) -> Noun | None:
    return find_noun(ask.thing, ask.language) if ask.thing else None


def _presence(best: DetectedThing) -> float:
    """The probability that a thing is there at all, by the surest box of it."""
    odds = best.probability / (1 - min(best.probability, 0.999)) * math.exp(PRESENCE_OFFSET)
    return odds / (1 + odds)
