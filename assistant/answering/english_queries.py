"""What a user looks or waits for, in the words in which pictures are searched: English. By the lexicon, or a translator; else not at all.

Nothing is guessed: a query that stays in its language would match pictures by chance.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.answering.named_things import things_named
from assistant.answering.question_parser import awaited_thing
from assistant.answering.translating import find_translator, translate_faithfully
from assistant.interfaces import Translator
from assistant.languages import FALLBACK
from assistant.languages.articles import with_indefinite_article
from assistant.languages.nouns import find_noun
from assistant.problems import BadInput

_ENGLISH = re.compile(r"(?:an?|the|two|three|some|many|several) [a-z' -]+", re.IGNORECASE)
"""How a query in English begins."""


def english_query(text: str, language: str, translators: Sequence[Translator]) -> str:
    """Return in English what somebody looks for or waits for in a language: "ein Hund", "un chien apparaît" -> "a dog".

    Raises BadInput where nothing here can tell.
    """
    if language == FALLBACK:
        return text
    if noun := find_noun(awaited_thing(text, language), language):
        called = noun.names(FALLBACK)[0]
        return with_indefinite_article(called.text, called.gender, called.number, FALLBACK)
    if _ENGLISH.fullmatch(text) and things_named(text):
        return text
    if translator := find_translator(translators, language, FALLBACK):
        translated = translate_faithfully(translator, text, language, FALLBACK)
        if translated.language == FALLBACK and translated.text != text:
            return translated.text.rstrip(" .")
    raise BadInput(
        "nothing here puts {query!r} into English, in which pictures are searched",
        "name one thing by its usual name, or write it in English",
        query=text,
    )
