"""What the answering thread does next: the newest and most urgent of what other threads ask of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.messages import Command, Utterance


@dataclass(frozen=True, eq=False)
class Respond:
    """The user has said this: answer it, or do what it commands."""

    utterance: Utterance


@dataclass(frozen=True, eq=False)
class Speculate:
    """The user has said this so far and may have done: answer it ahead, in case it was all."""

    utterance: Utterance


@dataclass(frozen=True)
class Describe:
    """The user has pressed a key."""

    turn: int


@dataclass(frozen=True)
class Obey:
    """Somebody has pressed a button of the page, or typed a question."""

    turn: int
    command: Command | None = None
    text: str = ""
    """The question, where there is no command."""
    language: str = ""


@dataclass(frozen=True)
class Reset:
    """A user has gone: nothing of them may be left."""


@dataclass(frozen=True)
class LookAhead:
    """The camera shows something new."""


@dataclass(frozen=True)
class Prepare:
    """The user has begun to speak: do ahead what a question may need."""


@dataclass(frozen=True)
class Idle:
    """Nothing was asked for a while."""


Job = Reset | Respond | Speculate | Describe | Obey | LookAhead | Prepare | Idle


class JobQueue:
    """Holds one job of each kind, so it can't grow: only the newest utterance, pause, key and picture count."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._reset: Reset | None = None
        self._urgent: Respond | Describe | Obey | None = None
        self._speculation: Speculate | None = None
        self._look: LookAhead | None = None
        self._prepare: Prepare | None = None
        self._is_last = self._closed = False

    def put(self, job: Respond | Speculate | Describe | Obey | LookAhead | Prepare) -> None:
        """Add a job; it takes the place of one that waits of its kind."""
        with self._changed:
            match job:
                case Respond() | Describe() | Obey():  # whoever asks again doesn't want the first answer any more
                    self._urgent, self._speculation = job, None
                case Speculate():
                    self._speculation = job
                case LookAhead():
                    self._look = job
                case Prepare():
                    self._prepare = job
            self._changed.notify_all()

    def reset(self) -> None:
        """Drop all that waits, and have everything forgotten next."""
        with self._changed:
            self._urgent = self._speculation = self._prepare = None
            self._reset = Reset()
            self._changed.notify_all()

    def cancel_speculation(self) -> None:
        """Drop what was to be answered ahead: the user goes on speaking."""
        with self._changed:
            self._speculation = None

    @property
    def is_urgent(self) -> bool:
        """Tell whether something waits that the user waits for."""
        return bool(self._closed or self._reset or self._urgent or self._speculation)

    def finish(self) -> None:
        """End `jobs` once what was said has been answered: nothing more will be."""
        with self._changed:
            self._is_last = True
            self._changed.notify_all()

    def close(self) -> None:
        """End `jobs` now."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def jobs(self, idle_s: float) -> Iterator[Job]:
        """Yield what is to be done, the most urgent first; Idle after `idle_s` without anything."""
        while (job := self._next(idle_s)) is not None:
            yield job

    def _next(self, idle_s: float) -> Job | None:
        with self._changed:
            self._changed.wait_for(lambda: self.is_urgent or self._is_last or self._look or self._prepare, idle_s)
            if self._closed:
                return None
            job: Job
            if self._reset:
                job, self._reset = self._reset, None
            elif self._urgent:
                job, self._urgent = self._urgent, None
            elif self._speculation:
                job, self._speculation = self._speculation, None
            elif self._is_last:
                return None
            elif self._look:
                job, self._look = self._look, None
            elif self._prepare:
                job, self._prepare = self._prepare, None
            else:
                job = Idle()
            return job
