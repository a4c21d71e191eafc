"""Guides the hand that turns a camera towards a thing: what is told, and when. Pure."""

from __future__ import annotations

from typing import Literal

Guidance = Literal["find_left", "find_right", "find_ahead", "find_lost", "find_given_up"]

LONGEST_S = 30.0
"""Seconds for which a thing is looked for; who still needs it asks again."""
AHEAD_DEGREES = 7.0
"""Within so many of the camera's axis a thing is straight ahead."""
TURN_BACK_DEGREES = 10.0
"""From so many it counts as beside it again, so that a trembling hand doesn't change what is told."""
LOST_S = 1.0
"""Out of sight for so long it is lost; a detector may miss it in a picture or two."""
AGAIN_S = 3.0
"""Seconds after which a direction is told again, if it still holds."""


class Guide:
    """Decides what is told as the camera turns."""

    def __init__(self, now_s: float, is_seen: bool) -> None:
        """`is_seen`: whether the thing was in the picture already, and where it is was told."""
        self._began_s = self._told_s = now_s
        self._seen_s = now_s if is_seen else None
        self._told: Guidance | None = None
        self.is_over = False
        """Whether there is nothing more to be told."""

    def next(self, yaw_degrees: float | None, now_s: float) -> Guidance | None:
        """Return what is to be told of a picture, most often nothing.

        Args:
            yaw_degrees: how far to the right of the camera's axis the thing is; None where it isn't seen.
            now_s: never less than before.
        """
        if self.is_over:
            return None
        if now_s - self._began_s > LONGEST_S:
            self.is_over = True
            return "find_given_up" if self._seen_s is None else None
        if yaw_degrees is None:
            if self._seen_s is None or now_s - self._seen_s < LOST_S:
                return None
            self._seen_s = None
            return self._tell("find_lost", now_s)
        self._seen_s = now_s
        ahead_degrees = TURN_BACK_DEGREES if self._told == "find_ahead" else AHEAD_DEGREES
        said: Guidance = "find_ahead" if abs(yaw_degrees) <= ahead_degrees else "find_right" if yaw_degrees > 0 else "find_left"
        is_new = said != self._told or (said != "find_ahead" and now_s - self._told_s >= AGAIN_S)
        return self._tell(said, now_s) if is_new else None

    def _tell(self, said: Guidance, now_s: float) -> Guidance:
        self._told, self._told_s = said, now_s
        return said
