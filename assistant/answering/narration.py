"""Decides when to speak unasked, and what not to say again. Pure: it takes times and texts."""

from __future__ import annotations

import re
from collections import deque

from assistant.messages import Keyframe, NarrationMode
from assistant.settings import NarrationSettings

REMEMBERED = 32
"""Descriptions kept for comparison; the oldest go first."""
_CHANGES = ("first", "change", "return")


class Narrator:
    """Decides when to speak unasked, from keyframes and from what was said. `mode` may be changed at any time."""

    def __init__(self, settings: NarrationSettings) -> None:
        self._settings = settings
        self.mode: NarrationMode = settings.mode
        self._said: deque[tuple[str, float]] = deque(maxlen=REMEMBERED)
        self._new: Keyframe | None = None
        self._last_s = float("-inf")

    def seen(self, keyframe: Keyframe) -> None:
        """Note that the camera shows something else now. A picture that only covers slow drift is no news."""
        if keyframe.reason in _CHANGES or keyframe.problem is not None:
            self._new = keyframe

    def is_due(self, now_s: float) -> bool:
        """Tell whether to describe the newest picture now, given that nobody speaks."""
        if self.mode == "quiet" or now_s - self._last_s < self._settings.gap_s:
            return False
        return self._new is not None or (self.mode == "continuous" and now_s - self._last_s >= self._settings.every_s)

    def taken_up(self, now_s: float) -> None:
        """Note that the newest picture is being described: what came before it is out of date."""
        self._new, self._last_s = None, now_s

    def spoke(self, now_s: float) -> None:
        """Note that somebody spoke, the assistant or the user."""
        self._last_s = max(self._last_s, now_s)

    def is_news(self, text: str, now_s: float) -> bool:
        """Tell whether the text may be said, for nothing like it was within the cooldown; then remember it."""
        words = " ".join(re.findall(r"\w+", text.lower()))
        is_old = any(words == said and now_s - time_s < self._settings.cooldown_s for said, time_s in self._said)
        if not is_old:
            self._said.append((words, now_s))
        return not is_old

    def forget(self) -> None:
        """Forget what was seen and said."""
        self._said.clear()
        self._new = None
