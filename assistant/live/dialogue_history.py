"""What was asked and answered last, and how much of the answer was heard. Written by the thread that answers and the one that speaks."""

from __future__ import annotations

import threading

from assistant.messages import Heard, Question, Sentence

MOST_SENTENCES = 32
"""The last ones of an answer that are remembered: more than ever wait to be spoken, even of a page that is read aloud."""
HEARD_SHARE = 0.9
"""A sentence of which less was heard counts as not heard."""

HistoryState = tuple[Question | None, list[Sentence], list[bool]]


class DialogueHistory:
    """Holds the last turn only. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._question: Question | None = None
        self._sentences: list[Sentence] = []
        self._heard: list[bool] = []

    @property
    def question(self) -> Question | None:
        """Return the last question that was answered."""
        return self._question

    def begin(self, question: Question) -> None:
        """Start a new turn with its question; what was said before is forgotten."""
        with self._lock:
            self._question, self._sentences, self._heard = question, [], []

    def said(self, sentence: Sentence) -> None:
        """Note that another sentence of the answer was queued."""
        with self._lock:
            self._sentences = [*self._sentences[-MOST_SENTENCES + 1 :], sentence]
            self._heard = [*self._heard[-MOST_SENTENCES + 1 :], False]

    def heard(self, heard: Heard) -> None:
        """Note how much of a sentence left the loudspeaker; others than the answer's don't count."""
        with self._lock:
            for place, sentence in enumerate(self._sentences):
                if sentence is heard.sentence:
                    self._heard[place] = heard.share >= HEARD_SHARE

    def answer(self) -> list[Sentence]:
        """Return the sentences of the last answer, heard or not."""
        with self._lock:
            return list(self._sentences)

    def unheard(self) -> list[Sentence]:
        """Return the sentences of the last answer that an interruption cut off."""
        with self._lock:
            return [s for s, heard in zip(self._sentences, self._heard, strict=True) if not heard]

    def state(self) -> HistoryState:
        """Return all that `restore` needs to come back to this moment."""
        with self._lock:
            return self._question, list(self._sentences), list(self._heard)

    def restore(self, state: HistoryState) -> None:
        """Take back the answer that was begun since `state` was called: nobody will hear it."""
        with self._lock:
            self._question, self._sentences, self._heard = state

    def forget(self) -> None:
        """Drop the question and the answer."""
        with self._lock:
            self._question, self._sentences, self._heard = None, [], []
