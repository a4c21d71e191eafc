"""Checks around the model's answer: what it must not decide, what the question takes for granted, how sure it may sound.

Pure: English text, probabilities and thresholds in, words out. Works for any model whose answers can be scored.
"""

from __future__ import annotations

import math
import re

from assistant.messages import AnswerThresholds, SingleObject

_SAFETY = re.compile(
    r"\b(safe|safely|dangerous|danger)\b|\b(can|could|may|should|shall) (i|we) (\w+ )?(cross|go|walk|step|proceed|move|drive|eat|drink)\b"
    r"|\b(is|are) (it|the (road|street|way|path|crossing|stairs|traffic light)|the light) (now )?(clear|free|ok|okay|green)\b",
    re.IGNORECASE,
)
_HERE = r"(?: anywhere| visible| in (?:the|this|my|that) (?:picture|image|photo|view|room|scene)| in front of me| here| nearby| around)*"
_THING = r"(?:(?P<article>an?|any|some|the|my|your|no) )?(?P<thing>[\w' -]+?)"
_PRESENCE = re.compile(rf"(?:(?:is|are) there|(?:do|can|could) (?:you|we) see) {_THING}{_HERE}")
_PRESUPPOSING = (
    re.compile(rf"(?:what|which) colou?rs? (?:is|are) (?P<article>the|my|this|that|his|her|their) (?P<thing>[\w' -]+?){_HERE}"),
    re.compile(r"what (?:is|are) (?P<article>the|my) (?P<thing>[\w' -]+?) (?:doing|wearing|holding|eating|carrying|riding|made of)\b.*"),
    re.compile(rf"where (?:is|are) (?P<article>the|my|this|that) (?P<thing>[\w' -]+?){_HERE}"),
)
_AUXILIARY = (
    r"(?:am|is|are|was|were|do|does|did|has|have|had|can|could|will|would|shall|should|may|might|must)(?:n['’]?t)?"  # noqa: RUF001
    r"|ain['’]t|can['’]t|won['’]t|shan['’]t"
)
_YES_NO_QUESTION = re.compile(
    rf"(?:(?:and|but|so|or|then|well|okay|ok|please|now|also)[, ]+)*(?:{_AUXILIARY}|any\w*)\b"
    r"(?! in front of me$| you (?:please )?(?:tell|describe|say|explain|name|show)\b)"  # "[What] is in front of me?", and requests
    rf"|.*, (?:right|correct|(?:{_AUXILIARY}) (?:i|you|he|she|it|we|they|there|this|that))$"  # "It's a dog, isn't it?"
)
_BARE_YES_NO = re.compile(r"(?:yes|yeah|no)\W*", re.IGNORECASE)
_SCENE_WORDS = re.compile(r"\b(?:in front|around|ahead|describe|see|look\w*|picture|image|photo|view|scene)\b")
_PICTURE = r"(?:the|this|my|that) (?:picture|image|photo|scene|view)"
_WHOLE_PICTURE = re.compile(
    rf"what(?:['’]s| is| are) (?:(?:there |it |that )?in front of (?:me|you|us)|in {_PICTURE}|around me|here|there|happening)"  # noqa: RUF001
    rf"|what (?:do|can) (?:you|we|i) see(?: .*)?|what does {_PICTURE} show"
    rf"|(?:(?:please|can you|could you) )*describe (?:what you see|{_PICTURE})"
)
_PLACE_OR_DOING = re.compile(r"(in|on|at|by|near|under|over|along|through|across|behind|beside|inside|outside|\w+ing)\b", re.IGNORECASE)
# What stands in every picture, or isn't a thing.
_NO_THINGS = frozenset(("picture", "image", "photo", "anything", "something", "it", "this", "that", "text", "light", "thing", "things"))
_SOMEBODY = {"anyone": "person", "anybody": "person", "someone": "person", "somebody": "person", "people": "person"}
_UNCOUNTABLE = frozenset(
    ("water", "snow", "grass", "sand", "food", "ice", "fire", "smoke", "traffic", "money", "furniture", "milk", "bread")
)

YES, LIKELY_YES, CANT_TELL, LIKELY_NO, NO = "Yes.", "I think so.", "I can't tell.", "I don't think so.", "No."
NOT_UNDERSTOOD = "I'm not sure what you said. Please say it again."
CANT_TELL_THING = "I can't tell what this is."
PHRASES = {
    YES: "yes",
    LIKELY_YES: "likely_yes",
    CANT_TELL: "no_answer",
    LIKELY_NO: "likely_no",
    NO: "no",
    NOT_UNDERSTOOD: "say_again",
}
"""Answers that every language has words of its own for, and the names of these words."""
SCENE_QUESTION = "What is in front of me?"
"""What the model is asked where it must not be asked what the user asked."""


def asks_about_safety(question: str) -> bool:
    """Return whether the answer could be taken as leave to go: "Is it safe to cross?", "Can I go now?"."""
    return _SAFETY.search(question) is not None


def asks_yes_or_no(question: str) -> bool:
    """Return whether "yes" or "no" would answer a question: "Is it red?", "And are there any?", "It's a dog, isn't it?".

    Not "But is in front of me." (a misheard "What is in front of me?"), nor "Can you tell me what this is?".
    """
    return _YES_NO_QUESTION.match(plain_question(question)) is not None


def is_bare_yes_or_no(sentence: str) -> bool:
    """Return whether a sentence is "Yes." or "no" and nothing else, unlike "No dogs."."""
    return _BARE_YES_NO.fullmatch(sentence) is not None


def asks_about_scene(question: str) -> bool:
    """Return whether a question that wasn't understood was most likely about all that is there to be seen."""
    return _SCENE_WORDS.search(question.lower()) is not None


def asks_about_whole_picture(question: str) -> bool:
    """Return whether a question is about all that is to be seen: "What is in front of me?", "Describe the picture."."""
    return _WHOLE_PICTURE.fullmatch(plain_question(question)) is not None


def asked_thing(question: str) -> tuple[str, bool] | None:
    """Return the thing whose presence is asked about, with its article, and whether "yes" means that it is there.

    "Is there a dog in the picture?" -> ("a dog", True); "Are there no apples?" -> ("apples", False).
    """
    match = _PRESENCE.fullmatch(plain_question(question))
    thing = _thing(match)
    return None if match is None or thing is None else (thing, match["article"] != "no")


def presupposed_thing(question: str) -> str | None:
    """Return the thing that a question takes for granted, with its article: "What colour is the toaster?" -> "a toaster"."""
    matches = (pattern.fullmatch(plain_question(question)) for pattern in _PRESUPPOSING)
    return next((thing for match in matches if (thing := _thing(match))), None)


def presence_questions(thing: str) -> tuple[str, str]:
    """Ask for a thing ("a dog") in both polarities: "Is there a dog?", "Is it true that there is no dog?"."""
    verb = "are" if _is_plural(thing) else "is"
    return f"{verb.capitalize()} there {thing}?", f"Is it true that there {verb} no {re.sub(r'^an? ', '', thing)}?"


def presence_probability(there_log_odds: float, absent_log_odds: float, thresholds: AnswerThresholds) -> float:
    """Return the calibrated probability that a thing is there, from the model's log-odds of "yes" in each polarity.

    Half their difference takes out a habit of saying yes (or no) whatever is asked; the line through it is Platt's (1999)
    scaling, fitted by `models.training.evaluate`.
    """
    score = (there_log_odds - absent_log_odds) / 2
    return 1 / (1 + math.exp(-(max(min(thresholds.slope * score + thresholds.offset, 50.0), -50.0))))


def yes_or_no(probability: float, thresholds: AnswerThresholds) -> str:
    """Word a calibrated probability: plain where the model is nearly always right, none where it can't tell."""
    if abs(probability - 0.5) < thresholds.cant_tell_margin:
        return CANT_TELL
    sure = thresholds.sure
    if probability > 0.5:
        return YES if probability >= sure else LIKELY_YES
    return NO if probability <= 1 - sure else LIKELY_NO


def not_seen(thing: str) -> str:
    """Word the absence of a thing: "I don't see a toaster.", "I don't see any keys."."""
    return f"I don't see {thing if thing.startswith(('a ', 'an ')) else f'any {thing}'}."


def named(found: SingleObject) -> str:
    """Word the name of a single object by how sure it is: "A hairbrush.", "It looks like a hairbrush.", or that it can't be told."""
    if found.name is None:
        return CANT_TELL_THING
    plain = f"{article(found.name).capitalize()} {found.name}."
    return plain if found.is_sure else with_doubt(plain)


def opposite(answer: str) -> str:
    """Return the answer to the question of the other polarity: "Yes." for "No."; "I can't tell." stays."""
    return {YES: NO, NO: YES, LIKELY_YES: LIKELY_NO, LIKELY_NO: LIKELY_YES}.get(answer, answer)


def with_doubt(sentence: str) -> str:
    """Hedge a sentence: "A cat on a bed." -> "It looks like a cat on a bed.", "On a beach." -> "It might be on a beach.".

    What is hedged or refused already stays.
    """
    if re.match(r"(I|It|There|Yes|No)\b", sentence):
        return sentence
    first, rest = sentence[:1], sentence[1:]
    doubt = "It might be" if _PLACE_OR_DOING.match(sentence) else "It looks like"
    return f"{doubt} {first.lower() if not rest[:1].isupper() else first}{rest}"


def article(noun: str) -> str:
    """Return the indefinite article of an English noun: "an" or "a"."""
    return "an" if noun[:1].lower() in "aeiou" else "a"


def plain_question(question: str) -> str:
    """Reduce a question to lower case, one blank between words and nothing after the last one."""
    return " ".join(question.lower().split()).rstrip(" ?.!")


def _thing(match: re.Match[str] | None) -> str | None:
    """With the article that its presence is asked by: "the toaster" -> "a toaster", "any water" -> "water"."""
    if match is None or match["thing"] in _NO_THINGS:
        return None
    thing = _SOMEBODY.get(match["thing"], match["thing"])
    if thing in _UNCOUNTABLE or _is_plural(thing):
        return thing
    return f"{article(thing)} {thing}"


def _is_plural(thing: str) -> bool:
    """ "keys", "men", but not "a bus", "glass" or "asparagus"."""
    last = thing.split()[-1]
    return not thing.startswith(("a ", "an ")) and (
        last in ("men", "women", "children", "feet") or re.search(r"[^sui]s$", last) is not None
    )
