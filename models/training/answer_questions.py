"""The questions that `evaluate_answers` asks of a picture, and what is right. Pure; everything random comes from the picture's name."""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.languages.articles import with_indefinite_article
from assistant.languages.nouns import Noun, ancestors, nouns, nouns_by_label
from models.training.answer_judging import Posed, Rule, Truth, may_be_there, things_named
from models.training.things import COLOURS

SEED = 18
MOST_COUNTED = 4
FEWEST_CAPTIONED = 3
"""Pictures whose captions must name a thing for it to be asked about: what people say, not what one writer once said."""
GROUPS = ("head", "coco", "above", "elsewhere")
"""Kinds of things: one of the 1,000 classes of the encoder's head; else one of COCO's 80; else a kind above one of these ("animal",
"vehicle"); else any other that people name in captions."""
_NUMBERS = ("zero", "one", "two", "three", "four")
_PLURALS = {"person": "people", "knife": "knives", "mouse": "mice", "sheep": "sheep", "broccoli": "broccoli"}
_ONLY_PLURAL = ("scissors", "skis")


@dataclass(frozen=True)
class CocoPicture:
    """One picture of `coco_small`."""

    name: str
    classes: Counter[str]
    """How many boxes each COCO class has; empty where the boxes aren't known."""
    captions: tuple[str, ...]

    @property
    def things(self) -> frozenset[str]:
        """Return the synsets of all that the boxes and captions name."""
        return things_in_boxes("coco", self).union(*map(things_named, self.captions))


def things_in_boxes(collection: str, picture: CocoPicture) -> frozenset[str]:
    """Return the synsets of what the boxes name, by what a collection calls things."""
    known = nouns_by_label(collection)
    return frozenset(known[name].synset for name in picture.classes if name in known)


def is_reported(picture: str) -> bool:
    """Tell the half of the pictures on which figures are taken from the one that may be fitted to."""
    return _place(picture) % 2 == 0


def shuffled(pictures: Iterable[str]) -> list[str]:
    """Return names in an order that hangs on each name alone."""
    return sorted(pictures, key=_place)


def read_coco(boxes: Sequence[Sequence[str]], captions: Sequence[Sequence[str]]) -> dict[str, CocoPicture]:
    """Gather the rows of boxes.tsv and captions.tsv by picture."""
    classes: dict[str, Counter[str]] = {}
    texts: dict[str, list[str]] = {}
    for picture, name, *_ in boxes:
        classes.setdefault(picture, Counter())[name] += 1
    for picture, text in captions:
        texts.setdefault(picture, []).append(text)
    names = sorted(classes.keys() | texts.keys())
    return {name: CocoPicture(name, classes.get(name, Counter()), tuple(texts.get(name, ()))) for name in names}


def coco_questions(picture: CocoPicture) -> Iterator[Posed]:
    """Pose what needs boxes where they are known, and what needs captions where there are some."""
    rng, things = _random(picture.name), picture.things

    def posed(kind: str, question: str, rule: Rule, truth: Truth) -> Posed:
        return Posed("coco_small", picture.name, kind, question, rule, truth)

    if picture.captions:
        yield posed("description", "What is in front of me?", "description", Truth(things))
        yield posed("who", "Who is this?", "description", Truth(things))
        yield posed("what", "What is this?", "description", Truth(things))
        yield posed("may I cross", "Can I cross now?", "refusal", Truth(things))
    if not picture.classes:
        return
    known = nouns_by_label("coco")
    absent = rng.choice([name for name, noun in known.items() if not may_be_there(noun.synset, things)])
    present = rng.choice(sorted(picture.classes))
    for name, is_there in ((present, True), (absent, False)):
        state, others = "there" if is_there else "absent", things - {known[name].synset}
        yield posed(f"yes or no, {state}", f"{_is(name)} there {with_article(name)}?", "presence", Truth(things, is_there))
        yield posed(f"where, {state}", f"Where {_is(name).lower()} the {name}?", "attribute", Truth(others, is_there))
    yield posed("is it open", f"{_is(present)} the {present} open?", "refusal", Truth(things))
    counted = [name for name, count in sorted(picture.classes.items()) if count <= MOST_COUNTED]
    for name in ([rng.choice(counted)] if counted else []) + [absent]:
        count = picture.classes[name]
        right = frozenset((_NUMBERS[count], str(count)))
        question = f"How many {plural(name)} are there?"
        yield posed(f"how many, {'there' if count else 'absent'}", question, "attribute", Truth(things, count > 0, right))
    coloured = {name: colours for name in sorted(picture.classes) if (colours := colours_told(picture.captions, known[name].synset))}
    for name in ([rng.choice(list(coloured))] if coloured else []) + [absent]:
        question, right = f"What colour {_is(name).lower()} the {name}?", coloured.get(name, frozenset())
        yield posed(f"colour, {'there' if right else 'absent'}", question, "attribute", Truth(things, bool(right), right))


def presence_pools(pictures: Iterable[CocoPicture]) -> dict[str, list[str]]:
    """Return the things that people name or COCO's boxes have, as synsets, by group."""
    counts = Counter(synset for picture in pictures if picture.captions for synset in picture.things)
    common = sorted(synset for synset, count in counts.items() if count >= FEWEST_CAPTIONED and nouns()[synset].name_to_say("en"))
    return {group: [synset for synset in common if group_of(nouns()[synset]) == group] for group in GROUPS}


def presence_questions(picture: CocoPicture, pools: Mapping[str, Sequence[str]]) -> Iterator[Posed]:
    """Ask of each group of things for one that is there and one that isn't, in either polarity. Only with captions and boxes."""
    rng, things = _random(f"presence {picture.name}"), picture.things
    if not (picture.captions and picture.classes):
        return
    named_above = things | {noun.synset for synset in things for noun in ancestors(nouns()[synset])}
    for group, pool in pools.items():
        there = [synset for synset in pool if synset in named_above]
        absent = [synset for synset in pool if not may_be_there(synset, things)]
        for state, candidates in (("there", there), ("absent", absent)):
            if candidates:
                question = ask_presence(nouns()[rng.choice(candidates)], is_negated=rng.random() < 0.5)
                truth = Truth(things, state == "there")
                yield Posed("coco_small", picture.name, f"presence, {group}, {state}", question, "presence", truth)


def scene_question(collection: str, picture: str, captions: Iterable[str]) -> Posed:
    """Ask what is in front of the user."""
    things = frozenset[str]().union(*map(things_named, captions))
    return Posed(collection, picture, f"description, {collection}", "What is in front of me?", "description", Truth(things))


def object_questions(collection: str, picture: str, noun: Noun, others: Sequence[Noun] = ()) -> Iterator[Posed]:
    """Ask what the one thing in a picture is and, where others of its kind are given, whether it and one of them are there."""
    truth, rng = frozenset((noun.synset,)), _random(picture)
    yield Posed(collection, picture, f"what, {collection}", "What is this?", "description", Truth(truth))
    absent = [other for other in others if not may_be_there(other.synset, truth)]
    for state, asked in (("there", noun), ("absent", rng.choice(absent))) if absent else ():
        question = ask_presence(asked, is_negated=rng.random() < 0.5)
        yield Posed(collection, picture, f"presence, {collection}, {state}", question, "presence", Truth(truth, state == "there"))


def group_of(noun: Noun) -> str:
    """Return which of GROUPS a thing is in."""
    collections = {label.partition(":")[0] for label in noun.labels}
    if "imagenet" in collections:
        return "head"
    if "coco" in collections:
        return "coco"
    known = (*nouns_by_label("imagenet").values(), *nouns_by_label("coco").values())
    return "above" if any(noun in ancestors(one) for one in known) else "elsewhere"


def ask_presence(noun: Noun, *, is_negated: bool) -> str:
    """Ask whether a thing is there, or whether it isn't."""
    known = noun.names("en")[0]
    verb, bare = "Are" if known.number == "pl" else "Is", known.text
    return f"{verb} there no {bare}?" if is_negated else f"{verb} there {with_indefinite_article(bare, '', known.number, 'en')}?"


def colours_told(captions: Iterable[str], synset: str) -> frozenset[str]:
    """Return the colours that captions give to a thing, right before its name or with one word between."""
    found = set()
    for caption in captions:
        words = re.findall(r"[a-z-]+", caption.lower())
        for place, word in enumerate(words):
            if word in COLOURS and synset in things_named(" ".join(words[place + 1 : place + 3])):
                found.add(word)
    return frozenset(found)


def plural(name: str) -> str:
    """Return the plural of a COCO class."""
    if name in _ONLY_PLURAL:
        return name
    start, _, last = name.rpartition(" ")
    ending = "es" if last.endswith(("s", "ch", "sh", "x")) else "s"
    return f"{start} {_PLURALS.get(last, last + ending)}".strip()


def with_article(name: str) -> str:
    """Return a COCO class as its presence is asked for: "a dog", "scissors"."""
    number = "pl" if name in _ONLY_PLURAL else nouns_by_label("coco")[name].names("en")[0].number
    return with_indefinite_article(name, "", number, "en")


def _is(name: str) -> str:
    return "Are" if name in _ONLY_PLURAL else "Is"


def _random(name: str) -> random.Random:
    return random.Random(f"{SEED} {name}")


def _place(picture: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{SEED} {picture}".encode()).digest()[:8], "big")
