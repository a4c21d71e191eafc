"""Picks the few frames that matter by temporal landmarks: where the scene has changed and the change lasts.

Pure: it takes frames with their times, and knows nothing of cameras, clocks or models. The idea is that of human event
segmentation, in which a scene's boundaries are remembered and the time between is not (Zacks et al., 2007).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from assistant.messages import Frame, Keyframe, PictureProblem
from assistant.seeing.candidates import Candidate, MeasuredFrame
from assistant.seeing.frame_quality import picture_problem
from assistant.seeing.keyframe_budget import KeptKeyframes
from assistant.seeing.signatures import Comparison, Signature, compare, signature_of
from assistant.settings import KeyframeSettings

HYSTERESIS = 0.6
"""Share of the change threshold to which a change may fall back while it settles."""
NEW_VIEW = 0.4
"""Share of the picture that comes into view before a moving camera gives another keyframe."""
SAME_VIEW = 0.2
"""Share of the picture by which a view may be moved and still be recognised."""
STEADY = 0.05
"""Share of the picture by which a view may be moved while the camera counts as held still."""
BUSY = 4.0
"""Times settle_s after which a scene in constant motion is kept although it hasn't settled."""
CUT_OFF = 2.0
"""Times settle_s after which a recorded scene in constant motion is kept when a cut ends it."""
BULK = 0.5
"""Share of the picture that must change in a busy scene (walking) for the next keyframe to come as soon as the last."""
DRIFT = 0.02
"""Share of a recorded scene that must have changed for it to be kept again for coverage."""
PATIENCE_S = 2.0
"""How long the sharpest picture of a recorded scene is looked for; a live scene is kept when it has settled."""
TURN_S = 1.0
"""How long a camera must go on moving for a keyframe on the way, and be still for its new view to be kept."""
TROUBLE_S = 1.0
"""How long a live picture must be useless; a lens that looks for focus is not."""
START_S = 1.0
"""How long a live camera looks for its focus and exposure after its first picture, which is kept at once."""
START_CHANGE = 3.0
"""Times the change threshold that a live camera's picture may change within START_S without being another scene."""
START_GAIN = 1.3
"""Times better a live camera's picture must be at the end of START_S to be kept in place of its first."""
LOOK_EVERY_S = 0.09
"""Seconds after a frame in which others are passed over: a scene that matters lasts longer."""
CHECK_EVERY_S = 2.0
"""Seconds between checks whether a scene that looks unchanged has got out of focus."""
DEFAULT_BUDGET = 64
"""Keyframes of a recording held when no budget is given; 180 MB at 1280 x 720."""
NO_SCENE = -1
"""The scene's number when nothing can be seen."""
MEMORY = 64
"""Scenes that are recognised when they come back; the oldest go first. 3 MB."""

OnCompared = Callable[[float, float], object]
"""Called with (time_s, change from the last keyframe) for every frame that is compared."""


@dataclass(frozen=True, eq=False)
class _Landmark:
    """The last keyframe, with which frames are compared."""

    measured: MeasuredFrame
    signature: Signature
    scene: int


class KeyframeSelector:
    """Takes every frame in order of time, and returns the keyframes among them. Holds at most four frames.

    Live, a keyframe is returned as soon as its scene has lasted for `settle_s`, at most `most_per_minute`; a recording's
    may come some seconds later and be sharper, and all that settle are returned.
    """

    def __init__(self, settings: KeyframeSettings, *, recorded: bool = False) -> None:
        self.change = 0.0
        """Share of the last frame that can't be seen in the last keyframe, in [0, 1]."""
        self._settings = settings
        self._recorded = recorded
        self._landmark: _Landmark | None = None
        self._scenes: deque[tuple[Signature, int]] = deque(maxlen=MEMORY)  # and their numbers
        self._next_scene = 0
        self._candidate: Candidate | None = None
        self._spare: Candidate | None = None  # for coverage
        self._kept_s: deque[float] = deque(maxlen=settings.most_per_minute)
        self._unsettled_since_s = 0.0
        self._busy_s = BUSY * settings.settle_s
        self._moving = False  # the last keyframe was taken by a camera in motion: where it stops is told
        self._looked_s = -math.inf
        self._starting = not recorded
        self._check_at_s = 0.0
        self._problem_changed = False

    def process(self, frame: Frame) -> Keyframe | None:
        """Take the next frame, and return the keyframe that it settles, if any; that may be an earlier, sharper frame."""
        if 0 <= frame.time_s - self._looked_s < LOOK_EVERY_S:
            return None
        self._looked_s = frame.time_s
        signature = signature_of(frame.picture)
        ended = self._keep_ended(frame.time_s, signature)
        difference = self._difference(signature)
        self.change = difference.total
        share = (HYSTERESIS if self._candidate else 1.0) * (START_CHANGE if self._starting and self._landmark else 1.0)
        if self._counts(difference, share) or self._stops(difference) or self._clears(frame):
            self._spare = None
            self._candidate = self._considered(self._candidate, MeasuredFrame(frame, signature))
            return ended or self._keep_settled(frame.time_s, difference)
        self._candidate = None
        return ended or self._keep_for_coverage(frame, signature)

    def flush(self) -> Keyframe | None:
        """End the source, and return the change that was still settling, if any."""
        return self._keep(self._candidate, self._candidate.last_s) if self._candidate else None

    def _difference(self, signature: Signature) -> Comparison:
        return compare(self._landmark.signature, signature) if self._landmark else Comparison(1.0, 0.0)

    def _counts(self, difference: Comparison, share: float = 1.0) -> bool:
        return difference.changed > share * self._settings.change_threshold or difference.uncovered > share * NEW_VIEW

    def _stops(self, difference: Comparison) -> bool:
        """Whether a camera that moved may be stopping at a view that hasn't been told."""
        return self._moving and (not self._recorded or difference.uncovered > SAME_VIEW)

    def _clears(self, frame: Frame) -> bool:
        """Whether the picture has become unusable, or useful again, though its layout is the same: a lens out of focus."""
        if frame.time_s >= self._check_at_s and self._landmark:
            was_bad = self._landmark.measured.problem is not None
            self._problem_changed = (picture_problem(frame.picture) is not None) != was_bad
            soon = was_bad or self._problem_changed
            self._check_at_s = frame.time_s + (self._settings.settle_s / 2 if soon else CHECK_EVERY_S)
        return self._problem_changed

    def _considered(self, candidate: Candidate | None, measured: MeasuredFrame) -> Candidate:
        """The candidate with this frame, if that is better; a new one when the frame shows another state."""
        now_s = measured.frame.time_s
        if candidate is None:
            self._unsettled_since_s = now_s
        if candidate is None or not self._is_same(candidate.began.signature, measured.signature, STEADY):
            return Candidate(measured)
        candidate.add(measured)
        return candidate

    def _is_same(self, before: Signature, now: Signature, moved: float) -> bool:
        difference = compare(before, now)
        return difference.changed <= self._settings.change_threshold and difference.uncovered <= moved

    def _keep_ended(self, now_s: float, signature: Signature) -> Keyframe | None:
        """A recorded scene that is over before its sharpest picture was waited for: it had settled, or is cut off while busy."""
        candidate, settle_s = self._candidate, self._settings.settle_s
        if not self._recorded or candidate is None or self._is_same(candidate.began.signature, signature, STEADY):
            return None
        if candidate.still_s >= (TURN_S if self._moving else settle_s):
            return self._keep(candidate, now_s)
        if now_s - self._unsettled_since_s < CUT_OFF * settle_s or compare(candidate.last, signature).total < BULK:
            return None
        return self._keep(candidate, now_s, busy=True)

    def _keep_settled(self, now_s: float, difference: Comparison) -> Keyframe | None:
        candidate, settle_s = self._candidate, self._settings.settle_s
        assert candidate is not None
        if not self._recorded and self._landmark is None and candidate.best.problem is None:
            return self._keep(candidate, now_s)  # live, the user may ask at once
        if not self._may_keep(now_s):
            return None
        if candidate.still_s >= settle_s:
            return self._keep(candidate, now_s) if candidate.still_s >= self._wait_s(candidate, difference) else None
        if not self._counts(difference):
            return None
        unsettled_s = now_s - self._unsettled_since_s
        if difference.uncovered > NEW_VIEW and unsettled_s >= TURN_S:
            return self._keep(candidate, now_s, moving=True)
        return self._keep(candidate, now_s, busy=True) if unsettled_s >= self._busy_s else None

    def _wait_s(self, candidate: Candidate, difference: Comparison) -> float:
        """How long a state must last before it is kept."""
        if self._recorded:
            return PATIENCE_S
        if candidate.best.problem is not None:
            return TROUBLE_S
        return TURN_S if self._moving or difference.uncovered > NEW_VIEW else 0.0

    def _keep_for_coverage(self, frame: Frame, signature: Signature) -> Keyframe | None:
        """The best picture of the last moments before `max_gap_s` is over; of a recording only if the scene has drifted."""
        assert self._landmark is not None
        gap_s, due_s = frame.time_s - self._landmark.measured.frame.time_s, START_S if self._starting else self._settings.max_gap_s
        if gap_s < due_s - self._settings.settle_s or (self._recorded and self.change < DRIFT):
            self._spare = None
            return None
        self._spare = self._considered(self._spare, MeasuredFrame(frame, signature))
        if gap_s < due_s or not self._may_keep(frame.time_s):
            return None
        if self._starting and self._spare.best.quality < START_GAIN * self._landmark.measured.quality:
            self._starting = False
            return None
        return self._keep(self._spare, frame.time_s, coverage=True)

    def _may_keep(self, now_s: float) -> bool:
        if self._landmark is None or self._recorded:
            return True
        full = len(self._kept_s) == self._kept_s.maxlen and now_s - self._kept_s[0] < 60
        return now_s - self._landmark.measured.frame.time_s >= self._settings.min_gap_s and not full

    def _keep(self, kept: Candidate, now_s: float, *, busy: bool = False, moving: bool = False, coverage: bool = False) -> Keyframe | None:
        """Make it the landmark; None if it turns out to be no other than the last."""
        self._candidate = self._spare = None
        best, problem, signature = kept.best, kept.best.problem, kept.mean
        difference = self._difference(signature)
        cleared = self._landmark is not None and (problem is None) != (self._landmark.measured.problem is None)
        self._problem_changed = False
        if not (coverage or cleared or self._counts(difference) or self._stops(difference)):
            self._moving = False
            return None
        moving = difference.uncovered > NEW_VIEW and (moving or kept.still_s < TURN_S)
        scene, reason = self._recognise(signature, problem)
        if reason == "change" and (coverage or moving or (busy and self._busy_s > BUSY * self._settings.settle_s)):
            reason = "coverage"
        self._starting = self._starting and self._landmark is None
        self._landmark = _Landmark(best, signature, scene)
        if problem is None:
            self._scenes.append((signature, scene))
            self._next_scene = max(self._next_scene, scene + 1)
        self._kept_s.append(now_s)
        self._moving, self._check_at_s = moving, now_s + CHECK_EVERY_S
        slower = min(2 * self._busy_s, self._settings.max_gap_s) if difference.total < BULK else self._busy_s
        self._busy_s = slower if busy else BUSY * self._settings.settle_s
        return Keyframe(best.frame, reason, best.sharpness, difference.total, problem, scene)

    def _recognise(self, signature: Signature, problem: PictureProblem | None) -> tuple[int, str]:
        """The number of the scene and why it is kept."""
        reason = "change" if self._scenes else "first"
        if problem is not None:
            return NO_SCENE, reason
        for known, number in reversed(self._scenes):
            if self._is_same(known, signature, SAME_VIEW):
                stays = self._landmark is not None and known is self._landmark.signature
                return number, "change" if stays else "return"
        return self._next_scene, reason


def select_keyframes(
    frames: Iterable[Frame], settings: KeyframeSettings, budget: int | None = None, on_compared: OnCompared | None = None
) -> list[Keyframe]:
    """Return a recording's keyframes in order of time, each scene once, at most `budget` (DEFAULT_BUDGET if None).

    Keyframes with a problem are left out if anything else was seen. `on_compared` is called for every frame that is compared.
    """
    kept = KeptKeyframes(budget or DEFAULT_BUDGET)
    trouble: list[Keyframe] = []
    for keyframe in iterate_keyframes(frames, settings, on_compared):
        if keyframe.problem is not None:
            trouble = trouble or [keyframe]
        elif keyframe.reason != "return":
            kept.add(keyframe)
    return kept.keyframes or trouble


def iterate_keyframes(frames: Iterable[Frame], settings: KeyframeSettings, on_compared: OnCompared | None = None) -> Iterator[Keyframe]:
    """Yield every keyframe of a recording as it is found, also of scenes that come back (reason "return") and with a problem."""
    selector = KeyframeSelector(settings, recorded=True)
    for frame in frames:
        keyframe = selector.process(frame)
        if on_compared is not None:
            on_compared(frame.time_s, selector.change)
        if keyframe is not None:
            yield keyframe
    if (keyframe := selector.flush()) is not None:
        yield keyframe
