"""Which language a user speaks, from guesses that are often wrong for short sentences. Pure: guesses are told."""

from __future__ import annotations

from dataclasses import dataclass

SURE = 0.75
"""Probability from which a single guess is believed for its own sentence. Whisper base was so sure of 45 of the 360 sentences that
tests/measure_languages.py speaks, and wrong about 3 of them; of nearly all that a better voice says."""


@dataclass(frozen=True)
class _State:
    home: str
    """The conversation's language: what isn't sure is taken to be in it."""
    other: str
    """That of the last guess; when the next one agrees it becomes the home."""
    last: str
    """In which the last sentence was taken."""


class LanguageChoice:
    """One odd guess doesn't switch the conversation, two that agree do, and being told does at once."""

    def __init__(self, language: str, floor: float, sure: float = SURE) -> None:
        """`floor`: probability below which nothing is believed."""
        self._floor = floor
        self._sure = sure
        self.tell(language)

    @property
    def language(self) -> str:
        """The last in which a sentence was taken, or that was told: to speak in it until there is another."""
        return self._now.last

    def tell(self, language: str) -> None:
        """The user, or the settings, named it."""
        self._now = self._before = _State(language, language, language)
        self._start_s: float | None = None

    def choose(self, guess: str, probability: float, start_s: float) -> str | None:
        """The language to take a sentence in, given the recogniser's guess and its probability in [0, 1]; None: ask to say it again.

        An odd guess that is sure is believed for its own sentence; one that isn't counts for the next time, and the sentence is to
        be heard again in the conversation's language. `start_s` tells sentences apart: what was heard of one until a pause, and
        then all of it, counts once.
        """
        if start_s != self._start_s:
            self._start_s, self._before = start_s, self._now
        before = self._before
        if probability < self._floor:
            self._now = before
            return None
        if guess in (before.home, before.other):
            self._now = _State(guess, guess, guess)
        else:
            self._now = _State(before.home, guess, guess if probability >= self._sure else before.home)
        return self._now.last
