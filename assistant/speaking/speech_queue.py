"""Sentences that wait to be spoken, in order. Knows nothing of voices; stale ones are dropped at both of its doors."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator

from assistant.messages import Earcon, Sentence
from assistant.turns import Turns

Spoken = Sentence | Earcon

QUEUED_SENTENCES = 16
"""When full, whoever writes the answer waits: an answer with a hole in it would mislead. Only stale sentences are dropped."""


class SpeechQueue:
    """Holds what is to be spoken: filled by the thread that answers, iterated by the thread that makes the sound.

    After `turns.interrupt()` nothing older comes out, and a writer who waits is let go as soon as the speaking thread asks for more.
    """

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._sentences: deque[Spoken] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, sentence: Spoken) -> bool:
        """Append a sentence, waiting for room; return False if it was dropped: stale (by the time there is room), or the queue closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._refuses(sentence) or len(self._sentences) < QUEUED_SENTENCES)
            if self._refuses(sentence):
                return False
            self._sentences.append(sentence)
            self._changed.notify_all()
            return True

    def offer(self, spoken: Spoken) -> bool:
        """Append something unless there is no room, for what matters less than not to wait; return False if it was dropped."""
        with self._changed:
            if self._refuses(spoken) or len(self._sentences) >= QUEUED_SENTENCES:
                return False
            self._sentences.append(spoken)
            self._changed.notify_all()
            return True

    def close(self) -> None:
        """Drop everything and end the iteration; safe to call twice and from any thread."""
        with self._changed:
            self._closed = True
            self._sentences.clear()
            self._changed.notify_all()

    def __len__(self) -> int:
        """How many sentences of the current turn wait."""
        with self._changed:
            self._drop_stale()
            return len(self._sentences)

    def __iter__(self) -> Iterator[Spoken]:
        """Yield sentences of the current turn as they come, until closed."""
        while (sentence := self._next()) is not None:
            yield sentence

    def _next(self) -> Spoken | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._drop_stale() > 0)
            if self._closed:
                return None
            sentence = self._sentences.popleft()
            self._changed.notify_all()
            return sentence

    def _refuses(self, sentence: Spoken) -> bool:
        return self._closed or self._turns.is_stale(sentence.turn)

    def _drop_stale(self) -> int:
        """How many are left."""
        current = [sentence for sentence in self._sentences if not self._turns.is_stale(sentence.turn)]
        if len(current) < len(self._sentences):
            self._sentences = deque(current)
            self._changed.notify_all()
        return len(current)
