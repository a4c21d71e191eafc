"""Whether what a user was told of a picture is right, and how sure it sounded. Pure; things are nouns of `assistant.languages.nouns`."""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from assistant.answering import named_things
from assistant.answering.doubting import plain_part
from assistant.answering.wording import yes_or_no
from assistant.languages.nouns import PERSON, ancestors, labels_to_nouns, name_key, nouns
from assistant.messages import AnswerThresholds, Finding, Sentence
from models.training.data import CANT_TELL

Outcome = Literal["right", "hedged right", "hedged wrong", "wrong", "refused", "refused, then wrong"]
"""wrong: told plainly and not so; what stands behind a "perhaps" isn't plain. refused: what was asked wasn't told, nor anything plainly
wrong; "then wrong": what was told instead."""
SEEN_LABELS = Path(__file__).parents[1] / "starter" / "seen_labels.txt"
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

Rule = Literal["description", "presence", "attribute", "refusal"]
"""What is right: a description that names something that is there; yes or no; a colour, a number or a place of a thing that is there,
and of one that isn't, that it isn't seen; for a question that must be refused, nothing is."""

_LONGEST_NAME = 3
_HEDGE = re.compile(r"It (?:looks like|might be)\b|I think\b")
"""How a model itself was taught to hedge."""
_NO_THINGS = frozenset(
    ("can", "cross", "face", "faces", "match", "pick", "picture", "pictures", "post", "top", "walk", "walks", "watch", "watches")
)
"""Words of captions that are also names of things, and there mostly mean something else."""
_IRREGULAR = {"men": "man", "women": "woman", "children": "child", "people": "person", "mice": "mouse", "knives": "knife", "leaves": "leaf"}


@dataclass(frozen=True)
class Truth:
    """What is known of a picture, as far as it matters to one question."""

    things: frozenset[str]
    """Synsets of what is there; for "where", without the thing that is looked for."""
    is_there: bool | None = None
    """Whether the thing asked about is; None where none is named."""
    words: frozenset[str] = frozenset()
    """Of a colour or number: any of them is right. Empty where naming something that is there is right."""


@dataclass(frozen=True)
class Posed:
    """A question about a picture."""

    collection: str
    picture: str
    kind: str
    """Row of the table that it counts in."""
    question: str
    rule: Rule
    truth: Truth


@dataclass(frozen=True)
class Judged:
    """What was said to a question, and what it is worth."""

    posed: Posed
    said: str
    outcome: Outcome
    untrue: frozenset[str] = frozenset()
    """`untrue_things` of it."""


@dataclass
class Row:
    """How often each outcome came, of one kind of question."""

    counts: Counter[Outcome] = field(default_factory=Counter)

    @property
    def questions(self) -> int:
        return self.counts.total()

    def share(self, *outcomes: Outcome) -> float:
        """Return the share of these outcomes in [0, 1]; 0 without any question."""
        return sum(self.counts[outcome] for outcome in outcomes) / max(self.questions, 1)


def things_named(text: str) -> frozenset[str]:
    """Return the synsets of all that an English text names, in any sense of its words, each name as long as possible."""
    words, found, start = re.findall(r"[a-z]+(?:-[a-z]+)*", text.lower()), set[str](), 0
    while start < len(words):
        for length in range(min(_LONGEST_NAME, len(words) - start), 0, -1):
            if synsets := _senses(words[start : start + length]):
                found |= synsets
                break
        start += length
    return frozenset(found)


def is_right(said: Iterable[str], there: frozenset[str]) -> bool:
    """Whether one of the things that were said is there: the same, a kind above that has a name of its own, or a kind below.

    What has no name to say ("artifact") is above everything, and right of nothing.
    """
    right = there | {above for synset in there for above in _above(synset) if nouns()[above].sayable}
    return any(synset in right or not _above(synset).isdisjoint(there) for synset in said)


def may_be_there(synset: str, there: frozenset[str]) -> bool:
    """Whether something is there, or is a kind above or below of what is."""
    return synset in there or not _above(synset).isdisjoint(there) or any(synset in _above(one) for one in there)


def judge(posed: Posed, sentences: Sequence[Sentence], thresholds: AnswerThresholds) -> Outcome:
    """Return what an answer in English is worth, by the findings that its sentences tell.

    What was read isn't judged here. A place is right if the thing is there; whether it is there exactly is `benchmarks.detection`'s.
    """
    told = [(sentence.text, sentence.finding) for sentence in sentences if sentence.finding and sentence.finding.kind != "label"]
    if not told:
        return "refused"
    _, first = told[0]
    if first.kind == "refusal":
        return "refused, then wrong" if _describes(told[1:], posed.truth.things) == "wrong" else "refused"
    is_hedged = _is_hedged(*told[0])
    if posed.rule == "refusal":
        return _worded(False, is_hedged)
    if first.kind in ("presence", "seen"):
        return _presence(first, posed, thresholds)
    if first.kind == "place":
        return _worded(bool(posed.truth.is_there), is_hedged)
    if posed.rule == "attribute" and not posed.truth.is_there:
        return _worded(False, is_hedged)
    if posed.truth.words:
        said = re.findall(r"[a-z]+|\d+", told[0][0].lower())
        return _worded(not posed.truth.words.isdisjoint(said), is_hedged)
    return _describes(told, posed.truth.things)


def untrue_things(sentences: Sequence[Sentence], there: frozenset[str]) -> frozenset[str]:
    """Return the synsets of the things that sentences in English name plainly and that aren't known to be there, nor a kind of what is."""
    plain = [_plain(each.text, each.finding) for each in sentences if each.finding and each.finding.kind != "refusal"]
    named = {thing.noun.synset for text in plain for thing in named_things.things_named(text)}
    return frozenset(synset for synset in named if not may_be_there(synset, there))


def tally(judged: Iterable[Judged]) -> dict[str, Row]:
    """Count outcomes by kind of question, in the order in which the kinds came."""
    rows: dict[str, Row] = defaultdict(Row)
    for each in judged:
        rows[each.posed.kind].counts[each.outcome] += 1
    return dict(rows)


def merged(rows: Mapping[str, Row], *kinds: str) -> Row:
    """Sum up some kinds of questions; those that weren't asked count nothing."""
    return Row(sum((rows[kind].counts for kind in kinds if kind in rows), Counter[Outcome]()))


def balanced(there: Row, absent: Row) -> float:
    """Return the balanced accuracy of the answers that were given, whatever their hedges: the mean over things there and absent ones."""
    return (_right_of_told(there) + _right_of_told(absent)) / 2


def _right_of_told(row: Row) -> float:
    right, wrong = row.share("right", "hedged right"), row.share("wrong", "hedged wrong")
    return right / (right + wrong) if right + wrong else 0.0


def _presence(finding: Finding, posed: Posed, thresholds: AnswerThresholds) -> Outcome:
    probability, key = finding.probability, yes_or_no(finding.probability, thresholds)
    if finding.kind == "seen" or finding.in_full:  # worded as `wording` does: "I don't see a toaster."
        if probability < thresholds.absent:
            return _worded(not posed.truth.is_there, False)
        key = "no_answer" if probability < 0.5 else "yes" if probability >= thresholds.sure else "likely_yes"
    if key == "no_answer":
        return "refused"
    if posed.rule == "attribute" and posed.truth.is_there:
        return "refused"  # it is seen, but what was asked of it isn't told
    return _worded((probability >= 0.5) == posed.truth.is_there, key.startswith("likely"))


def _describes(told: Sequence[tuple[str, Finding]], there: frozenset[str]) -> Outcome:
    """Of sentences that tell what is to be seen, or that it can't be told."""
    telling = [(text, finding) for text, finding in told if text != CANT_TELL]
    if not telling:
        return "refused"
    if all(finding.kind == "count" and finding.value == 0 for _, finding in telling):
        return _worded(not is_right([PERSON], there), all(_is_hedged(*each) for each in telling))
    plain = [part for each in telling if (part := _plain(*each))]
    said = frozenset().union(*map(things_named, plain or (text for text, _ in telling)))
    return _worded(is_right(said, there), not plain)


def _plain(text: str, finding: Finding) -> str:
    """What a sentence says for certain."""
    return "" if _is_hedged(text, finding) else plain_part(text)


def _is_hedged(text: str, finding: Finding) -> bool:
    return finding.is_doubtful or _HEDGE.match(text) is not None


def _worded(right: bool, is_hedged: bool) -> Outcome:
    if is_hedged:
        return "hedged right" if right else "hedged wrong"
    return "right" if right else "wrong"


def _senses(words: Sequence[str]) -> frozenset[str]:
    if len(words) == 1 and words[0] in _NO_THINGS:
        return frozenset()
    start, last = "".join(words[:-1]), words[-1]
    forms = (last, _IRREGULAR.get(last, ""), last.removesuffix("s"), last.removesuffix("es"), re.sub("ies$", "y", last))
    return next((found for form in forms if form and (found := _by_name().get(name_key(start + form)))), frozenset())


@functools.cache
def _by_name() -> Mapping[str, frozenset[str]]:
    """Synsets by English name, the names that the encoder's head has for its classes among them."""
    found: dict[str, set[str]] = defaultdict(set)
    for label, noun in zip(SEEN_LABELS.read_text(encoding="utf-8").splitlines(), labels_to_nouns(), strict=True):
        found[name_key(label)].add(noun.synset)
    for noun in nouns().values():
        for known in noun.names("en"):
            found[name_key(known.text)].add(noun.synset)
    return {key: frozenset(synsets) for key, synsets in found.items()}


@functools.cache
def _above(synset: str) -> frozenset[str]:
    return frozenset(noun.synset for noun in ancestors(nouns()[synset]))
