"""What each part of a language is worth here, in words: hearing, phrases, names, descriptions, voice; and how that is known. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.interfaces import SceneTranslator, Translator
from assistant.languages import FALLBACK, Language, lacking
from assistant.languages.catalogues import untranslated
from assistant.languages.nouns import nouns
from assistant.translatable import Translatable, joined

_TRANSLATORS = {"FirefoxTranslator": "firefox", "SceneTranslator": "scenes", "ApertiumTranslator": "apertium"}
"""Class -> what begins the names of its figures in [measured]."""
_IN_WORDS = {
    "firefox": Translatable("Firefox's model"),
    "scenes": Translatable("the translator of scenes, where it is sure"),
    "apertium": Translatable("Apertium"),
}
_NATIVE = Translatable("native")


def language_parts(language: Language, is_on: bool, translators: Sequence[Translator], voice: str) -> dict[str, Translatable]:
    """Return the state of each part of a language, by the part's name.

    Args:
        language: its file.
        is_on: whether it is listened for.
        translators: all that are here, the best first.
        voice: the name of the one that speaks it; "" if none does.
    """
    lacks = [*lacking(language.code), *untranslated(language.code)]
    sayable = [noun for noun in nouns().values() if noun.sayable]
    named = sum(noun.name_to_say(language.code) is not None for noun in sayable)
    known = Translatable("{count} of {all} things, by hand", count=named, all=len(sayable))
    return {
        "hear": _heard(language, is_on),
        "phrases": Translatable("missing, in English: {keys}", keys=", ".join(lacks)) if lacks else _NATIVE,
        "names": known if language.code != FALLBACK else Translatable("{count} things", count=named),
        "descriptions": _described_by(language, translators),
        "voice": _voice(voice),
    }


def _voice(name: str) -> Translatable:
    if name == "eSpeak NG":
        return Translatable("eSpeak NG, a robot's")
    return Translatable("{name}", name=name) if name else Translatable("missing")


def _heard(language: Language, is_on: bool) -> Translatable:
    """How well, whether it is listened for, and with whose speech that was measured."""
    usable = Translatable("usable") if language.is_heard else Translatable("unusable")
    on = Translatable("on") if is_on else Translatable("off")
    known = [Translatable("people: published, not measured here")] if language.heard else []
    if "character_errors" in language.measured:
        errors = language.measured["character_errors"]
        known.append(Translatable("a robot's voice: {share:.0f} % of letters wrong, measured here", share=100 * errors))
    how = joined(known, "; ") if known else Translatable("not measured")
    return Translatable("{usable}, {on} ({how})", usable=usable, on=on, how=how)


def _described_by(language: Language, translators: Sequence[Translator]) -> Translatable:
    """Each translator that is tried, in order, with its score."""
    if language.code == FALLBACK:
        return _NATIVE
    told = [
        _scored(language, _TRANSLATORS.get(type(translator).__name__, ""))
        for translator in translators
        if (FALLBACK, language.code) in translator.pairs
        or (isinstance(translator, SceneTranslator) and language.code in translator.scene_languages)
    ]
    if not told:
        return Translatable("no translator: the things in it natively, then English")
    return joined([*told, Translatable("else the things in it natively, then English")], "; ")


def _scored(language: Language, engine: str) -> Translatable:
    name = _IN_WORDS.get(engine, Translatable("a fetched model"))
    figures = {part.removeprefix(f"{engine}_"): value for part, value in language.measured.items() if engine and part.startswith(engine)}
    if "bleu" not in figures:
        return Translatable("{name} (not measured)", name=name)
    if "told" not in figures:
        return Translatable("{name} (BLEU {bleu:.0f} on captions)", name=name, bleu=figures["bleu"])
    share = 100 * figures["told"]
    return Translatable("{name} (BLEU {bleu:.0f} on captions, {share:.0f} % told)", name=name, bleu=figures["bleu"], share=share)
