"""The keyframes of a whole recording within a budget, in one pass and with no more pictures in memory than that."""

from __future__ import annotations

import numpy as np

from assistant.messages import Keyframe
from assistant.seeing.signatures import Signature, compare, signature_of

SPREAD = 0.5
"""Weight of a hole in time that is as long as the film, against a scene that is like no other."""


class KeptKeyframes:
    """Keeps at most `budget` keyframes; when there is one too many, it drops the one that is missed least."""

    def __init__(self, budget: int) -> None:
        self.keyframes: list[Keyframe] = []
        self._budget = budget
        self._signatures: list[Signature] = []
        self._unlike = np.empty((0, 0), np.float32)  # [kept, kept], shares in [0, 1]

    def add(self, keyframe: Keyframe) -> None:
        """Keep a keyframe, and drop another if there are too many now."""
        signature = signature_of(keyframe.frame.picture)
        row = np.array([compare(old, signature).total for old in self._signatures], np.float32)
        self._unlike = np.block([[self._unlike, row[:, None]], [row[None], np.array([[np.inf]], np.float32)]])
        self.keyframes.append(keyframe)
        self._signatures.append(signature)
        if len(self.keyframes) > self._budget:
            self._drop(self._least_missed())

    def _least_missed(self) -> int:
        """Likeness to another and a small hole in time count together; the first always stays, if more than one may."""
        times_s = np.array([keyframe.frame.time_s for keyframe in self.keyframes])
        after_s = np.append(times_s[1:], times_s[-1])[1:]
        holes = (after_s - times_s[:-1]) / max(times_s[-1] - times_s[0], 1e-6)
        loss = self._unlike.min(axis=1)[1:] + SPREAD * holes
        return 1 + int(loss.argmin())

    def _drop(self, index: int) -> None:
        del self.keyframes[index], self._signatures[index]
        self._unlike = np.delete(np.delete(self._unlike, index, axis=0), index, axis=1)
