"""Picks the few frames that matter by temporal landmarks: where the scene has changed and the change lasts.

Pure: told frames with their times, it knows nothing of cameras, clocks or models. The idea is that of human event
segmentation, in which a scene's boundaries are remembered and the time between is not (Zacks et al., 2007).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from assistant.messages import Frame, Keyframe, Picture, PictureProblem
from assistant.seeing.frame_quality import picture_problem, thumbnail
from assistant.settings import KeyframeSettings

Signature = npt.NDArray[np.float32]

GRID_ROWS, GRID_COLUMNS = 9, 12
"""Cells of the layout that is compared; coarse, so that a trembling hand changes little."""
EVEN_LUMA = 10.0
"""Luma levels of spread below which a scene counts as even, so that its noise isn't blown up into a change."""
COLOUR_WEIGHT = 3.0
"""Brings differences of colour shares to the scale of differences of normalised luma."""
COLOUR_FLOOR = 48.0
"""Levels added to a cell's sum of red, green and blue, so that dark cells don't change colour through noise."""
SHARPNESS_EDGE = 320
"""Pixels along the longer edge at which sharpness is measured."""
UNSETTLED_LIMIT = 4.0
"""Times settle_s after which a scene in constant motion (walking, panning) is kept although it hasn't settled."""
DEFAULT_BUDGET = 64
"""Keyframes held for a file when none is given; 180 MB at 1280 x 720."""


@dataclass(frozen=True, eq=False)
class _Candidate:
    """The sharpest frame so far of a state that may become a keyframe."""

    frame: Frame
    signature: Signature
    sharpness: float
    began_s: float


class KeyframeSelector:
    """Told every frame in order of time, returns the keyframes among them. Holds one candidate frame and no other.

    A keyframe with `problem` set is returned once when the camera has shown nothing useful for `settle_s`; the first
    good scene after it is a "change" again, so that a caller learns that the trouble is over.
    """

    def __init__(self, settings: KeyframeSettings) -> None:
        self._settings = settings
        self._last_signature: Signature | None = None
        self._last_time_s: float | None = None
        self._candidate: _Candidate | None = None
        self._unsettled_since_s = 0.0
        self._trouble: Keyframe | None = None
        self._trouble_told = False

    def process(self, frame: Frame) -> Keyframe | None:
        """The keyframe that is settled by this frame, if any; it may be an earlier, sharper frame."""
        small = thumbnail(frame.picture)
        problem = picture_problem(small)
        if problem is not None:
            return self._process_trouble(frame, problem)
        if self._trouble_told:
            self._last_signature = None
        self._trouble, self._trouble_told = None, False
        return self._process_scene(frame, signature_of(small))

    def flush(self) -> Keyframe | None:
        """The source has ended: the change that was still settling, or the trouble if there was nothing else."""
        candidate = self._candidate
        changed = candidate is not None and self._change_to(candidate.signature) > self._settings.change_threshold
        if candidate and changed and candidate.frame.time_s - (self._last_time_s or 0.0) >= self._settings.min_gap_s:
            return self._keep("change")
        if self._trouble is not None and self._last_time_s is None and not self._trouble_told:
            self._trouble_told = True
            return self._trouble
        return None

    def _process_trouble(self, frame: Frame, problem: PictureProblem) -> Keyframe | None:
        self._candidate = None
        if self._trouble is None:
            self._trouble = Keyframe(frame, "first" if self._last_time_s is None else "change", problem=problem)
        if self._trouble_told or frame.time_s - self._trouble.frame.time_s < self._settings.settle_s:
            return None
        self._trouble_told = True
        return replace(self._trouble, frame=frame, problem=problem)

    def _process_scene(self, frame: Frame, signature: Signature) -> Keyframe | None:
        if self._last_time_s is None:
            self._candidate = _Candidate(frame, signature, sharpness_of(frame.picture), frame.time_s)
            return self._keep("first")
        gap_s = frame.time_s - self._last_time_s
        covering = gap_s >= self._settings.max_gap_s - self._settings.settle_s
        changed = self._change_to(signature) > self._settings.change_threshold
        if not changed and not covering:
            self._candidate = None
            return None
        self._consider(frame, signature)
        if changed and gap_s >= self._settings.min_gap_s and self._is_settled(frame.time_s):
            return self._keep("change")
        return self._keep("coverage") if gap_s >= self._settings.max_gap_s else None

    def _consider(self, frame: Frame, signature: Signature) -> None:
        """Start a candidate, or prefer this frame when it shows the same state more sharply."""
        sharpness, candidate = sharpness_of(frame.picture), self._candidate
        if candidate is None:
            self._unsettled_since_s = frame.time_s
        if candidate is None or distance(candidate.signature, signature) > self._settings.change_threshold:
            self._candidate = _Candidate(frame, signature, sharpness, frame.time_s)
        elif sharpness > candidate.sharpness:
            self._candidate = replace(candidate, frame=frame, signature=signature, sharpness=sharpness)

    def _is_settled(self, now_s: float) -> bool:
        assert self._candidate is not None
        still_s, unsettled_s = now_s - self._candidate.began_s, now_s - self._unsettled_since_s
        return still_s >= self._settings.settle_s or unsettled_s >= UNSETTLED_LIMIT * self._settings.settle_s

    def _change_to(self, signature: Signature) -> float:
        return 1.0 if self._last_signature is None else distance(self._last_signature, signature)

    def _keep(self, reason: str) -> Keyframe:
        kept = self._candidate
        assert kept is not None
        change = self._change_to(kept.signature)
        self._last_signature, self._last_time_s, self._candidate = kept.signature, kept.frame.time_s, None
        return Keyframe(kept.frame, reason, kept.sharpness, change)


def select_keyframes(frames: Iterable[Frame], settings: KeyframeSettings, budget: int | None = None) -> list[Keyframe]:
    """The keyframes of a whole recording in order of time, at most `budget` (DEFAULT_BUDGET if None), in one pass.

    When there are too many, the one goes that is most like another and leaves the smallest hole. Keyframes with a
    problem are left out if anything else was seen.
    """
    kept: list[Keyframe] = []
    signatures: list[Signature] = []
    trouble: list[Keyframe] = []
    for keyframe in _keyframes_of(frames, KeyframeSelector(settings)):
        if keyframe.problem is not None:
            trouble = trouble or [keyframe]
            continue
        kept.append(keyframe)
        signatures.append(signature_of(keyframe.frame.picture))
        if len(kept) > (budget or DEFAULT_BUDGET):
            least = _least_missed(kept, signatures)
            del kept[least], signatures[least]
    return kept or trouble


def signature_of(picture: Picture) -> Signature:
    """Luma layout and colour layout, normalised so that exposure, gain and noise hardly change them: [rows, columns, 3]."""
    cells = _cells(thumbnail(picture))  # [rows, columns, 3]
    luma = cells @ np.array([0.299, 0.587, 0.114], np.float32)  # [rows, columns]
    normal_luma = (luma - luma.mean()) / max(float(luma.std()), EVEN_LUMA)
    shares = cells[..., :2] / (cells.sum(axis=2, keepdims=True) + COLOUR_FLOOR)  # of red and green
    return np.concatenate([normal_luma[..., None], COLOUR_WEIGHT * shares], axis=2).astype(np.float32)


def distance(a: Signature, b: Signature) -> float:
    """How different two scenes are, 0 (same) to 1; unlike scenes have about 0.3, a view moved by a tenth of its width below 0.1."""
    return min(1.0, float(np.abs(a - b).sum(axis=2).mean()) / 4)


def sharpness_of(picture: Picture) -> float:
    """Variance of the Laplacian of the green plane (nearest to luma) of every n-th pixel."""
    step = max(1, round(max(picture.shape[:2]) / SHARPNESS_EDGE))
    plane = np.pad(picture[::step, ::step, 1], 1, mode="edge").astype(np.int16)
    laplacian = plane[1:-1, 2:] + plane[1:-1, :-2] + plane[2:, 1:-1] + plane[:-2, 1:-1] - 4 * plane[1:-1, 1:-1]
    return float(laplacian.var(dtype=np.float32))


def _cells(small: Picture) -> npt.NDArray[np.float32]:
    """Mean colour of each cell of the grid: [rows, columns, 3]; a picture smaller than the grid repeats pixels."""
    repeat_y, repeat_x = -(-GRID_ROWS // small.shape[0]), -(-GRID_COLUMNS // small.shape[1])
    enlarged = small.repeat(repeat_y, axis=0).repeat(repeat_x, axis=1)
    rows = np.linspace(0, enlarged.shape[0], GRID_ROWS, endpoint=False).astype(int)
    columns = np.linspace(0, enlarged.shape[1], GRID_COLUMNS, endpoint=False).astype(int)
    sums = np.add.reduceat(np.add.reduceat(enlarged, rows, axis=0, dtype=np.float32), columns, axis=1, dtype=np.float32)
    heights, widths = np.diff(rows, append=enlarged.shape[0]), np.diff(columns, append=enlarged.shape[1])
    return np.asarray(sums / (heights[:, None] * widths)[..., None], np.float32)


def _keyframes_of(frames: Iterable[Frame], selector: KeyframeSelector) -> Iterator[Keyframe]:
    for frame in frames:
        if (keyframe := selector.process(frame)) is not None:
            yield keyframe
    if (keyframe := selector.flush()) is not None:
        yield keyframe


def _least_missed(kept: list[Keyframe], signatures: list[Signature]) -> int:
    """The keyframe whose nearest likeness and whose hole in time are smallest together; never the first."""
    times_s = [keyframe.frame.time_s for keyframe in kept]
    span_s = max(times_s[-1] - times_s[0], 1e-6)

    def loss(index: int) -> float:
        likeness = min(distance(signatures[index], other) for i, other in enumerate(signatures) if i != index)
        hole_s = times_s[min(index + 1, len(kept) - 1)] - times_s[index - 1]
        return likeness + hole_s / span_s

    return min(range(1, len(kept)), key=loss)
