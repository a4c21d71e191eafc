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

Verdict = Literal["words", "nothing"]


class Interruption:
    """Follows one sound after another that is heard while the assistant speaks, and tells how loud it may be."""

    def __init__(self) -> None:
        self._heard_s = float("-inf")
        self._ended_s = float("-inf")
        self._is_pausing = False
        self._is_dismissed = False
        """Whether the sound that is under way was no words."""
        self._pause = 0
        self._is_paused = False

    @property
    def is_dismissed(self) -> bool:
        """Tell whether what is heard now was no words so far."""
        return self._is_dismissed

    def paused(self) -> int:
        """Note that the sound under way has paused, and return the pause's number, under which a verdict is to be given."""
        self._pause, self._is_paused = self._pause + 1, True
        return self._pause

    def sounds(self) -> None:
        """Note that a sound begins or goes on: a verdict on what came before says nothing of it, unless that was words."""
        self._is_paused = self._is_dismissed = False

    def settle(self) -> None:
        """Wait for no verdict any more."""
        self._ended_s = float("-inf")

    def judge(self, pause: int, verdict: Verdict) -> bool:
        """Take a verdict on what was heard until a pause; return whether it ends the turn."""
        if verdict == "words":
            return True
        if pause == self._pause and self._is_paused:
            self._is_dismissed = True
            self.settle()
        return False

    def ended(self, time_s: float, *, is_judged: bool) -> None:
        """Note that the sound has ended; the voice waits for a verdict unless there was one."""
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
