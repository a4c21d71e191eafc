"""Which presses of a key count. Pure: time is told."""

from __future__ import annotations

PRESS_GAP_S = 0.3
"""Presses closer than this are one: nobody means more by hammering on a key."""


class KeyDebounce:
    """Takes the presses of one key in order of time."""

    def __init__(self) -> None:
        self._last_s = float("-inf")

    def accepts(self, now_s: float) -> bool:
        """Tell whether a press counts: not if it follows another within PRESS_GAP_S, counted or not."""
        gap_s, self._last_s = now_s - self._last_s, now_s
        return gap_s >= PRESS_GAP_S
