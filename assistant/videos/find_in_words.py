"""Moments of a video for a model that only answers, such as a model server: it is asked of one keyframe after the other. Pure.

What a detector knows needs no model, and has a probability that was measured; whatever the model says has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from assistant.videos.find_moments import Moment
from assistant.videos.watch_things import SAID_EVENTS

MOST_ASKED = 48
"""Keyframes of a video, about, each of which takes such a model seconds."""
FOUND = 0.15
"""Probability, of a video of which half have the thing, from which a moment is told, below `find_moments.SURE` with "perhaps": of things
that weren't in 20 photographs it refused 85 % (of the first 240 of Flickr8k's development pictures; docs/videos.md has the others)."""


def moments_shown(times_s: Sequence[float], probabilities: Sequence[float], end_s: float, top: int, *, is_measured: bool) -> list[Moment]:
    """Return at most `top` spans of keyframes that show the query; the likeliest first, or the earliest where nothing was measured.

    Args:
        times_s: of the keyframes, in order; each stands for the time until the next one.
        probabilities: that each of them shows it, as calibrated, or as a model said.
        end_s: until when the last one stands.
        top: how many.
        is_measured: whether they are calibrated.
    """
    least = FOUND if is_measured else SAID_EVENTS.begin_score
    probabilities = [_in_one_of(len(times_s), each) for each in probabilities] if is_measured else probabilities
    looks = zip(times_s, [*times_s[1:], max([end_s, *times_s[-1:]])], probabilities, strict=False)
    spans = [list(span) for shows, span in groupby(looks, key=lambda look: look[2] >= least) if shows]
    moments = [Moment(span[0][0], span[-1][1], max(look[2] for look in span), is_measured) for span in spans]
    return sorted(moments, key=lambda moment: -moment.score if is_measured else moment.start_s)[:top]


def _in_one_of(count: int, probability: float) -> float:
    """The probability that one of several pictures shows a thing, of that which it had as the only one (see `answer_about.anywhere`)."""
    odds = probability / max(1 - probability, 1e-9) / (2 * count - 1)
    return odds / (1 + odds)
