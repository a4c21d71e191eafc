"""Translates a sentence so that quoted text, numbers and names survive, or says that it couldn't. Knows no engine.

What must not be translated is taken out, and a word that no translator touches ("X1") stands in its place meanwhile.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.answering.doubting import I_THINK
from assistant.interfaces import SceneTranslator, Translator
from assistant.languages.quotations import QUOTED

_ADDRESS = r"\b(?:https?://|www\.)\S*\w|\b[\w.+-]+@[\w-]+\.\w+"
_NUMBER = r"(?<!\w)\d+(?:[.,:]\d+)*"
_NAME = r"(?<=[\w,;:] )(?![a-z\W\d])\w[\w'-]*\w"
"""A word with a capital letter that doesn't begin the sentence."""
_FIRST_CARE = re.compile(f"{QUOTED.pattern}|{_ADDRESS}")
_MORE_CARE = re.compile(f"{QUOTED.pattern}|{_ADDRESS}|{_NUMBER}|{_NAME}")
_STAND_IN = re.compile(r"\bX(\d+)\b")
_WITH_MARKS = re.compile(r'["“«„]?\bX(\d+)\b["”“»]?')
_CLAUSE = re.compile(r"(?<=[,;:])\s+")
_LONGEST_FACTOR, _FEW_WORDS = 3, 8
"""A translation of more words than this many for each, and a few, is a small model going round in circles."""

_ENGLISH_NUMBER = re.compile(r"(?<![\w.,:])(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+)(?![\w:]|[.,]\d)")
"""One whose marks mean something else where the decimal mark is a comma."""
_GROUP_MARKS = dict.fromkeys(("es", "pt", "de", "it", "nl", "id", "tr", "vi"), ".") | dict.fromkeys(("fr", "pl", "ru", "uk"), "\u00a0")
"""Between thousands, in the languages whose decimal mark is a comma."""


@dataclass(frozen=True)
class Translation:
    """Holds a translated sentence, or the sentence as it was."""

    text: str
    language: str
    """The target; the source's where a translation lost something, and then `text` is the sentence as it was."""


def find_translator(translators: Sequence[Translator], source: str, target: str) -> Translator | None:
    """Return the first translator for this pair; None where the answer must stay in its language."""
    return next((translator for translator in translators if (source, target) in translator.pairs), None)


def tells_scenes(translators: Sequence[Translator], language: str) -> bool:
    """Tell whether something can put an English description of a picture into a language."""
    return any(("en", language) in each.pairs or language in _scene_languages(each) for each in translators)


def translate_scene(translators: Sequence[Translator], description: str, language: str) -> Translation:
    """Put an English description of a picture into a language by the first translator that does it faithfully, and surely.

    A translator of scenes isn't given "I think: a man rides a horse.": it never learned that, and left the doubt out.
    """
    for translator in translators:
        if isinstance(translator, SceneTranslator) and language in translator.scene_languages and not description.startswith(I_THINK):
            told = _faithfully(functools.partial(translator.translate_scene, language=language), description, "en", language)
        elif ("en", language) in translator.pairs:
            told = translate_faithfully(translator, description, "en", language)
        else:
            continue
        if told.language == language:
            return told
    return Translation(description, "en")


def _scene_languages(translator: Translator) -> frozenset[str]:
    return translator.scene_languages if isinstance(translator, SceneTranslator) else frozenset()


def translate_faithfully(translator: Translator, sentence: str, source: str, target: str) -> Translation:
    """Translate one sentence; in parts, or not at all, where its numbers, names and quotes wouldn't survive otherwise.

    Quoted text stays in the source's language: `speaking/mixed_languages.py` finds it there.
    """
    return _faithfully(lambda part: translator.translate(part, source, target), sentence, source, target)


def _faithfully(translate: Callable[[str], str], sentence: str, source: str, target: str) -> Translation:
    for care in (_FIRST_CARE, _MORE_CARE):
        text = _attempt(sentence, care, translate)
        if text is not None:
            return Translation(_localise_numbers(text, sentence, target) if source == "en" else text, target)
    clauses = _CLAUSE.split(sentence)
    parts = [_faithfully(translate, clause, source, target) for clause in clauses] if len(clauses) > 1 else []
    if parts and all(part.language == target for part in parts):
        return Translation(" ".join(part.text for part in parts), target)
    return Translation(sentence, source)


def _attempt(sentence: str, care: re.Pattern[str], translate: Callable[[str], str]) -> str | None:
    """A translation with what `care` finds kept as it is; None if something of that, a number or a name was lost."""
    kept: list[str] = []

    def take_out(match: re.Match[str]) -> str:
        quoted = QUOTED.fullmatch(match[0]) is not None
        kept.append(match[0])
        return f'"X{len(kept)}"' if quoted else f"X{len(kept)}"

    if _STAND_IN.search(sentence):
        care = re.compile(_STAND_IN.pattern + "|" + care.pattern)  # the sentence's own "X1" is one thing more to keep
    spared = care.sub(take_out, sentence)
    if not re.search(r"[^\W\d_]", _STAND_IN.sub("", spared)):
        return sentence  # there is nothing else in it
    translated = _begin_alike(spared, translate(spared))
    if not translated:
        return None  # the translator isn't sure
    if sorted(_STAND_IN.findall(translated)) != sorted(_STAND_IN.findall(spared)) or not _survives(spared, translated, translate):
        return None
    return _WITH_MARKS.sub(lambda match: kept[int(match[1]) - 1], translated)


def _survives(sentence: str, translated: str, translate: Callable[[str], str]) -> bool:
    """Whether the numbers and names of the sentence are in its translation, and that is of a likely length."""
    if Counter(re.findall(r"\d+", sentence)) != Counter(re.findall(r"\d+", translated)):
        return False
    words = set(re.findall(r"[\w'-]+", translated.casefold()))
    # A name stays as it is, or becomes what the translator alone makes of it ("Lisbon", "Lisboa"; "Monday", "segunda-feira").
    lost = [name for name in re.findall(_NAME, sentence) if name.casefold() not in words]
    if any(not words & set(re.findall(r"[\w'-]+", translate(name).casefold())) for name in lost):
        return False
    return len(translated.split()) <= _LONGEST_FACTOR * len(sentence.split()) + _FEW_WORDS


def _begin_alike(sentence: str, translated: str) -> str:
    """Return the translation with a capital letter if the sentence has one; rules and parts of sentences lose it."""
    return translated[:1].upper() + translated[1:] if sentence[:1].isupper() else translated


def _localise_numbers(translated: str, english: str, target: str) -> str:
    """1,234.5 as the target language writes it; only numbers that stand in the English sentence outside of quotes are touched."""
    if target not in _GROUP_MARKS:
        return translated
    parts = QUOTED.split(translated)
    for number in _ENGLISH_NUMBER.findall(QUOTED.sub(" ", english)):
        whole, _, decimals = number.partition(".")
        local = whole.replace(",", _GROUP_MARKS[target]) + ("," + decimals if decimals else "")
        digits = re.compile(r"(?<![\w.,])" + r"[.,]?".join(re.findall(r"\d", number)) + r"(?!\w)")
        parts = [digits.sub(local, part) for part in parts]
    quotes = [*QUOTED.findall(translated), ""]
    return "".join(part + quote for part, quote in zip(parts, quotes, strict=True))
