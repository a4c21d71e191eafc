"""How well a picture fits a query, by the model's own likelihoods instead of text it generates.

A description ("a dog runs on a beach") is scored token by token by pointwise mutual information: log p(token | picture) - log p(token),
in nats, where p(token) is its mean over the other pictures of the clip or stream and an empty one; what counts is the mean of a
description's tokens, none of which speaks much against it. A bare thing ("a dog") is asked for:
log-odds of "yes" in both polarities, which tell it better than the likelihood of so short an answer. Where the model has a classifier
of its own, what that says of the query's words counts too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.answering.answer_checks import SCENE_QUESTION, indefinite
from assistant.answering.calibrated_answers import presence_scores
from assistant.interfaces import AnswerScorer, SceneDescriber
from assistant.messages import MomentThresholds, Picture, Scores, View
from assistant.problems import BadInput

LONGEST_QUERY = 300
"""Most characters of a query."""
MOST_THINGS = 3
"""Most things of a description that are asked about, one by one."""
MOST_AGAINST = -1.0
"""Nats by which one token may speak against a picture at most: of the same picture, other people use other words."""
EMPTY_PICTURE: Picture = np.full((224, 224, 3), 128, np.uint8)
"""An even grey, uint8 [224, 224, 3]: what a query's likelihood is compared with."""

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

_SEEN = re.compile(r"^(?:there (?:is|are)|(?:you|we|i)(?: can)? see)\s+", re.IGNORECASE)
_APPEARS = re.compile(
    r"\s+(?:appears?|arrives?|enters?|comes?(?: in| by| along| into view)?|shows? up|(?:is|are) (?:there|here|visible))$", re.IGNORECASE
)
_SOMEONE = re.compile(r"^(?:some|any)(?:one|body)\b", re.IGNORECASE)


class Query:
    """One query, asked of many pictures: scored as the answer to what the model is asked of all that is to be seen."""

    def __init__(self, describer: SceneDescriber, text: str, empty: View) -> None:
        """Prepare a query.

        Args:
            describer: looked at the pictures.
            text: what to look for, in English.
            empty: the describer's look at EMPTY_PICTURE.

        Raises:
            BadInput: the text has no words or is too long, or the describer can't tell how likely it is.
        """
        self.text = clean_query(text)
        text = what_is_seen(self.text)
        self.thing = whole_thing(text)
        """The thing that the query is all about; None for more than a thing."""
        self.things = named_things(text)
        """The things that the query names."""
        self._seen = text
        self._describer, self._scorer = describer, scorer_of(describer)
        self._sentence = f"{text[0].upper()}{text[1:]}."  # as the model was taught to answer
        self._empty = empty

    def background(self) -> Background:
        """Return what pictures say to the query on average, as it is before any picture was seen."""
        return Background(self._scorer.moment_thresholds, None if self.thing else self.scores(self._empty))

    def scores(self, view: View) -> Scores:
        """Return what a picture says to the query, float64: log-probabilities of a description's tokens [n], or a thing's log-odds [1]."""
        if self.thing:
            return np.array([self._thing_log_odds(view, self.thing)])
        return self._scorer.token_log_likelihoods(view, view.prompts.asking_for_scene("brief", SCENE_QUESTION), self._sentence)

    def match(self, view: View) -> QueryMatch:
        """Return how a picture matches the query, as far as that costs no further question."""
        return QueryMatch(self.scores(view), self.first_evidence(view) or 0.0)

    def first_evidence(self, view: View) -> float | None:
        """Return by how many nats a picture makes the query's words likelier, by what costs no question; None without a classifier."""
        classifier = self._describer.classifier
        return classifier.word_evidence(view, self._seen) if classifier else None

    def thing_log_odds(self, view: View) -> float:
        """Return the log-odds of the least probable thing that a description names; 0 if it names none or is all about one."""
        return 0.0 if self.thing else min((self._thing_log_odds(view, thing) for thing in self.things), default=0.0)

    def _thing_log_odds(self, view: View, thing: str) -> float:
        there, absent = presence_scores(self._scorer, view, thing)
        return (there - absent) / 2


@dataclass(frozen=True, eq=False)
class QueryMatch:
    """How one picture matches a query."""

    scores: Scores
    """As Query.scores gives them."""
    word_evidence: float
    """Nats by which the picture makes the query's words likelier; 0 without a classifier."""


class Background:
    """What pictures say to a query on average; it keeps no more than sums."""

    def __init__(self, thresholds: MomentThresholds, empty: Scores | None) -> None:
        """Begin with no picture but the empty one.

        Args:
            thresholds: of the model.
            empty: the empty picture's scores; None for a thing, whose log-odds need no comparison.
        """
        self.thresholds = thresholds
        self._least = None if empty is None else np.exp(empty + thresholds.empty_nats / len(empty))
        self._sum, self._count = self._least, 1

    def add(self, match: QueryMatch) -> None:
        """Count one more picture."""
        if self._sum is not None:
            self._sum = self._sum + np.exp(match.scores)
            self._count += 1

    def evidence(self, match: QueryMatch, without: Sequence[QueryMatch] = ()) -> float:
        """Return how much a picture's scores speak for the query, in nats a token, against those that were added but for `without`.

        Of a thing they are its log-odds, compared with nothing.
        """
        if self._sum is None or self._least is None:
            return float(match.scores.mean())
        rest = self._sum - sum((np.exp(each.scores) for each in without), np.zeros_like(self._sum))
        nats = match.scores - np.log(np.maximum(rest, self._least) / (self._count - len(without)))
        return float(np.maximum(nats, MOST_AGAINST).mean())

    def probability(self, evidence: float, word_evidence: float, thing_log_odds: float = 0.0) -> float:
        """Return the probability that a picture shows the query, calibrated on clips of which half do.

        Args:
            evidence: as `evidence` gives it.
            word_evidence: of the picture's match, in nats.
            thing_log_odds: of the description's least probable thing.
        """
        known = self.thresholds
        offset = known.thing_offset if self._least is None else known.offset
        log_odds = offset + self._slope * evidence + self._per_word * word_evidence + known.per_thing * thing_log_odds
        return 1 / (1 + math.exp(-max(min(log_odds, 50.0), -50.0)))

    def likeliness(self, match: QueryMatch) -> float:
        """Return a picture's log-odds but for what is the same for all pictures of one query: only to rank them."""
        return self._slope * float(match.scores.mean()) + self._per_word * match.word_evidence

    @property
    def _slope(self) -> float:
        return self.thresholds.thing_slope if self._least is None else self.thresholds.slope

    @property
    def _per_word(self) -> float:
        return self.thresholds.thing_per_word if self._least is None else self.thresholds.per_word


def scorer_of(describer: SceneDescriber) -> AnswerScorer:
    """Return what tells how likely a description is. Raises BadInput for a model that only looks and answers."""
    if describer.scorer is None:
        raise BadInput("this model can't tell how likely a description is", "use the starter or a SmolVLM2 model for this")
    return describer.scorer


def clean_query(text: str) -> str:
    """Strip what stands around a query's words. Raises BadInput if there are none, or far too many."""
    text = " ".join(text.split()).rstrip(" .!?")
    if not any(map(str.isalnum, text)):
        raise BadInput("the description of what to look for is empty", 'describe it in a few words, such as "a dog on a beach"')
    if len(text) > LONGEST_QUERY:
        raise BadInput(
            "the description of what to look for has {count} characters", "use at most {longest}", count=len(text), longest=LONGEST_QUERY
        )
    return text


def what_is_seen(text: str) -> str:
    """Reduce what one waits for to what would be seen: "you see a dog" -> "a dog", "someone comes in" -> "a person"."""
    return _APPEARS.sub("", _SOMEONE.sub("a person", _SEEN.sub("", text))) or text


def whole_thing(query: str) -> str | None:
    """Return the thing that a query is all about, with its article; None for more than a thing.

    "Two red dogs" -> "red dogs", "car" -> "a car".
    """
    match = _PHRASE.fullmatch(_TWO_COLOURS.sub(r"\1", query.lower()))
    words = _words(match) if match else []
    return _with_article(" ".join(words)) if match and words == match["words"].split() else None


def named_things(query: str) -> list[str]:
    """Return the nouns that a query names, at most MOST_THINGS, with their articles: "two dogs run on the beach" -> ["dogs", "a beach"]."""
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
    return indefinite(words)
