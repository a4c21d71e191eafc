"""Tells when people come and go, from how many are counted in picture after picture. Pure."""

from __future__ import annotations

COME_S, GONE_S = 0.6, 1.5
"""For so long more or fewer must be counted: a detector sees some for a moment that aren't there, and misses more often."""


class Arrivals:
    """Takes counts in order of time."""

    def __init__(self) -> None:
        self.count: int | None = None
        """How many there are; None before anybody was counted."""
        self._others: list[int] = []
        """What was counted since it was last as many, all more or all fewer."""
        self._since_s = 0.0

    @property
    def is_unsure(self) -> bool:
        """Tell whether more or fewer are counted than there were, and not for long enough yet."""
        return bool(self._others)

    def process(self, counted: int, now_s: float) -> int:
        """Return by how many there are more, less than 0 for fewer, once that is certain; 0 as long as nothing has changed."""
        if self.count is None:
            self.count = counted
        if counted == self.count or (self._others and (counted > self.count) != (self._others[0] > self.count)):
            self._others = []
        if counted == self.count:
            return 0
        if not self._others:
            self._since_s = now_s
        self._others.append(counted)
        is_more = counted > self.count
        if now_s - self._since_s < (COME_S if is_more else GONE_S):
            return 0
        certain = min(self._others) if is_more else max(self._others)
        change, self.count, self._others = certain - self.count, certain, []
        return change
