"""Questions with their answers, made from captions and labels by rule. Pure: random choices come from a generator that is passed in.

A caption tells what is there, never all that is there, so a thing counts as absent only where neither its own words nor
words that hint at it (after the bar in THINGS) stand in any caption of the picture.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from models.training.things import COLOURED, COLOURS, DOERS, NOT_DOING, NUMBERS, PEOPLE, PLACES, PLURALS, THINGS

CANT_TELL = "I can't tell."
YES, NO = "Yes.", "No."

_PRESENCE = (
    "Is there {}?",
    "Is there {} in the picture?",
    "Is there {} in this image?",
    "Do you see {}?",
    "Can you see {}?",
    "Is there {} in front of me?",
)
_MASS_NOUNS = {"water", "snow", "grass", "sand", "food", "asparagus", "garlic", "ginger", "kiwi"}
_ABSENCE = ("Is it true that there is no {}?", "Is the picture without {}?")
_WHO = ("Who is in the picture?", "Who is there?", "Who do you see?")
_WHERE = ("Where is this?", "What place is this?", "Where am I?")


@dataclass(frozen=True)
class Exchange:
    """A question and answers that are right."""

    question: str
    answers: tuple[str, ...]


def caption_questions(captions: Sequence[str], others: Sequence[str], rng: random.Random, most: int) -> list[Exchange]:
    """At most `most` questions about a picture with these captions; `others` are captions of pictures that share a thing with it."""
    made = [presence(captions, others, True, rng), presence(captions, others, False, rng)]
    rules = [what_colour(captions, rng), how_many(captions, rng), what_doing(captions, rng), who(captions, rng), where(captions, rng)]
    rng.shuffle(rules)
    if rng.random() < 0.25:
        rules.insert(0, wrong_presupposition(captions, others, rng))
    made += rules
    return [exchange for exchange in made if exchange][:most]


def presence(captions: Sequence[str], others: Sequence[str], there: bool, rng: random.Random) -> Exchange | None:
    """Yes or no, in either polarity; what is absent is taken from a similar picture."""
    things = sorted(present_things(captions) if there else present_things(others) - possible_things(captions))
    return presence_question(rng.choice(things), there, rng) if things else None


def presence_question(thing: str, there: bool, rng: random.Random) -> Exchange:
    """`thing` with its article ("a dog", "water", "apples"); one in four asks whether it is absent."""
    asks_absence = rng.random() < 0.25
    question = rng.choice(_ABSENCE if asks_absence else _PRESENCE)
    bare = re.sub(r"^an? ", "", thing)
    question = question.format(bare if "no {}" in question else thing)
    if bare == thing and thing not in _MASS_NOUNS:
        question = question.replace("Is there ", "Are there ").replace("there is no", "there are no")
    return Exchange(question, (YES if there != asks_absence else NO,))


def wrong_presupposition(captions: Sequence[str], others: Sequence[str], rng: random.Random) -> Exchange | None:
    """ "What colour is the car?" of a picture without a car: that is said instead of a colour."""
    absent = present_things(others) - possible_things(captions)
    candidates = sorted(f"What colour is the {noun}?|{noun}" for thing, noun in COLOURED.items() if thing in absent)
    candidates += sorted(f"What is the {noun} doing?|{noun}" for thing, noun in DOERS.items() if thing in absent)
    if not candidates:
        return None
    question, noun = rng.choice(candidates).split("|")
    return Exchange(question, (f"I don't see a {noun}.",))


def what_colour(captions: Sequence[str], rng: random.Random) -> Exchange | None:
    """Where the captions give a thing one colour and no other."""
    found: dict[str, set[str]] = {}
    for colour, noun in re.findall(rf"\b({'|'.join(COLOURS)}) ({'|'.join(COLOURED.values())})\b", _text(captions)):
        found.setdefault(noun, set()).add(colour.replace("gray", "grey"))
    clear = sorted(noun for noun, colours in found.items() if len(colours) == 1)
    if not clear:
        return None
    noun = rng.choice(clear)
    return Exchange(f"What colour is the {noun}?", (f"{found[noun].pop().capitalize()}.",))


def how_many(captions: Sequence[str], rng: random.Random) -> Exchange | None:
    """Where at least two captions begin with the same number of the same thing and none disagrees."""
    counts: dict[str, Counter[str]] = {}
    numbers = "|".join((*NUMBERS, "a", "an", "one"))
    for caption in captions:
        if match := re.match(rf"({numbers})( [\w-]+)?( [\w-]+)? ({'|'.join([*PLURALS, *PLURALS.values()])})\b", caption.lower()):
            counts.setdefault(PLURALS.get(match[4], match[4]), Counter())[match[1] if match[1] in NUMBERS else "one"] += 1
    agreed = sorted((noun, next(iter(c))) for noun, c in counts.items() if len(c) == 1 and c.total() >= 2)
    if not agreed:
        return None
    noun, number = rng.choice(agreed)
    if number == "one" and re.search(rf"\b({noun}|{'|'.join(NUMBERS)}|another|several|group|people)\b", _text(captions)):
        return None  # "A man ..." often begins a caption of two men
    return Exchange(f"How many {noun} are there?", (f"{number.capitalize()}.",))


def what_doing(captions: Sequence[str], rng: random.Random) -> Exchange | None:
    found = []
    for caption in captions:
        if (match := re.search(rf"\b({'|'.join(DOERS.values())})( is)? (\w+ing\b.*)\.$", caption.lower())) and not NOT_DOING.match(
            match[3]
        ):
            found.append((match[1], match[3]))
    if not found:
        return None
    noun, doing = rng.choice(found)
    answers = [d for n, d in found if n == noun][:2]
    return Exchange(f"What is the {noun} doing?", tuple(f"{d.capitalize()}." for d in answers))


def who(captions: Sequence[str], rng: random.Random) -> Exchange | None:
    """The people a caption begins with."""
    nouns = "|".join(sorted(PEOPLE, key=len, reverse=True))
    one = rf"(?:an?|the|two|three|four|some|several) (?:[\w-]+ ){{0,2}}(?:{nouns})"
    found = [match[0] for caption in captions if (match := re.match(rf"{one}(?: and {one})?\b", caption.lower()))]
    if found:
        return Exchange(rng.choice(_WHO), (f"{rng.choice(found).capitalize()}.",))
    return None if "a person" in possible_things(captions) else Exchange(rng.choice(_WHO), ("I don't see any people.",))


def where(captions: Sequence[str], rng: random.Random) -> Exchange | None:
    pattern = rf"\b(?:in|on|at|through|along|across|near|by|into|over|down|up) (?:an? |the |some )?(?:[\w-]+ )?(?:{'|'.join(PLACES)})\b"
    found = re.findall(pattern, _text(captions))
    if not found:
        return None
    answer = re.sub(r"^(into|through|across|over|down|up) ", "in ", rng.choice(found))
    return Exchange(rng.choice(_WHERE), (f"{answer.capitalize()}.",))


def present_things(captions: Sequence[str]) -> set[str]:
    """Names from THINGS that the captions say are there."""
    words = set(re.findall(r"[\w-]+", _text(captions)))
    return {thing for thing, (own, _) in THINGS.items() if words & own}


def possible_things(captions: Sequence[str]) -> set[str]:
    """Those that are there or might be."""
    words = set(re.findall(r"[\w-]+", _text(captions)))
    return {thing for thing, (own, hints) in THINGS.items() if words & (own | hints)}


def label_questions(things: Collection[str], absent: Sequence[str], rng: random.Random) -> list[Exchange]:
    """Yes or no about labelled things (with articles): one that is there, one of `absent`."""
    return [presence_question(rng.choice(sorted(things)), True, rng), presence_question(rng.choice(absent), False, rng)]


def cant_tell_question(rng: random.Random) -> Exchange:
    """For a picture that shows nothing: whatever is asked of it."""
    thing = rng.choice(sorted(THINGS))
    noun = rng.choice(sorted(COLOURED.values()))
    asked = (
        presence_question(thing, True, rng).question,
        f"What colour is the {noun}?",
        rng.choice(_WHO),
        rng.choice(_WHERE),
        "How many people are there?",
    )
    return Exchange(rng.choice(asked), (CANT_TELL,))


def _text(captions: Sequence[str]) -> str:
    return " ".join(captions).lower()
