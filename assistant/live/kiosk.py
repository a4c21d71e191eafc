"""Runs a kiosk's visits over a live loop: what is due is said, and whoever goes is forgotten. The thin side of `kiosk_visits`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from assistant.live.kiosk_visits import Due, KioskVisits, is_allowed
from assistant.live.loop import LiveLoop
from assistant.live.session import EventSink
from assistant.settings import Settings
from assistant.turns import UNBEGUN

TICK_S = 0.25
ACTS = frozenset(("pressed", "speech_began", "question", "command", "paused", "resumed"))
"""Events that only a user causes."""
SAID: dict[Due, str] = {
    "attract": "kiosk_attract",
    "more_time": "kiosk_more_time",
    "last_minute": "kiosk_last_minute",
    "idle_over": "kiosk_goodbye",
    "time_over": "kiosk_time_over",
}
GOODBYE_S = 15.0
"""In which a goodbye is said before all is forgotten, its language too."""


class Kiosk:
    """One kiosk. `report` takes the loop's events, from any thread; `run` is a thread's own."""

    def __init__(self, settings: Settings, report: EventSink, clock: Callable[[], float] = time.monotonic) -> None:
        """`report`: is told what the loop tells, and what happens here, as event "kiosk"."""
        self._settings, self._report, self._clock = settings, report, clock
        self._visits = KioskVisits(settings.kiosk, clock())
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._loop: LiveLoop | None = None
        self._told_left_s: int | None = None
        self._wants_to_be_forgotten = False
        self._first_turn = UNBEGUN
        """Of whoever is there now: the turns before are another's."""
        self.beats: list[Callable[[], None]] = []
        """Called at each tick while the loop lives, such as a system's watchdog."""

    def watch_over(self, loop: LiveLoop) -> None:
        """Take the loop to run; before it runs."""
        self._loop = loop
        loop.allow(lambda question: is_allowed(question, self._settings.kiosk))
        loop.follow_room(self._settings.kiosk)

    def report(self, event: str, details: dict[str, Any]) -> None:
        """Take an event of the loop, and pass it on; but not what comes late of somebody who has gone."""
        if details.get("turn", self._first_turn) < self._first_turn:
            return
        self._report(event, details)
        with self._lock:
            if event == "keyframe":
                self._visits.moved()
            if event == "people":
                self._visits.saw_people(details["count"])
            is_deed = event in ACTS or (event == "headphones" and details["is"] == "in")
            begins = is_deed and self._visits.acted(self._clock())
            number = self._visits.visits
        self._wants_to_be_forgotten |= event == "command" and details.get("kind") == "forget"
        if begins:
            self._report("kiosk", {"is": "visit", "number": number})

    @property
    def visits(self) -> int:
        """Return how many have used it since the start."""
        return self._visits.visits

    def run(self) -> None:
        """Do what is due until `stop`."""
        while not self._stopping.wait(TICK_S):
            self.tick(time.localtime().tm_hour)
            for beat in self.beats:
                beat()

    def stop(self) -> None:
        """End `run`; from any thread."""
        self._stopping.set()

    def tick(self, hour: int) -> None:
        """Do what is due now. `hour`: of the day."""
        assert self._loop is not None, "there is no loop to watch over"
        with self._lock:
            now_s = self._clock()
            due = self._visits.due(now_s, hour, is_silent=self._loop.is_silent or self._loop.is_paused)
            left_s, is_visited = self._visits.left_s(now_s), self._visits.is_visited
        self._loop.count_people(self._settings.kiosk.attract_on == "people" and not is_visited)
        if self._wants_to_be_forgotten and self._loop.is_silent:
            self._wants_to_be_forgotten = False
            with self._lock:
                self._visits.leave(self._clock())
            self._forget(self._loop)
        self._tell_left(None if left_s is None else round(left_s))
        if due:
            self._do(due, self._loop)

    def _do(self, due: Due, loop: LiveLoop) -> None:
        if due == "time_over" or loop.is_paused:
            loop.hush()
        if due == "more_time":
            loop.sound("listening")
        languages = [code for code in self._settings.ears.languages if code != loop.language]
        loop.announce(SAID[due], languages if due == "attract" else ())
        self._report("kiosk", {"is": due})
        if due in ("idle_over", "time_over"):
            self._wait_for_silence(loop)
            self._forget(loop)

    def _forget(self, loop: LiveLoop) -> None:
        loop.reset()
        self._first_turn = loop.turn
        self._report("kiosk", {"is": "reset", "language": self._settings.language})

    def _wait_for_silence(self, loop: LiveLoop) -> None:
        """Until the goodbye has been heard."""
        until_s = self._clock() + GOODBYE_S
        while not loop.is_silent and self._clock() < until_s and not self._stopping.wait(TICK_S / 5):
            pass

    def _tell_left(self, left_s: int | None) -> None:
        if left_s != self._told_left_s:
            self._told_left_s = left_s
            self._report("kiosk", {"is": "time_left", "seconds": left_s})
