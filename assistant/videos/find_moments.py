"""Moments of a video that fit a query. Pure: it is told each keyframe's time and evidence (see `queries`), and asks about things.

A peak of evidence grows over its neighbours that fit nearly as well into a span; the best span decides whether the query was found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.videos.plain_times import plain_span
from assistant.videos.queries import Background, probability

JOINED_DEVIATIONS = 0.83
"""A neighbour that fits worse than the peak by less than this belongs to the same moment; 4 nats of a description."""
CANDIDATES = 3
"""Peaks whose things are asked about one by one, which costs several questions a thing."""
FOUND = 0.42
"""Probability of the best moment below which the query counts as not found: three in four absent queries of the fitted ones stay below."""
SURE = 0.8
"""From here on it is said without "perhaps"."""


@dataclass(frozen=True)
class Moment:
    """A span of video that fits a query."""

    start_s: float
    end_s: float
    score: float
    """Calibrated probability that it shows the query."""


def find_moments(
    times_s: Sequence[float],
    end_s: float,
    evidence: Sequence[float],
    background: Background,
    thing_log_odds: Callable[[int], float],
    top: int,
) -> list[Moment]:
    """At most `top` moments, best first; none if the best isn't probable enough.

    Args:
        times_s: of the keyframes, rising; each stands for the time until the next one.
        end_s: until when the last one stands.
        evidence: of each keyframe for the query.
        background: of the query, that has been told nothing.
        thing_log_odds: asked with a keyframe's number, how surely the query's things are in it; 0 for no opinion.
        top: how many.
    """
    for amount in evidence:
        background.add(amount)
    deviations = [background.deviations(amount, without_itself=True) for amount in evidence]
    moments: list[Moment] = []
    for peak, first, last in peaks(deviations, max(top, CANDIDATES)):
        score = probability(deviations[peak], thing_log_odds(peak) if len(moments) < CANDIDATES else 0.0)
        until_s = times_s[last + 1] if last + 1 < len(times_s) else max(end_s, times_s[last])
        moments.append(Moment(times_s[first], until_s, score))
    moments.sort(key=lambda moment: -moment.score)
    return moments[:top] if moments and moments[0].score >= FOUND else []


def peaks(deviations: Sequence[float], most: int) -> list[tuple[int, int, int]]:
    """(peak, first and last of its span), highest peak first; spans don't overlap."""
    free = [True] * len(deviations)
    found: list[tuple[int, int, int]] = []
    for peak in sorted(range(len(deviations)), key=lambda i: (-deviations[i], i)):
        if len(found) == most:
            break
        if not free[peak]:
            continue
        first = last = peak
        while first > 0 and free[first - 1] and deviations[peak] - deviations[first - 1] < JOINED_DEVIATIONS:
            first -= 1
        while last + 1 < len(deviations) and free[last + 1] and deviations[peak] - deviations[last + 1] < JOINED_DEVIATIONS:
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
