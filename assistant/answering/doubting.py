"""Hedges English sentences: whole ones, and descriptions from the first word on that may not be so, which follow a "Perhaps". Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from assistant.answering.answer_checks import article, is_bare
from assistant.answering.named_things import PLURALS
from assistant.languages import FALLBACK
from assistant.languages.nouns import ANIMAL, PERSON, Noun, find_noun, is_kind_of, nouns
from assistant.messages import Finding

I_THINK = "I think:"
_PLACE_OR_DOING = re.compile(r"(in|on|at|by|near|under|over|along|through|across|behind|beside|inside|outside|\w+ing)\b", re.IGNORECASE)
_TO_BE = frozenset(("is", "are", "was", "were"))
_WORD = re.compile(r"[A-Za-z]+(?:['-][A-Za-z]+)*")
_COLOUR = "(?:light |dark |bright )?(?:red|blue|green|yellow|orange|pink|purple|black|white|brown|gr[ae]y|tan|beige|gold|silver)"
_COLOURED = re.compile(rf"\b(?:(?P<article>an?) )?(?P<colours>{_COLOUR}(?:(?:,| and|, and)? {_COLOUR})*) (?P<thing>[a-z]+)", re.IGNORECASE)
_ARTICLES = frozenset(("a", "an", "the", "his", "her", "its", "their", "another", "some"))
_PREPOSITIONS = frozenset((
    "about", "above", "across", "against", "along", "among", "around", "as", "at", "atop", "before", "behind", "below", "beneath", "beside",
    "between", "beyond", "by", "down", "during", "for", "from", "in", "inside", "into", "like", "near", "of", "off", "on", "onto", "out",
    "outside", "over", "past", "through", "to", "toward", "towards", "under", "underneath", "up", "upon", "with", "within", "without",
))  # fmt: skip
_BEHIND_A_NOUN = _PREPOSITIONS | frozenset((
    "ahead", "and", "asleep", "away", "back", "but", "full", "having", "here", "made", "nearby", "next", "or", "seen", "that", "there",
    "together", "where", "which", "while", "who", "whose",
))  # fmt: skip
"""What, beside forms in -ing and -ed and another noun, goes on with what a thing is; any other word begins to tell what it does."""
_JOINTS = frozenset(("and", "is", "are", "while", "who", "that", "which"))
_PLACES_AND_NUMBERS = frozenset((
    "back", "front", "top", "side", "middle", "edge", "end", "next", "group", "couple", "pair", "bunch", "each", "other", "others", "it",
    "itself", "this", "these", "there", "them", "they", "he", "she", "him", "himself", "herself", "themselves", "one", "be",
))  # fmt: skip
_FUNCTION = _ARTICLES | _PREPOSITIONS | _JOINTS | _PLACES_AND_NUMBERS
"""Words that by themselves say nothing of a picture."""
_CALLED = {"man": "person", "woman": "person", "lady": "person", "guy": "person", "men": "people", "women": "people", "ladies": "people"}
_JOINTS_AT_END = re.compile(rf"(?: (?:{'|'.join(sorted(_JOINTS))}))+$")
_HEDGE = re.compile(r"\.? Perhaps\b|, perhaps\b|^It (?:looks like|might be)\b|^I think\b")


def with_doubt(sentence: str) -> str:
    """Hedge a sentence: "A cat on a bed." -> "It looks like a cat on a bed.", "On a beach." -> "It might be on a beach.".

    "A man and a boy ride bikes." needs another form: "I think: a man and a boy ride bikes.". What is hedged or refused already stays.
    """
    if re.match(r"(I|It|There|Yes|No)\b", sentence):
        return sentence
    first, rest = sentence[:1], sentence[1:]
    if _PLACE_OR_DOING.match(sentence) or is_bare(sentence):
        doubt = "It might be"
    else:
        doubt = I_THINK if _tells_a_deed(sentence) else "It looks like"
    return f"{doubt} {first.lower() if not rest[:1].isupper() else first}{rest}"


def _tells_a_deed(sentence: str) -> bool:
    """Whether a verb in the simple present, or what may be one, stands behind a noun of its first clause: "Two dogs run"."""
    before: Noun | None = None
    for word in re.findall(r"[\w'-]+|[,;:.]", sentence.lower()):
        noun = find_noun(word, FALLBACK) if word not in _BEHIND_A_NOUN else None
        if word in _TO_BE:
            return False
        if before and (_lives(before) and not _lives(noun) if noun else not _may_follow_a_noun(word)):
            return True  # of what lives, "a man skis" too
        before = noun
    return False


def _lives(noun: Noun) -> bool:
    return any(is_kind_of(noun, nouns()[kind]) for kind in (PERSON, ANIMAL))


def _may_follow_a_noun(word: str) -> bool:
    return word in _BEHIND_A_NOUN or word.endswith(("ing", "ed")) or not word.isalpha()


def with_doubts(sentence: str, doubts: Collection[str]) -> str:
    """Hedge a sentence from its first doubtful word on: "A man in a hat is on a bus." -> "A man in a hat. Perhaps on a bus.".

    All that follows is hedged: who hears "A man perhaps in a hat is on a bus." takes the bus for certain. Doubtful colours of things are
    left out. Where no phrase begins at the doubtful word or before it, all is hedged.

    Args:
        sentence: in English.
        doubts: words, in lower case, that may not be so. Those that say nothing of a picture ("of") don't count.
    """
    if not doubts:
        return sentence
    sentence = _COLOURED.sub(lambda found: _without_doubtful_colours(found, doubts), sentence)
    found = list(_WORD.finditer(sentence))
    words = [match[0].lower() for match in found]
    first = next((place for place, word in enumerate(words) if word in doubts and word not in _FUNCTION), None)
    if first is None:
        return sentence
    begin = next((place for place in range(first, 0, -1) if _begins_phrase(words[place - 1], words[place])), 0)
    if _FUNCTION.issuperset(words[:begin]):
        return with_doubt(sentence)
    plain, rest = sentence[: found[begin].start()].rstrip(" ,"), sentence[found[begin].start() :]
    return f"{_JOINTS_AT_END.sub('', plain)}. Perhaps {re.sub(' (?:is|are) ', ' ', rest, count=1)}"


def called_people(sentence: str, doubts: Collection[str]) -> str:
    """Call whom a sentence names what that surely is, where the sex is doubtful: "A man on a horse." -> "A person on a horse.".

    Where it names several it stays as it is: "A person and a woman" would say that one of them is no woman.
    """
    named = [found for found in _WORD.finditer(sentence) if found[0].lower() in _CALLED]
    if len(named) != 1 or named[0][0].lower() not in doubts:
        return sentence
    word, called = named[0][0], _CALLED[named[0][0].lower()]
    return f"{sentence[: named[0].start()]}{called.capitalize() if word[0].isupper() else called}{sentence[named[0].end() :]}"


def hedged(finding: Finding) -> str:
    """Return a text, in English, with the hedges that its doubts ask for."""
    text = str(finding.value)
    return with_doubt(text) if finding.is_doubtful else with_doubts(text, finding.doubts)


def for_translators(finding: Finding) -> tuple[Finding, ...]:
    """Part a finding into what it says for certain and all of it with doubt: translators of scenes know no sentence that begins so."""
    told = hedged(finding) if finding.kind == "text" else ""
    plain = plain_part(told)
    if plain in ("", told):
        return (finding,)
    return replace(finding, value=f"{plain}.", doubts=frozenset()), replace(finding, is_doubtful=True, doubts=frozenset())


def plain_part(sentence: str) -> str:
    """Return what a sentence in English says for certain: what stands before "Perhaps"; "" if it begins with a hedge."""
    return _HEDGE.split(sentence, maxsplit=1)[0]


def _without_doubtful_colours(found: re.Match[str], doubts: Collection[str]) -> str:
    """A thing with its article, and with its colours only if none of them is doubtful."""
    if found["thing"].lower() in _FUNCTION or not any(word.lower() in doubts for word in _WORD.findall(found["colours"])):
        return found[0]
    lead = found["article"]
    if lead is None:
        return found["thing"] if found["colours"][0].islower() else found["thing"].capitalize()
    return f"{lead[0]}{article(found['thing'])[1:]} {found['thing']}"


def _begins_phrase(before: str, word: str) -> bool:
    """Whether a sentence may be parted between two words."""
    if before in _JOINTS:
        return word not in _JOINTS
    return before not in _FUNCTION and (word in _PREPOSITIONS or word.endswith("ing") or _agrees(before, word))


def _agrees(noun: str, word: str) -> bool:
    """Whether a word has the ending of a verb behind such a noun: "a man rides", "two men ride"."""
    known = find_noun(noun, FALLBACK)
    is_plural = noun in PLURALS or (noun.endswith("s") and noun not in ([each.text for each in known.names(FALLBACK)] if known else ()))
    return not re.fullmatch(_COLOUR, noun) and word not in _FUNCTION and is_plural != (word.endswith("s") and not word.endswith("ss"))
