"""What the judging thread does: whether what was heard while the assistant spoke was words.

A thread of its own, for the one that answers may be waiting for room in the queue of a voice that is paused until this is known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.conversation import Conversation
from assistant.live.interruption import Verdict
from assistant.messages import Utterance
from assistant.workers import Inbox

MOST_WAITING = 1
"""Only what was heard last counts: it holds what was heard until an earlier pause."""


@dataclass(frozen=True, eq=False)
class Judged:
    """A verdict on what was heard until a pause."""

    pause: int
    verdict: Verdict


class Judge:
    """Takes sounds from the listening thread, and gives it verdicts."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._sounds = Inbox[tuple[int, Utterance, str]](MOST_WAITING)
        self._verdicts: deque[Judged] = deque()

    def put(self, pause: int, utterance: Utterance, said: str) -> None:
        """Ask for a verdict on what was heard until a pause while the assistant said something."""
        self._sounds.put((pause, utterance, said))

    def take(self) -> Iterator[Judged]:
        """Yield the verdicts since the last call."""
        while self._verdicts:
            yield self._verdicts.popleft()

    def work(self) -> None:
        """Judge what comes, until closed."""
        while (asked := self._sounds.get()) is not None:
            pause, utterance, said = asked
            verdict: Verdict = "words" if self._conversation.has_words(utterance, said) else "nothing"
            self._verdicts.append(Judged(pause, verdict))

    def close(self) -> None:
        """End `work`."""
        self._sounds.close()
