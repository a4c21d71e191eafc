"""What is told of an English description where nothing translates it: the things, their number, colours and place, natively. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.answering.doubting import plain_part
from assistant.answering.named_things import SEVERAL, Named, is_outdoors, things_named
from assistant.answering.wording import Phrase
from assistant.languages import colour_name, listed, phrase
from assistant.languages.nouns import PERSON, name


def told_natively(description: str, language: str) -> list[Phrase]:
    """Return phrases that tell what a description names, in its order; none where the language has no name for any of its things.

    "Two people and a brown dog with a ball on the beach." -> "2 Personen.", "Hund: braun.", "Ich sehe: ein Ball.", "Draußen."
    "A dog perhaps with a ball." -> "Ich sehe: ein Hund.", "Ich glaube, ich sehe: ein Ball."
    """
    plain = plain_part(description)
    certain = things_named(plain)
    doubtful = [thing.noun for thing in things_named(description[len(plain) :]) if thing.noun not in [each.noun for each in certain]]
    names = dict.fromkeys(said for noun in doubtful if (said := name(noun, language)))
    told = [*_told_plainly(certain, language), *([Phrase("likely_seen", {"thing": listed(names, language)})] if names else [])]
    place = is_outdoors(plain)
    return [*told, Phrase("outdoors" if place else "indoors")] if told and place is not None else told


def _told_plainly(things: Sequence[Named], language: str) -> list[Phrase]:
    told, plain = list[Phrase](), list[str]()

    def tell_plain() -> None:
        if plain:
            told.append(Phrase("things_seen", {"things": listed(dict.fromkeys(plain), language)}))
            plain.clear()

    for thing in things:
        if thing.number == 1 and not thing.colours:
            plain += [said] if (said := name(thing.noun, language)) else []
        elif more := _with_facts(thing, language):
            tell_plain()
            told.append(more)
    tell_plain()
    return told


def said_together(phrases: list[Phrase], language: str) -> tuple[str, str]:
    """Return (text, language) of phrases one after the other."""
    said = [one.said(language) for one in phrases]
    return ("" if language in ("zh", "ja") else " ").join(text for text, _ in said), said[0][1]


def _with_facts(thing: Named, language: str) -> Phrase | None:
    """A thing that is several or coloured: "Dog: 2, brown."; people are counted in a phrase of their own."""
    if thing.noun.synset == PERSON and thing.number > 1 and not thing.colours:
        return Phrase("people", {"n": str(thing.number)})
    plainly = name(thing.noun, language, article=False)
    if plainly is None:
        return None
    number = [] if thing.number == 1 else [phrase("several", language)[0] if thing.number == SEVERAL else str(thing.number)]
    facts = listed([*number, *(colour_name(colour, language) for colour in thing.colours)], language)
    return Phrase("where_is", {"thing": plainly[:1].upper() + plainly[1:], "place": facts})
