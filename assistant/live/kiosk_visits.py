"""Who uses a kiosk, and what is due: an invitation, "do you need more time?", the last minute, forgetting. Pure: time is told."""

from __future__ import annotations

import re
from typing import Literal

from assistant.messages import Question
from assistant.settings import KioskSettings

Due = Literal["attract", "more_time", "last_minute", "idle_over", "time_over"]
LAST_MINUTE_S = 60.0
ARRIVAL_GAP_S = 20.0
"""Who comes is invited at once, but not sooner after the last invitation."""


class KioskVisits:
    """Knows whether somebody is there, since when, and when they last did anything. Not for several threads at once."""

    def __init__(self, settings: KioskSettings, now_s: float) -> None:
        self._settings = settings
        self._began_s: float | None = None
        """When the visit began; None: nobody is there."""
        self._active_s = now_s
        self._asked_s: float | None = None
        """When they were asked whether they need more time."""
        self._is_last_minute = False
        self._attracted_s = now_s
        self._has_moved = True
        """Whether anything worth an invitation was seen since the last one."""
        self._has_arrived = False
        self._people: int | None = None
        """How many are there; None: nobody can tell, so whatever moves counts."""
        self.visits = 0

    @property
    def is_visited(self) -> bool:
        """Tell whether somebody is there."""
        return self._began_s is not None

    def acted(self, now_s: float) -> bool:
        """Note that a user pressed or said something; return whether that began a visit."""
        begins = self._began_s is None
        if begins:
            self._began_s, self._is_last_minute = now_s, False
            self.visits += 1
        self._active_s, self._asked_s = now_s, None
        return begins

    def moved(self) -> None:
        """Note that the camera has seen something new."""
        if self._settings.attract_on == "motion" or self._people is None:
            self._has_moved = True

    def saw_people(self, count: int) -> None:
        """Note how many people the camera has just seen."""
        self._has_moved |= count > 0
        self._has_arrived = (self._has_arrived or self._people == 0) and count > 0
        self._people = count

    def left_s(self, now_s: float) -> float | None:
        """Return the seconds until everything is forgotten unless something is done; None while that is far."""
        if self._asked_s is None:
            return None
        return max(0.0, self._asked_s + self._settings.answer_within_s - now_s)

    def due(self, now_s: float, hour: int, *, is_silent: bool) -> Due | None:
        """Return what is due now; each once.

        Args:
            now_s: of one clock.
            hour: of the day, 0 to 23.
            is_silent: nobody speaks; while the assistant does its user listens, and isn't idle.
        """
        if self._began_s is None:
            return self._attraction(now_s, hour) if is_silent else None
        settings = self._settings
        if settings.visit_s:
            left_s = self._began_s + settings.visit_s - now_s
            if left_s <= 0:
                return self._over(now_s, "time_over")
            if left_s <= LAST_MINUTE_S < settings.visit_s and not self._is_last_minute:
                self._is_last_minute = True
                return "last_minute"
        if not is_silent and self._asked_s is None:
            self._active_s = now_s
        if self._asked_s is None and now_s - self._active_s >= settings.idle_s:
            self._asked_s = now_s
            return "more_time"
        return self._over(now_s, "idle_over") if self.left_s(now_s) == 0 else None

    def leave(self, now_s: float) -> None:
        """End the visit: the user has asked for all to be forgotten."""
        self._over(now_s, "idle_over")

    def _over(self, now_s: float, why: Due) -> Due:
        self._began_s = self._asked_s = None
        self._invited(now_s)
        return why

    def _attraction(self, now_s: float, hour: int) -> Due | None:
        settings = self._settings
        wait_s = min(ARRIVAL_GAP_S, settings.attract_every_s) if self._has_arrived else settings.attract_every_s
        if not settings.attract_every_s or now_s - self._attracted_s < wait_s or self._is_quiet(hour):
            return None
        if settings.attract_on != "time" and not self._has_moved:
            return None
        self._invited(now_s)
        return "attract"

    def _invited(self, now_s: float) -> None:
        self._attracted_s, self._has_moved, self._has_arrived = now_s, False, False

    def _is_quiet(self, hour: int) -> bool:
        begins, ends = self._settings.quiet_from_hour, self._settings.quiet_to_hour
        return begins <= hour < ends if begins <= ends else hour >= begins or hour < ends


def is_allowed(question: Question, settings: KioskSettings) -> bool:
    """Tell whether a kiosk's operator lets a question be answered."""
    if any(ask.intent in settings.refused_intents for ask in question.asks):
        return False
    said = f"{question.text} {question.english_text}".casefold()
    return not any(re.search(rf"(?<!\w){re.escape(word.casefold())}(?!\w)", said) for word in settings.refused_words)
