"""Parses what a user asks, once: what is wanted, of what thing, and how it is put. Pure; the words are data (languages/README.md).

The user's own words come first and their English second, so that a bad translation doesn't decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import cast

from assistant.answering.question_grammar import ABSENT, AT, FAR, OF_PLACES, beginnings_of, common_words, grammar_of
from assistant.answering.templates import slots_of, spaced
from assistant.languages import FALLBACK
from assistant.languages.naming import named_language
from assistant.languages.normalized import as_written
from assistant.languages.nouns import PERSON, find_noun, name, nouns
from assistant.messages import LEFT, RIGHT, Ask, Intent

LONGEST = 300
"""Letters of a question that are parsed; what follows is only looked through for safety."""
MOST_ASKS = 3
"""Questions in one breath that are answered, and one about safety, wherever it stands."""
LANGUAGE = "language"
"""The slot of a language's name; what names none doesn't fit."""
_IN_FULL = (ABSENT, AT)
_ASKED_OTHERWISE: dict[str, tuple[Intent, str]] = {
    ABSENT: ("is_there", ""),
    AT: ("is_there", ""),
    FAR: ("where", ""),
    "things_left": ("things", LEFT),
    "things_right": ("things", RIGHT),
    "things_on": ("things", ""),
}
"""Keys of templates whose intent has another name -> it, and what is asked about where that isn't named."""
_ONLY_AS_SAID = (*OF_PLACES, "facing")
"""Keys of templates that are compared with the words as they were said, nothing left out: "at me" is what these are about."""
_AS_SAID = (*_ONLY_AS_SAID, AT)
"""Those, and what is compared with both: a place may be left out, or "are" be said for "is"."""
_END = re.compile(r"(?<=[?？؟!！。])\s*(?=\w)|(?<=[.।])\s+(?=\w)")
_PRONOUNS = frozenset(("it", "this", "that", "these", "those", "they", "he", "she", "him", "her", "them", "one", "there", "here"))
_POINTING = frozenset(("what", "scene", "code", "read", "read_all"))
"""Intents of questions about whatever is before the camera now."""
_PICTURES = ("03876519", "03925226")
"""Synsets of a picture and a photograph."""
_PAUSE = re.compile(r"\s*[,;،、，]\s*")


def parse_question(text: str, language: str, english: str = "") -> tuple[Ask, ...]:
    """Return what is asked, in order; at least one, with the intent "free" where nothing fits.

    Args:
        text: the user's own words.
        language: code of their language; one without a file counts as English.
        english: the same in English, "" where nothing translates it.
    """
    parts = list(_gone_on(_split(text[:LONGEST], language), language))
    whole = english[:LONGEST] if english.strip() != text.strip() else ""
    translated = list(_gone_on(_split(whole, FALLBACK), FALLBACK)) if whole else []
    if len(translated) != len(parts):
        translated = [whole] * len(parts)
    asks = [_parse_one(part, language, other) for part, other in zip(parts, translated, strict=True)]
    if asks_about_safety(text[LONGEST:], language) or asks_about_safety(english[LONGEST:], FALLBACK):
        asks.append(Ask("safety", text=text, english=english or text, language=language))
    first, rest = asks[:MOST_ASKS], asks[MOST_ASKS:]
    return (*first, *[ask for ask in rest if ask.intent == "safety"][:1])


def _parse_one(text: str, language: str, english: str) -> Ask:
    tried = [(text, language), (english, FALLBACK)] if english and language != FALLBACK else [(text, language)]
    if any(asks_about_safety(words, code) for words, code in tried):
        return Ask("safety", text=text, english=english or text, language=language)
    for words, code in tried:
        if found := _match(words, code):
            intent, slots = found
            choices = tuple(slots[name] for name in ("thing", "other") if name in slots) if intent == "choice" else ()
            asked, side = _ASKED_OTHERWISE.get(intent, (cast(Intent, intent), ""))
            thing = slots.get("thing") or side or _somebody(asked, code)
            return Ask(asked, thing, choices, text, english or text, code, in_full=intent in _IN_FULL or code != language)
    return Ask("free", text=text, english=english or text, language=language)


def _somebody(intent: Intent, language: str) -> str:
    """What is asked about where only its presence is asked for: "Is anybody there?" names nothing, and means people."""
    return (name(nouns()[PERSON], language, article=False) or "") if intent == "is_there" else ""


def awaited_thing(event: str, language: str) -> str:
    """Return what somebody waits for who wants to be told when it comes into sight ("a dog appears" -> "a dog"); "" for other events."""
    if find_noun(event, language):
        return event
    grammar = grammar_of(language)
    ways = (spaced(event), grammar.words(event))
    matches = filter(None, (pattern.fullmatch(words) for words in ways for pattern in grammar.events))
    things = (as_written(slots_of(match)["thing"], event) for match in matches)
    return next((thing for thing in things if find_noun(thing, language)), "")


def with_thing(ask: Ask, last: Ask | None) -> Ask:
    """Return an ask that names nothing ("What colour is it?") with the thing that the last one named; others as they are."""
    needs = ask.intent in ("colour", "how_many", "where", "doing") and (not ask.thing or is_pronoun(ask.thing, ask.language))
    if not needs or last is None:
        return ask
    noun = find_noun(last.thing, last.language) if last.language != ask.language else None
    if noun and (called := name(noun, ask.language, article=False)):
        return replace(ask, thing=called)
    return replace(ask, thing=last.thing, language=last.language)


def still_about(ask: Ask, last: Ask | None) -> Ask | None:
    """Return the question that "it" in the next one goes back to: this one if it names a thing, none once something new was pointed at."""
    return ask if ask.thing else None if ask.intent in _POINTING else last


def is_pronoun(thing: str, language: str) -> bool:
    """Tell whether what was asked about is only pointed at: "it", "this"."""
    return language == FALLBACK and thing in _PRONOUNS


def asks_about_safety(text: str, language: str) -> bool:
    """Tell whether an answer could be taken as leave to do something, or as word of a danger or of a state that nobody can see."""
    grammar = grammar_of(language)
    words = grammar.words(text)
    if grammar.ordinary:
        words = grammar.ordinary.sub(" ", words)
    return grammar.safety is not None and grammar.safety.search(words) is not None


def is_unfinished(text: str, language: str) -> bool:
    """Tell whether a question only begins: "Is there", "What is the", whatever mark a recogniser has put behind it."""
    if asks_about_safety(text, language):
        return False
    _, slots = _match(text, language) or ("", {"": ""})
    if not slots or any(find_noun(thing, language) for thing in slots.values()):
        return False  # nothing is missing, or what seems to be: in "Is there a" an "a" is asked for
    ways = {grammar_of(language).words(text), spaced(text)} - {""}
    return any(beginning.fits(words) for words in ways for beginning in beginnings_of(language))


def get_ready(language: str) -> None:
    """Do once what the first question in a language would wait for."""
    grammar_of(language)
    beginnings_of(language)
    common_words(language)


def _match(text: str, language: str) -> tuple[str, dict[str, str]] | None:
    grammar = grammar_of(language)
    words, as_said = grammar.words(text), spaced(text)
    for pattern, intent in grammar.patterns:
        match = intent in _AS_SAID and pattern.fullmatch(as_said) or intent not in _ONLY_AS_SAID and pattern.fullmatch(words)
        if not match:
            continue
        slots = slots_of(match)
        if wanted := slots.get(LANGUAGE):
            if code := named_language(wanted, language):
                return intent, {"thing": code}
        elif intent == "remember_thing" and text.rstrip().endswith(("?", "？", "؟")):
            continue  # "This is my wallet?" asks, in many languages, whether it is
        elif intent == "things_on" and not _may_hold_things(slots["thing"], language):
            continue  # "What is on the photo?" asks about the scene
        elif intent in (AT, FAR) and not find_noun(slots["thing"], language):
            continue
        elif grammar.names(slots.values()):
            return intent, {name: as_written(value, text) for name, value in slots.items()}
    return None


def _may_hold_things(thing: str, language: str) -> bool:
    noun = find_noun(thing, language)
    return noun is not None and noun.synset not in _PICTURES


def _split(text: str, language: str) -> Iterator[str]:
    """The questions in one breath: at ends of sentences, and where a joining word stands between two that are known."""
    for sentence in filter(None, (part.strip() for part in _END.split(text.strip()))) if text.strip() else [""]:
        yield from _split_joined(sentence, language)


def _gone_on(parts: Iterable[str], language: str) -> Iterator[str]:
    """The parts, those together that are one question: a recogniser ends a sentence where somebody pauses.

    "Who is? At the door." is one, for it begins so; "What colour? Is the car?" is one, for its end asks nothing by itself.
    """
    begun = ""
    for part in parts:
        whole = f"{begun} {part}"
        if not begun:
            begun = part
        elif is_unfinished(begun, language) or (not _is_known(part, language) and _asks_of_known_things(whole, language)):
            begun = whole
        else:
            yield begun
            begun = part
    yield begun


def _asks_of_known_things(text: str, language: str) -> bool:
    found = _match(text, language)
    return found is not None and all(find_noun(thing, language) for thing in found[1].values())


def _split_joined(sentence: str, language: str) -> Sequence[str]:
    joints = grammar_of(language).joints
    sentence = sentence.lstrip("¿¡ ")
    if joints is None or asks_about_safety(sentence, language):  # before a joint is taken off: an "E" may be an "È"
        return [sentence]
    sentence = joints.sub("", sentence, count=1) if joints.match(sentence) else sentence
    if _is_known(sentence, language):
        return [sentence]
    for joint in re.finditer(rf"(?:{_PAUSE.pattern}|\s+)(?=(?:{joints.pattern}))|{_PAUSE.pattern}", sentence, re.IGNORECASE):
        first, rest = sentence[: joint.start()], joints.sub("", sentence[joint.end() :], count=1)
        if _is_known(first, language) and _is_known(rest, language):
            return [first, rest]
    return [sentence]


def _is_known(text: str, language: str) -> bool:
    return asks_about_safety(text, language) or _match(text, language) is not None
