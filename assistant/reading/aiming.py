"""Tells how to move the camera so that text can be read, from where text stands alone. Pure.

Directions are those in which the camera goes: text that the left edge cuts comes into the picture when the camera moves to the left.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Literal

from assistant.messages import PictureProblem, TextLine
from assistant.reading.doubts import EDGE
from assistant.reading.page import letter_height

Aim = Literal[
    "left", "right", "up", "down", "closer", "back", "hold_still", "blurred",
    "cut_left", "cut_right", "cut_top", "cut_bottom", "no_text", "now",
]  # fmt: skip
"""left ... down: the page goes on there. cut_left ... cut_bottom: letters are cut off there; the camera must move that way. back: text or
page is cut on opposite sides. now: it can be read."""

Corners = tuple[tuple[float, float], ...]
"""Four (x, y) of a page, as shares of the picture, clockwise from its top left."""

READABLE_PX = 16
"""Height of a line, in pixels, from which readers make few errors; the caller knows its own reader better."""
STILL = 0.5
"""Line heights by which the text may move between two frames of a hand that holds still."""
STEADY_FRAMES = 3
"""Frames in a row with whole and still text after which it is read."""


def aim(
    lines: Sequence[TextLine],
    picture_problem: PictureProblem | None,
    page_corners: Corners | None = None,
    *,
    picture_height_px: int,
    readable_px: float = READABLE_PX,
) -> Aim | None:
    """Return what is to be done so that all text can be read, the most important first.

    Args:
        lines: where text stands, read or not.
        picture_problem: why the picture can't be looked at; of these only "blurred" is told here, None is returned for the others.
        page_corners: of the sheet, where one is seen.
        picture_height_px: pixels from the picture's top to its bottom.
        readable_px: height of a line, in pixels, that can be read.
    """
    if picture_problem is not None:
        return "blurred" if picture_problem == "blurred" else None
    if not lines:
        return "no_text"
    cut = _cut_sides([point for line in lines for point in line.corners])
    if {"left", "right"} <= cut or {"top", "bottom"} <= cut:
        return "back"
    for side in ("left", "right", "top", "bottom"):
        if side in cut:
            return _CUT[side]
    if statistics.median(letter_height(line) for line in lines) * picture_height_px < readable_px:
        return "closer"
    return _towards_page(page_corners) or "now"


class Aimer:
    """Guides from frame to frame: "now" only after several frames with whole and still text."""

    def __init__(self, steady_frames: int = STEADY_FRAMES) -> None:
        self._steady_frames = steady_frames
        self._before: Sequence[TextLine] = ()
        self._steady = 0

    def next(
        self,
        lines: Sequence[TextLine],
        picture_problem: PictureProblem | None,
        page_corners: Corners | None = None,
        *,
        picture_height_px: int,
        readable_px: float = READABLE_PX,
    ) -> Aim | None:
        """Take the next frame, as `aim` does; "hold_still" while the text moves, None while it is still but not for long enough."""
        told = aim(lines, picture_problem, page_corners, picture_height_px=picture_height_px, readable_px=readable_px)
        moves = bool(self._before) and bool(lines) and _moved(self._before, lines)
        self._before = lines
        self._steady = 0 if told != "now" or moves else self._steady + 1
        if moves and told in ("now", "blurred"):
            return "hold_still"
        if told == "now" and self._steady < self._steady_frames:
            return None
        return told


_CUT: dict[str, Aim] = {"left": "cut_left", "right": "cut_right", "top": "cut_top", "bottom": "cut_bottom"}
_TOWARDS: dict[str, Aim] = {"left": "left", "right": "right", "top": "up", "bottom": "down"}


def _cut_sides(points: Sequence[tuple[float, float]]) -> set[str]:
    across, down = zip(*points, strict=True)
    gaps = {"left": min(across), "right": 1 - max(across), "top": min(down), "bottom": 1 - max(down)}
    return {side for side, gap in gaps.items() if gap <= EDGE}


def _towards_page(corners: Corners | None) -> Aim | None:
    """Where a sheet goes on beyond the picture, though no text of it is cut: more may stand there."""
    if corners is None:
        return None
    cut = _cut_sides(corners)
    if {"left", "right"} <= cut or {"top", "bottom"} <= cut:
        return None  # all that is seen of it is text and margin; going back would only make letters smaller
    return next((_TOWARDS[side] for side in ("left", "right", "top", "bottom") if side in cut), None)


def _moved(before: Sequence[TextLine], now: Sequence[TextLine]) -> bool:
    """Whether the text as a whole has moved by more than a trembling hand moves it."""
    (x0, y0), (x1, y1) = _centre(before), _centre(now)
    return max(abs(x1 - x0), abs(y1 - y0)) > STILL * statistics.median(letter_height(line) for line in now)


def _centre(lines: Sequence[TextLine]) -> tuple[float, float]:
    """Middle of all text; a median, so that a line found in one frame alone doesn't count."""
    points = [point for line in lines for point in line.corners]
    return statistics.median(x for x, _ in points), statistics.median(y for _, y in points)
