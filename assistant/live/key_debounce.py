"""Which presses of a key count. Pure: time is told."""

from __future__ import annotations

PRESS_GAP_S = 0.3
"""Presses closer than this are one: nobody means more by hammering on a key."""


class Presses:
    def __init__(self) -> None:
        self._last_s = float("-inf")

    def counts(self, now_s: float) -> bool:
        """Not those that follow another within PRESS_GAP_S."""
        gap_s, self._last_s = now_s - self._last_s, now_s
        return gap_s >= PRESS_GAP_S
