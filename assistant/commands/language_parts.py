"""What each part of a language is worth here, in words: hearing, phrases, names, descriptions, voice; and how that is known. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.interfaces import SceneTranslator, Translator
from assistant.languages import FALLBACK, Language, lacking
from assistant.languages.nouns import nouns

_TRANSLATORS = {"FirefoxTranslator": "firefox", "SceneTranslator": "scenes", "ApertiumTranslator": "apertium"}
"""Class -> what begins the names of its figures in [measured]."""
_IN_WORDS = {"firefox": "Firefox's model", "scenes": "the translator of scenes, where it is sure", "apertium": "Apertium"}
_ELSE = "else the things in it natively, then English"


def language_parts(language: Language, is_on: bool, translators: Sequence[Translator], voice: str) -> dict[str, str]:
    """Return the state of each part of a language, by the part's name.

    Args:
        language: its file.
        is_on: whether it is listened for.
        translators: all that are here, the best first.
        voice: the name of the one that speaks it; "" if none does.
    """
    lacks = lacking(language.code)
    sayable = [noun for noun in nouns().values() if noun.sayable]
    named = sum(noun.name_to_say(language.code) is not None for noun in sayable)
    return {
        "hear": f"{'usable' if language.is_heard else 'unusable'}, {'on' if is_on else 'off'} ({_heard_by(language)})",
        "phrases": f"missing, in English: {', '.join(lacks)}" if lacks else "native",
        "names": f"{named} of {len(sayable)} things, by hand" if language.code != FALLBACK else f"{named} things",
        "descriptions": _described_by(language, translators),
        "voice": ("eSpeak NG, a robot's" if voice == "eSpeak NG" else voice) or "missing",
    }


def _heard_by(language: Language) -> str:
    """With whose speech hearing was measured."""
    known = ["people: published, not measured here"] if language.heard else []
    if "character_errors" in language.measured:
        known.append(f"a robot's voice: {100 * language.measured['character_errors']:.0f} % of letters wrong, measured here")
    return "; ".join(known) or "not measured"


def _described_by(language: Language, translators: Sequence[Translator]) -> str:
    """Each translator that is tried, in order, with its score."""
    if language.code == FALLBACK:
        return "native"
    told = [
        _scored(language, _TRANSLATORS.get(type(translator).__name__, ""))
        for translator in translators
        if (FALLBACK, language.code) in translator.pairs
        or (isinstance(translator, SceneTranslator) and language.code in translator.scene_languages)
    ]
    return "; ".join([*told, _ELSE]) if told else f"no translator: {_ELSE.removeprefix('else ')}"


def _scored(language: Language, engine: str) -> str:
    name = _IN_WORDS.get(engine, "a fetched model")
    figures = {part.removeprefix(f"{engine}_"): value for part, value in language.measured.items() if engine and part.startswith(engine)}
    if "bleu" not in figures:
        return f"{name} (not measured)"
    told = f", {100 * figures['told']:.0f} % told" if "told" in figures else ""
    return f"{name} (BLEU {figures['bleu']:.0f} on captions{told})"
