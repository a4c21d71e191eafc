"""Which part of a sentence is spoken in which language: a sign's English in a Spanish answer, 你好 in an English one. No voice."""

from __future__ import annotations

import re

from assistant.languages.quotations import QUOTED

_LETTER = re.compile(r"[^\W\d_]")
_SCRIPTS = {
    "han": "[\\u3040-\\u30ff\\u3400-\\u9fff]",
    "hangul": "[\\u1100-\\u11ff\\uac00-\\ud7af]",
    "cyrillic": "[\\u0400-\\u04ff]",
    "greek": "[\\u0370-\\u03ff\\u1f00-\\u1fff]",
    "arabic": "[\\u0600-\\u06ff]",
    "devanagari": "[\\u0900-\\u097f]",
    "hebrew": "[\\u0590-\\u05ff]",
}
"""Letters of scripts, Chinese with the Japanese that stands in it."""
_SPOKEN = {"han": "zh", "hangul": "ko", "cyrillic": "ru", "greek": "el", "arabic": "ar", "devanagari": "hi", "hebrew": "he"}
_WRITTEN_IN = {
    "ja": ("han",),
    "zh": ("han",),
    "ko": ("hangul",),
    "ru": ("cyrillic",),
    "uk": ("cyrillic",),
    "ar": ("arabic",),
    "hi": ("devanagari",),
}
_ALONE = ("han", "hangul")
"""A single letter of others is a sign: Ω."""
_FOREIGN = re.compile(
    "|".join(rf"(?P<{name}>{one}{'+' if name in _ALONE else '{2,}'}(?:[\s,'’-]+{one}+)*)" for name, one in _SCRIPTS.items())
)
_KANA = re.compile("[\u3040-\u30ff]")
_UKRAINIAN = re.compile("[іїєґІЇЄҐ]")
_CLOSING = re.compile(r"[\s.,;:!?…。！？،؟]*")


def language_parts(text: str, language: str, quoted_language: str) -> list[tuple[str, str]]:
    """Return (text, language) of each part of a sentence, in order: text in quotation marks is in `quoted_language`.

    Marks are dropped where the voice changes, which is heard; punctuation after a quote stays with it. A quote without letters,
    such as a number, is read with the rest.
    """
    if quoted_language == language:
        return _by_script(text, language)
    parts: list[tuple[str, str]] = []
    rest = 0
    for quote in QUOTED.finditer(text):
        if not _LETTER.search(quote[0]):
            continue
        closing = _CLOSING.match(text, quote.end())
        end = closing.end() if closing else quote.end()
        inside = quote[0][1:-1].strip() + text[quote.end() : end].strip()
        parts += [(text[rest : quote.start()].strip(), language), (inside, quoted_language)]
        rest = end
    parts.append((text[rest:].strip(), language))
    return [part for quoted in parts if quoted[0] for part in _by_script(*quoted)]


def _by_script(text: str, language: str) -> list[tuple[str, str]]:
    """The text with what stands in a script that the language isn't written in apart, in a language that is."""
    parts, rest = list[tuple[str, str]](), 0
    for run in _FOREIGN.finditer(text):
        own = _language_of(run[0])
        if run.lastgroup in _WRITTEN_IN.get(language, ()) or own == language:
            continue
        end = _CLOSING.match(text, run.end()).end()  # type: ignore[union-attr]
        parts += [(text[rest : run.start()].strip(), language), (text[run.start() : end].strip(), own)]
        rest = end
    parts.append((text[rest:].strip() if parts else text, language))
    return [part for part in parts if part[0]]


def _language_of(run: str) -> str:
    """The commonest language that is written so."""
    if _KANA.search(run):
        return "ja"
    if _UKRAINIAN.search(run):
        return "uk"
    match = _FOREIGN.match(run)
    return _SPOKEN[match.lastgroup] if match and match.lastgroup else ""
