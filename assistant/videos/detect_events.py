"""Notices when something begins, once: hysteresis against flicker, a cooldown against repetition.

Pure: times and scores come in order, it knows nothing of pictures, queries or clocks. `assistant watch` and the live loop's
"tell me when ..." share it.
"""

from __future__ import annotations

from dataclasses import dataclass

from assistant.problems import BadInput


@dataclass(frozen=True)
class Event:
    """Something that began."""

    start_s: float
    score: float
    """Probability at the look that made it certain, in [0, 1]."""


@dataclass(frozen=True)
class EventSettings:
    """When an event counts as begun, and as over."""

    begin_score: float = 0.5
    """Score, in [0, 1], from which the event begins."""
    end_score: float = 0.3
    """Score, in [0, 1], below which the event is over; between this and `begin_score` (hysteresis) nothing changes."""
    hold_s: float = 0.0
    """Seconds for which the score must stay above `end_score` before the event is reported; 0 = the first look is enough."""
    cooldown_s: float = 2.0
    """Seconds after the end of an event within which what begins is the same event going on."""

    def __post_init__(self) -> None:
        if not 0 <= self.end_score <= self.begin_score <= 1 or self.hold_s < 0 or self.cooldown_s < 0:
            raise BadInput("an event's scores or times are out of range", "use 0 <= end_score <= begin_score <= 1 and times from 0")


class EventDetector:
    """Takes every score in order of time, returns each event once, when it has become certain."""

    def __init__(self, settings: EventSettings | None = None) -> None:
        self._settings = settings or EventSettings()
        self._start_s: float | None = None
        self._reported = False
        self._over_s: float | None = None

    def process(self, time_s: float, score: float) -> Event | None:
        """Take the score in [0, 1] at `time_s`; return the event that is certain now, with the time at which it began."""
        if self._start_s is not None and score < self._settings.end_score:
            self._over_s = time_s if self._reported else self._over_s
            self._start_s, self._reported = None, False
        elif self._start_s is None and score >= self._settings.begin_score:
            self._start_s = time_s
            self._reported = self._over_s is not None and time_s - self._over_s < self._settings.cooldown_s
        if self._start_s is None or self._reported or time_s - self._start_s < self._settings.hold_s:
            return None
        self._reported = True
        return Event(self._start_s, score)
