"""Moments of a video that fit a query. Pure: it is told what each keyframe says to the query (see `queries`), and asks about things.

A keyframe at which the query is likeliest grows over neighbours that fit nearly as well into a span; the span is judged against all
that lies outside of it, and the best one decides whether the query was found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.videos.plain_times import plain_span
from assistant.videos.queries import Background, Look

CANDIDATES = 3
"""Peaks that are judged at least: the things that a description names may put the second one first."""
JOINED_LOG_ODDS = 1.3
"""By which neighbouring keyframes of one moment may differ."""
SURE = 0.8
"""From here on it is said without "perhaps"."""


@dataclass(frozen=True)
class Moment:
    """A span of video that fits a query."""

    start_s: float
    end_s: float
    score: float
    """Calibrated probability that it shows the query."""


@dataclass(frozen=True, eq=False)
class TimedLook:
    """What one keyframe says to the query."""

    time_s: float
    look: Look


def find_moments(
    looks: Sequence[TimedLook], end_s: float, background: Background, thing_log_odds: Callable[[int], float], top: int
) -> list[Moment]:
    """At most `top` moments, best first; none if the best isn't probable enough. Arguments as of `rank_moments`."""
    moments = rank_moments(looks, end_s, background, thing_log_odds, max(top, CANDIDATES))
    return moments[:top] if is_found(moments, background) else []


def is_found(moments: Sequence[Moment], background: Background) -> bool:
    """Whether the best of ranked moments is probable enough to be told."""
    return bool(moments) and moments[0].score >= background.thresholds.found


def rank_moments(
    looks: Sequence[TimedLook], end_s: float, background: Background, thing_log_odds: Callable[[int], float], most: int = CANDIDATES
) -> list[Moment]:
    """The likeliest moments, best first, however improbable.

    Args:
        looks: in order of time; each keyframe stands for the time until the next one.
        end_s: until when the last one stands.
        background: of the query, that has been told nothing.
        thing_log_odds: asked with a keyframe's number, how surely the query's things are in it; 0 for no opinion.
        most: how many are judged, which costs some questions each.
    """
    said = [timed.look for timed in looks]
    for look in said:
        background.add(look)
    moments = []
    for peak, first, last in peaks([background.likeliness(look) for look in said], most, JOINED_LOG_ODDS):
        evidence = background.evidence(said[peak], said[first : last + 1])  # the rest of its span shows it too
        until_s = looks[last + 1].time_s if last + 1 < len(looks) else max(end_s, looks[last].time_s)
        probability = background.probability(evidence, said[peak].word_evidence, thing_log_odds(peak))
        moments.append(Moment(looks[first].time_s, until_s, probability))
    return sorted(moments, key=lambda moment: -moment.score)


def peaks(likeliness: Sequence[float], most: int, joined: float) -> list[tuple[int, int, int]]:
    """(peak, first and last of its span), highest peak first; a span stays less than `joined` below its peak, and none overlap."""
    free = [True] * len(likeliness)
    found: list[tuple[int, int, int]] = []
    for peak in sorted(range(len(likeliness)), key=lambda i: (-likeliness[i], i)):
        if len(found) == most:
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


def told(query: str, moments: Sequence[Moment]) -> str:
    """As it is said to somebody who listens."""
    if not moments:
        return f"I did not find {query!r}."
    spans = [plain_span(moment.start_s, moment.end_s) for moment in moments]
    best = f"{'' if moments[0].score >= SURE else 'Perhaps '}{spans[0]}."
    others = f" Less likely: {'; '.join(spans[1:])}." if len(spans) > 1 else ""
    return best[0].upper() + best[1:] + others
