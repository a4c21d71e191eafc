"""English wording around the model: how a thing's presence is asked for, and how sure an answer may sound.

Pure: English text, probabilities and thresholds in, words out. Works for any model whose answers can be scored.
"""

from __future__ import annotations

import math
import re

from assistant.languages import FALLBACK
from assistant.languages.nouns import find_noun, one_of
from assistant.messages import AnswerThresholds, Finding, Prompts

_DETERMINER = re.compile(r"(?:an?|any|some|the|my|your|his|her|our|their|this|that|no) ")
# What stands in every picture, or isn't a thing.
_NO_THINGS = frozenset(("picture", "image", "photo", "anything", "something", "it", "this", "that", "text", "light", "thing", "things"))
_SOMEBODY = {"anyone": "person", "anybody": "person", "someone": "person", "somebody": "person", "people": "person"}
_UNCOUNTABLE = frozenset(("snow", "sand", "food", "ice", "fire", "smoke", "traffic", "money", "furniture"))
"""Those that nouns.tsv doesn't tell."""
_BARE = re.compile(
    r"(?:(?:yes|no|yeah|nope|true|false|maybe|\d+|zero|one|two|three|four|five|six|seven|eight|nine|ten|none|many|several|a few"
    r"|black|white|gr[ae]y|red|green|blue|yellow|orange|brown|pink|purple|beige|silver|gold|and|dark|light)\W*)+",
    re.IGNORECASE,
)

_OF_ITSELF = re.compile(r"(?:I(?! (?:see|think|believe)\b)|I'm|Sorry|Unfortunately|As an? (?:AI|language model|assistant))\b")

_QUOTATION = re.compile(r",?(?: (?:that|which) (?:says?|reads?)| saying| reading| with the words?)?[,:]? *[\"“”].*", re.DOTALL)

_OF_THE_MODEL = frozenset(("likelihoods", "model", "classifier"))

CANT_TELL_THING = "I can't tell what this is."
SCENE_QUESTION = "What is in front of me?"
"""What the model is asked where it must not be asked what the user asked."""
MORE_QUESTION = "Tell me more."


def thresholds_for(finding: Finding, model: AnswerThresholds) -> AnswerThresholds:
    """Return how sure a finding must be: what the vision model says as the model's own thresholds are, what was measured as it stands."""
    return model if finding.source in _OF_THE_MODEL else AnswerThresholds()


def indefinite(thing: str) -> str | None:
    """Return an English thing with the article that its presence is asked by: "the toaster" -> "a toaster", "any keys" -> "keys".

    None for what stands in every picture or is no thing: "the picture", "it".
    """
    bare = _DETERMINER.sub("", plain_question(thing), count=1)
    if not bare or bare in _NO_THINGS:
        return None
    bare = _SOMEBODY.get(bare, bare)
    return bare if _is_uncounted(bare) or _is_plural(bare) else f"{article(bare)} {bare}"


def _is_uncounted(thing: str) -> bool:
    """Of "red wine" the wine."""
    last = thing.split()[-1]
    noun = find_noun(last, FALLBACK)
    known = noun.name_to_say(FALLBACK) if noun else None
    return last in _UNCOUNTABLE or (known is not None and known.number == "u" and known.text == last)


def presence_questions(thing: str, prompts: Prompts | None = None) -> tuple[str, str]:
    """Ask for a thing ("a dog") in both polarities: "Is there a dog?", "Is it true that there is no dog?".

    For dogs the same: with one dog in the picture a model may deny that there are dogs, and what is known of its yes and no is of one.
    """
    prompts = prompts or Prompts()
    thing = (_is_plural(thing) and indefinite(one_of(thing, FALLBACK) or "")) or thing
    verb, bare, end = "are" if _is_plural(thing) else "is", re.sub(r"^an? ", "", thing), f"{prompts.inside}?{prompts.yes_or_no}"
    return f"{verb.capitalize()} there {thing}{end}", f"Is it true that there {verb} no {bare}{end}"


def shown_questions(text: str) -> tuple[str, str]:
    """Ask for what a description says ("a dog runs on a beach") in both polarities, of a model that only answers."""
    return f'Does the picture show this: "{text}"? Answer yes or no.', f'Is this missing in the picture: "{text}"? Answer yes or no.'


def presence_probability(there_log_odds: float, absent_log_odds: float, thresholds: AnswerThresholds) -> float:
    """Return the calibrated probability that a thing is there, from the model's log-odds of "yes" in each polarity.

    Half their difference takes out a habit of saying yes (or no) whatever is asked; the line through it is Platt's (1999)
    scaling, fitted by `models.training.evaluate`.
    """
    score = (there_log_odds - absent_log_odds) / 2
    return 1 / (1 + math.exp(-(max(min(thresholds.slope * score + thresholds.offset, 50.0), -50.0))))


def is_bare(sentence: str) -> bool:
    """Tell whether it is a yes, a no, a number or a colour and nothing more: nothing that anybody could check."""
    return _BARE.fullmatch(sentence.strip()) is not None


def speaks_of_itself(sentence: str) -> bool:
    """Tell whether a model speaks of itself ("I don't see any arrows.", "As an AI ..."), which says nothing of the pictures."""
    return _OF_ITSELF.match(sentence) is not None


def without_quotation(sentence: str) -> str:
    """Leave out what a model that can't read says of a text: 'A man holds a sign that says, "No.' -> "A man holds a sign."."""
    return _QUOTATION.sub(".", sentence)


def article(noun: str) -> str:
    """Return the indefinite article of an English noun: "an" or "a"."""
    return "an" if noun[:1].lower() in "aeiou" else "a"


def plain_question(question: str) -> str:
    """Reduce a question to lower case, one blank between words and nothing after the last one."""
    return " ".join(question.lower().split()).rstrip(" ?.!")


def _is_plural(thing: str) -> bool:
    """ "keys", "men", but not "a bus", "glass" or "asparagus"."""
    last = thing.split()[-1]
    return not thing.startswith(("a ", "an ")) and (
        last in ("men", "women", "children", "feet") or re.search(r"[^sui]s$", last) is not None
    )
