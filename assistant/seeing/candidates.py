"""What the keyframe selector holds of frames until they are kept or forgotten. Knows nothing of when that is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from assistant.messages import Frame, PictureProblem
from assistant.seeing.frame_quality import picture_problem
from assistant.seeing.signatures import Signature, exposure_of, sharpness_of


@dataclass(frozen=True, eq=False)
class MeasuredFrame:
    """A frame and what was measured of it."""

    frame: Frame
    signature: Signature

    @cached_property
    def sharpness(self) -> float:
        """Return the picture's sharpness as `signatures.sharpness_of` measures it."""
        return sharpness_of(self.frame.picture)

    @cached_property
    def problem(self) -> PictureProblem | None:
        """Return what keeps the picture from being described, if anything."""
        return picture_problem(self.frame.picture)

    @cached_property
    def quality(self) -> float:
        """Return what frames of one scene are compared by: sharpness for the contrast there is, and the share well exposed, squared."""
        return exposure_of(self.signature) ** 2 * self.sharpness / (float(self.signature.cells[1].var()) + 1.0)


class Candidate:
    """Gathers the frames of a state that may become a landmark: those from `began` to `last_s`, which look the same."""

    def __init__(self, measured: MeasuredFrame) -> None:
        self.began = self.best = measured
        self.last, self.last_s = measured.signature, measured.frame.time_s
        self._cells, self._frames = measured.signature.cells, 1

    def add(self, measured: MeasuredFrame) -> None:
        """Add another frame of the state; `best` becomes the sharpest that is well exposed."""
        self.best = max(self.best, measured, key=lambda each: each.quality)
        self.last, self.last_s = measured.signature, measured.frame.time_s
        self._cells, self._frames = self._cells + measured.signature.cells, self._frames + 1

    @property
    def mean(self) -> Signature:
        """Return the mean of the state's frames, without their noise, flicker and trembling."""
        return Signature(self._cells / np.float32(self._frames))

    @property
    def still_s(self) -> float:
        """Return for how many seconds the state has lasted."""
        return self.last_s - self.began.frame.time_s
