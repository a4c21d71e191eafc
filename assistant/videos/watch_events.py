"""Watches keyframes for something the user described: a query's evidence against what was seen so far, reported once when it begins.

`assistant watch` and the live loop's "tell me when ..." share it.
"""

from __future__ import annotations

from msgspec.structs import replace

from assistant.interfaces import SceneDescriber
from assistant.messages import Frame, Keyframe
from assistant.settings import KeyframeSettings
from assistant.videos.detect_events import Event, EventDetector, EventSettings
from assistant.videos.queries import EMPTY_PICTURE, Query, scorer_of

WATCH_EVENTS = EventSettings(begin_score=0.5, end_score=0.2, hold_s=0.0, cooldown_s=2.0)
"""Scores are calibrated probabilities; measured by `python -m assistant.benchmarks.video_accuracy`."""
LOOK_EVERY_S = 3.0
"""An unchanged scene is looked at as often, since what is awaited may be small. More often, these looks would use up what
`most_per_minute` allows, and a change would be told late."""
WORTH_ASKING = 0.1
"""Probability by likelihood alone below which the query's things aren't asked about: most pictures of a stream don't show it."""


def watch_keyframes(settings: KeyframeSettings) -> KeyframeSettings:
    """Return settings that keep whatever changes, and what doesn't every LOOK_EVERY_S."""
    return replace(settings, max_gap_s=max(LOOK_EVERY_S, settings.min_gap_s))


class EventWatcher:
    """Takes the clear keyframes of one stream in order of time, and reports the event when it begins."""

    is_measured = True
    """As ThingWatcher has it."""

    def __init__(self, describer: SceneDescriber, event: str, settings: EventSettings = WATCH_EVENTS) -> None:
        """Begin to watch for an event, described in English. Raises BadInput if it has no words, or the model can't score it."""
        scorer_of(describer)  # before it looks, which may take long
        empty = describer.look([Keyframe(Frame(EMPTY_PICTURE, 0.0), "only")])
        self._describer = describer
        self._query = Query(describer, event, empty)
        self._background = self._query.background()
        self._detector = EventDetector(settings)
        self._settings = settings
        self.score = 0.0
        """Probability that the last keyframe shows the event."""

    def process(self, keyframe: Keyframe) -> Event | None:
        """Look at the next keyframe; return the event if it has just begun."""
        view = self._describer.look([keyframe])
        match = self._query.match(view)
        evidence = self._background.evidence(match)
        self.score = self._background.probability(evidence, match.word_evidence)
        if self.score >= WORTH_ASKING:
            self.score = self._background.probability(evidence, match.word_evidence, self._query.thing_log_odds(view))
        if self.score < self._settings.begin_score:
            self._background.add(match)
        return self._detector.process(keyframe.frame.time_s, self.score)
