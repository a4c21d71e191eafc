"""Which language a user speaks, from guesses that are often wrong for short sentences. Pure: guesses are told."""

from __future__ import annotations

from dataclasses import dataclass, replace

SURE = 0.8
"""Probability from which a single guess is believed for its own sentence. Among few languages Whisper base was so sure of 41 of the 360
sentences that tests/support/measure_languages.py speaks, and wrong about one of them; it is of nearly all that a better voice says."""


@dataclass(frozen=True)
class _State:
    home: str
    """The conversation's language: what isn't sure is taken to be in it."""
    other: str
    """That of the last guess; when the next one agrees it becomes the home."""
    last: str
    """In which the user is spoken to: that of the last sentence, unless the home was told."""
    told: bool = False
    """Whether the home was named by the user, so that not even an unlikely guess is doubted to be in it."""
    spoken: tuple[str, ...] = ()
    """Those told and taken so far, the latest first."""

    def taking(self, guess: str) -> _State:
        """The state after a sentence that was taken in a language."""
        spoken = tuple(dict.fromkeys((guess, *self.spoken)))
        return replace(self, other=guess, last=self.home if self.told else guess, spoken=spoken)


class LanguageChoice:
    """Keeps the conversation's language: one odd guess doesn't switch it, two that agree do, and being told does at once.

    One that was told lasts until two sentences in a row are surely in another; until then it is spoken whatever is heard.
    """

    def __init__(self, language: str, floor: float, sure: float = SURE) -> None:
        """`floor`: probability below which nothing is believed."""
        self._floor = floor
        self._sure = sure
        self._now = self._before = _State(language, language, language, spoken=(language,))
        self._start_s: float | None = None

    @property
    def language(self) -> str:
        """Return the language to speak in: the one that was told, or that of the last sentence."""
        return self._now.last

    @property
    def is_told(self) -> bool:
        """Tell whether the user named it, so that it is spoken even in answer to another."""
        return self._now.told

    @property
    def spoken(self) -> tuple[str, ...]:
        """Return the languages told and taken so far, the latest first."""
        return self._now.spoken

    def tell(self, language: str) -> None:
        """Switch to the language that the user or the settings named. It may be one that the recogniser never guesses."""
        spoken = tuple(dict.fromkeys((language, *self._now.spoken)))
        self._now = self._before = _State(language, language, language, told=True, spoken=spoken)
        self._start_s = None

    def choose(self, guess: str, probability: float, start_s: float) -> str | None:
        """Return the language to take a sentence in, given the recogniser's guess and its probability in [0, 1]; None: ask to say it again.

        An odd guess that is sure is believed for its own sentence; one that isn't counts for the next time, and the sentence is to
        be heard again in the conversation's language. If that was told, it takes two sure guesses right after one another to leave
        it, and what is below the floor is heard in it too. `start_s` tells sentences apart: what was heard of one until a pause, and
        then all of it, counts once.
        """
        if start_s != self._start_s:
            self._start_s, self._before = start_s, self._now
        before = self._before
        if probability < self._floor and not before.told:
            self._now = before
            return None
        if guess == before.other != before.home and probability >= (self._sure if before.told else self._floor):  # two in a row agree
            self._now = replace(before, home=guess, told=False).taking(guess)
        elif guess == before.home or probability >= self._sure:
            self._now = before.taking(guess)
        else:
            self._now = replace(before, other=before.home if before.told else guess, last=before.home)
            return before.home
        return guess
