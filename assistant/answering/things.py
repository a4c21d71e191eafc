"""The English name of what a user asks about, as far as it is known. Pure."""

from __future__ import annotations

from assistant.answering.answer_checks import indefinite
from assistant.answering.question_parser import is_pronoun
from assistant.languages import FALLBACK
from assistant.languages.nouns import find_noun, heads, name
from assistant.messages import Ask


def english_thing(ask: Ask) -> str:
    """Return what is asked about in English, with the article that its presence is asked by ("a dog"); "" where nothing is named."""
    return english_noun(ask.thing, ask.language)


def english_noun(thing: str, language: str) -> str:
    """Return the English of what the user named, with its article ("un perro" -> "a dog"); "" where it isn't known.

    English itself needn't be known: "red cup" -> "a red cup".
    """
    if not thing or is_pronoun(thing, language):
        return ""
    if language == FALLBACK:
        return indefinite(thing) or ""
    noun = find_noun(thing, language)
    return (name(noun, FALLBACK) or "") if noun else ""


def known_thing(thing: str) -> str:
    """Return what of an English thing has a name in nouns.tsv: "a red cup on the table" -> "a cup"; "" where nothing has.

    Whether anything else is there was never measured.
    """
    if not thing or find_noun(thing, FALLBACK):
        return thing
    known = next((head for head in heads(thing) if find_noun(head, FALLBACK)), "")
    return (indefinite(known) or "") if known else ""
