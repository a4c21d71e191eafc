"""What an English description of a picture names: things, how many of them, their colours, and whether it is outdoors. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.languages import FALLBACK, languages
from assistant.languages.nouns import ANIMAL, PERSON, Noun, ancestors, find_noun

OBJECT, FOOD = "00002684", "00021265"
SEVERAL = 0
"""Number of things that are more than one."""
_LONGEST_NAME = 3
"""Words."""
_NEAR = 3
"""Words between the article and the thing."""
_WORD = re.compile(r"[A-Za-z'-]+|\d+|[^\sA-Za-z\d]")
_DENIES = re.compile(r"\b(?:no|not|never|none|nobody|nothing|without|cannot|can't|\w+n't)\b", re.IGNORECASE)
_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12,
}  # fmt: skip
_ONE_EACH = frozenset(("a", "an", "another", "one"))
_LEADS = frozenset(
    {"a", "an", "another", "the", "his", "her", "its", "their", "my", "your", "some", "several", "many", "of", "with", *_NUMBERS}
)
"""Words behind which, or behind whose adjectives, a thing is named; "walks" and "watch" are things there alone."""
_FRONT_OF = frozenset(("front", "middle", "top", "back", "side", "group", "couple", "pair", "picture", "background"))
"""Words that say where things are, or how many, and are none themselves."""
_EDGES = frozenset(("in", "on", "at", "by", "near", "under", "over", "with", "of", "from", "to", "through", "across", "behind", "beside"))
PLURALS = frozenset(("men", "women", "people", "children", "mice", "geese", "feet", "teeth", "knives", "sheep", "policemen", "firemen"))
_OUTDOORS = frozenset(
    {
        "outside", "outdoors", "street", "road", "highway", "beach", "park", "field", "grass", "snow", "forest", "woods", "mountain",
        "mountains", "ocean", "sea", "lake", "river", "sidewalk", "yard", "sky", "hill", "desert", "sand", "trail", "path", "grassy",
        "snowy", "rocky", "sandy", "crosswalk", "meadow", "creek",
    }
)  # fmt: skip
_INDOORS = frozenset(
    {
        "inside", "indoors", "kitchen", "room", "bedroom", "bathroom", "office", "restaurant", "couch", "sofa", "bed", "gym", "hallway",
        "classroom", "supermarket",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Named:
    """A thing that a description names."""

    noun: Noun
    number: int = 1
    """SEVERAL where it doesn't say how many."""
    colours: tuple[str, ...] = ()
    """Keys of `seeing.colours`."""


def things_named(description: str) -> tuple[Named, ...]:
    """Return the things, people and animals that an English description says are there, in its order; none where it denies something."""
    if _DENIES.search(description):
        return ()
    words, found, ended = _WORD.findall(description.lower()), dict[str, Named](), -1
    spans = list[tuple[int, int, Noun]]()
    for start, end, noun in named_spans(words, _is_thing):
        joins = ended == start
        if not _is_led(words[:start]) or (joins and _kinds(spans[-1][2]) & {ANIMAL, PERSON}):  # "people watch"
            continue
        if joins:
            start = spans.pop()[0]  # "a rock wall" is a wall
        spans.append((start, end, noun))
        ended = end
    for start, end, noun in spans:
        one = Named(noun, _number(words, start, end, noun), _colours(words, start))
        before = found.get(noun.synset)
        found[noun.synset] = _together(before, one, words, start) if before else one
    return tuple(found.values())


def named_spans(
    words: Sequence[str], accepts: Callable[[Sequence[str], Noun], bool] = lambda _, __: True
) -> Iterator[tuple[int, int, Noun]]:
    """Yield (first word, word behind, noun) of the things that English words name, by their longest names that are accepted."""
    place = 0
    while place < len(words):
        for end in range(min(place + _LONGEST_NAME, len(words)), place, -1):
            noun = find_noun(" ".join(words[place:end]), FALLBACK)
            if noun and accepts(words[place:end], noun):
                yield place, end, noun
                break
        else:
            end = place + 1
        place = end


def is_outdoors(description: str) -> bool | None:
    """Tell whether what an English description names is outdoors or indoors; None where it doesn't say, or says both."""
    words = set(_WORD.findall(description.lower()))
    outdoors, indoors = bool(words & _OUTDOORS), bool(words & _INDOORS)
    return None if outdoors == indoors else outdoors


def _is_thing(words: Sequence[str], noun: Noun) -> bool:
    """Whether it is something that can be seen, and has a name to say."""
    if (
        not (words[0][0].isalpha() and words[-1][0].isalpha())
        or words[0] in _LEADS
        or (len(words) == 1 and (words[0] in _FRONT_OF or len(words[0]) < 3))
    ):
        return False
    return noun.sayable and bool(_kinds(noun) & {OBJECT, FOOD, ANIMAL, PERSON})


def _kinds(noun: Noun) -> set[str]:
    """Synsets of the noun and of everything that it is a kind of."""
    return {noun.synset, *(kind.synset for kind in ancestors(noun))}


def _is_led(before: Sequence[str]) -> bool:
    """Whether an article, a number or the sentence's beginning is near enough, with nothing but words between."""
    near = before[-_NEAR - 1 :]
    if not before:
        return True
    return (
        any(word in _LEADS or word.isdecimal() for word in near)
        or (len(before) <= 1 and before[-1].isalpha())
        or near[-1] in ("and", ",", "in", "on")
    )


def _adjectives(words: Sequence[str], start: int) -> list[str]:
    """The words right before a thing that belong to it, the nearest first, its article or number last."""
    found = list[str]()
    for word in reversed(words[max(0, start - _NEAR - 2) : start]):
        if word in _EDGES or not (word.isalnum() or "-" in word) or word.endswith("ing"):
            break
        found.append(word)
        if word in _LEADS:
            break
    return found


def _number(words: Sequence[str], start: int, end: int, noun: Noun) -> int:
    before = _adjectives(words, start)
    for word in before:
        if word in _NUMBERS or word.isdecimal():
            return _NUMBERS.get(word) or int(word)
    name, last = noun.names(FALLBACK)[0], words[end - 1]
    if words[start - 3 : start] in (["a", "couple", "of"], ["the", "couple", "of"]):
        return 2
    is_plural = last in PLURALS or (last.endswith("s") and not last.endswith("ss") and not name.text.endswith("s"))
    return SEVERAL if is_plural and name.number != "pl" else 1


def _colours(words: Sequence[str], start: int) -> tuple[str, ...]:
    """Colours of a thing, in their order; "black and white" are two, and so are "red, white and blue" three."""
    before, found = list(reversed(_adjectives(words, start))), list[str]()
    if len(before) > 1 and before[0] == "and":
        before = before[1:]
    known, place = _colour_keys(), 0
    while place < len(before):
        for length in (2, 1):
            if key := known.get(" ".join(before[place : place + length])):
                found.append(key)
                place += length - 1
                break
        place += 1
    return tuple(dict.fromkeys(found))


def _colour_keys() -> dict[str, str]:
    names = {name: key for key, name in languages()[FALLBACK].colours.items()}
    return names | {name.replace("grey", "gray"): key for name, key in names.items()}


def _together(before: Named, again: Named, words: Sequence[str], start: int) -> Named:
    """One thing named twice: "a man and another man" are two, "the man" is the same one."""
    lead = next((word for word in _adjectives(words, start) if word in _LEADS), "")
    is_other = lead in _ONE_EACH or lead in _NUMBERS
    number = before.number + again.number if is_other and SEVERAL not in (before.number, again.number) else before.number
    return replace(before, number=number, colours=tuple(dict.fromkeys(before.colours + again.colours)))
