"""Moments of a video that match a query. Pure: how each keyframe matches comes in (see `queries`), and things are asked about.

A keyframe at which the query is likeliest grows over neighbours that match nearly as well into a span; the span is judged against all
that lies outside of it, and the best one decides whether the query was found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.languages import FALLBACK, listed, phrase
from assistant.languages.times import time_words
from assistant.videos.queries import Background, QueryMatch

CANDIDATES = 3
"""Peaks that are judged at least: the things that a description names may put the second one first."""
JOINED_LOG_ODDS = 1.3
"""Log-odds by which neighbouring keyframes of one moment may differ."""
MOST_ASKED, COMPARED = 64, 16
"""Keyframes that the model is asked about, and how many of these are taken as they come; of shorter videos it is asked about all."""
SURE = 0.8
"""Probability from which a moment is told without "perhaps"."""


@dataclass(frozen=True)
class Moment:
    """A span of video that matches a query."""

    start_s: float
    end_s: float
    score: float
    """Calibrated probability that the span shows the query."""
    is_measured: bool = True
    """False where a model only said so, of which nobody knows how often it is right: it is told with "perhaps", and without its score."""


@dataclass(frozen=True, eq=False)
class TimedMatch:
    """How one keyframe matches the query."""

    time_s: float
    match: QueryMatch | None
    """None of one that the model wasn't asked about."""


def find_moments(
    matches: Sequence[TimedMatch], end_s: float, background: Background, thing_log_odds: Callable[[int], float], top: int
) -> list[Moment]:
    """Return at most `top` moments, best first; none if the best isn't probable enough. The other arguments are those of `rank_moments`."""
    moments = rank_moments(matches, end_s, background, thing_log_odds, max(top, CANDIDATES))
    return moments[:top] if is_found(moments, background) else []


def is_found(moments: Sequence[Moment], background: Background) -> bool:
    """Return whether the best of ranked moments is probable enough to be told."""
    return bool(moments) and moments[0].score >= background.thresholds.found


def rank_moments(
    matches: Sequence[TimedMatch], end_s: float, background: Background, thing_log_odds: Callable[[int], float], most: int = CANDIDATES
) -> list[Moment]:
    """Return the likeliest moments, best first, however improbable.

    Args:
        matches: in order of time; each keyframe stands for the time until the next one.
        end_s: until when the last one stands.
        background: of the query, to which nothing was added yet.
        thing_log_odds: gives for a keyframe's number the log-odds of the query's least probable thing; 0 for no opinion.
        most: how many are judged, which costs some questions each.
    """
    asked = {number: timed.match for number, timed in enumerate(matches) if timed.match is not None}
    for match in asked.values():
        background.add(match)
    likeliness = [background.likeliness(asked[number]) if number in asked else -math.inf for number in range(len(matches))]
    moments = []
    for peak, first, last in peaks(likeliness, min(most, len(asked)), JOINED_LOG_ODDS):
        shown = [asked[number] for number in range(first, last + 1)]
        evidence = background.evidence(asked[peak], shown)  # the rest of its span shows it too
        until_s = matches[last + 1].time_s if last + 1 < len(matches) else max(end_s, matches[last].time_s)
        probability = background.probability(evidence, asked[peak].word_evidence, thing_log_odds(peak))
        moments.append(Moment(matches[first].time_s, until_s, probability))
    return sorted(moments, key=lambda moment: -moment.score)


def worth_asking(first_evidence: Sequence[float]) -> list[int]:
    """Return which keyframes of a long video the model is asked about: those that look most like the query, and some as they come.

    `first_evidence`: of each, in nats, by what costs no question. The others are what the query is compared with.
    """
    count = len(first_evidence)
    if count <= MOST_ASKED:
        return list(range(count))
    best = sorted(range(count), key=lambda number: -first_evidence[number])[: MOST_ASKED - COMPARED]
    return sorted({*best, *(place * count // COMPARED for place in range(COMPARED))})


def peaks(likeliness: Sequence[float], most: int, joined: float) -> list[tuple[int, int, int]]:
    """Return (peak, first and last of its span), highest peak first; a span stays less than `joined` below its peak, and none overlap.

    Args:
        likeliness: of each keyframe, in order of time.
        most: how many peaks at most.
        joined: log-odds.
    """
    free = [True] * len(likeliness)
    found: list[tuple[int, int, int]] = []
    for peak in sorted(range(len(likeliness)), key=lambda i: (-likeliness[i], i)):
        if len(found) == most or likeliness[peak] == -math.inf:
            break
        if not free[peak]:
            continue
        first = last = peak
        while first > 0 and free[first - 1] and likeliness[peak] - likeliness[first - 1] < joined:
            first -= 1
        while last + 1 < len(likeliness) and free[last + 1] and likeliness[peak] - likeliness[last + 1] < joined:
            last += 1
        free[first : last + 1] = [False] * (last + 1 - first)
        found.append((peak, first, last))
    return found


def spoken_moments(query: str, moments: Sequence[Moment], language: str = FALLBACK) -> str:
    """Format moments for speech: "From 3 seconds to 8 seconds.", or that the query was not found. In other languages than English
    those that are less likely are told as the others that they may be: "3 Sekunden – 8 Sekunden. Vielleicht 20 Sekunden."."""
    if language != FALLBACK:
        return _in_language(query, moments, language)
    if not moments:
        return f"I did not find {query!r}."
    spans = [_span(moment.start_s, moment.end_s) for moment in moments]
    if not moments[0].is_measured:
        return f"Perhaps {', or '.join(spans)}."
    best = f"{'' if moments[0].score >= SURE else 'Perhaps '}{spans[0]}."
    others = f" Less likely: {'; '.join(spans[1:])}." if len(spans) > 1 else ""
    return best[0].upper() + best[1:] + others


def _in_language(query: str, moments: Sequence[Moment], language: str) -> str:
    if not moments:
        return phrase("not_seen", language, thing=query)[0]
    spans = [" – ".join(dict.fromkeys(time_words(time_s, language) for time_s in (one.start_s, one.end_s))) for one in moments]
    sure = spans[:1] if moments[0].is_measured and moments[0].score >= SURE else []
    unsure = spans[len(sure) :]
    told = [f"{sure[0]}."] if sure else []
    return " ".join([*told, *([phrase("count_unsure", language, n=listed(unsure, language))[0]] if unsure else [])])


def _span(start_s: float, end_s: float) -> str:
    """A span of time in words: "from 5 seconds to 12 seconds", or "at 5 seconds" when they sound the same."""
    start, end = time_words(start_s), time_words(end_s)
    return f"at {start}" if start == end else f"from {start} to {end}"
