"""Tells which language a text is in, so that a voice of that language reads it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from assistant.languages import FALLBACK, languages

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

FEWEST_LETTERS = 16
"""Below which a guess is worth little: "EXIT" is Latin for a language guesser."""
SURE = 0.8
"""Probability from which a language is believed that isn't the user's."""


def text_language(text: str, expected: str = FALLBACK) -> str:
    """Return the code of a text's language, of those that the assistant speaks.

    Langid (Lui and Baldwin 2012), among our languages. A text that is too short or of doubtful language is taken for `expected`, the
    user's own, unless it is in another script than that.
    """
    letters = sum(character.isalpha() for character in text)
    if not letters:
        return expected
    code, probability = _identifier().classify(text)
    is_other_script = _script(text) != _SCRIPTS.get(expected, "latin")
    if is_other_script and _SCRIPTS.get(str(code), "latin") == "latin" == _script(text):
        return str(code) if letters >= FEWEST_LETTERS and probability >= SURE else FALLBACK
    return str(code) if is_other_script or (letters >= FEWEST_LETTERS and probability >= SURE) else expected


_SCRIPTS = {"ar": "arabic", "hi": "devanagari", "ja": "cjk", "ko": "hangul", "ru": "cyrillic", "uk": "cyrillic", "zh": "cjk"}
"""Of the languages that aren't written in Latin letters."""
_RANGES = (("cyrillic", "\u0400", "\u052f"), ("arabic", "\u0600", "\u06ff"), ("devanagari", "\u0900", "\u097f"))
_RANGES += (("hangul", "\uac00", "\ud7af"), ("cjk", "\u3040", "\u9fff"))


def _script(text: str) -> str:
    """That of most of its letters that aren't Latin, "latin" where less than half are others."""
    found = [next((name for name, first, last in _RANGES if first <= character <= last), "latin") for character in text if character.isalpha()]
    return max(set(found), key=found.count)


@functools.cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # reads its 4 MB model, so only when there is text

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(languages()))
    return identifier
