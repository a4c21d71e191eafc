"""Words for findings, chosen once: a phrase that every language has of its own, or an English sentence that is to be translated. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from assistant.answering.answer_checks import indefinite, thresholds_for
from assistant.answering.doubting import hedged
from assistant.languages import FALLBACK, colour_name, counted_phrase, listed, phrase, place_words, script_name
from assistant.languages.nouns import ANIMAL, LANGUAGES, PERSON, Noun, ancestors, find_noun, name, nouns, sayable
from assistant.messages import AnswerThresholds, Finding, SingleObject, TextPiece

COUNTED = frozenset(("page_lines", "text_lines", "people", "about_people"))
"""Phrases that are told by the number in their blank."""
CHOSEN = 0.6
"""Share of the probability from which one of several things is chosen."""

EXACT, COUNTABLE = 4, 12
"""Up to how many are counted exactly, as people see them at a glance; and up to how many at all."""


@dataclass(frozen=True)
class Phrase:
    """A phrase of the language files and what stands in its blanks."""

    key: str
    values: dict[str, str] = field(default_factory=dict)
    begins_sentence: bool = False
    """Whether a blank may be its first word, which then needs a capital letter."""

    def said(self, language: str) -> tuple[str, str]:
        """Return (text, language) of it: in `language`, or in English where its file lacks the phrase."""
        if self.key in COUNTED:
            return counted_phrase(self.key, language, int(self.values["n"]))
        if self.key == "cant_read_script":
            return phrase(self.key, language, script=script_name(self.values["script"], language))
        text, code = phrase(self.key, language, **self.values)
        return (text[:1].upper() + text[1:] if self.begins_sentence else text), code


@dataclass(frozen=True)
class Quotation:
    """Text that is said as it stands, in a language of its own."""

    text: str
    language: str


def words_of(finding: Finding, thresholds: AnswerThresholds, language: str) -> Phrase | Quotation | str:
    """Return the words for a finding: a Phrase, a text as it was read, or a sentence in English.

    Args:
        finding: of any kind.
        thresholds: how sure the model must be for how plain a word.
        language: in which it will be said.
    """
    thresholds = thresholds_for(finding, thresholds)
    match finding.kind:
        case "refusal":
            return Phrase(str(finding.value))
        case "presence":
            if finding.in_full:  # to "Is there no dog?" languages, and people, differ in what "no" says
                return _seen(finding, thresholds, language)
            return Phrase(yes_or_no(finding.probability, thresholds))
        case "seen":
            return _seen(finding, thresholds, language)
        case "choice":
            return Phrase("choice", {"thing": _thing(finding, language)}) if finding.probability >= CHOSEN else Phrase("cant_tell_that")
        case "count" if isinstance(finding.value, int):
            return _counted(finding.value, finding, language)
        case "place" if isinstance(finding.value, tuple):
            place = place_words(cast(tuple[str, ...], finding.value), language)
            return Phrase("where_is", {"thing": _capital(_thing(finding, language)), "place": place})
        case "things" if isinstance(finding.value, tuple):
            return _listed(cast(tuple[str, ...], finding.value), language)
        case "name" if isinstance(finding.value, SingleObject):
            return _named(finding.value, language)
        case "colour" if isinstance(finding.value, tuple):
            key, colours = cast(tuple[str, dict[str, str]], finding.value)
            return Phrase(key, {blank: colour_name(colour, language) for blank, colour in colours.items()}, begins_sentence=True)
        case "code" | "label" | "light" if isinstance(finding.value, tuple):
            key, values = cast(tuple[str, dict[str, str]], finding.value)
            return Phrase(key, values)
        case "reading" | "translation" if isinstance(finding.value, tuple):
            return Quotation(_read(cast(tuple[TextPiece, ...], finding.value), finding.language), finding.language)
        case _:
            return hedged(finding)


def yes_or_no(probability: float, thresholds: AnswerThresholds) -> str:
    """Return the phrase for a calibrated probability: plain where the model is nearly always right, none where it can't tell."""
    if abs(probability - 0.5) < thresholds.cant_tell_margin:
        return "no_answer"
    if probability > 0.5:
        return "yes" if probability >= thresholds.sure else "likely_yes"
    return "no" if probability <= 1 - thresholds.sure else "likely_no"


def _seen(finding: Finding, thresholds: AnswerThresholds, language: str) -> Phrase:
    values = {"thing": _thing(finding, language)}
    if finding.probability < thresholds.absent and thresholds.sure > 1:  # nobody measured who says so
        return Phrase("likely_not_seen", values)
    if finding.probability < thresholds.absent:
        return Phrase("nobody") if find_noun(finding.thing, language) == nouns()[PERSON] else Phrase("not_seen", values)
    if finding.probability < 0.5:
        return Phrase("no_answer")
    return Phrase("seen" if finding.probability >= thresholds.sure else "likely_seen", values)


def _counted(number: int, finding: Finding, language: str) -> Phrase:
    """How many: exactly only as far as that is known to be right, people in their own words."""
    is_people = not finding.thing
    if finding.is_doubtful:
        return Phrase("count_unsure", {"n": str(number)})
    if number == 0:
        return Phrase("nobody") if is_people else Phrase("not_seen", {"thing": _thing(replace(finding, probability=0.0), language)})
    if number > COUNTABLE:
        return Phrase("many_people") if is_people else Phrase("count_many", {"thing": _capital(finding.thing)})
    if number <= EXACT:
        return (
            Phrase("people", {"n": str(number)}) if is_people else Phrase("count_is", {"thing": _capital(finding.thing), "n": str(number)})
        )
    return (
        Phrase("about_people", {"n": str(number)})
        if is_people
        else Phrase("count_about", {"thing": _capital(finding.thing), "n": str(number)})
    )


def _listed(synsets: Sequence[str], language: str) -> Phrase:
    """Each thing once; of several of a kind that it is there."""
    names = dict.fromkeys(said for synset in synsets if (said := name(nouns()[synset], language)))
    return Phrase("things_seen", {"things": listed(names, language)}) if names else Phrase("nothing_known")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _thing(finding: Finding, language: str) -> str:
    """As the user named it, with an article where that is known; in English also "any keys"."""
    if language != FALLBACK:
        return _named_natively(finding.thing, language)
    thing = indefinite(finding.thing) or finding.thing
    if thing.startswith(("a ", "an ")) or finding.probability >= 0.5:
        return thing
    return f"any {thing}"


def _named_natively(thing: str, language: str) -> str:
    """A plural, or a name that isn't ours, stays as it was said; what only a translation named has our name."""
    said = find_noun(thing, language)
    noun = said or find_noun(thing, FALLBACK)
    if noun is None or (said and name(noun, language, article=False) != thing):
        return thing
    return name(noun, language) or thing


def _read(pieces: tuple[TextPiece, ...], language: str) -> str:
    """What was read, in the words of its own language where a number in it can't be, or where it may be something else."""
    number = phrase("number_unread", language)[0]
    text = " ".join(number if piece.kind == "unreadable_number" else piece.text or "..." for piece in pieces)
    return phrase("may_say", language, text=text)[0] if any(piece.kind == "doubtful" for piece in pieces) else text


def _named(found: SingleObject, language: str) -> Phrase:
    """By a name that people know, and perhaps a more precise one, as far as the language has names for them."""
    surely = nouns().get(found.noun) if found.noun else None
    kind = _familiar(surely, language) if surely else None
    plainly = name(kind, language) if kind else None
    if plainly is None:
        return Phrase("cant_tell_thing")
    values = {"thing": _capital(plainly)}
    finer = nouns().get(found.specific) if found.specific else surely
    precisely = name(finer, language) if finer else None
    return Phrase("named", values) if precisely in (None, plainly) else Phrase("perhaps", values | {"specific": str(precisely)})


def _familiar(noun: Noun, language: str) -> Noun | None:
    """Of an animal an everyday kind ("a dog" for a redbone), since few know all breeds and species; of other things the nearest name."""
    known = sayable(noun, language)
    above = (noun, *ancestors(noun))
    if not any(kind.synset == ANIMAL for kind in above):
        return known
    return next((kind for kind in above if kind.checked == LANGUAGES and kind.sayable), known)
