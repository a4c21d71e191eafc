"""Sentences made into sound while earlier ones are still played. Knows no voice and no loudspeaker by name."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from assistant.interfaces import SpeechSynthesizer
from assistant.messages import AudioChunk, Earcon, Heard, Sentence
from assistant.problems import Problem
from assistant.speaking.clauses import clauses
from assistant.speaking.earcons import earcon
from assistant.speaking.kept_sounds import KeptSounds
from assistant.speaking.speak import sound_of
from assistant.speaking.speech_queue import Spoken
from assistant.turns import Turns

SENTENCES_AHEAD = 2
"""Made before they are played: enough for no gap between sentences, and little is lost when the user interrupts."""
EARCON_RATE_HZ = 22_050


class PreparedSound:
    """One thing to be spoken and its sound so far. One thread makes it, another plays it."""

    def __init__(self, spoken: Spoken) -> None:
        self.spoken = spoken
        self._chunks: deque[AudioChunk] = deque()
        self._is_whole = False
        self._changed = threading.Condition()
        self._seconds = 0.0

    def add(self, chunk: AudioChunk) -> None:
        """Append what was made."""
        with self._changed:
            self._chunks.append(chunk)
            self._seconds += chunk.duration_s
            self._changed.notify_all()

    def finish(self) -> None:
        """Note that no more sound will come."""
        with self._changed:
            self._is_whole = True
            self._changed.notify_all()

    def chunks(self) -> Iterator[AudioChunk]:
        """Yield each chunk once, waiting for those that are still being made."""
        while (chunk := self._next()) is not None:
            yield chunk

    def heard(self, heard_s: float) -> Heard:
        """Return what was heard of the sentence when `heard_s` seconds of its sound left the loudspeaker.

        An interrupted sentence that was still being made is compared with what there was of it, so its share is an upper bound.
        """
        assert isinstance(self.spoken, Sentence)
        return Heard(self.spoken, min(1.0, heard_s / self._seconds) if self._seconds else 1.0)

    def _next(self) -> AudioChunk | None:
        with self._changed:
            self._changed.wait_for(lambda: self._chunks or self._is_whole)
            return self._chunks.popleft() if self._chunks else None


class SynthesisBuffer:
    """Holds the sound of what is to be spoken next: filled by `make` on one thread, iterated by the thread that plays."""

    def __init__(self, synthesizers: Sequence[SpeechSynthesizer], turns: Turns, trouble: Callable[[Problem], None]) -> None:
        """`trouble` is told what kept a sentence from being made; the next one is tried all the same."""
        self._synthesizers = synthesizers
        self._turns = turns
        self._trouble = trouble
        self._prepared: deque[PreparedSound] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._begun_turn = float("-inf")
        self._kept = KeptSounds()
        self._making = threading.Lock()
        """Held by the thread that makes a sound: that of `make`, or that of `rehearse`."""

    def make(self, spoken: Iterable[Spoken]) -> None:
        """Make the sound of all that comes, until there is no more or the buffer is closed."""
        for one in spoken:
            prepared = PreparedSound(one)
            if not self._append(prepared):
                return
            try:
                for chunk in self._made(one):
                    if self._turns.is_stale(one.turn):
                        break  # a chunk that is being made can't be cut
                    prepared.add(chunk)
                    self._note_begun(one)
            except Problem as problem:
                self._trouble(problem)
            finally:
                prepared.finish()

    def rehearse(self, sentence: Sentence) -> bool:
        """Make the sound of what may be said soon, and keep it, while nothing else is made; return whether there was something to do.

        From another thread than `make`, when nobody waits for anything.
        """
        if self._kept.knows(sentence, self._settings()) or not self._making.acquire(blocking=False):
            return False
        try:
            for _ in self._kept.sound(sentence, self._settings(), self._synthesized):
                pass
        except Problem:
            return False  # whoever says it will be told
        finally:
            self._making.release()
        return True

    def forget(self) -> None:
        """Drop the sounds that were kept of sentences said before."""
        with self._making:
            self._kept = KeptSounds()

    def wait_begun(self, turn: int, timeout_s: float) -> None:
        """Wait until the first sound of what is said in this turn is made, so that nothing takes the processor from it."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._begun_turn >= turn, timeout_s)

    def close(self) -> None:
        """Drop everything and end both threads' waiting."""
        with self._changed:
            self._closed = True
            self._prepared.clear()
            self._changed.notify_all()

    def __len__(self) -> int:
        """Count what waits to be played and isn't stale."""
        with self._changed:
            return sum(not self._turns.is_stale(p.spoken.turn) for p in self._prepared)

    def __iter__(self) -> Iterator[PreparedSound]:
        """Yield what is to be played next, until closed."""
        while (prepared := self._take()) is not None:
            yield prepared

    def _append(self, prepared: PreparedSound) -> bool:
        """Wait for room; False once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._prepared) < SENTENCES_AHEAD)
            if not self._closed:
                self._prepared.append(prepared)
                self._changed.notify_all()
            return not self._closed

    def _note_begun(self, spoken: Spoken) -> None:
        if isinstance(spoken, Sentence) and spoken.turn > self._begun_turn:
            with self._changed:
                self._begun_turn = spoken.turn
                self._changed.notify_all()

    def _take(self) -> PreparedSound | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._prepared)
            if self._closed:
                return None
            prepared = self._prepared.popleft()
            self._changed.notify_all()
            return prepared

    def _made(self, spoken: Spoken) -> Iterator[AudioChunk]:
        if isinstance(spoken, Earcon):
            yield earcon(spoken.name, EARCON_RATE_HZ, spoken.level)
            return
        with self._making:
            yield from self._kept.sound(spoken, self._settings(), self._synthesized)

    def _synthesized(self, sentence: Sentence) -> Iterator[AudioChunk]:
        return sound_of(sentence, self._synthesizers, clauses)

    def _settings(self) -> tuple[object, ...]:
        return tuple(voice.settings for voice in self._synthesizers)
