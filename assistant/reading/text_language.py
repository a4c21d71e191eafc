"""Tells which language a text is in, so that a voice of that language reads it."""

from __future__ import annotations

import functools
from collections.abc import Collection
from importlib import resources

from langdetect.detector_factory import DetectorFactory

from assistant.languages import FALLBACK, languages

FEWEST_LETTERS = 16
"""Below which a guess is worth little: "EXIT" is Latin for a language guesser."""
SURE = 0.8
"""Probability from which a language is believed that isn't the user's."""


def text_language(text: str, expected: str = FALLBACK) -> str:
    """Return the code of a text's language, of those that the assistant speaks.

    By langdetect (Nakatani 2010), among our languages. A text that is too short or of doubtful language is taken for `expected`, the
    user's own, unless it is in another script than that.
    """
    letters = sum(character.isalpha() for character in text)
    if not letters:
        return expected
    script = _script(text)
    detector = _factory().create()
    detector.append(text)
    guesses = [(_CODES.get(guess.lang, guess.lang), guess.prob) for guess in detector.get_probabilities()]
    code, probability = next(((code, p) for code, p in guesses if _SCRIPTS.get(code, "latin") == script), (_LIKELIEST[script], 0.0))
    if _SCRIPTS.get(expected, "latin") != script:
        return code if script != "latin" or (letters >= FEWEST_LETTERS and probability >= SURE) else _LIKELIEST[script]
    return code if letters >= FEWEST_LETTERS and probability >= SURE else expected


def may_be_misread(text: str, language: str, users: str, reads: Collection[str]) -> bool:
    """Tell whether letters may have been taken for others without the reader being unsure of them.

    In a language with Latin letters of which it doesn't know all ("Cài đặt" is read as "Cài đt"), and in a word that may be of the user's
    own script ("РЕСТОРАН" is read as "PECTOPAH").

    Args:
        text: as it was read.
        language: that it is taken for.
        users: language of the user.
        reads: languages of which the reader knows all letters; none = all.
    """
    if not reads:
        return False
    is_short = sum(map(str.isalpha, text)) < FEWEST_LETTERS
    is_strange = users in _SCRIPTS and users not in reads
    return language not in _SCRIPTS and (language not in reads or (is_short and is_strange))


_SCRIPTS = {"ar": "arabic", "hi": "devanagari", "ja": "cjk", "ko": "hangul", "ru": "cyrillic", "uk": "cyrillic", "zh": "cjk"}
"""Of the languages that aren't written in Latin letters."""
_LIKELIEST = {"arabic": "ar", "devanagari": "hi", "hangul": "ko", "cyrillic": "ru", "cjk": "zh", "latin": FALLBACK}
"""Of what is too short to tell languages of one script apart."""
_RANGES = (
    ("cyrillic", "\u0400", "\u052f"),
    ("arabic", "\u0600", "\u06ff"),
    ("devanagari", "\u0900", "\u097f"),
    ("hangul", "\uac00", "\ud7af"),
    ("cjk", "\u3040", "\u9fff"),
)
_CODES = {"zh-cn": "zh"}
"""What langdetect calls otherwise than we do."""


def _script(text: str) -> str:
    """That of most of its letters, "latin" for all that isn't listed."""
    letters = [character for character in text if character.isalpha()]
    found = [next((name for name, first, last in _RANGES if first <= letter <= last), "latin") for letter in letters]
    return max(set(found), key=found.count)


@functools.cache
def _factory() -> DetectorFactory:
    """With the profiles of our languages alone: all of them take five times the memory."""
    profiles = resources.files("langdetect") / "profiles"
    names = {code: name for name, code in _CODES.items()}
    factory = DetectorFactory()
    factory.seed = 0
    factory.load_json_profile([(profiles / names.get(code, code)).read_text(encoding="utf-8") for code in languages()])
    return factory
