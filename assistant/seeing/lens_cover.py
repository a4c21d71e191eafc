"""Tells when somebody covers the lens to make the voice wait, and uncovers it again. Pure: it takes what was seen, and times."""

from __future__ import annotations

COVERED_S = 0.3
"""Seconds for which the lens is covered on purpose; what passes before it is gone sooner."""
LONGEST_S = 60.0
"""Seconds after which the voice goes on by itself: it may have been the light that went out."""


class LensCover:
    """Follows a live camera's pictures while the voice speaks and while it doesn't."""

    def __init__(self) -> None:
        self._hidden_s: float | None = None
        """Since when nothing is seen; None while something is."""
        self._spoke = False
        """Whether the voice was speaking when the lens was covered."""

    def holds_voice(self, is_hidden: bool, is_speaking: bool, time_s: float) -> bool:
        """Take what the next picture shows, and tell whether the voice is to wait.

        Only what was being said when the lens was covered waits: who asks what is wrong with a covered camera hears the answer.

        Args:
            is_hidden: whether the picture may be that of a hand before the lens.
            is_speaking: whether the voice says what it did in the last picture, or waits in it.
            time_s: never less than before.
        """
        if not is_hidden:
            self._hidden_s = None
            return False
        if self._hidden_s is None:
            self._hidden_s, self._spoke = time_s, is_speaking
        self._spoke = self._spoke and is_speaking
        return self._spoke and COVERED_S <= time_s - self._hidden_s < LONGEST_S
