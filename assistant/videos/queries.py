"""How well a picture fits a query, by the model's own likelihood instead of text it generates.

Evidence is pointwise mutual information in nats: log p(query | picture) - log p(query | an empty picture). What an unrelated
picture gives by chance differs from query to query more than from picture to picture, so it is judged against the other
pictures of the clip or stream, `Background`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

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

_TWO_COLOURS = re.compile(r"\b\w+ and (black|white|brown|red|blue|green|yellow|orange|pink|purple|gr[ae]y|tan)\b")


@dataclass(frozen=True)
class Weights:
    """Of the logistic line that tells how probably a picture shows a query.

    Measured with the starter model on the first 500 development pictures of Flickr8k: captions of 120 pictures among 20 each,
    and as many captions of others. `python -m assistant.benchmarks.videos` measures on the other 500.
    """

    empty_nats: float = 18.5
    """Evidence that an unrelated picture gives on average ..."""
    unrelated_nats: float = 4.8
    """... and its standard deviation within a clip."""
    empty_worth: float = 0.7
    """How many of the clip's pictures the empty one is worth as background: the variance within clips over that between queries."""
    offset: float = -4.07
    per_deviation: float = 1.68
    """Of evidence above the background, in standard deviations."""
    per_thing: float = 0.18
    """Of the log-odds that the least probable of the things the query names is there."""


WEIGHTS = Weights()


class Query:
    """One query, asked of many pictures."""

    def __init__(self, describer: SceneDescriber, text: str, empty: View) -> None:
        """`empty`: the describer's look at EMPTY_PICTURE. BadInput if the text has no words or is too long."""
        text = self.text = clean_query(text)
        self.things = named_things(text)
        self._describer = describer
        self._sentence = f"{text[0].upper()}{text[1:]}."  # as the model was taught to answer
        self._empty = self._log_likelihood(empty)

    def evidence(self, view: View) -> float:
        """Nats by which the picture makes the query likelier than an empty one does."""
        return self._log_likelihood(view) - self._empty

    def thing_log_odds(self, view: View) -> float:
        """Log-odds that the least probable thing it names is there, each asked in both polarities; 0 if it names none."""
        scores = [presence_scores(self._describer, view, thing) for thing in self.things]
        return min(((there - absent) / 2 for there, absent in scores), default=0.0)

    def _log_likelihood(self, view: View) -> float:
        return self._describer.log_likelihoods(view, QUESTION, [self._sentence])[0]


@dataclass
class Background:
    """What pictures that don't show the query give: told evidence picture by picture, it needs no more than sums."""

    weights: Weights = WEIGHTS
    _count: float = field(init=False)
    _sum: float = field(init=False)

    def __post_init__(self) -> None:
        self._count, self._sum = self.weights.empty_worth, self.weights.empty_worth * self.weights.empty_nats

    def add(self, evidence: float) -> None:
        self._count += 1
        self._sum += evidence

    def deviations(self, evidence: float, *, without_itself: bool = False) -> float:
        """How many standard deviations the evidence lies above what is predicted of an unrelated picture.

        `without_itself`: this evidence was told already, and is taken out again.
        """
        count, total = (self._count - 1, self._sum - evidence) if without_itself else (self._count, self._sum)
        return (evidence - total / count) / (self.weights.unrelated_nats * math.sqrt(1 + 1 / count))


def probability(deviations: float, thing_log_odds: float, weights: Weights = WEIGHTS) -> float:
    """That a picture shows the query, calibrated."""
    line = weights.offset + weights.per_deviation * deviations + weights.per_thing * thing_log_odds
    return 1 / (1 + math.exp(-max(min(line, 50.0), -50.0)))


def clean_query(text: str) -> str:
    """Without what stands around the words; BadInput if there are none, or far too many."""
    text = " ".join(text.split()).rstrip(" .!?")
    if not any(map(str.isalnum, text)):
        raise BadInput("the description of what to look for is empty", 'describe it in a few words, such as "a dog on a beach"')
    if len(text) > LONGEST_QUERY:
        raise BadInput(f"the description of what to look for has {len(text)} characters", f"use at most {LONGEST_QUERY}")
    return text


def named_things(query: str) -> list[str]:
    """Things that a query names, with the article to ask about them: "two dogs on the beach" -> ["dogs", "a beach"]."""
    query = _TWO_COLOURS.sub(r"\1", query.lower())
    things = []
    for match in _PHRASE.finditer(query):
        words = match["words"].split()
        if match["determiner"] is None and len(words) > (2 if match.end() == len(query) else 1):
            continue  # more than a bare "dogs" or "red car": a verb may be in it
        if asked := asked_thing(f"Is there {words[-1]}?"):
            things.append(asked[0])
    return list(dict.fromkeys(things))[:MOST_THINGS]
