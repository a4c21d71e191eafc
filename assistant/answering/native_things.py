"""What is told of an English description where nothing translates it: the things, their number, colours and place, natively. Pure."""

from __future__ import annotations

from assistant.answering.named_things import SEVERAL, Named, is_outdoors, things_named
from assistant.answering.wording import Phrase
from assistant.languages import colour_name, listed, phrase
from assistant.languages.nouns import PERSON, name


def told_natively(description: str, language: str) -> list[Phrase]:
    """Return phrases that tell what a description names, in its order; none where the language has no name for any of its things.

    "Two people and a brown dog with a ball on the beach." -> "2 Personen.", "Hund: braun.", "Ich sehe: ein Ball.", "Draußen."
    """
    told, plain = list[Phrase](), list[str]()

    def tell_plain() -> None:
        if plain:
            told.append(Phrase("things_seen", {"things": listed(dict.fromkeys(plain), language)}))
            plain.clear()

    for thing in things_named(description):
        if thing.number == 1 and not thing.colours:
            plain += [said] if (said := name(thing.noun, language)) else []
        elif more := _with_facts(thing, language):
            tell_plain()
            told.append(more)
    tell_plain()
    place = is_outdoors(description)
    return [*told, Phrase("outdoors" if place else "indoors")] if told and place is not None else told


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
