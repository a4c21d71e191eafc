"""Watches pictures for what can be told of each by itself: a thing that a detector finds, or what a model says that only answers.

The counterpart of what has to be compared with all that was seen before: see watch_events.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from assistant.messages import Keyframe
from assistant.videos.detect_events import Event, EventDetector, EventSettings

THING_EVENTS = EventSettings(begin_score=0.8, end_score=0.3, hold_s=0.0, cooldown_s=2.0)
"""Scores are calibrated probabilities; one that is surely there is told at once."""
SAID_EVENTS = EventSettings(begin_score=0.7, end_score=0.3, hold_s=0.0, cooldown_s=2.0)
"""Scores are round numbers for what a model says that nobody measured (`answering.presence.IN_WORDS`): begun, or over, where it says so
whichever way it is asked."""


@dataclass(frozen=True)
class Looker:
    """Looks at one picture after the other for what somebody wants to see."""

    probability: Callable[[Keyframe], float]
    """That it is shown."""
    is_measured: bool
    """Whether that is calibrated, and not only what a model said."""


class ThingWatcher:
    """Takes the clear pictures of one stream in order of time, and reports when the thing comes into sight."""

    def __init__(
        self, probability: Callable[[Keyframe], float], settings: EventSettings = THING_EVENTS, *, is_measured: bool = True
    ) -> None:
        """Begin to watch.

        Args:
            probability: of the thing being in a picture; it is asked once a picture.
            settings: what counts as its coming and going.
            is_measured: whether the probabilities are calibrated, and not only what a model said.
        """
        self._probability = probability
        self._detector = EventDetector(settings)
        self.is_measured = is_measured
        self.score = 0.0
        """Probability that the last picture shows it."""

    def process(self, keyframe: Keyframe) -> Event | None:
        """Look at the next picture; return the event if the thing has just come into sight."""
        self.score = self._probability(keyframe)
        return self._detector.process(keyframe.frame.time_s, self.score)
