"""What the judging thread does: whether what was heard while the assistant spoke was words.

A thread of its own, for the one that answers may be waiting for room in the queue of a voice that is paused until this is known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.conversation import Conversation
from assistant.hearing.echo_fit import is_only_echo, without_echo
from assistant.live.interruption import Verdict
from assistant.messages import Echoed, Utterance
from assistant.workers import Inbox

MOST_WAITING = 1
"""Only what was heard last counts: it holds what was heard before."""


@dataclass(frozen=True, eq=False)
class Judged:
    """A verdict on a sound."""

    sound: int
    verdict: Verdict


@dataclass(frozen=True, eq=False)
class _Paused:
    """What was heard until a pause, while the assistant said something."""

    sound: int
    utterance: Utterance


@dataclass(frozen=True, eq=False)
class _UnderWay:
    """What is being heard."""

    sound: int
    echoed: Echoed
    lasts: bool


class Judge:
    """Takes sounds from the listening thread, and gives it verdicts."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._sounds = Inbox[_Paused | _UnderWay](MOST_WAITING)
        self._verdicts: deque[Judged] = deque()

    def put(self, sound: int, utterance: Utterance) -> None:
        """Ask for a verdict on what was heard until a pause while the assistant said something."""
        self._sounds.put(_Paused(sound, utterance))

    def put_under_way(self, sound: int, echoed: Echoed, *, lasts: bool) -> None:
        """Ask whether what is being heard is only an echo. `lasts`: for so long that it is meant, unless it is."""
        self._sounds.put(_UnderWay(sound, echoed, lasts))

    def take(self) -> Iterator[Judged]:
        """Yield the verdicts since the last call."""
        while self._verdicts:
            yield self._verdicts.popleft()

    def work(self) -> None:
        """Judge what comes, until closed."""
        while (asked := self._sounds.get()) is not None:
            if verdict := self._judge(asked):
                self._verdicts.append(Judged(asked.sound, verdict))

    def close(self) -> None:
        """End `work`."""
        self._sounds.close()

    def _judge(self, asked: _Paused | _UnderWay) -> Verdict | None:
        if isinstance(asked, _Paused):
            return "words" if self._conversation.has_words(asked.utterance) else "nothing"
        if is_only_echo(asked.echoed.heard, without_echo(asked.echoed.heard, asked.echoed.played)):
            return "echo"
        return "words" if asked.lasts else None
