"""Which words of a question an inscription may answer: "Is there any cream in it?" is answered by a label that says so. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.answering.question_grammar import common_words
from assistant.languages import languages
from assistant.languages.normalized import normalize
from assistant.languages.nouns import find_noun
from assistant.messages import Ask

LEAST_LETTERS = 4
"""Of a word that says what is asked about: shorter ones join others in most languages."""


def words_to_find(ask: Ask) -> tuple[str, ...]:
    """Return what to look for in a text, what answers best first.

    Of things that are named: their names as the user said them, then in all languages, for a label may be in any, then their single words.
    Of other questions the single words; those with which people ask whatever they ask aren't any.
    """
    named = [name for name in dict.fromkeys((ask.thing, *ask.choices)) if name]
    single = [word for text in named or [ask.text] for word in _telling_words(text, ask.language)]
    return tuple(dict.fromkeys((*named, *(name for each in named for name in _names(each, ask.language)), *single)))


def _names(thing: str, language: str) -> Iterator[str]:
    if noun := find_noun(thing, language):
        for code in languages():
            yield from (name.text for name in noun.names(code))


def _telling_words(text: str, language: str) -> list[str]:
    return [word for word in normalize(text).split() if len(word) >= LEAST_LETTERS and word not in common_words(language)]
