"""How well a picture fits a query, by the model's own likelihoods instead of text it generates.

A description ("a dog runs on a beach") is scored by pointwise mutual information, in nats: log p(query | picture) - log p(query |
an empty picture). A bare thing ("a dog") is asked for: log-odds of "yes" in both polarities, which tell it better than the
likelihood of so short an answer. Either evidence is judged against what pictures without the query give, `Background`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from assistant.answering.answer_checks import asked_thing
from assistant.answering.honest_answers import presence_scores
from assistant.interfaces import SceneDescriber
from assistant.messages import Picture, View
from assistant.problems import BadInput

QUESTION = "What is in front of me?"
"""The query is scored as the answer to this."""
LONGEST_QUERY = 300
"""Characters."""
MOST_THINGS = 3
"""Asked about one by one."""
EMPTY_PICTURE: Picture = np.full((224, 224, 3), 128, np.uint8)
"""An even grey: what a query's likelihood is compared with."""

_NUMBERS = "some|two|three|four|five|several|many|a few"
_END_OF_PHRASE = (
    r"in|on|at|by|near|under|over|along|through|across|behind|beside|inside|outside|within|with|without|and|or|of|to|from|into|onto|is|are"
    r"|was|were|be|who|that|which|while|as|for|up|down|off|around|against|between|past|towards?|during|above|below|next|out|about|has|have"
    r"|the|a|an|his|her|their|its|\w+ing"
)
_PHRASE = re.compile(
    rf"(?:^|\b(?P<determiner>an?|the|his|her|their|its|my|{_NUMBERS})\s)\s*(?P<words>(?:(?!(?:{_END_OF_PHRASE}|{_NUMBERS})\b)[\w'-]+\s*)+)"
)

_PLURAL = re.compile(r"[^sui]s$|^(men|women|children|people)$")
_TWO_COLOURS = re.compile(r"\b\w+ and (black|white|brown|red|blue|green|yellow|orange|pink|purple|gr[ae]y|tan)\b")


@dataclass(frozen=True)
class Unrelated:
    """What pictures that don't show a query give as evidence for it."""

    mean: float
    spread: float
    """Standard deviation within a clip."""
    worth: float
    """How many of the clip's pictures `mean` is worth: the variance within clips over that between queries."""


# Measured with the starter model on the first 500 development pictures of Flickr8k: captions of 120 pictures among 20 each, as many
# captions of others, and 32 bare things (16 there, 16 not). `python -m assistant.benchmarks.videos` measures on the other 500.
DESCRIPTION = Unrelated(mean=18.5, spread=4.8, worth=0.7)
"""In nats. It depends on the query's words, so the clip itself tells it better."""
THING = Unrelated(mean=-2.3, spread=1.5, worth=1000.0)
"""In log-odds. The same for all things, and a clip may show a thing in many pictures."""
OFFSET, PER_DEVIATION, PER_THING = -4.07, 1.68, 0.18
"""The logistic line from deviations, and from the log-odds of a description's least probable thing, to a probability."""


class Query:
    """One query, asked of many pictures."""

    def __init__(self, describer: SceneDescriber, text: str, empty: View) -> None:
        """`empty`: the describer's look at EMPTY_PICTURE. BadInput if the text has no words or is too long."""
        text = self.text = clean_query(text)
        self.thing = whole_thing(text)
        """Set if the query is nothing but a thing."""
        self.things = named_things(text)
        self._describer = describer
        self._sentence = f"{text[0].upper()}{text[1:]}."  # as the model was taught to answer
        self._empty = self._log_likelihood(empty)

    def background(self) -> Background:
        """As it is before any picture was seen."""
        return Background(THING if self.thing else DESCRIPTION)

    def evidence(self, view: View) -> float:
        """How much the picture speaks for the query: nats for a description, log-odds for a thing."""
        return self._thing_log_odds(view, self.thing) if self.thing else self._log_likelihood(view) - self._empty

    def thing_log_odds(self, view: View) -> float:
        """Log-odds that the least probable thing that a description names is there; 0 if it names none or is all about one."""
        return 0.0 if self.thing else min((self._thing_log_odds(view, thing) for thing in self.things), default=0.0)

    def _thing_log_odds(self, view: View, thing: str) -> float:
        there, absent = presence_scores(self._describer, view, thing)
        return (there - absent) / 2

    def _log_likelihood(self, view: View) -> float:
        return self._describer.log_likelihoods(view, QUESTION, [self._sentence])[0]


class Background:
    """What pictures that don't show the query give: told evidence picture by picture, it keeps no more than sums."""

    def __init__(self, unrelated: Unrelated = DESCRIPTION) -> None:
        self._spread = unrelated.spread
        self._count, self._sum = unrelated.worth, unrelated.worth * unrelated.mean

    def add(self, evidence: float) -> None:
        self._count += 1
        self._sum += evidence

    def deviations(self, evidence: float, *, without_itself: bool = False) -> float:
        """How many standard deviations the evidence lies above what is predicted of an unrelated picture.

        `without_itself`: this evidence was told already, and is taken out again.
        """
        count, total = (self._count - 1, self._sum - evidence) if without_itself else (self._count, self._sum)
        return (evidence - total / count) / (self._spread * math.sqrt(1 + 1 / count))


def probability(deviations: float, thing_log_odds: float = 0.0) -> float:
    """That a picture shows the query, calibrated on clips of which half do."""
    line = OFFSET + PER_DEVIATION * deviations + PER_THING * thing_log_odds
    return 1 / (1 + math.exp(-max(min(line, 50.0), -50.0)))


def clean_query(text: str) -> str:
    """Without what stands around the words; BadInput if there are none, or far too many."""
    text = " ".join(text.split()).rstrip(" .!?")
    if not any(map(str.isalnum, text)):
        raise BadInput("the description of what to look for is empty", 'describe it in a few words, such as "a dog on a beach"')
    if len(text) > LONGEST_QUERY:
        raise BadInput(f"the description of what to look for has {len(text)} characters", f"use at most {LONGEST_QUERY}")
    return text


def whole_thing(query: str) -> str | None:
    """The thing that a query is all about, with its article: "Two red dogs" -> "red dogs", "car" -> "a car"; None for more than a thing."""
    match = _PHRASE.fullmatch(_TWO_COLOURS.sub(r"\1", query.lower()))
    words = _words(match) if match else []
    return _with_article(" ".join(words)) if match and words == match["words"].split() else None


def named_things(query: str) -> list[str]:
    """Nouns that a query names, with their articles: "two dogs run on the beach" -> ["dogs", "a beach"]."""
    phrases = map(_words, _PHRASE.finditer(_TWO_COLOURS.sub(r"\1", query.lower())))
    things = (_with_article(words[-1]) for words in phrases if words)
    return list(dict.fromkeys(thing for thing in things if thing))[:MOST_THINGS]


def _words(phrase: re.Match[str]) -> list[str]:
    """Of the thing without its determiner; [] for what is rather a clause. The endings tell a verb: "a dog | runs", "dogs | run"."""
    words: list[str] = phrase["words"].split()
    if phrase["determiner"] is None:  # a bare "dogs", or "red car" and nothing else
        return words if len(words) <= (2 if phrase.end() == len(phrase.string) else 1) else []
    if phrase["determiner"] in ("the", "his", "her", "their", "its", "my"):  # of one or of many
        return words
    plural = next(
        (i for i, word in enumerate(words) if _PLURAL.search(word) and (i or phrase["determiner"] not in ("a", "an"))), len(words)
    )
    return words[:plural] if phrase["determiner"] in ("a", "an") else words[: plural + 1]


def _with_article(words: str) -> str | None:
    asked = asked_thing(f"Is there {words}?")
    return asked[0] if asked else None
