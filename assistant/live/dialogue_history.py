"""What was asked and answered last, and how much of the answer was heard. Written by the thread that answers and the one that speaks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from assistant.messages import ON_PAGE, Heard, Intent, Question, Sentence

MOST_SENTENCES = 32
"""The last ones of an answer that are remembered: more than ever wait to be spoken, even of a page that is read aloud."""
NOTED_S = 0.3
"""Within which a voice that is to be silent has told how much was heard of what it said; it may be making a sound, which can't be cut."""
HEARD_SHARE = 0.9
"""A sentence of which less was heard counts as not heard."""
READ_ANEW: frozenset[Intent] = frozenset(("read", "read_all", "translate_text", "read_from_start"))
"""Intents that begin a page, as far as what was heard of it is concerned."""
READ_ALOUD: frozenset[Intent] = READ_ANEW | ON_PAGE
"""Intents that "go on" goes on with."""


@dataclass(frozen=True)
class HistoryState:
    """All that is known of the last turn."""

    question: Question | None = None
    sentences: tuple[Sentence, ...] = ()
    shares: tuple[float, ...] = ()
    """How much of each sentence was heard."""
    heard_to: float = 0.0
    """How many passages of the page read last were heard: 2.4 is within the third."""
    cut_off: bool = False
    """Whether a page was being read when something else was asked."""


class DialogueHistory:
    """Holds the last turn, and the place in the page that was read last. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._now = HistoryState()
        self._played: Sentence | None = None
        """What is being heard, of which nobody has told yet how much was."""

    @property
    def question(self) -> Question | None:
        """Return the last question that was answered."""
        return self._now.question

    @property
    def heard_to(self) -> float:
        """Return how many passages of the page read last were heard: 2.4 is within the third."""
        return self._now.heard_to

    @property
    def is_reading(self) -> bool:
        """Tell whether a page was read last, or was being read when something else was asked."""
        return self._now.cut_off or _asks_for(self._now.question, READ_ALOUD)

    def begin(self, question: Question) -> None:
        """Start a new turn with its question; what was said before is forgotten."""
        with self._lock:
            cut_off = not _asks_for(question, READ_ALOUD) and (self._now.cut_off or any(map(_is_passage, self._unheard())))
            heard_to = 0.0 if _asks_for(question, READ_ANEW) else self._now.heard_to
            self._now = HistoryState(question, heard_to=heard_to, cut_off=cut_off)

    def said(self, sentence: Sentence) -> None:
        """Note that another sentence of the answer was queued."""
        with self._lock:
            sentences = (*self._now.sentences, sentence)[-MOST_SENTENCES:]
            self._now = replace(self._now, sentences=sentences, shares=(*self._now.shares, 0.0)[-MOST_SENTENCES:])

    def plays(self, sentence: Sentence) -> None:
        """Note that a sentence is about to be heard."""
        with self._lock:
            self._played = sentence

    def wait_noted(self, is_stale: Callable[[int], bool]) -> None:
        """Wait, but not for long, until it is noted how much was heard of what has just been silenced: "repeat" is about that."""
        with self._lock:
            self._lock.wait_for(lambda: self._played is None or not is_stale(self._played.turn), NOTED_S)

    def heard(self, heard: Heard) -> None:
        """Note how much of a sentence left the loudspeaker; others than the answer's don't count, but for a passage that is repeated."""
        share, finding = 1.0 if heard.share >= HEARD_SHARE else heard.share, heard.sentence.finding
        with self._lock:
            pairs = zip(self._now.sentences, self._now.shares, strict=True)
            self._now = replace(self._now, shares=tuple(share if one is heard.sentence else before for one, before in pairs))
            if finding and finding.passage is not None and share:
                self._now = replace(self._now, heard_to=finding.passage + share)
            self._played = None
            self._lock.notify_all()

    def answer(self) -> list[Sentence]:
        """Return the sentences of the last answer, heard or not."""
        with self._lock:
            return list(self._now.sentences)

    def to_repeat(self) -> list[Sentence]:
        """Return what "repeat" repeats: the last answer, but of a page that was cut off, or is a long one, the passage heard last."""
        with self._lock:
            sentences, shares = self._now.sentences, self._now.shares
            if all(shares) and len(sentences) < MOST_SENTENCES:
                return list(sentences)
            begun = [one for one, share in zip(sentences, shares, strict=True) if share and _is_passage(one)]
            return begun[-1:] or list(sentences)

    def unheard(self) -> list[Sentence]:
        """Return the sentences of the last answer that an interruption cut off."""
        with self._lock:
            return self._unheard()

    def state(self) -> HistoryState:
        """Return all that `restore` needs to come back to this moment."""
        return self._now

    def restore(self, state: HistoryState) -> None:
        """Take back the answer that was begun since `state` was called: nobody will hear it."""
        with self._lock:
            self._now = state

    def forget(self) -> None:
        """Drop the question and the answer."""
        with self._lock:
            self._now = HistoryState()

    def _unheard(self) -> list[Sentence]:
        return [one for one, share in zip(self._now.sentences, self._now.shares, strict=True) if share < HEARD_SHARE]


def _is_passage(sentence: Sentence) -> bool:
    return sentence.finding is not None and sentence.finding.passage is not None


def _asks_for(question: Question | None, intents: frozenset[Intent]) -> bool:
    return question is not None and any(ask.intent in intents for ask in question.asks)
