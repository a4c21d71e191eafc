"""When what is heard lowers the assistant's voice, pauses it, ends it, or lets it go on. Pure: sound is told as times and verdicts.

Anything like speech lowers the voice at once. What lasts like a short word pauses it. Words then end the turn; a cough, a click or
the room let it go on from the word it was at. Whether there were words is for a recogniser to say, which takes a while.
"""

from __future__ import annotations

from typing import Literal

LOWERED = 0.2
"""Times its loudness (-14 dB) while it may be spoken over: loud enough to go on with, soft enough to hear words through."""
HOLD_S = 0.3
"""It stays lowered for so long after the last sound like speech: between syllables it doesn't come back."""
MOST_WAIT_S = 3.0
"""Seconds after a sound's end that the voice waits for a verdict; then it goes on."""

Verdict = Literal["words", "nothing", "echo"]
"""words, or none until a pause; echo: so far only the assistant's own voice."""


class Interruption:
    """Follows one sound after another that is heard while the assistant speaks, and tells how loud it may be."""

    def __init__(self) -> None:
        self._heard_s = float("-inf")
        self._ended_s = float("-inf")
        self._sound = 0
        self._is_dismissed = False
        """Whether the sound that is under way was no words so far, or only an echo."""
        self._is_nothing = False

    @property
    def sound(self) -> int:
        """Return the number of the sound under way, under which a verdict on it is to be given; each pause begins another."""
        return self._sound

    @property
    def is_dismissed(self) -> bool:
        """Tell whether the voice may go on over what is heard now."""
        return self._is_dismissed

    @property
    def is_nothing(self) -> bool:
        """Tell whether all that was heard, until its last pause, was no words."""
        return self._is_nothing

    def sounds(self) -> None:
        """Note that a sound begins or goes on: a verdict on what came before says nothing of it, unless that was words."""
        self._sound += 1
        self._is_dismissed = self._is_nothing = False

    def settle(self) -> None:
        """Wait for no verdict any more."""
        self._ended_s = float("-inf")

    def judge(self, sound: int, verdict: Verdict) -> bool:
        """Take a verdict on a sound; return whether it ends the turn."""
        if verdict == "words":
            return True
        if sound == self._sound:
            self._is_dismissed = True
            self._is_nothing = self._is_nothing or verdict == "nothing"
            self.settle()
        return False

    def ended(self, time_s: float, *, is_judged: bool) -> None:
        """Note that the sound has ended: what is said now is as loud as ever. The voice waits for a verdict unless there was one."""
        self._heard_s = float("-inf")
        self._ended_s = float("-inf") if is_judged or self._is_dismissed else time_s

    def loudness(self, time_s: float, *, sounds_like_speech: bool, is_word: bool) -> float:
        """Return by how much the voice is to be multiplied now, 0 to pause it.

        Args:
            time_s: now.
            sounds_like_speech: whether this moment's sound does.
            is_word: whether that has lasted long enough for a word, and hasn't ended.
        """
        if sounds_like_speech:
            self._heard_s = time_s
        if (is_word and not self._is_dismissed) or time_s - self._ended_s < MOST_WAIT_S:
            return 0.0
        return LOWERED if time_s - self._heard_s < HOLD_S else 1.0
