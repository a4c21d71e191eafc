"""Watches pictures for a thing that a detector can find. The video events' counterpart of what has a name: see watch_events.py."""

from __future__ import annotations

from collections.abc import Callable

from assistant.messages import Keyframe
from assistant.videos.detect_events import Event, EventDetector, EventSettings

THING_EVENTS = EventSettings(begin_score=0.8, end_score=0.3, hold_s=0.0, cooldown_s=2.0)
"""Scores are calibrated probabilities; one that is surely there is told at once."""


class ThingWatcher:
    """Takes the clear pictures of one stream in order of time, and reports when the thing comes into sight."""

    def __init__(self, probability: Callable[[Keyframe], float]) -> None:
        """`probability`: of the thing being in a picture; it is asked once a picture."""
        self._probability = probability
        self._detector = EventDetector(THING_EVENTS)
        self.score = 0.0
        """Probability that the last picture shows it."""

    def process(self, keyframe: Keyframe) -> Event | None:
        """Look at the next picture; return the event if the thing has just come into sight."""
        self.score = self._probability(keyframe)
        return self._detector.process(keyframe.frame.time_s, self.score)
